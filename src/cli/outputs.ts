// `-o` and `--open`: the reports asked for, as files. Checked before a run; written after it.

import path from 'node:path';
import { HighwaterError } from '../facts/error.ts';
import { openFile } from '../outputs/open-file.ts';
import {
  directoryProblem,
  type MakeFiles,
  markReports,
  othersProblem,
  writeReports,
} from '../outputs/write-reports.ts';
import { didYouMean } from '../plan/nearest.ts';

export interface OutputFlags {
  /** As typed: names with commas between them. */
  readonly output: readonly string[];
  readonly outputDir?: string;
  readonly open?: boolean;
  readonly overwrite?: boolean;
}

export interface Outputs<Format extends string> {
  readonly formats: readonly Format[];
  /** Null where none was named. */
  readonly directory: string | null;
  /** Whether the page is to be opened once it is written. */
  readonly isOpened: boolean;
  /** Whether the reports of other runs may be written over. */
  readonly overwrites: boolean;
}

/** `known`: the formats that there are, and of what. Throws ARGUMENTS_INVALID. */
export function outputsOf<Format extends string>(
  { output, outputDir, open = false, overwrite = false }: OutputFlags,
  known: readonly Format[],
  of = '',
): Outputs<Format> {
  const isFormat = (name: string): name is Format => (known as readonly string[]).includes(name);
  const names = output.flatMap((text) => text.split(',').map((name) => name.trim()));
  const problems = names.flatMap((name) => {
    if (isFormat(name)) return [];
    const hint = didYouMean(name, known);
    const expected = `--output: expected some of ${known.join(', ')}${of}, got ${JSON.stringify(name)}`;
    return [hint === null ? expected : `${expected} (${hint})`];
  });
  // What opens is the page.
  const asked = new Set([...names, ...(open ? ['html'] : [])]);
  const directory = outputDir ?? null;
  if (asked.size === 0 && directory !== null)
    problems.push(`--output-dir: expected --output with it, such as --output md, got none`);
  const unwritable = directory === null || problems.length > 0 ? null : directoryProblem(directory);
  if (unwritable !== null) problems.push(`--output-dir: ${unwritable}`);
  if (problems.length > 0) throw new HighwaterError('ARGUMENTS_INVALID', problems);
  return { formats: [...asked].filter(isFormat), directory, isOpened: open, overwrites: overwrite };
}

/** `runs`: of which the reports will be; none where it is yet to be made. Throws ARGUMENTS_INVALID where those of others are there. */
export function refuseOthers({ directory, overwrites }: Outputs<string>, runs: readonly string[]): void {
  const problem = directory === null || overwrites ? null : othersProblem(directory, runs);
  if (problem !== null) throw new HighwaterError('ARGUMENTS_INVALID', [`--output-dir: ${problem}`]);
}

/** Says where each lies: in `elsewhere` where no directory was named. `runs`: of which they are. Throws OUTPUT_UNWRITABLE, once all that could be written is. */
export async function writeOutputs<Format extends string>(
  { formats, directory, isOpened }: Outputs<Format>,
  filesOf: MakeFiles<Format>,
  elsewhere: string,
  runs: readonly string[],
): Promise<void> {
  if (formats.length === 0) return;
  const { files, empty, problems } = await writeReports(formats, filesOf, directory ?? elsewhere);
  for (const file of files) process.stderr.write(`report     ${file}\n`);
  for (const format of empty) process.stderr.write(`report     no ${format}: the run has no data for it\n`);
  if (directory !== null && files.length > 0) markReports(directory, runs);
  const page = files.find((file) => file.endsWith('.html'));
  if (problems.length > 0) throw new HighwaterError('OUTPUT_UNWRITABLE', problems);
  if (isOpened && page !== undefined) await openFile(path.resolve(page));
}

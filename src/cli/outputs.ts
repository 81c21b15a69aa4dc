// `-o`: the reports asked for, as files. Checked before a run; written after it, in its own directory unless told otherwise.

import { HighwaterError } from '../facts/error.ts';
import { directoryProblem, writeReports } from '../outputs/report-files.ts';
import { didYouMean } from '../plan/nearest.ts';
import type { ReportFile } from '../report/report-file.ts';

export interface OutputFlags {
  /** As typed: names with commas between them. */
  readonly output: readonly string[];
  readonly outputDir?: string;
}

export interface Outputs<Format extends string> {
  readonly formats: readonly Format[];
  /** Null where none was named. */
  readonly directory: string | null;
}

/** `known`: the formats that there are. Throws ARGUMENTS_INVALID. */
export function outputsOf<Format extends string>(
  { output, outputDir }: OutputFlags,
  known: readonly Format[],
): Outputs<Format> {
  const isFormat = (name: string): name is Format => (known as readonly string[]).includes(name);
  const names = output.flatMap((text) => text.split(',').map((name) => name.trim()));
  const problems = names.flatMap((name) => {
    if (isFormat(name)) return [];
    const hint = didYouMean(name, known);
    const expected = `--output: expected some of ${known.join(', ')}, got ${JSON.stringify(name)}`;
    return [hint === null ? expected : `${expected} (${hint})`];
  });
  const directory = outputDir ?? null;
  if (names.length === 0 && directory !== null)
    problems.push(`--output-dir: expected --output with it, such as --output md, got nothing to write there`);
  const unwritable = directory === null || problems.length > 0 ? null : directoryProblem(directory);
  if (unwritable !== null) problems.push(`--output-dir: ${unwritable}`);
  if (problems.length > 0) throw new HighwaterError('ARGUMENTS_INVALID', problems);
  return { formats: [...new Set(names.filter(isFormat))], directory };
}

/** Says where each lies: in `elsewhere` where no directory was named. Throws OUTPUT_UNWRITABLE, once all that could be written is. */
export function writeOutputs<Format extends string>(
  { formats, directory }: Outputs<Format>,
  filesOf: (format: Format) => readonly ReportFile[],
  elsewhere: string,
): void {
  if (formats.length === 0) return;
  const { files, problems } = writeReports(formats, filesOf, directory ?? elsewhere);
  for (const file of files) process.stderr.write(`report     ${file}\n`);
  if (problems.length > 0) throw new HighwaterError('OUTPUT_UNWRITABLE', problems);
}

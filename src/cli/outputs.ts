// `-o` and `--open`: the reports asked for, as files. Checked before a run; written after it, in its own directory unless told
// otherwise.

import path from 'node:path';
import { HighwaterError } from '../facts/error.ts';
import type { RunResult } from '../facts/result.ts';
import { openFile } from '../outputs/open-file.ts';
import { directoryProblem, type WrittenReports, writeJointReports, writeReports } from '../outputs/report-files.ts';
import { didYouMean } from '../plan/nearest.ts';
import { DOCUMENT_FORMAT_NAMES, type DocumentFormatName, FORMAT_NAMES, type FormatName } from '../report/formats.ts';
import type { NonEmpty } from '../units/non-empty.ts';

export interface OutputFlags {
  /** As typed: names with commas between them. */
  readonly output: readonly string[];
  readonly outputDir?: string;
  readonly open?: boolean;
}

export interface Outputs<Format extends FormatName = FormatName> {
  readonly formats: readonly Format[];
  /** Null for the directory of the run. */
  readonly directory: string | null;
  /** Whether the page is to be opened once it is written. */
  readonly isOpened: boolean;
}

/** Throws ARGUMENTS_INVALID. */
export function outputsOf(flags: OutputFlags): Outputs {
  return readOutputs(flags, FORMAT_NAMES, 'some of');
}

/** For several runs in one report. Throws ARGUMENTS_INVALID. */
export function jointOutputsOf(flags: OutputFlags): Outputs<DocumentFormatName> {
  return readOutputs(flags, DOCUMENT_FORMAT_NAMES, 'what holds several runs:');
}

function readOutputs<Format extends FormatName>(
  { output, outputDir, open = false }: OutputFlags,
  known: readonly Format[],
  expectation: string,
): Outputs<Format> {
  const isKnown = (name: string): name is Format => (known as readonly string[]).includes(name);
  const names = output.flatMap((text) => text.split(',').map((name) => name.trim()));
  const problems = names.flatMap((name) => {
    if (isKnown(name)) return [];
    const hint = didYouMean(name, known);
    const expected = `--output: expected ${expectation} ${known.join(', ')}, got ${JSON.stringify(name)}`;
    return [hint === null ? expected : `${expected} (${hint})`];
  });
  // What opens is the page.
  const asked = new Set([...names, ...(open ? ['html'] : [])]);
  const directory = outputDir ?? null;
  if (asked.size === 0 && directory !== null)
    problems.push(`--output-dir: expected --output with it, such as --output md, got nothing to write there`);
  const unwritable = directory === null || problems.length > 0 ? null : directoryProblem(directory);
  if (unwritable !== null) problems.push(`--output-dir: ${unwritable}`);
  if (problems.length > 0) throw new HighwaterError('ARGUMENTS_INVALID', problems);
  return { formats: [...asked].filter(isKnown), directory, isOpened: open };
}

/** Says where each lies. Throws OUTPUT_UNWRITABLE, once all that could be written is. */
export async function writeOutputs(result: RunResult, outputs: Outputs, runPath: string): Promise<void> {
  if (outputs.formats.length === 0) return;
  await conclude(await writeReports(result, outputs.formats, outputs.directory ?? runPath), outputs);
}

/** Into the working directory unless told otherwise. Throws OUTPUT_UNWRITABLE. */
export async function writeJointOutputs(
  results: NonEmpty<RunResult>,
  outputs: Outputs<DocumentFormatName>,
): Promise<void> {
  if (outputs.formats.length === 0) return;
  await conclude(await writeJointReports(results, outputs.formats, outputs.directory ?? '.'), outputs);
}

async function conclude({ files, problems }: WrittenReports, { isOpened }: Outputs): Promise<void> {
  for (const file of files) process.stderr.write(`report     ${file}\n`);
  const page = files.find((file) => file.endsWith('.html'));
  if (isOpened && page !== undefined) await openFile(path.resolve(page));
  if (problems.length > 0) throw new HighwaterError('OUTPUT_UNWRITABLE', problems);
}

// `-o`: the reports asked for, as files. Checked before a run; written after it, in its own directory unless told otherwise.

import { HighwaterError } from '../facts/error.ts';
import type { RunResult } from '../facts/result.ts';
import { directoryProblem, writeReports } from '../outputs/report-files.ts';
import { didYouMean } from '../plan/nearest.ts';
import { FORMAT_NAMES, type FormatName } from '../report/formats.ts';

export interface OutputFlags {
  /** As typed: names with commas between them. */
  readonly output: readonly string[];
  readonly outputDir?: string;
}

export interface Outputs {
  readonly formats: readonly FormatName[];
  /** Null for the directory of the run. */
  readonly directory: string | null;
}

/** Throws ARGUMENTS_INVALID. */
export function outputsOf({ output, outputDir }: OutputFlags): Outputs {
  const names = output.flatMap((text) => text.split(',').map((name) => name.trim()));
  const problems = names.flatMap((name) => {
    if (isFormat(name)) return [];
    const hint = didYouMean(name, FORMAT_NAMES);
    const expected = `--output: expected some of ${FORMAT_NAMES.join(', ')}, got ${JSON.stringify(name)}`;
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

/** Says where each lies. Throws OUTPUT_UNWRITABLE, once all that could be written is. */
export async function writeOutputs(result: RunResult, { formats, directory }: Outputs, runPath: string): Promise<void> {
  if (formats.length === 0) return;
  const { files, problems } = await writeReports(result, formats, directory ?? runPath);
  for (const file of files) process.stderr.write(`report     ${file}\n`);
  if (problems.length > 0) throw new HighwaterError('OUTPUT_UNWRITABLE', problems);
}

function isFormat(name: string): name is FormatName {
  return (FORMAT_NAMES as readonly string[]).includes(name);
}

// `highwater report`: judges stored runs again, also one that was killed, and writes reports of them: of one run as one report,
// of several as one report with a page each.

import path from 'node:path';
import { EXIT_CODES, HighwaterError } from '../facts/error.ts';
import type { RunResult } from '../facts/result.ts';
import { createRunDirectories } from '../history/run-directory.ts';
import { jointFiles, resultFiles } from '../outputs/report-files.ts';
import { FORMAT_NAMES } from '../report/files/format-names.ts';
import { DOCUMENT_FORMAT_NAMES } from '../report/files/formats.ts';
import type { Archive, StoredRun } from '../run/ports.ts';
import { judgeStoredRun } from '../run/run-plan.ts';
import { isNonEmpty } from '../units/non-empty.ts';
import { printable } from '../units/printable.ts';
import { compareStored, exitCodeAgainst, printComparison } from './against.ts';
import { type OutputFlags, outputsOf, refuseOthers, writeOutputs } from './outputs.ts';
import { exitCodeOf, type PrintFlags, printResult } from './run-command.ts';
import { printNote } from './terminal.ts';
import { trendBeside } from './trend-beside.ts';

export interface ReportFlags extends OutputFlags, PrintFlags {
  readonly against?: string;
  readonly runsDir: string;
}

/** At least one reference; each may be of several runs. All are found before the first is judged: a mistyped one costs no time. */
export async function reportCommand(references: readonly string[], flags: ReportFlags): Promise<number> {
  const archive = createRunDirectories(flags.runsDir);
  const stored: StoredRun[] = [];
  for (const reference of references) stored.push(...(await archive.find(reference)));
  for (const { path, unjudgeable } of stored) {
    if (unjudgeable === null) continue;
    printNote(
      `${printable(path)}: shows the stored result, because the run cannot be judged again: ${printable(unjudgeable)}`,
    );
  }
  const [only] = stored;
  return stored.length === 1 && only !== undefined ? reportOne(only, archive, flags) : reportSeveral(stored, flags);
}

async function reportOne(stored: StoredRun, archive: Archive, flags: ReportFlags): Promise<number> {
  const outputs = outputsOf(flags, FORMAT_NAMES);
  refuseOthers(outputs, idsOf([stored]));
  const result = await judged(stored);
  await printResult(result, flags, stored.path);
  const comparison = flags.against === undefined ? null : await compareStored(flags.against, archive, result, stored);
  if (comparison !== null) await printComparison(comparison, stored.path, flags);
  const trend = trendBeside(result, stored.path, outputs.formats);
  await writeOutputs(outputs, resultFiles(result, { comparison, trend }), stored.path, idsOf([stored]));
  return exitCodeAgainst(comparison, exitCodeOf(result));
}

async function judged(stored: StoredRun): Promise<RunResult> {
  const { result, unkept } = await judgeStoredRun(stored);
  if (unkept !== null) printNote(printable(unkept));
  return result;
}

/** The gravest exit code of all. */
async function reportSeveral(stored: readonly StoredRun[], flags: ReportFlags): Promise<number> {
  const alone = [...(flags.json === true ? ['--json'] : []), ...(flags.against === undefined ? [] : ['--against'])];
  if (alone.length > 0) {
    const problems = alone.map((flag) => `${flag}: expected a single run, got ${stored.length}`);
    throw new HighwaterError('ARGUMENTS_INVALID', problems);
  }
  const outputs = outputsOf(flags, DOCUMENT_FORMAT_NAMES, ' for several runs');
  refuseOthers(outputs, idsOf(stored));
  const results: RunResult[] = [];
  for (const run of stored) {
    const result = await judged(run);
    await printResult(result, flags, run.path);
    results.push(result);
  }
  if (isNonEmpty(results)) await writeOutputs(outputs, jointFiles(results), '.', idsOf(stored));
  const codes = results.map(exitCodeOf);
  return GRAVEST_FIRST.find((code) => codes.includes(code)) ?? EXIT_CODES.pass;
}

/** Records lie in directories that are called after their runs. */
function idsOf(stored: readonly StoredRun[]): readonly string[] {
  return stored.map((run) => path.basename(path.resolve(run.path)));
}

const GRAVEST_FIRST = [EXIT_CODES.interrupted, EXIT_CODES.unreachable, EXIT_CODES.fail, EXIT_CODES.inconclusive];

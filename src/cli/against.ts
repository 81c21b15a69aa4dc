// `--against`: what a run is to be compared with is looked at before its load starts; the comparison follows the summary, is kept
// with the run, and stands in its reports.

import { flawsOf } from '../analysis/compare/comparability.ts';
import { DEFAULT_MARGIN_RATIO } from '../analysis/compare/compare.ts';
import type { Comparison } from '../facts/comparison.ts';
import { EXIT_CODES } from '../facts/error.ts';
import type { RunResult } from '../facts/result.ts';
import { comparisonFiles } from '../outputs/report-files.ts';
import type { Plan } from '../plan/plan.ts';
import { renderComparison } from '../report/terminal/comparison-text.ts';
import { differenceText } from '../report/words/difference-text.ts';
import { compareGroups, differencesBetween, differencesFrom, openGroup, type RunGroup } from '../run/compare-runs.ts';
import type { Archive, StoredRun } from '../run/ports.ts';
import type { RunPorts } from '../run/run-plan.ts';
import { printable } from '../units/printable.ts';
import { writeOutputs } from './outputs.ts';
import { refuseDifferences } from './refuse-differences.ts';
import { styleFor } from './terminal.ts';

/** Throws RUN_NOT_FOUND, RUN_UNREADABLE, and RUNS_NOT_COMPARABLE where it is of another load or machine. */
export async function openBaseline(
  reference: string,
  plan: Plan,
  secrets: readonly string[],
  { archive, hostEnvironment }: RunPorts,
): Promise<RunGroup> {
  const baseline = await openGroup(archive, reference, plan.name);
  refuseDifferences(differencesFrom(baseline, plan, secrets, hostEnvironment.machine()), 'or run without --against');
  return baseline;
}

/** Of a run that has just ended. Null where it went so that it cannot be compared, which is said on stderr. */
export async function compareFinished(
  baseline: RunGroup,
  result: RunResult,
  stored: StoredRun,
): Promise<Comparison | null> {
  const flaws = flawsOf(result).map(differenceText);
  const reference = printable(baseline.reference, 120);
  for (const flaw of flaws) process.stderr.write(`not compared with ${reference}: ${printable(flaw)}\n`);
  return flaws.length > 0 ? null : compareRun(baseline, result, stored);
}

/** Of a stored run. Throws RUN_NOT_FOUND, RUN_UNREADABLE, RUNS_NOT_COMPARABLE. */
export async function compareStored(
  reference: string,
  archive: Archive,
  result: RunResult,
  stored: StoredRun,
): Promise<Comparison> {
  return compareRun(await openGroup(archive, reference, stored.plan.name), result, stored);
}

async function compareRun(baseline: RunGroup, result: RunResult, stored: StoredRun): Promise<Comparison> {
  const candidate: RunGroup = { reference: result.run.id, runs: [{ stored, result }] };
  refuseDifferences(differencesBetween(baseline, candidate), 'or use --force to compare anyway');
  return compareGroups(baseline, candidate, DEFAULT_MARGIN_RATIO);
}

/** Prints it, unless stdout is for the result alone, and keeps it with the run. */
export async function printComparison(
  comparison: Comparison,
  directory: string,
  { json }: { readonly json?: boolean },
): Promise<void> {
  if (json !== true) process.stdout.write(`\n${renderComparison(comparison, styleFor(process.stdout))}`);
  const kept = { formats: ['json'], directory: null, isOpened: false, overwrites: false } as const;
  await writeOutputs(kept, comparisonFiles(comparison), directory, []);
}

/** What is left of the run's own exit code. */
export function exitCodeAgainst(comparison: Comparison | null, exitCode: number): number {
  const isOpen = exitCode === EXIT_CODES.pass || exitCode === EXIT_CODES.inconclusive;
  return comparison?.change === 'worse' && isOpen ? EXIT_CODES.fail : exitCode;
}

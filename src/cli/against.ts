// `run --against`: what the run is to be compared with is looked at before the load starts; the comparison follows the summary.

import { DEFAULT_MARGIN_RATIO } from '../analysis/compare.ts';
import { EXIT_CODES } from '../facts/error.ts';
import type { Plan } from '../plan/plan.ts';
import { COMPARISON_FORMATS } from '../report/comparison-formats.ts';
import { renderComparison } from '../report/comparison-text.ts';
import { printable } from '../report/printable.ts';
import { checkComparable, compareGroups, flawTexts, openGroup, type RunGroup } from '../run/compare-runs.ts';
import type { FinishedRun, RunPorts } from '../run/run-plan.ts';
import { writeOutputs } from './outputs.ts';
import { styleFor } from './terminal.ts';

/** Throws RUN_NOT_FOUND, RUN_UNREADABLE, and RUNS_NOT_COMPARABLE where it is of another load or machine. */
export async function openBaseline(
  reference: string,
  plan: Plan,
  secrets: readonly string[],
  { archive, surroundings }: RunPorts,
): Promise<RunGroup> {
  const baseline = await openGroup(archive, reference, plan.name);
  checkComparable(baseline, plan, secrets, surroundings.machine());
  return baseline;
}

/** Prints the comparison, unless stdout is for the result alone, and keeps it with the run. The exit code that is left of `exitCode`. */
export async function tellChange(
  baseline: RunGroup,
  { result, path: directory }: FinishedRun,
  { archive }: RunPorts,
  json: boolean,
  exitCode: number,
): Promise<number> {
  const flaws = flawTexts(result);
  if (flaws.length > 0) {
    const reference = printable(baseline.reference, 120);
    for (const flaw of flaws) process.stderr.write(`not compared with ${reference}: ${printable(flaw)}\n`);
    return exitCode;
  }
  const candidate: RunGroup = { reference: result.run.id, runs: [{ stored: await archive.open(directory), result }] };
  const comparison = await compareGroups(baseline, candidate, { marginRatio: DEFAULT_MARGIN_RATIO, force: false });
  if (!json) process.stdout.write(`\n${renderComparison(comparison, styleFor(process.stdout))}`);
  writeOutputs({ formats: ['json'], directory }, (format) => COMPARISON_FORMATS[format](comparison), directory);
  const isOpen = exitCode === EXIT_CODES.pass || exitCode === EXIT_CODES.inconclusive;
  return comparison.change === 'worse' && isOpen ? EXIT_CODES.fail : exitCode;
}

// What follows the summary of a run where it was asked for: the comparison with its baseline, and its reports.

import { resultFiles } from '../outputs/report-files.ts';
import type { FormatName } from '../report/files/format-names.ts';
import type { RunGroup } from '../run/compare-runs.ts';
import type { Archive } from '../run/ports.ts';
import type { FinishedRun } from '../run/run-plan.ts';
import { compareFinished, exitCodeAgainst, printComparison } from './against.ts';
import { type Outputs, writeOutputs } from './outputs.ts';
import { trendBeside } from './trend-beside.ts';

export interface RunReportParts {
  readonly finished: FinishedRun;
  /** Null where there is none to hold the run against. */
  readonly baseline: RunGroup | null;
  readonly archive: Archive;
  readonly outputs: Outputs<FormatName>;
  readonly flags: { readonly json?: boolean };
  /** Of the run by itself. */
  readonly exitCode: number;
}

/** The exit code that is left. Throws OUTPUT_UNWRITABLE, once all that could be written is. */
export async function reportRun(parts: RunReportParts): Promise<number> {
  const { finished, baseline, archive, outputs, flags, exitCode } = parts;
  const { result, path } = finished;
  const comparison = baseline === null ? null : await compareFinished(baseline, result, await archive.open(path));
  if (comparison !== null) await printComparison(comparison, path, flags);
  const trend = trendBeside(result, path, outputs.formats);
  await writeOutputs(outputs, resultFiles(result, { comparison, trend }), path, [result.run.id]);
  return exitCodeAgainst(comparison, exitCode);
}

// How a plan went over its runs, for a report of one of them: from the folder in which the run lies. A report is not lost over it.

import path from 'node:path';
import { type PlanTrend, planTrend } from '../analysis/compare/plan-trend.ts';
import type { RunResult } from '../facts/result.ts';
import { summaryOf } from '../facts/run-summary.ts';
import { listRuns } from '../history/listing.ts';
import type { FormatName } from '../report/files/format-names.ts';
import { printable } from '../units/printable.ts';
import { printNote } from './terminal.ts';

/** The formats that show it. */
const SHOWN_IN: readonly FormatName[] = ['html', 'pdf', 'md'];

/**
 * Of the runs up to this one, which is the latest of them whatever was listed of it. Null where no format shows it, where there
 * are too few, and where the folder cannot be read, which is said on stderr. `directory`: of the run.
 */
export function trendBeside(result: RunResult, directory: string, formats: readonly FormatName[]): PlanTrend | null {
  if (!formats.some((format) => SHOWN_IN.includes(format))) return null;
  try {
    const own = summaryOf(result);
    const startedMs = Date.parse(own.startedAt);
    const earlier = listRuns(path.dirname(path.resolve(directory)), Date.now()).flatMap(({ summary }) =>
      summary !== null &&
      summary.name === own.name &&
      summary.id !== own.id &&
      Date.parse(summary.startedAt) <= startedMs
        ? [summary]
        : [],
    );
    const trend = planTrend([...earlier.toReversed(), own]);
    return trend.kind === 'trend' ? trend : null;
  } catch (error) {
    printNote(`the report has no trend over runs: ${printable((error as Error).message)}`);
    return null;
  }
}

// Response, service and send lag for HdrHistogram's own tools: a percentile distribution each (.hgrm, for the plotter), and a log
// of the whole run and its stages (.hlog). Values are in milliseconds in the first, and in nanoseconds in the log's histograms.
// Source: HdrHistogram, PercentileIterator, AbstractHistogram.outputPercentileDistribution, HistogramLogWriter 1.3.

import type { Distribution, RunResult } from '../../facts/result.ts';
import { decodeHdrV2 } from '../../histogram/hdr-v2.ts';
import { type Histogram, mean, stdDev, upperValueOf } from '../../histogram/histogram.ts';
import { nsToMs } from '../../units/duration.ts';
import type { ReportFile, ReportTools } from './report-file.ts';

const TIMES = ['response', 'service', 'sendLag'] as const;
/** Reporting steps until half of what is left is reached, as the library's own. */
const TICKS_PER_HALF = 5;
const DECIMALS = 3;

export function renderHgrm(result: RunResult, { inflate }: ReportTools): readonly ReportFile[] {
  return TIMES.flatMap((name) => {
    if (result[name].count === 0) return [];
    const decoded = decodeHdrV2(result[name].hdr, inflate);
    if (decoded.kind === 'invalid') throw new Error(`${name}.hdr: ${decoded.problem}`);
    return [{ name: `${name}.hgrm`, content: percentileDistribution(decoded.histogram) }];
  });
}

export function renderHlog({ run, stages, ...result }: RunResult): readonly ReportFile[] {
  const startedSeconds = Date.parse(run.startedAt) / 1000;
  const line = (tag: string, fromSeconds: number, lengthSeconds: number, { maxMs, hdr }: Distribution): string =>
    `Tag=${tag},${fromSeconds.toFixed(3)},${lengthSeconds.toFixed(3)},${(maxMs ?? 0).toFixed(3)},${hdr}`;
  const content = [
    '#[Logged by Highwater; values are in nanoseconds, Interval_Max in milliseconds]',
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${startedSeconds.toFixed(3)} (seconds since epoch), ${run.startedAt}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ...TIMES.map((name) => line(name, 0, run.durationSeconds, result[name])),
    ...stages.flatMap((stage, index) =>
      TIMES.map((name) =>
        line(`stage${index + 1}.${name}`, stage.fromSecond, stage.toSecond - stage.fromSecond, stage[name]),
      ),
    ),
    '',
  ].join('\n');
  return [{ name: 'times.hlog', content }];
}

/** What `outputPercentileDistribution` prints, scaled to milliseconds. */
function percentileDistribution(histogram: Histogram): string {
  const rows = [...percentileSteps(histogram)].map(([valueNs, percent, count]) => {
    const value = nsToMs(valueNs).toFixed(DECIMALS).padStart(12);
    const share = (percent / 100).toFixed(12).padStart(2);
    const inverse = percent < 100 ? ` ${(1 / (1 - percent / 100)).toFixed(2).padStart(14)}` : '';
    return `${value} ${share} ${String(count).padStart(10)}${inverse}`;
  });
  const figure = (ns: number): string => nsToMs(ns).toFixed(DECIMALS).padStart(12);
  return [
    `${'Value'.padStart(12)} ${'Percentile'.padStart(14)} ${'TotalCount'.padStart(10)} ${'1/(1-Percentile)'.padStart(14)}`,
    '',
    ...rows,
    `#[Mean    = ${figure(mean(histogram) ?? 0)}, StdDeviation   = ${figure(stdDev(histogram) ?? 0)}]`,
    `#[Max     = ${figure(histogram.maxNs)}, Total count    = ${String(histogram.count).padStart(12)}]`,
    '',
  ].join('\n');
}

function* percentileSteps(histogram: Histogram): Generator<readonly [valueNs: number, percent: number, count: number]> {
  const { counts, count } = histogram;
  let percent = 0;
  let counted = 0;
  for (let index = 0; index < counts.length && counted < count; index++) {
    const here = counts[index]!;
    if (here === 0) continue;
    counted += here;
    while ((100 * counted) / count >= percent) {
      yield [upperValueOf(histogram, index), percent, counted];
      percent += 100 / (TICKS_PER_HALF * 2 ** (Math.floor(Math.log2(100 / (100 - percent))) + 1));
      if (counted === count) break;
    }
  }
  yield [histogram.maxNs, 100, count];
}

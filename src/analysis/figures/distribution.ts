// A histogram as the result states it. A percentile that the samples are too few to bound is null: the
// smallest n with a 95 % order-statistic interval is 299 for p99 and 2,995 for p99.9 (Le Boudec,
// Performance Evaluation, ch. 2).

import type { Distribution } from '../../facts/result.ts';
import { type Histogram, mean, percentile, stdDev } from '../../histogram/histogram.ts';
import { percentileInterval, smallestCountFor } from '../../histogram/interval.ts';
import { nsToMs } from '../../units/duration.ts';

export const CONFIDENCE = 0.95;

const PERCENTILES = [
  ['p50', 50],
  ['p75', 75],
  ['p90', 90],
  ['p95', 95],
  ['p99', 99],
  ['p999', 99.9],
  ['p9999', 99.99],
] as const;

/** `encodeHdr` makes HdrHistogram's compressed V2 form: it needs zlib, which this folder does without. */
export function describeDistribution(h: Histogram, encodeHdr: (h: Histogram) => string): Distribution {
  const intervals: Record<string, readonly [number, number] | null> = {};
  const values = new Map<string, number | null>();
  for (const [name, percent] of PERCENTILES) {
    const interval = percentileInterval(h, percent, CONFIDENCE);
    intervals[name] = interval === null ? null : [nsToMs(interval.lowNs), nsToMs(interval.highNs)];
    values.set(name, hasEnough(h.count, percent) ? toMs(percentile(h, percent)) : null);
  }
  const value = (name: (typeof PERCENTILES)[number][0]): number | null => values.get(name) ?? null;
  return {
    count: h.count,
    minMs: h.count === 0 ? null : nsToMs(h.minNs),
    meanMs: toMs(mean(h)),
    stdDevMs: h.count < 2 ? null : toMs(stdDev(h)),
    p50Ms: value('p50'),
    p75Ms: value('p75'),
    p90Ms: value('p90'),
    p95Ms: value('p95'),
    p99Ms: value('p99'),
    p999Ms: value('p999'),
    p9999Ms: value('p9999'),
    maxMs: h.count === 0 ? null : nsToMs(h.maxNs),
    intervals,
    hdr: encodeHdr(h),
  };
}

/** Whether so many samples bound the percentile on both sides. */
export function hasEnough(count: number, percent: number): boolean {
  const needed = smallestCountFor(percent, CONFIDENCE);
  return needed !== null && count >= needed;
}

function toMs(ns: number | null): number | null {
  return ns === null ? null : nsToMs(ns);
}

// The arithmetic of the tests with a known answer: what Highwater should have read, from the server's own log, and
// how far apart two readings may be. Times in ns unless a name says otherwise.

import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import type { Distribution } from '../../../src/facts/result.ts';
import type { ServerLog } from './known-server.ts';

/** The histogram keeps three digits: a value may be stated up to this much too high. */
export const HISTOGRAM_RATIO = 0.001;

/** Nearest rank, as HdrHistogram has it. */
export function quantile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Any percentile of a distribution of the result, read from its `hdr` by the library that we did not write. */
export function percentileOf(distribution: Distribution, percent: number): number {
  return decodeFromCompressedBase64(distribution.hdr).getValueAtPercentile(percent);
}

export interface Expected {
  /** The run's beginning on the machine's clock, at most the fastest message's way too late. */
  readonly originNs: number;
  /** due → departed: what Highwater's response must be, less the way back. */
  readonly response: readonly number[];
  /** sent → departed. */
  readonly service: readonly number[];
  /** due → sent, as it stands in the messages themselves. */
  readonly sendLag: readonly number[];
  /** arrived → departed: the server's own doing. */
  readonly held: readonly number[];
}

/**
 * What the log says that Highwater should have read. The run's clock begins at an unknown moment of the machine's;
 * the fastest message bounds it: no message arrives before it was sent. So the expected times are too short by the
 * way there of the fastest message (under a tenth of a millisecond on a loopback) and by the way back, never too long.
 */
export function expectedBy({ log }: ServerLog): Expected {
  const originNs = log.reduce((least, { arrivedNs, sentNs }) => Math.min(least, arrivedNs - sentNs), Infinity);
  return {
    originNs,
    response: log.map(({ departedNs, dueNs }) => departedNs - originNs - dueNs),
    service: log.map(({ departedNs, sentNs }) => departedNs - originNs - sentNs),
    sendLag: log.map(({ dueNs, sentNs }) => sentNs - dueNs),
    held: log.map(({ arrivedNs, departedNs }) => departedNs - arrivedNs),
  };
}

/**
 * How long each message would have been with a server of one queue on a machine that is never late: it comes when it is
 * due, and is served for as long as it was. A machine that halts for a second lets all that was due in it come at once,
 * which is no Poisson process any more.
 */
export function sojournsOnScheduleNs({ log }: ServerLog): readonly number[] {
  // The log is in the order of arrival, which is that of service.
  const serviceNs = log.map(({ arrivedNs, plannedNs }, place) => {
    const freeNs = log[place - 1]?.plannedNs ?? 0;
    return plannedNs - Math.max(freeNs, arrivedNs);
  });
  const sojournsNs: number[] = [];
  let freeNs = 0;
  for (const place of [...log.keys()].sort((a, b) => log[a]!.dueNs - log[b]!.dueNs)) {
    const { dueNs } = log[place]!;
    freeNs = Math.max(freeNs, dueNs) + serviceNs[place]!;
    sojournsNs[place] = freeNs - dueNs;
  }
  return sojournsNs;
}

/**
 * How late anybody's reading may come on this machine in these seconds, as the server's own timers felt it: nine in
 * ten of them were not later than this. A freeze of the server's own is not the machine's doing, and left out.
 */
export function noiseNs({ pulseLateNs, freezes }: ServerLog): number {
  const shortestFreezeNs = Math.min(Infinity, ...freezes.map(({ fromNs, toNs }) => toNs - fromNs));
  return quantile(
    pulseLateNs.filter((lateNs) => lateNs < shortestFreezeNs / 2),
    90,
  );
}

/**
 * Where a reading disagrees with what the log expects, in sentences; empty where it agrees. A reading is the expected
 * time plus a way back that is never negative, so no percentile may be below the expected one. How far above it may be:
 *
 *   5th percentile   2 ms: the messages that met no noise, so any delay that the tool always adds shows here
 *   mean             3 ms, and three times the mean lateness of a timer on this machine in these seconds
 *   50th, 90th       the expected percentile one per cent further up, plus what 1 % of the ways back exceed; for
 *   and 99th         whatever the noise, P(X + e > x + y) <= P(X > x) + P(e > y). Half a per cent for the 99th.
 */
export function disagreements(
  name: string,
  reading: Distribution,
  expected: readonly number[],
  log: ServerLog,
): string[] {
  if (reading.count !== expected.length) return [`${name}: ${reading.count} samples, the log has ${expected.length}`];
  const problems: string[] = [];
  const check = (what: string, readNs: number, leastNs: number, mostNs: number): void => {
    if (readNs >= leastNs && readNs <= mostNs) return;
    problems.push(`${name} ${what}: read ${ms(readNs)}, the log expects ${ms(leastNs)} to ${ms(mostNs)}`);
  };
  // Whether a rank is rounded up or down is the reader's choice; a fraction of a nanosecond is lost in the histogram.
  const lowerNs = (percent: number): number => quantile(expected, percent - 100 / expected.length) - 2;
  const upperNs = (percent: number, slackNs: number): number => {
    return quantile(expected, percent) * (1 + HISTOGRAM_RATIO) + slackNs;
  };
  const late = log.pulseLateNs;
  check('p5', percentileOf(reading, 5), lowerNs(5), upperNs(5, 2e6));
  check('mean', (reading.meanMs ?? Number.NaN) * 1e6, mean(expected) - 1, mean(expected) + 3e6 + 3 * mean(late));
  for (const [percent, further] of [
    [50, 1],
    [90, 1],
    [99, 0.5],
  ] as const) {
    const slackNs = 2e6 + 2 * quantile(late, 100 - further);
    check(`p${percent}`, percentileOf(reading, percent), lowerNs(percent), upperNs(percent + further, slackNs));
  }
  return problems;
}

export function ms(ns: number): string {
  return `${(ns / 1e6).toFixed(3)} ms`;
}

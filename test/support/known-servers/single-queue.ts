// M/M/1: Poisson arrivals at one server with one queue and exponential service. The time in the system is then
// exponential with rate mu - lambda (Kleinrock, Queueing Systems I, ch. 3); how far a sample of n successive
// customers may stray from that is found by simulating the same number of them, from an empty system as in the test,
// so that the correlation between successive customers and the run-in are in it.

import { mean, quantile } from './samples.ts';

export interface SingleQueue {
  readonly arrivalsPerSecond: number;
  readonly meanServiceMs: number;
}

export const STATISTICS = ['mean', 'p50', 'p90', 'p99'] as const;
export type SojournStatistics = Readonly<Record<(typeof STATISTICS)[number], number>>;

/** Of the time in the system in the long run, in ms. */
export function theory({ arrivalsPerSecond, meanServiceMs }: SingleQueue): SojournStatistics {
  const meanMs = 1 / (1 / meanServiceMs - arrivalsPerSecond / 1000);
  const percentileMs = (percent: number): number => -meanMs * Math.log(1 - percent / 100);
  return { mean: meanMs, p50: percentileMs(50), p90: percentileMs(90), p99: percentileMs(99) };
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * The range that `replications` samples of `count` customers keep, less the outermost thousandth on each side: a
 * right reading strays from it once in five hundred draws of the seeds, and the seeds of the test do not change.
 */
export function samplingRange(
  queue: SingleQueue,
  count: number,
  replications: number,
): Readonly<Record<(typeof STATISTICS)[number], Range>> {
  const uniform = lehmer(20_261_121);
  const exponential = (meanMs: number): number => -Math.log(1 - uniform()) * meanMs;
  const found: Record<(typeof STATISTICS)[number], number[]> = { mean: [], p50: [], p90: [], p99: [] };
  for (let replication = 0; replication < replications; replication++) {
    const sojournsMs: number[] = [];
    let waitMs = 0;
    for (let customer = 0; customer < count; customer++) {
      const inSystemMs = waitMs + exponential(queue.meanServiceMs);
      sojournsMs.push(inSystemMs);
      // Lindley: the next one waits for what is left when it comes.
      waitMs = Math.max(0, inSystemMs - exponential(1000 / queue.arrivalsPerSecond));
    }
    const statistics = describe(sojournsMs);
    for (const name of STATISTICS) found[name].push(statistics[name]);
  }
  const range = (values: readonly number[]): Range => ({ low: quantile(values, 0.1), high: quantile(values, 99.9) });
  return { mean: range(found.mean), p50: range(found.p50), p90: range(found.p90), p99: range(found.p99) };
}

export function describe(values: readonly number[]): SojournStatistics {
  return { mean: mean(values), p50: quantile(values, 50), p90: quantile(values, 90), p99: quantile(values, 99) };
}

/** Park and Miller's minimal standard generator. */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

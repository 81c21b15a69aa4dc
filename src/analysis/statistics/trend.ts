// Whether a series has a trend, and how steep it is, by ranks and medians: outliers and the shape of the noise matter
// little. At most a few hundred values: time is quadratic in their number. Values are in the order of time.

import { normalQuantile, normalUpperTail } from './normal.ts';

export interface MannKendall {
  /** Pairs that rise, less pairs that fall. */
  readonly s: number;
  /** Of s, where there is no trend; with ties corrected. */
  readonly variance: number;
  /** s in standard deviations, with the continuity correction; above 0 for a rise. */
  readonly z: number;
  /** Two-sided. */
  readonly pValue: number;
}

/**
 * Mann-Kendall test (Mann, Econometrica 13, 1945; Kendall 1975). `inflation` is what the variance is multiplied by, for
 * values that depend on the ones before: see `hamedRaoInflation`.
 */
export function mannKendall(values: readonly number[], inflation = 1): MannKendall {
  let s = 0;
  for (let later = 1; later < values.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) s += Math.sign(values[later]! - values[earlier]!);
  }
  const variance = varianceOfS(values) * inflation;
  const z = variance === 0 || s === 0 ? 0 : (s - Math.sign(s)) / Math.sqrt(variance);
  return { s, variance, z, pValue: 2 * normalUpperTail(Math.abs(z)) };
}

/** [n(n−1)(2n+5) − Σ t(t−1)(2t+5)] / 18 over the groups of t equal values. */
function varianceOfS(values: readonly number[]): number {
  const groups = new Map<number, number>();
  for (const value of values) groups.set(value, (groups.get(value) ?? 0) + 1);
  const term = (count: number): number => count * (count - 1) * (2 * count + 5);
  let sum = term(values.length);
  for (const ties of groups.values()) sum -= term(ties);
  return sum / 18;
}

/**
 * By how much the variance of s is larger where values depend on the ones before them (Hamed and Rao, Journal of Hydrology
 * 204, 1998, eq. 10): from the autocorrelation of the ranks of what is left without the trend, of which only what is
 * significant at 5 % counts. `slope` is per place in the series. May be below 1, where neighbors repel each other.
 */
export function hamedRaoInflation(values: readonly number[], slope: number): number {
  const n = values.length;
  if (n < 3) return 1;
  const ranks = ranksOf(values.map((value, place) => value - slope * (place + 1)));
  const mean = (n + 1) / 2;
  const covariance = (lag: number): number => {
    let sum = 0;
    for (let place = 0; place + lag < n; place++) sum += (ranks[place]! - mean) * (ranks[place + lag]! - mean);
    return sum;
  };
  const whole = covariance(0);
  if (whole === 0) return 1;
  const limit = normalQuantile(0.975) / Math.sqrt(n);
  let sum = 0;
  for (let lag = 1; lag < n; lag++) {
    const correlation = covariance(lag) / whole;
    if (Math.abs(correlation) > limit) sum += (n - lag) * (n - lag - 1) * (n - lag - 2) * correlation;
  }
  return 1 + (2 * sum) / (n * (n - 1) * (n - 2));
}

/** From 1; equal values share the mean of their ranks. */
export function ranksOf(values: readonly number[]): readonly number[] {
  const order = values.map((_, place) => place).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let place = from; place < to; place++) ranks[order[place]!] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}

export interface TheilSen {
  /** Of value per unit of time: the median over all pairs. */
  readonly slope: number;
  /** The value that the line has where time is zero: median value − slope · median time. */
  readonly intercept: number;
  /** With 95 % confidence (Sen 1968), or as much as there is where the values are few. */
  readonly interval: readonly [number, number];
}

/**
 * Theil-Sen slope (Sen, Journal of the American Statistical Association 63, 1968). Null where no two values are of
 * different times. `inflation` widens the interval as it does the variance of s.
 */
export function theilSen(times: readonly number[], values: readonly number[], inflation = 1): TheilSen | null {
  const found = new Float64Array((values.length * (values.length - 1)) / 2);
  let count = 0;
  for (let later = 1; later < values.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      const elapsed = times[later]! - times[earlier]!;
      if (elapsed > 0) found[count++] = (values[later]! - values[earlier]!) / elapsed;
    }
  }
  if (count === 0) return null;
  const slopes = found.subarray(0, count).sort();
  const slope = medianOfSorted(slopes);
  const spread = normalQuantile(0.975) * Math.sqrt(varianceOfS(values) * inflation);
  const low = Math.max(0, Math.round((slopes.length - spread) / 2) - 1);
  const high = Math.min(slopes.length - 1, Math.round((slopes.length + spread) / 2));
  return {
    slope,
    intercept: median(values) - slope * median(times),
    interval: [slopes[low]!, slopes[high]!],
  };
}

export function median(values: readonly number[]): number {
  return medianOfSorted([...values].sort((a, b) => a - b));
}

/**
 * The median absolute deviation, as the standard deviation of normal noise that has it (· 1.4826): one that outliers do not
 * move (Hampel, Journal of the American Statistical Association 69, 1974). In the unit of the values.
 */
export function robustDeviation(values: readonly number[]): number {
  const middle = median(values);
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)));
}

function medianOfSorted(sorted: ArrayLike<number>): number {
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

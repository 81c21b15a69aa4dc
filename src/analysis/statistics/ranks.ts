// Whether one group of values lies above another, and by how much, by ranks: neither outliers nor the shape of the noise
// matter. Values are independent of each other; groups are of at most a few hundred.

import { normalQuantile, normalUpperTail } from './normal.ts';
import { median, ranksOf } from './trend.ts';

/** Up to so many values a side the distribution of U is counted out; with more, the normal one is as good. */
const MOST_EXACT = 50;

export interface MannWhitney {
  /** Pairs in which the value of the first group is the larger one; equal ones count half. */
  readonly u: number;
  /** Two-sided: the chance of a U at least as far from its mean. */
  readonly pValue: number;
}

/**
 * Mann-Whitney test (Annals of Mathematical Statistics 18, 1947). Exact up to 50 values a side, ties too; above that by the
 * normal distribution with the corrections for ties and continuity. Null where all values are equal or a side is empty: there is
 * nothing to test.
 */
export function mannWhitney(first: readonly number[], second: readonly number[]): MannWhitney | null {
  const all = [...first, ...second];
  if (first.length === 0 || second.length === 0 || all.every((value) => value === all[0])) return null;
  const ranks = ranksOf(all);
  const rankSum = ranks.slice(0, first.length).reduce((sum, rank) => sum + rank, 0);
  const u = rankSum - (first.length * (first.length + 1)) / 2;
  const isExact = Math.max(first.length, second.length) <= MOST_EXACT;
  return { u, pValue: isExact ? exactPValue(ranks, first.length, u) : normalPValue(ranks, first.length, u) };
}

function exactPValue(ranks: readonly number[], size: number, u: number): number {
  const shares = distributionOfU(ranks, size);
  const middle = (size * (ranks.length - size)) / 2;
  let sum = 0;
  for (let doubled = 0; doubled < shares.length; doubled++) {
    if (Math.abs(doubled / 2 - middle) >= Math.abs(u - middle)) sum += shares[doubled]!;
  }
  return Math.min(1, sum);
}

/**
 * How likely each value of 2U is where any `size` of the ranks could have been the first group's. Ranks are taken one after the
 * other and either belong to it or not; doubled, as those of equal values may lie halfway.
 */
function distributionOfU(ranks: readonly number[], size: number): Float64Array {
  const least = size * (size + 1);
  const width = 2 * size * (ranks.length - size) + least + 1;
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(width));
  ways[0]![0] = 1;
  ranks.forEach((rank, taken) => {
    const step = Math.round(2 * rank);
    for (let chosen = Math.min(size, taken + 1); chosen >= 1; chosen--) {
      const into = ways[chosen]!;
      const from = ways[chosen - 1]!;
      for (let sum = step; sum < width; sum++) into[sum] = into[sum]! + from[sum - step]!;
    }
  });
  const found = ways[size]!.subarray(least);
  const total = found.reduce((sum, count) => sum + count, 0);
  return found.map((count) => count / total);
}

function normalPValue(ranks: readonly number[], size: number, u: number): number {
  const n = ranks.length;
  const groups = new Map<number, number>();
  for (const rank of ranks) groups.set(rank, (groups.get(rank) ?? 0) + 1);
  let ties = 0;
  for (const count of groups.values()) ties += count ** 3 - count;
  const pairs = size * (n - size);
  const deviation = Math.sqrt((pairs / 12) * (n + 1 - ties / (n * (n - 1))));
  return Math.min(1, 2 * normalUpperTail(Math.max(0, Math.abs(u - pairs / 2) - 0.5) / deviation));
}

export interface Shift {
  /** By how much the second group lies above the first: the median of all differences. */
  readonly shift: number;
  readonly interval: readonly [number, number];
  /** What the interval really covers, which is as much as was asked for or, with few values, all that there is. */
  readonly coverage: number;
}

/**
 * Hodges-Lehmann estimate of the shift with its interval from the sorted differences of all pairs (Annals of Mathematical
 * Statistics 34, 1963). Both groups have values.
 */
export function hodgesLehmann(first: readonly number[], second: readonly number[], confidence: number): Shift {
  const differences = Float64Array.from(second.flatMap((b) => first.map((a) => b - a))).sort();
  const { rank, coverage } = intervalRank(first.length, second.length, confidence);
  return {
    shift: median([...differences]),
    interval: [differences[rank - 1]!, differences[differences.length - rank]!],
    coverage,
  };
}

/** Which of the sorted differences bounds the interval, from 1 and from either end. */
function intervalRank(
  first: number,
  second: number,
  confidence: number,
): { readonly rank: number; readonly coverage: number } {
  const tail = (1 - confidence) / 2;
  if (Math.max(first, second) > MOST_EXACT) {
    const deviation = Math.sqrt((first * second * (first + second + 1)) / 12);
    const rank = Math.round((first * second) / 2 + normalQuantile(tail) * deviation);
    return { rank: Math.max(1, rank), coverage: confidence };
  }
  const untied = Array.from({ length: first + second }, (_, place) => place + 1);
  const shares = distributionOfU(untied, first);
  let rank = 1;
  let below = shares[0]!;
  while (below + shares[2 * rank]! < tail) {
    below += shares[2 * rank]!;
    rank++;
  }
  return { rank, coverage: 1 - 2 * below };
}

// Draws from distributions; each takes its uniform source, so that the seed stays the caller's.

import type { Random } from './generator.ts';

/** Exponential with mean 1: the gap between the events of a unit Poisson process. Never infinite, since u < 1. */
export function exponential(random: Random): number {
  return -Math.log1p(-random());
}

export function uniform(random: Random, min: number, max: number): number {
  return min + (max - min) * random();
}

/** The index whose share of the running totals holds `u` in [0, 1): weights 70, 30 as [70, 100]. Binary search. */
export function weightedIndex(cumulativeWeights: ArrayLike<number>, u: number): number {
  const last = cumulativeWeights.length - 1;
  const wanted = u * (cumulativeWeights[last] ?? 0);
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cumulativeWeights[middle] ?? 0) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

// What either method of comparing says of one metric, and how sure it is to be.

import { normalQuantile } from '../statistics/normal.ts';

/** What a method says of one metric. Effects are of the baseline, and of shares differences. */
export type Estimate =
  | {
      readonly kind: 'noData';
      readonly baseline: number | null;
      readonly candidate: number | null;
      readonly reason: string;
    }
  | {
      readonly kind: 'unweighed';
      readonly baseline: number;
      readonly candidate: number;
      readonly effect: number;
      readonly reason: string;
    }
  | {
      readonly kind: 'estimated';
      readonly baseline: number;
      readonly candidate: number;
      readonly effect: number;
      readonly interval: readonly [number, number];
      /** Not corrected; null where there was nothing to test, as all values are equal. */
      readonly pValue: number | null;
      readonly smallestVisible: number;
      /** Every second of one side lies beyond every second of the other, by more than chance can do: decided whatever p is. */
      readonly isApart: boolean;
      /** The standard deviation between runs, as an effect; null where it is not known. */
      readonly deviation: number | null;
    };

export const CONFIDENCE = 0.95;
/** The chance that a change of the smallest visible size is noticed. */
export const POWER = 0.8;
/** By so much a test by ranks needs more values than one that knows the noise to be normal (Lehmann, Nonparametrics, 1975). */
export const RANKS_NEED = Math.PI / 3;

/** How many runs a side notice an effect of that size, which is not zero; null for very many. */
export function runsFor(effect: number, deviation: number): number | null {
  const d = effect / deviation;
  const runs = Math.ceil(2 * RANKS_NEED * ((normalQuantile((1 + CONFIDENCE) / 2) + normalQuantile(POWER)) / d) ** 2);
  return runs <= 1000 ? runs : null;
}

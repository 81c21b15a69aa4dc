// How far a percentile can be trusted: confidence intervals from order statistics, which assume nothing about the
// distribution. Of n independent values, B ~ Binomial(n, p) lie below the true p-quantile, so it lies between the
// values of rank j and k with probability P(j <= B <= k - 1).
// Values within one run depend on each other, so this interval is too narrow for them: publish the wider of this and
// the one over batches. Source: Le Boudec, Performance Evaluation, chapter 2.

import { type Binomial, binomialQuantile, lowerTail, upperTail } from './binomial.ts';
import { type Histogram, indexOfRank, lowerValueOf, upperValueOf } from './histogram.ts';

/** Ranks from 1 to n, and the probability that the true percentile lies between their values. */
export interface PercentileRanks {
  readonly lowRank: number;
  readonly highRank: number;
  readonly coverage: number;
}

export interface PercentileInterval {
  readonly lowNs: number;
  readonly highNs: number;
}

/**
 * The ranks that bound a percentile (0 to 100) of n values with at least `confidence` (a ratio above 0 and below 1).
 * Equal tails where n allows it; with fewer values the interval ends at the least or the greatest one and the other
 * tail takes what is left. null exactly where n < smallestCountFor(percent, confidence).
 */
export function percentileRanks(n: number, percent: number, confidence: number): PercentileRanks | null {
  const b = binomialOf(n, percent, confidence);
  if (b === null || widestCoverage(b) < confidence) return null;
  const tail = (1 - confidence) / 2;
  const low = binomialQuantile(b, tail);
  const high = binomialQuantile(b, 1 - tail) + 1;
  if (low >= 1 && high <= n) return ranks(b, low, high);
  if (low >= 1) {
    const budget = 1 - confidence - upperTail(b, n);
    return ranks(b, budget > 0 ? Math.max(1, binomialQuantile(b, budget)) : 1, n);
  }
  const budget = 1 - confidence - lowerTail(b, 0);
  return ranks(b, 1, budget > 0 ? Math.min(n, binomialQuantile(b, 1 - budget) + 1) : n);
}

/** The interval in ns, widened to the ends of the counters; null where there are too few values for a finite one. */
export function percentileInterval(h: Histogram, percent: number, confidence = 0.95): PercentileInterval | null {
  const found = percentileRanks(h.count, percent, confidence);
  if (found === null) return null;
  return {
    lowNs: lowerValueOf(h, indexOfRank(h, found.lowRank)),
    highNs: upperValueOf(h, indexOfRank(h, found.highRank)),
  };
}

/**
 * How many values a finite interval needs: the least n with 1 - p^n - (1 - p)^n >= confidence. Below it print
 * "n/a (needs N)". null where no countable number of values is enough: percent 0 and 100.
 */
export function smallestCountFor(percent: number, confidence: number): number | null {
  if (binomialOf(1, percent, confidence) === null) return null;
  const isEnough = (n: number) => widestCoverage(binomialOf(n, percent, confidence)!) >= confidence;
  let enough = 2;
  while (!isEnough(enough)) {
    enough *= 2;
    if (enough > Number.MAX_SAFE_INTEGER) return null;
  }
  let tooFew = enough / 2;
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (isEnough(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

/** null where no interval exists: percent 0 or 100, or no values. Throws RangeError for what is no percentage or ratio. */
function binomialOf(n: number, percent: number, confidence: number): Binomial | null {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`n: expected a whole number from 0, got ${n}`);
  if (!(percent >= 0 && percent <= 100)) throw new RangeError(`percent: expected 0 to 100, got ${percent}`);
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`confidence: expected above 0, below 1, got ${confidence}`);
  if (n < 1 || percent === 0 || percent === 100) return null;
  return { n, p: percent / 100, q: (100 - percent) / 100 };
}

/** The probability that the true percentile lies between the least and the greatest value. */
function widestCoverage(b: Binomial): number {
  return 1 - (lowerTail(b, 0) + upperTail(b, b.n));
}

function ranks(b: Binomial, lowRank: number, highRank: number): PercentileRanks {
  return { lowRank, highRank, coverage: 1 - lowerTail(b, lowRank - 1) - upperTail(b, highRank) };
}

// Distributions of nanosecond times: recording, merging and asking. Everything but the counters' resolution is exact:
// count, sum, min and max are whole numbers carried beside the counters, so merging is associative and commutative to
// the last bit, however a run was split over workers and seconds.
//
// Invariant: while count > 0, the first non-empty counter is indexOf(minNs) and the last one is indexOf(maxNs). That is
// what keeps reset, add and every scan within the part that was used.

import {
  COUNTER_COUNT,
  HIGHEST_NS,
  highestEquivalent,
  indexOf,
  indexWithin,
  LAST_INDEX,
  lowestEquivalent,
  medianEquivalent,
} from './layout.ts';

/** Plain data; change it only through the functions of this folder. */
export interface Histogram {
  readonly counts: Float64Array;
  count: number;
  /** The exact least value; Infinity while count is 0. */
  minNs: number;
  /** The exact greatest value; -Infinity while count is 0. */
  maxNs: number;
  /** The exact sum is sumHigh * SUM_LIMB_NS + sumLowNs: one double alone would be inexact after 104 days of response time. */
  sumHigh: number;
  sumLowNs: number;
  /** Values above HIGHEST_NS. They are in the counters and in sum and max as well. */
  overflowCount: number;
  /** Values below zero (or not a number), recorded as 0: two clock reads out of order, or a bug. */
  negativeCount: number;
}

// The hot path reads these two by local names: V8 (Node 20) loads imported and exported constants from a cell at every
// use. record() took 7.5 ns with them and 5.8 ns without (bench: 8,192 values of 1 us to 1 s, best of 3,000 rounds).
const HOT_HIGHEST_NS = HIGHEST_NS;
const HOT_SUM_LIMB_NS = 2 ** 52;

export const SUM_LIMB_NS = HOT_SUM_LIMB_NS;
/** Where a value itself is cut off (52 days), so that two limbs always add up exactly. */
export const LARGEST_VALUE_NS = 2 ** 52;

export function createHistogram(): Histogram {
  return {
    counts: new Float64Array(COUNTER_COUNT),
    count: 0,
    minNs: Infinity,
    maxNs: -Infinity,
    sumHigh: 0,
    sumLowNs: 0,
    overflowCount: 0,
    negativeCount: 0,
  };
}

/** Records one value; a fraction of a nanosecond is dropped. Never allocates, never throws. */
export function record(h: Histogram, valueNs: number): void {
  if (!(valueNs > 0 && valueNs <= HOT_HIGHEST_NS)) {
    recordUnusual(h, valueNs);
    return;
  }
  const wholeNs = Math.floor(valueNs);
  const index = indexWithin(wholeNs);
  h.counts[index] = h.counts[index]! + 1;
  h.count += 1;
  if (wholeNs < h.minNs) h.minNs = wholeNs;
  if (wholeNs > h.maxNs) h.maxNs = wholeNs;
  const sumLowNs = h.sumLowNs + wholeNs;
  if (sumLowNs < HOT_SUM_LIMB_NS) h.sumLowNs = sumLowNs;
  else addToSum(h, 0, wholeNs);
}

/** Zero, negative, above the range, or no number at all: kept apart, so that `record` has one comparison for all. */
function recordUnusual(h: Histogram, valueNs: number): void {
  if (valueNs > HIGHEST_NS) h.overflowCount += 1;
  else if (valueNs !== 0) h.negativeCount += 1;
  recordRun(h, toWhole(valueNs), 0, 1);
}

/** As `record`, `count` times. Throws RangeError where count is not a whole number from 0. */
export function recordMany(h: Histogram, valueNs: number, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`count: expected a whole number from 0, got ${count}`);
  }
  if (count === 0) return;
  if (valueNs > HIGHEST_NS) h.overflowCount += count;
  else if (!(valueNs >= 0)) h.negativeCount += count;
  recordRun(h, toWhole(valueNs), 0, count);
}

/**
 * Records a value and the values that a closed loop left out while it waited: value - interval, value - 2 interval, and
 * so on while they are at least the interval. For imported data only; say "corrected (synthetic samples)" beside it.
 * One step per counter, not per sample, so it ends soon for any two numbers.
 * Source: HdrHistogram, recordValueWithExpectedInterval.
 */
export function recordWithExpectedInterval(h: Histogram, valueNs: number, intervalNs: number): void {
  record(h, valueNs);
  const stepNs = Math.floor(intervalNs);
  if (!(stepNs >= 1)) return;
  let missingNs = toWhole(valueNs) - stepNs;
  while (missingNs >= stepNs) {
    const endNs = Math.max(lowestEquivalent(indexOf(missingNs)), stepNs);
    const samples = Math.floor((missingNs - endNs) / stepNs) + 1;
    if (missingNs > HIGHEST_NS) {
      h.overflowCount += Math.min(samples, Math.floor((missingNs - HIGHEST_NS - 1) / stepNs) + 1);
    }
    recordRun(h, missingNs, stepNs, samples);
    missingNs -= samples * stepNs;
  }
}

/** `samples` values of one counter: highestNs, highestNs - stepNs, ... All are whole and within the range of values. */
function recordRun(h: Histogram, highestNs: number, stepNs: number, samples: number): void {
  const index = indexOf(highestNs);
  const lowestNs = highestNs - stepNs * (samples - 1);
  h.counts[index] = h.counts[index]! + samples;
  h.count += samples;
  if (lowestNs < h.minNs) h.minNs = lowestNs;
  if (highestNs > h.maxNs) h.maxNs = highestNs;
  if (highestNs * samples < SUM_LIMB_NS) {
    addToSum(h, 0, highestNs * samples - (stepNs * samples * (samples - 1)) / 2);
    return;
  }
  const sumNs = (BigInt(samples) * (BigInt(highestNs) + BigInt(lowestNs))) / 2n;
  addToSum(h, Number(sumNs / BigInt(SUM_LIMB_NS)), Number(sumNs % BigInt(SUM_LIMB_NS)));
}

function addToSum(h: Histogram, high: number, lowNs: number): void {
  const sumLowNs = h.sumLowNs + lowNs;
  const carry = sumLowNs >= SUM_LIMB_NS ? 1 : 0;
  h.sumLowNs = sumLowNs - carry * SUM_LIMB_NS;
  h.sumHigh += high + carry;
}

function toWhole(valueNs: number): number {
  return valueNs > 0 ? Math.floor(Math.min(valueNs, LARGEST_VALUE_NS)) : 0;
}

/** Adds `from` to `into`: afterwards `into` is as if it had recorded everything itself. */
export function add(into: Histogram, from: Histogram): void {
  if (from.count === 0) return;
  const last = indexOf(from.maxNs);
  for (let index = indexOf(from.minNs); index <= last; index += 1) {
    into.counts[index] = into.counts[index]! + from.counts[index]!;
  }
  addTotals(into, from);
}

/** The part of `add` beside the counters, for what arrives with its counters in another form. */
export function addTotals(into: Histogram, from: Omit<Histogram, 'counts'>): void {
  into.count += from.count;
  if (from.minNs < into.minNs) into.minNs = from.minNs;
  if (from.maxNs > into.maxNs) into.maxNs = from.maxNs;
  addToSum(into, from.sumHigh, from.sumLowNs);
  into.overflowCount += from.overflowCount;
  into.negativeCount += from.negativeCount;
}

/** Empties it for the next window; costs as much as the range of values that was recorded. */
export function reset(h: Histogram): void {
  if (h.count === 0) return;
  h.counts.fill(0, indexOf(h.minNs), indexOf(h.maxNs) + 1);
  h.count = 0;
  h.minNs = Infinity;
  h.maxNs = -Infinity;
  h.sumHigh = 0;
  h.sumLowNs = 0;
  h.overflowCount = 0;
  h.negativeCount = 0;
}

/**
 * The value that `percent` of all values (0 to 100) do not exceed, in ns: the upper end of the counter of the rank
 * max(1, ceil(percent / 100 * count)), but never above the exact maximum. 0 is the minimum, 100 the maximum.
 * null without values. Throws RangeError outside 0 to 100.
 */
export function percentile(h: Histogram, percent: number): number | null {
  const answer = percentileWithMissing(h, percent, 0);
  return answer === 'missing' ? null : answer;
}

/** As `percentile`, with `missingCount` further values above every limit: 'missing' where the rank falls among them. */
export function percentileWithMissing(h: Histogram, percent: number, missingCount: number): number | 'missing' | null {
  const rank = rankOf(percent, h.count + missingCount);
  if (h.count + missingCount === 0) return null;
  if (rank > h.count) return 'missing';
  return percent === 0 ? h.minNs : upperValueOf(h, indexOfRank(h, rank));
}

/**
 * The rank (from 1) that answers a percentile of `count` values. Three roundings (the decimal percentage itself, the
 * product, the quotient) can lift a whole rank by up to 4 parts in 2^53, and the ceiling would then skip a value, so
 * that much is taken off before. HdrHistogram takes off 1 ulp for the same reason.
 */
function rankOf(percent: number, count: number): number {
  if (!(percent >= 0 && percent <= 100)) throw new RangeError(`percent: expected 0 to 100, got ${percent}`);
  const exact = (percent * count) / 100;
  return Math.min(count, Math.max(1, Math.ceil(exact - exact * 2 ** -51)));
}

/** The counter that holds the value of a rank from 1 to count. */
export function indexOfRank(h: Histogram, rank: number): number {
  const last = indexOf(h.maxNs);
  let index = indexOf(h.minNs);
  for (let seen = h.counts[index]!; seen < rank && index < last; seen += h.counts[index]!) index += 1;
  return index;
}

/** The least value that may be in the counter. */
export function lowerValueOf(h: Histogram, index: number): number {
  return Math.max(h.minNs, lowestEquivalent(index));
}

/** The greatest value that may be in the counter. The last one has no upper end but the exact maximum. */
export function upperValueOf(h: Histogram, index: number): number {
  return index === LAST_INDEX ? h.maxNs : Math.min(h.maxNs, highestEquivalent(index));
}

/** Exact but for one rounding at the end. null without values. */
export function mean(h: Histogram): number | null {
  return h.count === 0 ? null : (h.sumHigh / h.count) * SUM_LIMB_NS + h.sumLowNs / h.count;
}

/**
 * Of the whole population (divided by n), from the counters' middles as HdrHistogram does: off by at most half a
 * counter's width (0.05 % of the value). A running sum of squares would lose the small deviation of large values by
 * cancellation and make merging depend on its order. null without values.
 */
export function stdDev(h: Histogram): number | null {
  if (h.count === 0) return null;
  const first = indexOf(h.minNs);
  const last = indexOf(h.maxNs);
  const originNs = medianEquivalent(first);
  let sum = 0;
  for (let index = first; index <= last; index += 1) {
    const count = h.counts[index]!;
    if (count > 0) sum += count * (medianEquivalent(index) - originNs);
  }
  const meanNs = originNs + sum / h.count;
  let squares = 0;
  for (let index = first; index <= last; index += 1) {
    const count = h.counts[index]!;
    if (count > 0) squares += count * (medianEquivalent(index) - meanNs) ** 2;
  }
  return Math.sqrt(squares / h.count);
}

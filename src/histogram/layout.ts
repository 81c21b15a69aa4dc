// Where a value lives: HdrHistogram's log-linear layout for whole nanoseconds, lowest 1, highest one hour, three
// significant digits. Invariant: a counter's range is at most 1/1024 of its values wide, and every whole value from 0
// to 2^42 - 1 has exactly one counter.
//
//   index       0 ......... 1023 | 1024 ....... 2047 | 2048 ....... 3071 | ... | 32768 ......... 33791
//   values      0 ......... 1023 | 1024 ....... 2047 | 2048 ....... 4095 | ... | 2^41 ...... 2^42 - 1
//   each wide   1                | 1                 | 2                 | ... | 2^31
//               \______ HdrHistogram's bucket 0 ____/ \___ bucket 1 ____/       \____ bucket 31 ____/
//
// From 1024 on, every doubling of the value has 1024 counters of equal width. A double is laid out in the same way
// (exponent, then mantissa), so its upper word already holds the index, shifted and with another origin:
//
//   upper word of a double    0 | eeeeeeeeeee | mmmmmmmmmm | mmmmmmmmmm
//                             sign  exponent    top 10 bits  dropped       e = 1023 + floor(log2 value)
//   word >>> 10               e * 1024 + m
//   index                     (floor(log2 value) - 9) * 1024 + m  =  (word >>> 10) - 1032 * 1024
//
// It is right from 1024 on, needs no logarithm and no 32-bit shift of a value that does not fit one.
// Source: HdrHistogram (Gil Tene), AbstractHistogram.countsArrayIndex with unitMagnitude 0, subBucketCount 2048.

export const SIGNIFICANT_DIGITS = 3;
export const LOWEST_NS = 1;
/** One hour. What is above still has a counter (up to 2^42 - 1 its own, then the last one) but counts as overflow. */
export const HIGHEST_NS = 3_600_000_000_000;
/** (32 buckets + 1) * 1024. */
export const COUNTER_COUNT = 33_792;
export const LAST_INDEX = COUNTER_COUNT - 1;

const HALF = 1024;
const SINGLE_WIDTH_END = 2 * HALF;
const COVERED_END_NS = 2 ** 42;
const INDEX_ORIGIN = 1032 * 1024;

// Scratch, not state: written and read within one call.
const asDouble = new Float64Array(1);
const asWords = new Uint32Array(asDouble.buffer);
asDouble[0] = 1;
const UPPER_WORD = asWords[0] === 0 ? 1 : 0;

/** The counter of a value from 0 to 2^42 - 1; a fraction is dropped. Unchecked, for the recorder. */
export function indexWithin(valueNs: number): number {
  if (valueNs < SINGLE_WIDTH_END) return valueNs | 0;
  asDouble[0] = valueNs;
  return (asWords[UPPER_WORD]! >>> 10) - INDEX_ORIGIN;
}

/** The counter of any value: below zero the first, from 2^42 on the last. */
export function indexOf(valueNs: number): number {
  if (valueNs >= COVERED_END_NS) return LAST_INDEX;
  return valueNs > 0 ? indexWithin(valueNs) : 0;
}

/** How many whole values share the counter. */
function widthOf(index: number): number {
  return index < SINGLE_WIDTH_END ? 1 : 2 ** ((index >> 10) - 1);
}

/** The smallest value of the counter, in ns. */
export function lowestEquivalent(index: number): number {
  return index < SINGLE_WIDTH_END ? index : (HALF + (index & (HALF - 1))) * widthOf(index);
}

/** The largest value of the counter, in ns. The last counter also holds everything above its range. */
export function highestEquivalent(index: number): number {
  return lowestEquivalent(index) + widthOf(index) - 1;
}

/** The middle of the counter as HdrHistogram defines it (rounded up), in ns. */
export function medianEquivalent(index: number): number {
  return lowestEquivalent(index) + Math.floor(widthOf(index) / 2);
}

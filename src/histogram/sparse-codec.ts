// The form in which a histogram travels between processes and lies in windows.ndjson: JSON-safe, a few kilobytes, with
// every exact number readable and the counters as one base64 string (see counts-codec.ts). decode(encode(h)) equals h.
// What is decoded may be torn or hostile: it is checked whole before anything is touched.

import { decodeBase64, encodeBase64 } from './base64.ts';
import { type DecodedCounts, decodeCounts, encodeCounts, MAX_COUNTS_BYTES } from './counts-codec.ts';
import { addTotals, type Histogram, LARGEST_VALUE_NS, SUM_LIMB_NS } from './histogram.ts';
import { HIGHEST_NS, indexOf } from './layout.ts';

export type SparseHistogram = { readonly count: 0 } | FilledSparseHistogram;

export interface FilledSparseHistogram {
  readonly count: number;
  readonly minNs: number;
  readonly maxNs: number;
  /** The sum is sumHigh * 2^52 + sumLowNs. */
  readonly sumHigh: number;
  readonly sumLowNs: number;
  readonly overflowCount: number;
  readonly negativeCount: number;
  readonly buckets: string;
}

/** What is wrong with a value that should be a histogram. */
export interface InvalidHistogram {
  readonly kind: 'invalid';
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

const MAX_BUCKETS_LENGTH = Math.ceil(MAX_COUNTS_BYTES / 3) * 4;

/** As it lies in a window: only the counters from the least to the greatest value, in base64. */
export function encodeSparse(h: Histogram): SparseHistogram {
  if (h.count === 0) return { count: 0 };
  return {
    count: h.count,
    minNs: h.minNs,
    maxNs: h.maxNs,
    sumHigh: h.sumHigh,
    sumLowNs: h.sumLowNs,
    overflowCount: h.overflowCount,
    negativeCount: h.negativeCount,
    buckets: encodeBase64(encodeCounts(h.counts, indexOf(h.minNs), indexOf(h.maxNs))),
  };
}

/** Adds what `encodeSparse` made. Where it is invalid, `into` is as before. */
export function addSparse(into: Histogram, sparse: unknown): { readonly kind: 'added' } | InvalidHistogram {
  const checked = check(sparse);
  if (checked.kind === 'empty') return { kind: 'added' };
  if (checked.kind === 'invalid') return checked;
  const { totals, counters } = checked;
  if (!Number.isSafeInteger(into.count + totals.count)) return invalid('count', 'a sum below 2^53', totals.count);
  for (let at = 0; at < counters.length; at += 1) {
    const index = counters.indexes[at]!;
    into.counts[index] = into.counts[index]! + counters.counts[at]!;
  }
  addTotals(into, totals);
  return { kind: 'added' };
}

/** The counters alone, for those who keep many and merge few; null for what `addSparse` would not take. */
export function sparseCounters(sparse: unknown): DecodedCounts | null {
  const checked = check(sparse);
  if (checked.kind === 'invalid') return null;
  return checked.kind === 'filled' ? checked.counters : NO_COUNTERS;
}

const NO_COUNTERS: DecodedCounts = { indexes: new Uint16Array(), counts: new Float64Array(), length: 0, total: 0 };

/** Whether `addSparse` would take it; for codecs of larger values that must be whole or refused. */
export function isSparseHistogram(value: unknown): value is SparseHistogram {
  return check(value).kind !== 'invalid';
}

type Checked =
  | { readonly kind: 'empty' }
  | { readonly kind: 'filled'; readonly totals: FilledSparseHistogram; readonly counters: DecodedCounts }
  | InvalidHistogram;

/**
 * From a record, so anything at all. Accepted is only what `encodeSparse` makes of some histogram: an accepted one keeps the
 * invariant of `histogram.ts`, whatever was damaged.
 */
function check(sparse: unknown): Checked {
  if (typeof sparse !== 'object' || sparse === null) return invalid('', 'an object', sparse);
  const fields = sparse as Partial<Record<keyof FilledSparseHistogram, unknown>>;
  if (fields.count === 0) return { kind: 'empty' };
  for (const [field, least, most] of WHOLE_FIELDS) {
    const value = fields[field];
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most || Object.is(value, -0)) {
      return invalid(field, `a whole number from ${least} to ${most}`, value);
    }
  }
  const buckets = fields.buckets;
  if (typeof buckets !== 'string' || buckets.length > MAX_BUCKETS_LENGTH) {
    return invalid('buckets', `a string of at most ${MAX_BUCKETS_LENGTH} characters`, buckets);
  }
  const bytes = decodeBase64(buckets);
  if (bytes === null) return invalid('buckets', 'padded base64', buckets);
  const counters = decodeCounts(bytes);
  if (counters === null) return invalid('buckets', 'whole counters within the layout', buckets);
  const totals = sparse as FilledSparseHistogram;
  return findContradiction(totals, counters) ?? { kind: 'filled', totals, counters };
}

/** Field, least and greatest value. */
const WHOLE_FIELDS = [
  ['count', 1, Number.MAX_SAFE_INTEGER],
  ['minNs', 0, LARGEST_VALUE_NS],
  ['maxNs', 0, LARGEST_VALUE_NS],
  ['sumHigh', 0, Number.MAX_SAFE_INTEGER],
  ['sumLowNs', 0, SUM_LIMB_NS - 1],
  ['overflowCount', 0, Number.MAX_SAFE_INTEGER],
  ['negativeCount', 0, Number.MAX_SAFE_INTEGER],
] as const;

/** Totals and counters each well formed, but not of one histogram. */
function findContradiction(totals: FilledSparseHistogram, counters: DecodedCounts): InvalidHistogram | null {
  const { count, minNs, maxNs, overflowCount, negativeCount } = totals;
  if (counters.total !== count) return invalid('count', `the counters' sum ${counters.total}`, count);
  if (indexOf(minNs) !== counters.indexes[0]) return invalid('minNs', 'a value of the first counter', minNs);
  if (indexOf(maxNs) !== counters.indexes[counters.length - 1]) {
    return invalid('maxNs', 'a value of the last counter', maxNs);
  }
  if (minNs > maxNs) return invalid('minNs', `at most maxNs ${maxNs}`, minNs);
  if (overflowCount > count || overflowCount > 0 !== maxNs > HIGHEST_NS) {
    return invalid('overflowCount', 'the values above the range', overflowCount);
  }
  if (negativeCount > count || (negativeCount > 0 && minNs > 0)) {
    return invalid('negativeCount', 'at most the values at 0', negativeCount);
  }
  const sumNs = BigInt(totals.sumHigh) * BigInt(SUM_LIMB_NS) + BigInt(totals.sumLowNs);
  if (sumNs < BigInt(minNs) * BigInt(count) || sumNs > BigInt(maxNs) * BigInt(count)) {
    return invalid('sumLowNs', 'a mean between minNs and maxNs', `a sum of ${sumNs}`);
  }
  return null;
}

function invalid(field: string, expected: string, got: unknown): InvalidHistogram {
  const text = typeof got === 'string' ? got : typeof got === 'object' && got !== null ? 'an object' : String(got);
  return { kind: 'invalid', field, expected, got: text.length > 40 ? `${text.slice(0, 40)}...` : text };
}

// Counters as bytes, in the form of HdrHistogram's V2 payload: from counter 0 up to the last non-empty one, each count n
// as ZigZag (2n), each run of two or more empty counters as one negative number -run (2 run - 1), all in LEB128:
// seven bits a byte, lowest first, the top bit says that more follow. Neighbors with small counts take a byte each.
// Source: HdrHistogram, AbstractHistogram.fillBufferFromCountsArray and ZigZagEncoding.

import { COUNTER_COUNT } from './layout.ts';

/** Counts stay below 2^53, so their ZigZag stays within 54 bits. */
const MAX_VARINT_BYTES = 8;
/** No counters take more: a count each, with no empty ones between. */
export const MAX_COUNTS_BYTES = COUNTER_COUNT * MAX_VARINT_BYTES;
/** Bytes; doubled when a distribution needs more. A second of one worker takes some hundred. */
const FIRST_CAPACITY = 4096;

/** `firstIndex` and `lastIndex` are the first and the last non-empty counter; a count is below 2^52. */
export function encodeCounts(counts: Float64Array, firstIndex: number, lastIndex: number): Uint8Array {
  let bytes = new Uint8Array(FIRST_CAPACITY);
  let at = 0;
  let index = 0;
  let next = firstIndex;
  while (next <= lastIndex) {
    if (at + 2 * MAX_VARINT_BYTES > bytes.length) bytes = doubled(bytes);
    if (next > index) at = writeGap(bytes, at, next - index);
    at = writeVarint(bytes, at, counts[next]! * 2);
    index = next + 1;
    next = index;
    while (next <= lastIndex && counts[next] === 0) next += 1;
  }
  return bytes.subarray(0, at);
}

/** The non-empty counters of an encoding; the first `length` places of both arrays are in use. */
export interface DecodedCounts {
  readonly indexes: Uint16Array;
  readonly counts: Float64Array;
  readonly length: number;
  /** The sum of the counts, a safe integer. */
  readonly total: number;
}

/** null where the bytes are cut off, name a counter beyond the last, or hold a number that is not exact. */
export function decodeCounts(bytes: Uint8Array): DecodedCounts | null {
  const indexes = new Uint16Array(bytes.length);
  const counts = new Float64Array(bytes.length);
  let length = 0;
  let total = 0;
  let index = 0;
  let at = 0;
  while (at < bytes.length) {
    let byte = bytes[at]!;
    let number = byte & 0x7f;
    at += 1;
    for (let scale = 128; byte >= 0x80; scale *= 128) {
      if (at === bytes.length || scale > 2 ** 49) return null;
      byte = bytes[at]!;
      number += (byte & 0x7f) * scale;
      at += 1;
    }
    if (number > Number.MAX_SAFE_INTEGER) return null;
    if (number % 2 === 1) {
      index += (number + 1) / 2;
      if (index > COUNTER_COUNT) return null;
      continue;
    }
    if (index >= COUNTER_COUNT) return null;
    if (number > 0) {
      indexes[length] = index;
      counts[length] = number / 2;
      total += number / 2;
      length += 1;
    }
    index += 1;
  }
  return Number.isSafeInteger(total) ? { indexes, counts, length, total } : null;
}

/** One empty counter is the count 0 (a byte); a run of them is one negative number. */
function writeGap(bytes: Uint8Array, at: number, emptyCount: number): number {
  return writeVarint(bytes, at, emptyCount === 1 ? 0 : 2 * emptyCount - 1);
}

/** Above 2^28 by division: bit operations have 32 bits. */
function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let end = at;
  while (rest >= 2 ** 28) {
    bytes[end] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
    end += 1;
  }
  let small = rest | 0;
  while (small >= 128) {
    bytes[end] = (small & 0x7f) | 0x80;
    small >>>= 7;
    end += 1;
  }
  bytes[end] = small;
  return end + 1;
}

function doubled(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2);
  larger.set(bytes);
  return larger;
}

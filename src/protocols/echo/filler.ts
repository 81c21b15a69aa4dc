// Content that a receiver can compute again: words of a pool that belongs to the run, from a place that stream and number
// choose. It is compared and not summed, which is cheaper than a checksum over it and misses nothing.

/** Where a message's content may start: a power of two. */
export const FILLER_PLACES = 1 << 14;
const POOL_MASK = FILLER_PLACES - 1;

/** Where in the pool a message's filler starts: a multiplicative hash of stream and number. */
export function fillerOffset(stream: number, sequence: number): number {
  const hash = Math.imul(stream ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(sequence >>> 0, 0xc2b2_ae35);
  return (hash ^ (hash >>> 15)) & POOL_MASK;
}

export function writeFiller(
  pool: Int32Array,
  out: Uint8Array,
  view: DataView,
  at: number,
  from: number,
  to: number,
  stream: number,
  sequence: number,
  mask: number,
): void {
  let index = fillerOffset(stream, sequence);
  let offset = from;
  for (; offset + 4 <= to; offset += 4) {
    view.setInt32(at + offset, pool[index]! ^ mask, true);
    index = (index + 1) & POOL_MASK;
  }
  for (let tail = pool[index]! ^ mask; offset < to; offset++) {
    out[at + offset] = tail;
    tail >>>= 8;
  }
}

export function fillerMatches(
  pool: Int32Array,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  from: number,
  to: number,
  stream: number,
  sequence: number,
): boolean {
  let index = fillerOffset(stream, sequence);
  let offset = from;
  for (; offset + 4 <= to; offset += 4) {
    if (view.getInt32(start + offset, true) !== pool[index]) return false;
    index = (index + 1) & POOL_MASK;
  }
  for (let tail = pool[index]!; offset < to; offset++) {
    if (bytes[start + offset] !== (tail & 0xff)) return false;
    tail >>>= 8;
  }
  return true;
}

/** xorshift32 (Marsaglia 2003) over the run's nonce; printable (0x30 to 0x6f) where it travels as text. */
export function fillerPool(run: number, isText: boolean): Int32Array {
  const pool = new Int32Array(FILLER_PLACES);
  let state = (run ^ 0x6d2b_79f5) >>> 0 || 1;
  for (let i = 0; i < FILLER_PLACES; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    pool[i] = isText ? (state & 0x3f3f_3f3f) + 0x3030_3030 : state;
  }
  return pool;
}

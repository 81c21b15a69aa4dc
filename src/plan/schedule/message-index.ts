// One number for a message, to choose by: who hashes it with the same seed chooses alike, wherever he is.

const MAX_STREAMS = 2 ** 21;
const TWO_POW_32 = 2 ** 32;

/** Distinct for the first 2^21 streams and 2^32 messages of each. */
export function messageIndex(stream: number, sequence: number): number {
  return (stream % MAX_STREAMS) * TWO_POW_32 + (sequence % TWO_POW_32);
}

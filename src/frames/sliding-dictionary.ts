/**
 * The last bytes of one direction of a compressed connection: what a later message may refer back to when the
 * LZ77 window is kept between messages (RFC 7692 §7.2.1, "context takeover"). Both sides of it are the same: the
 * reader keeps what it inflated, the writer keeps what it deflated.
 *
 * Invariant: `bytes[0, usedBytes)` are the newest bytes in their order, and never more than the window.
 */
export interface SlidingDictionary {
  bytes: Uint8Array;
  usedBytes: number;
  readonly windowBytes: number;
}

/** Empty and without a buffer: it grows with what really passes, up to 2^windowBits bytes. */
export function createDictionary(windowBits: number): SlidingDictionary {
  return { bytes: new Uint8Array(0), usedBytes: 0, windowBytes: 2 ** windowBits };
}

/** The bytes to hand to zlib, or null while there are none. Valid until the next `remember`. */
export function dictionaryBytes(dictionary: SlidingDictionary): Uint8Array | null {
  return dictionary.usedBytes === 0 ? null : dictionary.bytes.subarray(0, dictionary.usedBytes);
}

export function remember(dictionary: SlidingDictionary, added: Uint8Array): void {
  const { windowBytes } = dictionary;
  const fresh = added.length > windowBytes ? added.subarray(added.length - windowBytes) : added;
  const keptBytes = Math.min(dictionary.usedBytes, windowBytes - fresh.length);
  const usedBytes = keptBytes + fresh.length;
  const keptFrom = dictionary.usedBytes - keptBytes;

  if (usedBytes > dictionary.bytes.length) {
    const grown = new Uint8Array(Math.min(windowBytes, Math.max(usedBytes, dictionary.bytes.length * 2)));
    grown.set(dictionary.bytes.subarray(keptFrom, dictionary.usedBytes));
    dictionary.bytes = grown;
  } else if (keptFrom > 0) dictionary.bytes.copyWithin(0, keptFrom, dictionary.usedBytes);

  dictionary.bytes.set(fresh, keptBytes);
  dictionary.usedBytes = usedBytes;
}

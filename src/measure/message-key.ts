// A message as one number, under which a Map or a list can keep it, and back.

const TWO_POW_31 = 2 ** 31;

/** Distinct for the first 2^22 streams and 2^31 messages of each. */
export function messageKey(stream: number, sequence: number): number {
  return stream * TWO_POW_31 + (sequence % TWO_POW_31);
}

export function messageOfKey(key: number): { readonly stream: number; readonly seq: number } {
  return { stream: Math.floor(key / TWO_POW_31), seq: key % TWO_POW_31 };
}

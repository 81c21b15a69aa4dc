// The words with which a service refuses messages: each kind is told once. Words that hold digits (numbers, ids, times) are
// left out of account, so that "message 17 refused" and "message 18 refused" are of one kind.

/** Kinds that one worker tells. */
const MOST_KINDS = 8;
const MOST_BYTES = 200;
const FNV_BASIS = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;

export interface RejectionKinds {
  readonly hashes: Uint32Array;
  count: number;
}

export function createRejectionKinds(): RejectionKinds {
  return { hashes: new Uint32Array(MOST_KINDS), count: 0 };
}

/** Whether words of this kind have not been met; they are from then on. False once there are too many kinds. */
export function isNewKind(kinds: RejectionKinds, bytes: Uint8Array, start: number, end: number): boolean {
  const { hashes, count } = kinds;
  if (count === MOST_KINDS) return false;
  const hash = hashOf(bytes, start, Math.min(end, start + MOST_BYTES));
  for (let place = 0; place < count; place++) if (hashes[place] === hash) return false;
  hashes[count] = hash;
  kinds.count++;
  return true;
}

/** FNV-1a (Fowler, Noll, Vo) of the words without digits, and of all that stands between words. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_BASIS;
  /** The hash as it is if the word that goes on has no digit. */
  let withWord = FNV_BASIS;
  let hasDigit = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    const isDigit = byte >= 0x30 && byte <= 0x39;
    // a to z, A to Z, the underscore
    const isWord = isDigit || (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f;
    if (isWord) {
      hasDigit ||= isDigit;
      withWord = Math.imul(withWord ^ byte, FNV_PRIME);
    } else {
      if (!hasDigit) hash = withWord;
      hash = Math.imul(hash ^ byte, FNV_PRIME);
      withWord = hash;
      hasDigit = false;
    }
  }
  return (hasDigit ? hash : withWord) >>> 0;
}

/** For people: a JSON string as the text that it stands for. */
export function wordsOf(bytes: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(bytes.subarray(start, Math.min(end, start + MOST_BYTES))).toString('utf8');
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text.slice(1);
  }
}

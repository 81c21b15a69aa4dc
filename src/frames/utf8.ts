/**
 * UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. Text messages and close
 * reasons must be exactly that (RFC 6455 §5.6, §8.1). The validator runs once per text message and allocates nothing;
 * the two converters are for short texts (reasons, header bodies) and replace what is wrong by U+FFFD.
 */

const replacement = 0xfffd;

/** Whether `bytes[start, end)` is complete, well-formed UTF-8. */
export function isValidUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  return wrongUtf8At(bytes, start, end) === end;
}

/** Where in `bytes[start, end)` the first sequence begins that is cut off or wrong; `end` where none is. */
export function wrongUtf8At(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    if (bytes[at]! < 0x80) {
      at += 1;
      while (at + 8 <= end && isAsciiOctet(bytes, at)) at += 8;
      continue;
    }
    const size = sequenceBytes(bytes, at, end);
    if (size <= 0) return at;
    at += size;
  }
  return end;
}

/**
 * How far `bytes[start, end)` is whole, well-formed characters; what is left there, at most three bytes, can still become
 * one. Negative where no bytes to come can mend it. With it a text is judged while it arrives, each byte once.
 */
export function utf8Progress(bytes: Uint8Array, start: number, end: number): number {
  const lastStart = lastSequenceStart(bytes, start, end);
  if (!isValidUtf8(bytes, start, lastStart)) return -1;
  if (lastStart === end) return end;
  const size = bytes[lastStart]! < 0x80 ? 1 : sequenceBytes(bytes, lastStart, end);
  if (size > 0) return lastStart + size === end ? end : -1;
  return -size === end - lastStart && mayStart(bytes[lastStart]!) ? lastStart : -1;
}

/** Where the last sequence begins that `end` may have cut off: at most three bytes before it. */
function lastSequenceStart(bytes: Uint8Array, start: number, end: number): number {
  for (let at = end - 1; at >= start && at >= end - 3; at--) if (!isTail(bytes[at]!)) return at;
  return end;
}

/** RFC 3629 §4: what a sequence of several bytes may begin with. */
function mayStart(first: number): boolean {
  return first >= 0xc2 && first <= 0xf4;
}

function isAsciiOctet(bytes: Uint8Array, at: number): boolean {
  const all =
    bytes[at]! |
    bytes[at + 1]! |
    bytes[at + 2]! |
    bytes[at + 3]! |
    bytes[at + 4]! |
    bytes[at + 5]! |
    bytes[at + 6]! |
    bytes[at + 7]!;
  return all < 0x80;
}

/**
 * The size of the sequence that starts with the non-ASCII byte at `at`, by the table of RFC 3629 §4; or, negated, how
 * many bytes of it could be the start of a sequence (at least one), when it is cut off or wrong.
 */
function sequenceBytes(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  if (first < 0xc2 || first > 0xf4) return -1;
  if (at + 1 >= end) return -1;
  const second = bytes[at + 1]!;
  if (first < 0xe0) return isTail(second) ? 2 : -1;

  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return -1;
  if (at + 2 >= end || !isTail(bytes[at + 2]!)) return -2;
  if (first < 0xf0) return 3;
  if (at + 3 >= end || !isTail(bytes[at + 3]!)) return -3;
  return 4;
}

function isTail(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The text of `bytes[start, end)`; every maximal wrong part becomes one U+FFFD (as the WHATWG decoder does it). */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let at = start;
  while (at < end) {
    const size = bytes[at]! < 0x80 ? 1 : sequenceBytes(bytes, at, end);
    text += String.fromCodePoint(size > 0 ? codePointAt(bytes, at, size) : replacement);
    at += Math.abs(size);
  }
  return text;
}

function codePointAt(bytes: Uint8Array, at: number, size: number): number {
  if (size === 1) return bytes[at]!;
  let codePoint = bytes[at]! & (0xff >>> (size + 1));
  for (let i = 1; i < size; i++) codePoint = (codePoint << 6) | (bytes[at + i]! & 0x3f);
  return codePoint;
}

/** The UTF-8 bytes of `text`; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let used = 0;
  for (const character of text) {
    const given = character.codePointAt(0)!;
    const codePoint = given >= 0xd800 && given <= 0xdfff ? replacement : given;
    if (codePoint < 0x80) {
      bytes[used++] = codePoint;
      continue;
    }
    if (codePoint < 0x800) bytes[used++] = 0xc0 | (codePoint >>> 6);
    else {
      if (codePoint < 0x10000) bytes[used++] = 0xe0 | (codePoint >>> 12);
      else {
        bytes[used++] = 0xf0 | (codePoint >>> 18);
        bytes[used++] = 0x80 | ((codePoint >>> 12) & 0x3f);
      }
      bytes[used++] = 0x80 | ((codePoint >>> 6) & 0x3f);
    }
    bytes[used++] = 0x80 | (codePoint & 0x3f);
  }
  return bytes.slice(0, used);
}

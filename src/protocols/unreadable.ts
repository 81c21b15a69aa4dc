// What a message is that is no JSON document: named by its beginning, so that a person knows what the service sends.

import type { UnreadableKind } from '../facts/unreadable.ts';
import type { JsonScanner } from './json/scan.ts';

/** gzip (RFC 1952 §2.3), Zstandard (RFC 8878 §3.1.1) and LZ4 frames. */
const MAGIC: readonly (readonly number[])[] = [
  [0x1f, 0x8b, 0x08],
  [0x28, 0xb5, 0x2f, 0xfd],
  [0x04, 0x22, 0x4d, 0x18],
];
/** What gzip comes to in base64. */
const GZIP_IN_BASE64: readonly number[] = [0x48, 0x34, 0x73, 0x49];
const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/** Of bytes that are not UTF-8. `inflates`: whether they are raw deflate, which has no beginning of its own. */
export function kindOfBytes(bytes: Uint8Array, start: number, end: number, inflates: () => boolean): UnreadableKind {
  if (MAGIC.some((magic) => beginsWith(bytes, start, end, magic)) || isZlib(bytes, start, end)) return 'compressed';
  if (isWide(bytes, start, end) || beginsDocument(bytes, start, end)) return 'otherEncoding';
  return inflates() ? 'compressed' : 'notText';
}

/**
 * Of text that the scanner found to be no document. Null where it is plain text, shorter than `wantedBytes`: it cannot hold
 * what is looked for, so it is none of ours, damaged or not.
 */
export function kindOfText(
  scanner: JsonScanner,
  bytes: Uint8Array,
  start: number,
  end: number,
  wantedBytes: number,
): UnreadableKind | null {
  if (scanner.isTooDeep) return 'tooDeep';
  if (isWide(bytes, start, end)) return 'otherEncoding';
  if (beginsWith(bytes, start, end, GZIP_IN_BASE64)) return 'compressed';
  if (scanner.isRow(bytes, start, end)) return 'severalDocuments';
  return end - start < wantedBytes && !beginsDocument(bytes, start, end) ? null : 'notJson';
}

function beginsWith(bytes: Uint8Array, start: number, end: number, magic: readonly number[]): boolean {
  return end - start >= magic.length && magic.every((byte, index) => bytes[start + index] === byte);
}

/** RFC 1950 §2.2: deflate, a window of at most 32 KiB, and a check over both bytes. */
function isZlib(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 6) return false;
  const method = bytes[start]!;
  return (method & 0x0f) === 8 && method >>> 4 <= 7 && (256 * method + bytes[start + 1]!) % 31 === 0;
}

/** UTF-16 or UTF-32: a byte order mark of theirs, or a zero byte beside the character that begins a document. */
function isWide(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 2) return false;
  const first = bytes[start]!;
  const second = bytes[start + 1]!;
  if ((first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe)) return true;
  return (first === 0 && isOpening(second)) || (second === 0 && isOpening(first));
}

function beginsDocument(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && bytes[at]! <= 0x20) at++;
  return at < end && isOpening(bytes[at]!);
}

function isOpening(byte: number): boolean {
  return byte === OPEN_BRACE || byte === OPEN_BRACKET || byte === QUOTE;
}

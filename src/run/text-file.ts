// Bytes of a file as text: the one way by which Highwater reads what people write. It is UTF-8; a byte order mark in front is
// no part of it. What is not UTF-8 is refused, by the name of its encoding where that can be known, and never read as U+FFFD.

import { readFile } from 'node:fs/promises';
import { wrongUtf8At } from '../frames/utf8.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Throws what it is instead, such as `a text in UTF-16LE, which must be UTF-8`. */
export function textOf(bytes: Uint8Array): string {
  const encoding = otherEncoding(bytes);
  if (encoding !== null) throw new Error(`a text in ${encoding} instead of UTF-8`);
  const wrongAt = wrongUtf8At(bytes, 0, bytes.length);
  if (wrongAt === bytes.length) return UTF8.decode(bytes);
  const { line, column } = placeOf(bytes, wrongAt);
  const byte = `0x${bytes[wrongAt]!.toString(16).padStart(2, '0')}`;
  throw new Error(`a text that is not UTF-8 (byte ${byte} at line ${line}, column ${column})`);
}

/** Rejects with what it is instead of a file that can be read, or as above. */
export async function readText(file: string): Promise<string> {
  return textOf(await readFile(file));
}

/** By the byte order mark (Unicode §23.8), else by where the zeros of ASCII characters stand (RFC 4627 §3). */
function otherEncoding(bytes: Uint8Array): string | null {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'UTF-32LE' : 'UTF-16LE';
  if (a === 0xfe && b === 0xff) return 'UTF-16BE';
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return 'UTF-32BE';
  if (a === undefined || b === undefined || c === undefined || d === undefined) return null;
  const zeros = [a, b, c, d].map((byte) => (byte === 0 ? '0' : 'x')).join('');
  switch (zeros) {
    case '000x':
      return 'UTF-32BE';
    case 'x000':
      return 'UTF-32LE';
    case '0x0x':
      return 'UTF-16BE';
    case 'x0x0':
      return 'UTF-16LE';
    default:
      return null;
  }
}

/** Lines and columns count from 1, columns in characters. */
function placeOf(bytes: Uint8Array, at: number): { readonly line: number; readonly column: number } {
  const before = UTF8.decode(bytes.subarray(0, at)).split('\n');
  return { line: before.length, column: [...before.at(-1)!].length + 1 };
}

// Filler for protocols of text: letters that no format has to escape, which a receiver can compute again from run, stream
// and number.

import { createUint32Generator } from '../random/generator.ts';
import { FILLER_PLACES, fillerOffset } from './filler.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const POOL_MASK = FILLER_PLACES - 1;

/** One letter for each place. `run`: the 32-bit mark of the run. */
export function createLetters(run: number): Uint8Array {
  const next = createUint32Generator(run >>> 0);
  return Uint8Array.from({ length: FILLER_PLACES }, () => LETTERS.charCodeAt(next() & 63));
}

/** Writes the filler of a message at `at` and returns where it ends. */
export function writeLetters(
  letters: Uint8Array,
  out: Uint8Array,
  at: number,
  length: number,
  stream: number,
  sequence: number,
): number {
  let index = fillerOffset(stream, sequence);
  for (let i = 0; i < length; i++) {
    out[at + i] = letters[index]!;
    index = (index + 1) & POOL_MASK;
  }
  return at + length;
}

/** Whether `bytes[from, to)` is the beginning of the filler of this message. */
export function lettersMatch(
  letters: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
  stream: number,
  sequence: number,
): boolean {
  let index = fillerOffset(stream, sequence);
  for (let at = from; at < to; at++) {
    if (bytes[at] !== letters[index]) return false;
    index = (index + 1) & POOL_MASK;
  }
  return true;
}

// Filler for protocols of text: characters that no format has to escape, which a receiver can compute again from run, stream
// and number.

import { createUint32Generator } from '../random/generator.ts';
import { FILLER_PLACES, fillerOffset } from './echo/filler.ts';

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const POOL_MASK = FILLER_PLACES - 1;

/** Characters, and the same again, so that as many may be taken in one piece from every place. `run`: the run's 32-bit mark. */
export function createTextFiller(run: number): Uint8Array {
  const next = createUint32Generator(run >>> 0);
  const characters = Uint8Array.from({ length: FILLER_PLACES }, () => CHARACTERS.charCodeAt(next() & 63));
  const twice = new Uint8Array(2 * FILLER_PLACES);
  twice.set(characters);
  twice.set(characters, FILLER_PLACES);
  return twice;
}

/** Writes the filler of a message at `at` and returns where it ends. */
export function writeTextFiller(
  characters: Uint8Array,
  out: Uint8Array,
  at: number,
  length: number,
  stream: number,
  sequence: number,
): number {
  let from = fillerOffset(stream, sequence);
  for (let rest = length, to = at; rest > 0; ) {
    const taken = Math.min(rest, FILLER_PLACES);
    out.set(characters.subarray(from, from + taken), to);
    rest -= taken;
    to += taken;
    from = (from + taken) & POOL_MASK;
  }
  return at + length;
}

/** Whether `bytes[from, to)` is the beginning of the filler of this message. */
export function textFillerMatches(
  characters: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
  stream: number,
  sequence: number,
): boolean {
  const offset = fillerOffset(stream, sequence);
  for (let at = from, index = offset; at < to; at++, index++) {
    if (bytes[at] !== characters[index < 2 * FILLER_PLACES ? index : index & POOL_MASK]) return false;
  }
  return true;
}

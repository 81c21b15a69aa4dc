// Which numbers of a client have arrived, while it is out of order: a ring of bits in the slab, for the numbers from the
// lowest that is awaited on. The invariant: every bit outside of low … expected − 1 is 0.
//
//   bit       0    1    2    3   …                    bits − 1
//           |----|-1--|-0--|-1--|----|----|----|----|----|       number n is at n mod bits
//                  ▲ low           ▲ expected

import { borrow, giveBack, type Slab, wordsOf } from './slab.ts';

const FIRST_WORDS = 1024 / 32;
/** How much larger the next size is: memory of outgrown sizes is then a third of what is in use, at most. */
const GROWTH = 4;

export function borrowWindow(slab: Slab): number {
  return borrow(slab, FIRST_WORDS);
}

export function giveBackWindow(slab: Slab, window: number): void {
  giveBack(slab, window, wordsOf(slab, window));
}

export function windowBits(slab: Slab, window: number): number {
  return 32 * wordsOf(slab, window);
}

export function hasBit(slab: Slab, window: number, n: number): boolean {
  return (slab.words[wordAt(slab, window, n)]! & (1 << n)) !== 0;
}

export function setBit(slab: Slab, window: number, n: number): void {
  const address = wordAt(slab, window, n);
  slab.words[address] = slab.words[address]! | (1 << n);
}

/** Clears the bits from `from` on that are set without a gap, below `to`. Returns the first number that is not one of them. */
export function clearRun(slab: Slab, window: number, from: number, to: number): number {
  let n = from;
  for (; n < to; n++) {
    const address = wordAt(slab, window, n);
    const word = slab.words[address]!;
    if ((word & (1 << n)) === 0) break;
    slab.words[address] = word & ~(1 << n);
  }
  return n;
}

/** A larger window with the bits of this one, which is given back. */
export function widened(slab: Slab, window: number, low: number, expected: number): number {
  const larger = borrow(slab, GROWTH * wordsOf(slab, window));
  for (let n = low; n < expected; n++) if (hasBit(slab, window, n)) setBit(slab, larger, n);
  giveBackWindow(slab, window);
  return larger;
}

// Bit operators see the lowest 32 bits of a number (numbers reach 2^53), and a shift the lowest 5. That is enough: sizes are
// powers of two.
function wordAt(slab: Slab, window: number, n: number): number {
  return window + (((n | 0) >>> 5) & (wordsOf(slab, window) - 1));
}

// What a client borrows while it is out of order: a desk in the slab, and from there a window, gaps and places.
//
//   desk, 32 bytes   | window | oldest, newest, count | next place | first, last, count |
//                        │         │       │                           │      │
//                        ▼         ▼       ▼                           ▼      ▼
//                    128 bytes   cells of 16 bytes                   cells of 16 bytes
//                    to 8 KiB    at most 1,025                       at most 65 numbers
//                 window-bits.ts     gaps.ts                           client-places.ts
//
// The invariant: a client has a desk if and only if something is awaited below what it expects, and what hangs at the desk is
// given back with it.

import { dropWaiting, NEXT_PLACE } from './client-places.ts';
import { dropAll } from './gaps.ts';
import { borrow, giveBack, type Slab } from './slab.ts';
import { borrowWindow, giveBackWindow, widened } from './window-bits.ts';

const WORDS = 8;
const WINDOW = 0;
const GAPS = 1;
const PLACES = 4;

/** For a client in which everything below `expected` has arrived. */
export function borrowDesk(slab: Slab, expected: number): number {
  const desk = borrow(slab, WORDS);
  const window = borrowWindow(slab);
  slab.words[desk + WINDOW] = window;
  slab.words[placesAt(desk) + NEXT_PLACE] = expected | 0;
  return desk;
}

export function giveBackDesk(slab: Slab, desk: number): void {
  giveBackWindow(slab, windowOf(slab, desk));
  dropAll(slab, gapsAt(desk));
  dropWaiting(slab, placesAt(desk));
  giveBack(slab, desk, WORDS);
}

export function windowOf(slab: Slab, desk: number): number {
  return slab.words[desk + WINDOW]!;
}

export function widenWindow(slab: Slab, desk: number, low: number, expected: number): void {
  const window = widened(slab, windowOf(slab, desk), low, expected);
  slab.words[desk + WINDOW] = window;
}

export function gapsAt(desk: number): number {
  return desk + GAPS;
}

export function placesAt(desk: number): number {
  return desk + PLACES;
}

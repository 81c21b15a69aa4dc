// What a client borrows while it is out of order: a reorder state in the slab, and from there a window, gaps and places.
//
//   reorder state, 32 bytes   | window | oldest, newest, count | next place | first, last, count |
//                        │         │       │                           │      │
//                        ▼         ▼       ▼                           ▼      ▼
//                    128 bytes   cells of 16 bytes                   cells of 16 bytes
//                    to 8 KiB    at most 1,025                       at most 65 numbers
//                 window-bits.ts     gaps.ts                           client-displacement.ts
//
// The invariant: a client has a reorder state if and only if something is awaited below what it expects, and what hangs at the reorder state is
// given back with it.

import { dropWaiting, NEXT_PLACE } from './client-displacement.ts';
import { dropAll } from './gaps.ts';
import { borrow, giveBack, type Slab } from './slab.ts';
import { borrowWindow, giveBackWindow, widened } from './window-bits.ts';

const WORDS = 8;
const WINDOW = 0;
const GAPS = 1;
const PLACES = 4;

/** For a client in which everything below `expected` has arrived. */
export function borrowReorderState(slab: Slab, expected: number): number {
  const reorderState = borrow(slab, WORDS);
  const window = borrowWindow(slab);
  slab.words[reorderState + WINDOW] = window;
  slab.words[placesAt(reorderState) + NEXT_PLACE] = expected | 0;
  return reorderState;
}

export function giveBackReorderState(slab: Slab, reorderState: number): void {
  giveBackWindow(slab, windowOf(slab, reorderState));
  dropAll(slab, gapsAt(reorderState));
  dropWaiting(slab, placesAt(reorderState));
  giveBack(slab, reorderState, WORDS);
}

export function windowOf(slab: Slab, reorderState: number): number {
  return slab.words[reorderState + WINDOW]!;
}

export function widenWindow(slab: Slab, reorderState: number, low: number, expected: number): void {
  const window = widened(slab, windowOf(slab, reorderState), low, expected);
  slab.words[reorderState + WINDOW] = window;
}

export function gapsAt(reorderState: number): number {
  return reorderState + GAPS;
}

export function placesAt(reorderState: number): number {
  return reorderState + PLACES;
}

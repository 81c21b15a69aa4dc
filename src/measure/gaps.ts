// What arrivals jumped over (RFC 4737 §3.4, sequence discontinuities), and when: a list of cells in the slab, from the
// oldest gap to the newest.
//
//   of the client   | oldest | newest | count |
//   a cell        | older  | newer  |  to   | place |
//
// to:     the number that arrived, one past the last that was jumped over
// place:  how many of the client had arrived or were finalized before it
//
// Where a gap begins need not be kept: what has not arrived and lies below `to`, and below the `to` of no older gap, is of
// this gap. Numbers and places are kept as their lowest 32 and 31 bits: a gap in which something is awaited lies within the
// window of 65,536 numbers, so from `low` on, numbers differ by less, and arrivals since by less than 2^18.

import { borrow, giveBack, type Slab } from './slab.ts';

const MAX_GAPS_PER_CLIENT = 1024;

const OLDEST = 0;
const NEWEST = 1;
const COUNT = 2;

const CELL_WORDS = 4;
const OLDER = 0;
const NEWER = 1;
const TO = 2;
const PLACE = 3;

const PLACE_MASK = 0x7fffffff;
export const FORGOTTEN = -1;

/** An arrival with number `to` has jumped over others; `low` is the lowest number that is awaited. */
export function openGap(slab: Slab, list: number, low: number, to: number, place: number): void {
  dropFilled(slab, list, low);
  // The oldest one then stands for all that are forgotten.
  if (slab.words[list + COUNT]! > MAX_GAPS_PER_CLIENT) {
    dropOldest(slab, list);
    slab.words[slab.words[list + OLDEST]! + PLACE] = FORGOTTEN;
  }
  const cell = borrow(slab, CELL_WORDS);
  const newest = slab.words[list + NEWEST]!;
  slab.words[cell + OLDER] = newest;
  slab.words[cell + TO] = to | 0;
  slab.words[cell + PLACE] = place & PLACE_MASK;
  slab.words[newest === 0 ? list + OLDEST : newest + NEWER] = cell;
  slab.words[list + NEWEST] = cell;
  slab.words[list + COUNT] = slab.words[list + COUNT]! + 1;
}

/**
 * The place of the first arrival with a higher number than this one, which has not arrived: it is always the one that opened
 * the gap in which the number lies (RFC 4737 §4.5.3). `place` is the present one. `FORGOTTEN` where it is not known any more.
 */
export function placeOfJump(slab: Slab, list: number, low: number, sequence: number, place: number): number {
  const opened = slab.words[gapOf(slab, list, low, sequence) + PLACE]!;
  return opened === FORGOTTEN ? FORGOTTEN : place - ((place - opened) & PLACE_MASK);
}

function gapOf(slab: Slab, list: number, low: number, sequence: number): number {
  const offset = sequence - low;
  const oldest = slab.words[list + OLDEST]!;
  if (offsetOfEnd(slab, oldest, low) > offset) return oldest;
  let gap = slab.words[list + NEWEST]!;
  for (;;) {
    const older = slab.words[gap + OLDER]!;
    if (older === 0 || offsetOfEnd(slab, older, low) <= offset) return gap;
    gap = older;
  }
}

/** Gives back the gaps below `low`, where nothing is awaited. */
export function dropFilled(slab: Slab, list: number, low: number): void {
  while (slab.words[list + COUNT]! > 0 && offsetOfEnd(slab, slab.words[list + OLDEST]!, low) <= 0)
    dropOldest(slab, list);
}

/** The list itself is of no use then. */
export function dropAll(slab: Slab, list: number): void {
  for (let gap = slab.words[list + OLDEST]!; gap !== 0; ) {
    const newer = slab.words[gap + NEWER]!;
    giveBack(slab, gap, CELL_WORDS);
    gap = newer;
  }
}

function dropOldest(slab: Slab, list: number): void {
  const oldest = slab.words[list + OLDEST]!;
  const newer = slab.words[oldest + NEWER]!;
  giveBack(slab, oldest, CELL_WORDS);
  slab.words[list + OLDEST] = newer;
  slab.words[newer === 0 ? list + NEWEST : newer + OLDER] = 0;
  slab.words[list + COUNT] = slab.words[list + COUNT]! - 1;
}

/** Of a gap that is filled 0 or less. */
function offsetOfEnd(slab: Slab, gap: number, low: number): number {
  return (slab.words[gap + TO]! - low) | 0;
}

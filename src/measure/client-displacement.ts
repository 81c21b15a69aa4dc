// The places of `density.ts` of one client at a time, as they lie in the slab. What waits is a queue of runs of ascending
// numbers, since arrivals behind a hole mostly ascend; a run is a word, and a cell has three.
//
//   of the client   | next place | first run | last run | how many numbers wait |
//   a cell        |  run  |  run  |  run  | next cell |
//   a run         | lowest 24 bits of its first number | how many: 8 bits |
//
// Those bits are enough: a number waits while at most 64 others come that have no place either, and each of them moves the
// window on by at most its 65,536 numbers (were it further, nothing of before would wait any more). So no number that waits
// is 2^23 away from those in the window.

import type { Displacement, Waiting } from './density.ts';
import { borrow, giveBack, type Slab } from './slab.ts';
import { hasBit } from './window-bits.ts';

export const NEXT_PLACE = 0;
const FIRST_RUN = 1;
const LAST_RUN = 2;
const WAITING = 3;

const CELL_WORDS = 4;
const NEXT_CELL = 3;

const COUNT_BITS = 8;
const COUNT_MASK = (1 << COUNT_BITS) - 1;
const NUMBER_MASK = 2 ** (32 - COUNT_BITS) - 1;

interface ClientWaiting extends Waiting {
  length: number;
}

/** Of one client, between `takeUp` and `putBack`. */
export interface ClientDisplacement extends Displacement {
  readonly waiting: ClientWaiting;
  /** The address of its four words. */
  at: number;
  window: number;
  low: number;
  /** Asked below what is expected only: while numbers wait, one that arrived is at the next place or above. */
  readonly hasArrived: (sequence: number) => boolean;
}

/** One for all clients. */
export function createClientDisplacement(slab: Slab): ClientDisplacement {
  const waiting: ClientWaiting = {
    length: 0,
    push: (sequence) => {
      waiting.length++;
      pushNumber(slab, places.at, sequence);
    },
    shift: () => {
      waiting.length--;
      return near(places.low, shiftNumber(slab, places.at));
    },
  };
  const places: ClientDisplacement = {
    next: 0,
    waiting,
    leftOut: null,
    at: 0,
    window: 0,
    low: 0,
    hasArrived: (sequence) => hasBit(slab, places.window, sequence),
  };
  return places;
}

/** `low`: the lowest number that is awaited; no place below it is free. */
export function takeUp(slab: Slab, places: ClientDisplacement, at: number, window: number, low: number): void {
  places.at = at;
  places.window = window;
  places.low = low;
  places.next = low + ((slab.words[at + NEXT_PLACE]! - low) >>> 0);
  places.waiting.length = slab.words[at + WAITING]!;
}

export function putBack(slab: Slab, { at, next, waiting }: ClientDisplacement): void {
  slab.words[at + NEXT_PLACE] = next | 0;
  slab.words[at + WAITING] = waiting.length;
}

/** All that waits is left out. */
export function dropWaiting(slab: Slab, at: number): void {
  while (slab.words[at + FIRST_RUN]! !== 0) dropRun(slab, at, slab.words[at + FIRST_RUN]!);
}

function pushNumber(slab: Slab, at: number, sequence: number): void {
  const last = slab.words[at + LAST_RUN]!;
  if (last !== 0) {
    const run = slab.words[last]!;
    if (((((run >>> COUNT_BITS) + (run & COUNT_MASK)) ^ sequence) & NUMBER_MASK) === 0) {
      slab.words[last] = run + 1;
      return;
    }
  }
  const added = last === 0 ? borrow(slab, CELL_WORDS) : following(slab, last);
  slab.words[added] = (sequence << COUNT_BITS) | 1;
  slab.words[at + LAST_RUN] = added;
  if (last === 0) slab.words[at + FIRST_RUN] = added;
}

/** Where the run behind the last goes; a cell that is full gets another. */
function following(slab: Slab, last: number): number {
  if (placeInCell(last) !== NEXT_CELL - 1) return last + 1;
  const cell = borrow(slab, CELL_WORDS);
  slab.words[last + 1] = cell;
  return cell;
}

function placeInCell(run: number): number {
  return run & (CELL_WORDS - 1);
}

/** The lowest bits of the number that waits longest. */
function shiftNumber(slab: Slab, at: number): number {
  const first = slab.words[at + FIRST_RUN]!;
  const run = slab.words[first]!;
  if ((run & COUNT_MASK) > 1) slab.words[first] = run + (1 << COUNT_BITS) - 1;
  else dropRun(slab, at, first);
  return run >>> COUNT_BITS;
}

function dropRun(slab: Slab, at: number, first: number): void {
  const isLast = first === slab.words[at + LAST_RUN]!;
  const isEndOfCell = placeInCell(first) === NEXT_CELL - 1;
  const next = isLast ? 0 : isEndOfCell ? slab.words[first + 1]! : first + 1;
  if (isLast || isEndOfCell) giveBack(slab, first - placeInCell(first), CELL_WORDS);
  slab.words[at + FIRST_RUN] = next;
  if (isLast) slab.words[at + LAST_RUN] = 0;
}

/** The number with these lowest bits that is nearest to `place`. */
function near(place: number, lowestBits: number): number {
  return place + (((lowestBits - place) << COUNT_BITS) >> COUNT_BITS);
}

// The delivery ledger: per lane, which numbers were sent, which came back, how often and in what order.
// Exact: every number that was sent is accounted for once, as long as a lane's disorder stays within the
// window; beyond it `approximate` says so. In order a lane is four numbers and nothing is allocated; out of order it borrows
// memory from a slab that all lanes share, bounded by lane, for as long as that lasts.
//
//        settled            window (bitmap)             not yet sent
//   |-----------------|--1--0--0--1--1--|--------|------------------->  number
//                   low             expected   next
//
// low:       every number below is delivered, or given up and in `missing`
// expected:  one past the highest number that arrived (RFC 4737 §3.3, NextExp)
// next:      the number the lane will send next
// In order, low = expected, nothing is borrowed and an arrival costs three comparisons. Out of order, low < expected:
//
//   disorder ──▶ desk ──▶ window, gaps, places       (desk.ts)

import { createDensityFacts, type DensityFacts, losePlace, notePlace, settlePlaces } from './density.ts';
import { borrowDesk, gapsAt, giveBackDesk, placesAt, widenWindow, windowOf } from './desk.ts';
import { dropFilled, FORGOTTEN, openGap, placeOfJump } from './gaps.ts';
import { createLanePlaces, type LanePlaces, putBack, takeUp } from './lane-places.ts';
import { createSlab, type Slab } from './slab.ts';
import { clearRun, hasBit, setBit, windowBits } from './window-bits.ts';

/**
 * What an arrival was. `belated`: of a message that had been settled as lost or unresolved. `refused`: of one that the
 * service had said it did not take.
 */
export const Arrival = { inOrder: 0, reordered: 1, duplicated: 2, unexpected: 3, belated: 4, refused: 5 } as const;
export type Arrival = (typeof Arrival)[keyof typeof Arrival];

export const MAX_WINDOW_BITS = 1 << 16;
const MAX_MISSING_PER_LANE = 1024;
/** Stands among the numbers given up for those that found no room. */
const AND_OTHERS = -1;
const MAX_REFUSALS_PER_LANE = 1024;

interface Refusals {
  count: number;
  /** The last of them, and at least those above `low`. */
  readonly numbers: Set<number>;
}

export interface Ledger {
  readonly next: Float64Array;
  readonly expected: Float64Array;
  readonly low: Float64Array;
  /** Sent and not yet delivered, by lane. */
  readonly outstanding: Float64Array;
  /** By lane: the address of its desk in the slab, 0 in order. */
  readonly disorder: Int32Array;
  readonly slab: Slab;
  /** Of the lane that is looked at. */
  readonly places: LanePlaces;
  /**
   * By lane: numbers that left the window undelivered, ascending, with the place of the arrival that jumped over each; a
   * late arrival is still recognized.
   */
  readonly missing: Map<number, Map<number, number>>;
  /** Numbers that were settled without having arrived, by lane: what still comes of them is belated. */
  readonly givenUp: Map<number, Set<number>>;
  /** By lane: what the service refused. It is neither an arrival nor a hole. */
  readonly refusals: Map<number, Refusals>;
  /**
   * Of the last arrival that was reordered: how many messages had arrived since the first later one, that one included
   * (RFC 4737 §4.2.2); 0 where that is not known any more.
   */
  extent: number;
  /** The fewest messages that were under way on a lane when an arrival jumped over others there; infinity for no jump. */
  smallestBacklog: number;
  /** Of all lanes, since it was last cut. */
  readonly density: DensityFacts;
  /** True once a bound was hit: duplicates and late arrivals may then be confused. */
  approximate: boolean;
}

/** `density`: where the places of arrivals are counted, which several ledgers may share. */
export function createLedger(lanes: number, density = createDensityFacts()): Ledger {
  const slab = createSlab();
  return {
    next: new Float64Array(lanes),
    expected: new Float64Array(lanes),
    low: new Float64Array(lanes),
    outstanding: new Float64Array(lanes),
    disorder: new Int32Array(lanes),
    slab,
    places: createLanePlaces(slab),
    missing: new Map(),
    givenUp: new Map(),
    refusals: new Map(),
    extent: 0,
    smallestBacklog: Number.POSITIVE_INFINITY,
    density,
    approximate: false,
  };
}

/** Takes the lane's next number; the message must then be sent. */
export function takeNumber(ledger: Ledger, lane: number): number {
  const sequence = ledger.next[lane]!;
  ledger.next[lane] = sequence + 1;
  ledger.outstanding[lane]!++;
  return sequence;
}

/** The message just numbered will not come back to its sender: nobody waits for it. */
export function forgoAnswers(ledger: Ledger, lane: number): void {
  ledger.outstanding[lane] = 0;
  ledger.expected[lane] = ledger.next[lane]!;
  ledger.low[lane] = ledger.next[lane]!;
}

/** The number that is nearest to what is expected among those with these low bits. */
export function wholeNumber(ledger: Ledger, lane: number, lowBits: number, bits: number): number {
  const modulus = 2 ** bits;
  const expected = ledger.expected[lane]!;
  const candidate = expected - (expected % modulus) + lowBits;
  if (candidate - expected > modulus / 2) return candidate - modulus;
  if (expected - candidate > modulus / 2) return candidate + modulus;
  return candidate;
}

export function noteArrival(ledger: Ledger, lane: number, sequence: number): Arrival {
  const expected = ledger.expected[lane]!;
  if (!(sequence >= 0 && sequence < ledger.next[lane]!) || sequence % 1 !== 0) return Arrival.unexpected;
  if (sequence === expected && ledger.low[lane] === expected && ledger.refusals.size === 0) {
    ledger.expected[lane] = expected + 1;
    ledger.low[lane] = expected + 1;
    ledger.outstanding[lane]!--;
    return Arrival.inOrder;
  }
  const refusals = ledger.refusals.get(lane);
  if (refusals === undefined) return noteDisorder(ledger, lane, sequence, expected);
  if (refusals.numbers.has(sequence)) return Arrival.refused;
  passRefused(ledger, lane, refusals, sequence);
  return noteDisorder(ledger, lane, sequence, ledger.expected[lane]!);
}

/**
 * The service says that it did not take a message. False where that message is settled already. It takes no part in the order
 * of those that arrive: what it has overtaken is not late for it.
 */
export function noteRefusal(ledger: Ledger, lane: number, sequence: number): boolean {
  if (!isOutstanding(ledger, lane, sequence)) return false;
  const refusals = ledger.refusals.get(lane) ?? { count: 0, numbers: new Set() };
  ledger.refusals.set(lane, refusals);
  refusals.count++;
  refusals.numbers.add(sequence);
  ledger.outstanding[lane]!--;
  const desk = ledger.disorder[lane]!;
  if (sequence < ledger.low[lane]!) ledger.missing.get(lane)!.delete(sequence);
  else if (sequence < ledger.expected[lane]!) fillRefused(ledger, lane, desk, sequence);
  else if (desk === 0 && sequence === ledger.expected[lane]) {
    ledger.expected[lane] = sequence + 1;
    ledger.low[lane] = sequence + 1;
  }
  boundRefusals(ledger, lane, refusals);
  return true;
}

/** A hole that is none any more. */
function fillRefused(ledger: Ledger, lane: number, desk: number, sequence: number): void {
  setBit(ledger.slab, windowOf(ledger.slab, desk), sequence);
  const places = takeUpPlaces(ledger, lane, desk);
  if (places.next === sequence) losePlace(ledger.density, places, places.hasArrived);
  putBack(ledger.slab, places);
  if (sequence === ledger.low[lane]) advanceLow(ledger, lane, desk, sequence);
  if (ledger.low[lane] === ledger.expected[lane]) clearDesk(ledger, lane, desk);
}

/** What was refused between the highest number that arrived and this one is not jumped over. */
function passRefused(ledger: Ledger, lane: number, { numbers }: Refusals, sequence: number): void {
  while (numbers.has(ledger.expected[lane]!) && ledger.expected[lane]! < sequence) {
    const passed = ledger.expected[lane]!;
    const desk = ledger.disorder[lane]!;
    if (desk === 0) ledger.low[lane] = passed + 1;
    else {
      makeRoom(ledger, lane, desk, passed);
      setBit(ledger.slab, windowOf(ledger.slab, desk), passed);
    }
    ledger.expected[lane] = passed + 1;
  }
}

/** The oldest are forgotten: their copies then pass for duplicates. */
function boundRefusals(ledger: Ledger, lane: number, { numbers }: Refusals): void {
  if (numbers.size <= MAX_REFUSALS_PER_LANE) return;
  const oldest = numbers.values().next().value!;
  if (oldest >= ledger.low[lane]!) ledger.approximate = true;
  numbers.delete(oldest);
}

function noteDisorder(ledger: Ledger, lane: number, sequence: number, expected: number): Arrival {
  if (sequence < ledger.low[lane]!) return noteOld(ledger, lane, sequence);
  const { slab } = ledger;
  if (sequence === expected && ledger.low[lane] === expected) {
    ledger.expected[lane] = expected + 1;
    ledger.low[lane] = expected + 1;
    ledger.outstanding[lane]!--;
    return Arrival.inOrder;
  }
  const desk = deskOf(ledger, lane);
  if (sequence < expected && hasBit(slab, windowOf(slab, desk), sequence)) return Arrival.duplicated;
  let arrival: Arrival = Arrival.inOrder;
  if (sequence < expected) {
    const place = placeOfJump(slab, gapsAt(desk), ledger.low[lane]!, sequence, placeOf(ledger, lane));
    arrival = arrivedLater(ledger, lane, place);
  } else {
    if (sequence > expected) noteJump(ledger, lane, desk, expected, sequence);
    makeRoom(ledger, lane, desk, sequence);
    markRefused(ledger, lane, desk, expected, sequence);
    ledger.expected[lane] = sequence + 1;
    ledger.outstanding[lane]!--;
  }
  setBit(slab, windowOf(slab, desk), sequence);
  const places = takeUpPlaces(ledger, lane, desk);
  notePlace(ledger.density, places, sequence, places.hasArrived);
  putBack(slab, places);
  if (sequence === ledger.low[lane]) advanceLow(ledger, lane, desk, sequence);
  if (ledger.low[lane] === ledger.expected[lane]) clearDesk(ledger, lane, desk);
  return arrival;
}

/** Of the numbers that an arrival jumps over, those that were refused are no holes. */
function markRefused({ slab, refusals }: Ledger, lane: number, desk: number, from: number, to: number): void {
  const numbers = refusals.get(lane)?.numbers;
  if (numbers === undefined) return;
  for (let n = from; n < to; n++) if (numbers.has(n)) setBit(slab, windowOf(slab, desk), n);
}

/** Below the window: settled before, missing until now, or here for the second time. */
function noteOld(ledger: Ledger, lane: number, sequence: number): Arrival {
  const givenUp = ledger.givenUp.get(lane);
  if (givenUp?.delete(sequence)) return Arrival.belated;
  const missing = ledger.missing.get(lane);
  const place = missing?.get(sequence);
  if (missing !== undefined && place !== undefined) {
    missing.delete(sequence);
    return arrivedLater(ledger, lane, place);
  }
  if (givenUp?.has(AND_OTHERS)) ledger.approximate = true;
  return Arrival.duplicated;
}

/** How many of the lane's numbers have arrived, or were given up: the place of the next arrival. */
function placeOf({ next, outstanding, refusals }: Ledger, lane: number): number {
  return next[lane]! - outstanding[lane]! - (refusals.get(lane)?.count ?? 0);
}

function noteJump(ledger: Ledger, lane: number, desk: number, from: number, to: number): void {
  ledger.smallestBacklog = Math.min(ledger.smallestBacklog, ledger.next[lane]! - from);
  openGap(ledger.slab, gapsAt(desk), ledger.low[lane]!, to, placeOf(ledger, lane));
}

/** `place`: of the first arrival with a higher number. */
function arrivedLater(ledger: Ledger, lane: number, place: number): Arrival {
  ledger.extent = place === FORGOTTEN ? 0 : placeOf(ledger, lane) - place;
  ledger.outstanding[lane]!--;
  return Arrival.reordered;
}

function deskOf(ledger: Ledger, lane: number): number {
  if (ledger.disorder[lane] === 0) ledger.disorder[lane] = borrowDesk(ledger.slab, ledger.expected[lane]!);
  return ledger.disorder[lane]!;
}

function clearDesk(ledger: Ledger, lane: number, desk: number): void {
  giveBackDesk(ledger.slab, desk);
  ledger.disorder[lane] = 0;
}

function takeUpPlaces({ slab, places, low, refusals }: Ledger, lane: number, desk: number): LanePlaces {
  takeUp(slab, places, placesAt(desk), windowOf(slab, desk), low[lane]!);
  places.leftOut = refusals.get(lane)?.numbers ?? null;
  return places;
}

/** Widens the window until `sequence` fits, then gives up the oldest numbers. */
function makeRoom(ledger: Ledger, lane: number, desk: number, sequence: number): void {
  const { slab, low, expected } = ledger;
  for (;;) {
    const bits = windowBits(slab, windowOf(slab, desk));
    if (sequence - low[lane]! < bits) return;
    if (bits < MAX_WINDOW_BITS) widenWindow(slab, desk, low[lane]!, expected[lane]!);
    else giveUpOldest(ledger, lane, desk);
  }
}

/** Moves `low` past its number, which becomes missing, and past those delivered behind it. */
function giveUpOldest(ledger: Ledger, lane: number, desk: number): void {
  const oldest = ledger.low[lane]!;
  remember(ledger, lane, desk, oldest);
  const places = takeUpPlaces(ledger, lane, desk);
  if (places.next === oldest) losePlace(ledger.density, places, places.hasArrived);
  putBack(ledger.slab, places);
  if (ledger.expected[lane]! <= oldest) ledger.expected[lane] = oldest + 1;
  advanceLow(ledger, lane, desk, oldest + 1);
}

function remember(ledger: Ledger, lane: number, desk: number, oldest: number): void {
  const { slab, missing } = ledger;
  const known = missing.get(lane) ?? new Map<number, number>();
  if (known.size >= MAX_MISSING_PER_LANE) {
    ledger.approximate = true;
    return;
  }
  missing.set(lane, known);
  dropFilled(slab, gapsAt(desk), oldest);
  known.set(oldest, placeOfJump(slab, gapsAt(desk), oldest, oldest, placeOf(ledger, lane)));
}

/** Everything below `from` is done with. */
function advanceLow(ledger: Ledger, lane: number, desk: number, from: number): void {
  ledger.low[lane] = clearRun(ledger.slab, windowOf(ledger.slab, desk), from, ledger.expected[lane]!);
}

/** Whether this number was sent and has neither arrived nor been settled. */
export function isOutstanding(ledger: Ledger, lane: number, sequence: number): boolean {
  if (!(sequence >= 0 && sequence < ledger.next[lane]!)) return false;
  if (sequence < ledger.low[lane]!) return ledger.missing.get(lane)?.has(sequence) ?? false;
  return isAwaited(ledger, lane, sequence);
}

/** Of a number that is not below the window. */
function isAwaited({ slab, disorder, expected, refusals }: Ledger, lane: number, sequence: number): boolean {
  const desk = disorder[lane]!;
  if (sequence >= expected[lane]!) return refusals.get(lane)?.numbers.has(sequence) !== true;
  return desk === 0 || !hasBit(slab, windowOf(slab, desk), sequence);
}

/** Whether this number was settled without having arrived. */
export function wasGivenUp({ givenUp }: Ledger, lane: number, sequence: number): boolean {
  return givenUp.get(lane)?.has(sequence) === true;
}

/** Whether a number below one that arrived is missing. */
export function hasHoles({ disorder, missing }: Ledger, lane: number): boolean {
  return disorder[lane] !== 0 || missing.has(lane);
}

/** The numbers that were sent and did not arrive, lowest first. */
export function* missingNumbers(ledger: Ledger, lane: number): Generator<number> {
  yield* ledger.missing.get(lane)?.keys() ?? [];
  for (let n = ledger.low[lane]!; n < ledger.next[lane]!; n++) if (isAwaited(ledger, lane, n)) yield n;
}

/** How many of the numbers from `from` up to `to − 1` were sent and did not arrive. */
export function missingBetween(ledger: Ledger, lane: number, from: number, to: number): number {
  let count = 0;
  for (const n of ledger.missing.get(lane)?.keys() ?? []) if (n >= from && n < to) count++;
  for (let n = Math.max(from, ledger.low[lane]!); n < to; n++) if (isAwaited(ledger, lane, n)) count++;
  return count;
}

/** Settles every number that was sent so far: nothing is outstanding any more. Returns how many were. */
export function settleLane(ledger: Ledger, lane: number): number {
  const unsettled = ledger.outstanding[lane]!;
  if (unsettled > 0) giveUp(ledger, lane);
  const desk = ledger.disorder[lane]!;
  if (desk !== 0) {
    const places = takeUpPlaces(ledger, lane, desk);
    settlePlaces(ledger.density, places, places.hasArrived);
    clearDesk(ledger, lane, desk);
  }
  ledger.outstanding[lane] = 0;
  ledger.expected[lane] = ledger.next[lane]!;
  ledger.low[lane] = ledger.next[lane]!;
  ledger.missing.delete(lane);
  return unsettled;
}

/** After it was settled: the lane begins anew with number 0, and nothing of before is recognized. */
export function forgetLane(ledger: Ledger, lane: number): void {
  ledger.next[lane] = 0;
  ledger.expected[lane] = 0;
  ledger.low[lane] = 0;
  ledger.givenUp.delete(lane);
  ledger.refusals.delete(lane);
}

function giveUp(ledger: Ledger, lane: number): void {
  const known = ledger.givenUp.get(lane) ?? new Set<number>();
  ledger.givenUp.set(lane, known);
  for (const sequence of missingNumbers(ledger, lane)) {
    if (known.size >= MAX_MISSING_PER_LANE) {
      known.add(AND_OTHERS);
      return;
    }
    known.add(sequence);
  }
}

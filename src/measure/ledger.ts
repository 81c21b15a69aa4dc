// The delivery ledger: per client, which numbers were sent, which came back, how often and in what order.
// Exact: every number that was sent is accounted for once, as long as a client's disorder stays within the
// window; beyond it `approximate` says so. In order a client is four numbers and nothing is allocated; out of order it borrows
// memory from a slab that all clients share, bounded by client, for as long as that lasts.
//
//        finalized            window (bitmap)             not yet sent
//   |-----------------|--1--0--0--1--1--|--------|------------------->  number
//                   low             expected   next
//
// low:       every number below is delivered, or given up and in `missing`
// expected:  one past the highest number that arrived (RFC 4737 §3.3, NextExp)
// next:      the number the client will send next
// In order, low = expected, nothing is borrowed and an arrival costs three comparisons. Out of order, low < expected:
//
//   disorder ──▶ reorder state ──▶ window, gaps, places       (reorder-state.ts)

import { type ClientDisplacement, createClientDisplacement, putBack, takeUp } from './client-displacement.ts';
import { createDensityFacts, type DensityFacts, finishDisplacement, losePlace, notePlace } from './density.ts';
import { dropFilled, FORGOTTEN, openGap, placeOfJump } from './gaps.ts';
import { borrowReorderState, gapsAt, giveBackReorderState, placesAt, widenWindow, windowOf } from './reorder-state.ts';
import { createSlab, type Slab } from './slab.ts';
import { clearRun, hasBit, setBit, windowBits } from './window-bits.ts';

/**
 * What an arrival was. `late`: of a message that had been counted as lost or unresolved. `refused`: of one that the
 * service had said it did not take.
 */
export const Arrival = { inOrder: 0, reordered: 1, duplicated: 2, unexpected: 3, late: 4, refused: 5 } as const;
export type Arrival = (typeof Arrival)[keyof typeof Arrival];

export const MAX_WINDOW_BITS = 1 << 16;
const MAX_MISSING_PER_CLIENT = 1024;
/** Stands among the numbers given up for those that found no room. */
const AND_OTHERS = -1;
const MAX_REFUSALS_PER_CLIENT = 1024;

interface Refusals {
  count: number;
  /** The last of them, and at least those above `low`. */
  readonly numbers: Set<number>;
}

export interface Ledger {
  readonly next: Float64Array;
  readonly expected: Float64Array;
  readonly low: Float64Array;
  /** Sent and not yet delivered, by client. */
  readonly outstanding: Float64Array;
  /** By client: the address of its reorder state in the slab, 0 in order. */
  readonly disorder: Int32Array;
  readonly slab: Slab;
  /** Of the client that is looked at. */
  readonly places: ClientDisplacement;
  /**
   * By client: numbers that left the window undelivered, ascending, with the place of the arrival that jumped over each; a
   * late arrival is still recognized.
   */
  readonly missing: Map<number, Map<number, number>>;
  /** Numbers that were finalized without having arrived, by client: what still comes of them is late. */
  readonly givenUp: Map<number, Set<number>>;
  /** By client: what the service refused. It is neither an arrival nor a hole. */
  readonly refusals: Map<number, Refusals>;
  /**
   * Of the last arrival that was reordered: how many messages had arrived since the first later one, that one included
   * (RFC 4737 §4.2.2); 0 where that is not known any more.
   */
  extent: number;
  /** The fewest messages that were under way on a client when an arrival jumped over others there; infinity for no jump. */
  smallestBacklog: number;
  /** Of all clients, since it was last cut. */
  readonly density: DensityFacts;
  /** True once a bound was hit: duplicates and late arrivals may then be confused. */
  approximate: boolean;
}

/** `density`: where the places of arrivals are counted, which several ledgers may share. */
export function createLedger(clients: number, density = createDensityFacts()): Ledger {
  const slab = createSlab();
  return {
    next: new Float64Array(clients),
    expected: new Float64Array(clients),
    low: new Float64Array(clients),
    outstanding: new Float64Array(clients),
    disorder: new Int32Array(clients),
    slab,
    places: createClientDisplacement(slab),
    missing: new Map(),
    givenUp: new Map(),
    refusals: new Map(),
    extent: 0,
    smallestBacklog: Number.POSITIVE_INFINITY,
    density,
    approximate: false,
  };
}

/** Takes the client's next number; the message must then be sent. */
export function takeNumber(ledger: Ledger, client: number): number {
  const sequence = ledger.next[client]!;
  ledger.next[client] = sequence + 1;
  ledger.outstanding[client]!++;
  return sequence;
}

/** The message just numbered will not come back to its sender: nobody waits for it. */
export function forgoAnswers(ledger: Ledger, client: number): void {
  ledger.outstanding[client] = 0;
  ledger.expected[client] = ledger.next[client]!;
  ledger.low[client] = ledger.next[client]!;
}

/** The number that is nearest to what is expected among those with these low bits. */
export function wholeNumber(ledger: Ledger, client: number, lowBits: number, bits: number): number {
  const modulus = 2 ** bits;
  const expected = ledger.expected[client]!;
  const candidate = expected - (expected % modulus) + lowBits;
  if (candidate - expected > modulus / 2) return candidate - modulus;
  if (expected - candidate > modulus / 2) return candidate + modulus;
  return candidate;
}

export function noteArrival(ledger: Ledger, client: number, sequence: number): Arrival {
  const expected = ledger.expected[client]!;
  if (!(sequence >= 0 && sequence < ledger.next[client]!) || sequence % 1 !== 0) return Arrival.unexpected;
  if (sequence === expected && ledger.low[client] === expected && ledger.refusals.size === 0) {
    ledger.expected[client] = expected + 1;
    ledger.low[client] = expected + 1;
    ledger.outstanding[client]!--;
    return Arrival.inOrder;
  }
  const refusals = ledger.refusals.get(client);
  if (refusals === undefined) return noteDisorder(ledger, client, sequence, expected);
  if (refusals.numbers.has(sequence)) return Arrival.refused;
  passRefused(ledger, client, refusals, sequence);
  return noteDisorder(ledger, client, sequence, ledger.expected[client]!);
}

/**
 * The service says that it did not take a message. False where that message is finalized already. It takes no part in the order
 * of those that arrive: what it has overtaken is not late for it.
 */
export function noteRefusal(ledger: Ledger, client: number, sequence: number): boolean {
  if (!isOutstanding(ledger, client, sequence)) return false;
  const refusals = ledger.refusals.get(client) ?? { count: 0, numbers: new Set() };
  ledger.refusals.set(client, refusals);
  refusals.count++;
  refusals.numbers.add(sequence);
  ledger.outstanding[client]!--;
  const reorderState = ledger.disorder[client]!;
  if (sequence < ledger.low[client]!) ledger.missing.get(client)!.delete(sequence);
  else if (sequence < ledger.expected[client]!) fillRefused(ledger, client, reorderState, sequence);
  else if (reorderState === 0 && sequence === ledger.expected[client]) {
    ledger.expected[client] = sequence + 1;
    ledger.low[client] = sequence + 1;
  }
  boundRefusals(ledger, client, refusals);
  return true;
}

/** A hole that is none any more. */
function fillRefused(ledger: Ledger, client: number, reorderState: number, sequence: number): void {
  setBit(ledger.slab, windowOf(ledger.slab, reorderState), sequence);
  const places = takeUpPlaces(ledger, client, reorderState);
  if (places.next === sequence) losePlace(ledger.density, places, places.hasArrived);
  putBack(ledger.slab, places);
  if (sequence === ledger.low[client]) advanceLow(ledger, client, reorderState, sequence);
  if (ledger.low[client] === ledger.expected[client]) clearReorderState(ledger, client, reorderState);
}

/** What was refused between the highest number that arrived and this one is not jumped over. */
function passRefused(ledger: Ledger, client: number, { numbers }: Refusals, sequence: number): void {
  while (numbers.has(ledger.expected[client]!) && ledger.expected[client]! < sequence) {
    const passed = ledger.expected[client]!;
    const reorderState = ledger.disorder[client]!;
    if (reorderState === 0) ledger.low[client] = passed + 1;
    else {
      makeRoom(ledger, client, reorderState, passed);
      setBit(ledger.slab, windowOf(ledger.slab, reorderState), passed);
    }
    ledger.expected[client] = passed + 1;
  }
}

/** The oldest are forgotten: their copies then pass for duplicates. */
function boundRefusals(ledger: Ledger, client: number, { numbers }: Refusals): void {
  if (numbers.size <= MAX_REFUSALS_PER_CLIENT) return;
  const oldest = numbers.values().next().value!;
  if (oldest >= ledger.low[client]!) ledger.approximate = true;
  numbers.delete(oldest);
}

function noteDisorder(ledger: Ledger, client: number, sequence: number, expected: number): Arrival {
  if (sequence < ledger.low[client]!) return noteOld(ledger, client, sequence);
  const { slab } = ledger;
  if (sequence === expected && ledger.low[client] === expected) {
    ledger.expected[client] = expected + 1;
    ledger.low[client] = expected + 1;
    ledger.outstanding[client]!--;
    return Arrival.inOrder;
  }
  const reorderState = reorderStateOf(ledger, client);
  if (sequence < expected && hasBit(slab, windowOf(slab, reorderState), sequence)) return Arrival.duplicated;
  let arrival: Arrival = Arrival.inOrder;
  if (sequence < expected) {
    const place = placeOfJump(slab, gapsAt(reorderState), ledger.low[client]!, sequence, placeOf(ledger, client));
    arrival = arrivedLater(ledger, client, place);
  } else {
    if (sequence > expected) noteJump(ledger, client, reorderState, expected, sequence);
    makeRoom(ledger, client, reorderState, sequence);
    markRefused(ledger, client, reorderState, expected, sequence);
    ledger.expected[client] = sequence + 1;
    ledger.outstanding[client]!--;
  }
  setBit(slab, windowOf(slab, reorderState), sequence);
  const places = takeUpPlaces(ledger, client, reorderState);
  notePlace(ledger.density, places, sequence, places.hasArrived);
  putBack(slab, places);
  if (sequence === ledger.low[client]) advanceLow(ledger, client, reorderState, sequence);
  if (ledger.low[client] === ledger.expected[client]) clearReorderState(ledger, client, reorderState);
  return arrival;
}

/** Of the numbers that an arrival jumps over, those that were refused are no holes. */
function markRefused({ slab, refusals }: Ledger, client: number, reorderState: number, from: number, to: number): void {
  const numbers = refusals.get(client)?.numbers;
  if (numbers === undefined) return;
  for (let n = from; n < to; n++) if (numbers.has(n)) setBit(slab, windowOf(slab, reorderState), n);
}

/** Below the window: finalized before, missing until now, or here for the second time. */
function noteOld(ledger: Ledger, client: number, sequence: number): Arrival {
  const givenUp = ledger.givenUp.get(client);
  if (givenUp?.delete(sequence)) return Arrival.late;
  const missing = ledger.missing.get(client);
  const place = missing?.get(sequence);
  if (missing !== undefined && place !== undefined) {
    missing.delete(sequence);
    return arrivedLater(ledger, client, place);
  }
  if (givenUp?.has(AND_OTHERS)) ledger.approximate = true;
  return Arrival.duplicated;
}

/** How many of the client's numbers have arrived, or were given up: the place of the next arrival. */
function placeOf({ next, outstanding, refusals }: Ledger, client: number): number {
  return next[client]! - outstanding[client]! - (refusals.get(client)?.count ?? 0);
}

function noteJump(ledger: Ledger, client: number, reorderState: number, from: number, to: number): void {
  ledger.smallestBacklog = Math.min(ledger.smallestBacklog, ledger.next[client]! - from);
  openGap(ledger.slab, gapsAt(reorderState), ledger.low[client]!, to, placeOf(ledger, client));
}

/** `place`: of the first arrival with a higher number. */
function arrivedLater(ledger: Ledger, client: number, place: number): Arrival {
  ledger.extent = place === FORGOTTEN ? 0 : placeOf(ledger, client) - place;
  ledger.outstanding[client]!--;
  return Arrival.reordered;
}

function reorderStateOf(ledger: Ledger, client: number): number {
  if (ledger.disorder[client] === 0)
    ledger.disorder[client] = borrowReorderState(ledger.slab, ledger.expected[client]!);
  return ledger.disorder[client]!;
}

function clearReorderState(ledger: Ledger, client: number, reorderState: number): void {
  giveBackReorderState(ledger.slab, reorderState);
  ledger.disorder[client] = 0;
}

function takeUpPlaces(
  { slab, places, low, refusals }: Ledger,
  client: number,
  reorderState: number,
): ClientDisplacement {
  takeUp(slab, places, placesAt(reorderState), windowOf(slab, reorderState), low[client]!);
  places.leftOut = refusals.get(client)?.numbers ?? null;
  return places;
}

/** Widens the window until `sequence` fits, then gives up the oldest numbers. */
function makeRoom(ledger: Ledger, client: number, reorderState: number, sequence: number): void {
  const { slab, low, expected } = ledger;
  for (;;) {
    const bits = windowBits(slab, windowOf(slab, reorderState));
    if (sequence - low[client]! < bits) return;
    if (bits < MAX_WINDOW_BITS) widenWindow(slab, reorderState, low[client]!, expected[client]!);
    else giveUpOldest(ledger, client, reorderState);
  }
}

/** Moves `low` past its number, which becomes missing, and past those delivered behind it. */
function giveUpOldest(ledger: Ledger, client: number, reorderState: number): void {
  const oldest = ledger.low[client]!;
  remember(ledger, client, reorderState, oldest);
  const places = takeUpPlaces(ledger, client, reorderState);
  if (places.next === oldest) losePlace(ledger.density, places, places.hasArrived);
  putBack(ledger.slab, places);
  if (ledger.expected[client]! <= oldest) ledger.expected[client] = oldest + 1;
  advanceLow(ledger, client, reorderState, oldest + 1);
}

function remember(ledger: Ledger, client: number, reorderState: number, oldest: number): void {
  const { slab, missing } = ledger;
  const known = missing.get(client) ?? new Map<number, number>();
  if (known.size >= MAX_MISSING_PER_CLIENT) {
    ledger.approximate = true;
    return;
  }
  missing.set(client, known);
  dropFilled(slab, gapsAt(reorderState), oldest);
  known.set(oldest, placeOfJump(slab, gapsAt(reorderState), oldest, oldest, placeOf(ledger, client)));
}

/** Everything below `from` is done with. */
function advanceLow(ledger: Ledger, client: number, reorderState: number, from: number): void {
  ledger.low[client] = clearRun(ledger.slab, windowOf(ledger.slab, reorderState), from, ledger.expected[client]!);
}

/** Whether this number was sent and has neither arrived nor been finalized. */
export function isOutstanding(ledger: Ledger, client: number, sequence: number): boolean {
  if (!(sequence >= 0 && sequence < ledger.next[client]!)) return false;
  if (sequence < ledger.low[client]!) return ledger.missing.get(client)?.has(sequence) ?? false;
  return isAwaited(ledger, client, sequence);
}

/** Of a number that is not below the window. */
function isAwaited({ slab, disorder, expected, refusals }: Ledger, client: number, sequence: number): boolean {
  const reorderState = disorder[client]!;
  if (sequence >= expected[client]!) return refusals.get(client)?.numbers.has(sequence) !== true;
  return reorderState === 0 || !hasBit(slab, windowOf(slab, reorderState), sequence);
}

/** Whether this number was finalized without having arrived. */
export function wasGivenUp({ givenUp }: Ledger, client: number, sequence: number): boolean {
  return givenUp.get(client)?.has(sequence) === true;
}

/** Whether a number below one that arrived is missing. */
export function hasHoles({ disorder, missing }: Ledger, client: number): boolean {
  return disorder[client] !== 0 || missing.has(client);
}

/** The numbers that were sent and did not arrive, lowest first. */
export function* missingNumbers(ledger: Ledger, client: number): Generator<number> {
  yield* ledger.missing.get(client)?.keys() ?? [];
  for (let n = ledger.low[client]!; n < ledger.next[client]!; n++) if (isAwaited(ledger, client, n)) yield n;
}

/** How many of the numbers from `from` up to `to − 1` were sent and did not arrive. */
export function missingBetween(ledger: Ledger, client: number, from: number, to: number): number {
  let count = 0;
  for (const n of ledger.missing.get(client)?.keys() ?? []) if (n >= from && n < to) count++;
  for (let n = Math.max(from, ledger.low[client]!); n < to; n++) if (isAwaited(ledger, client, n)) count++;
  return count;
}

/** Finalizes every number that was sent so far: nothing is outstanding any more. Returns how many were. */
export function finalizeClient(ledger: Ledger, client: number): number {
  const outstanding = ledger.outstanding[client]!;
  if (outstanding > 0) giveUp(ledger, client);
  const reorderState = ledger.disorder[client]!;
  if (reorderState !== 0) {
    const places = takeUpPlaces(ledger, client, reorderState);
    finishDisplacement(ledger.density, places, places.hasArrived);
    clearReorderState(ledger, client, reorderState);
  }
  ledger.outstanding[client] = 0;
  ledger.expected[client] = ledger.next[client]!;
  ledger.low[client] = ledger.next[client]!;
  ledger.missing.delete(client);
  return outstanding;
}

/** After it was finalized: the client begins anew with number 0, and nothing of before is recognized. */
export function forgetClient(ledger: Ledger, client: number): void {
  ledger.next[client] = 0;
  ledger.expected[client] = 0;
  ledger.low[client] = 0;
  ledger.givenUp.delete(client);
  ledger.refusals.delete(client);
}

function giveUp(ledger: Ledger, client: number): void {
  const known = ledger.givenUp.get(client) ?? new Set<number>();
  ledger.givenUp.set(client, known);
  for (const sequence of missingNumbers(ledger, client)) {
    if (known.size >= MAX_MISSING_PER_CLIENT) {
      known.add(AND_OTHERS);
      return;
    }
    known.add(sequence);
  }
}

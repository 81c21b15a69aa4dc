// The delivery ledger: per lane, which numbers were sent, which came back, how often and in what order.
// Exact: every number that was sent is accounted for once, as long as a lane's disorder stays within the
// window; beyond it `approximate` says so. In order a lane is four numbers and nothing is allocated; disorder has memory
// of its own, bounded by lane, for as long as it lasts.
//
//        settled            window (bitmap)             not yet sent
//   |-----------------|--1--0--0--1--1--|--------|------------------->  number
//   0                low             expected   next
//
// low:       every number below is delivered, or given up and in `missing`
// expected:  one past the highest number that arrived (RFC 4737 §3.3, NextExp)
// next:      the number the lane will send next
// In order, low = expected, there is no bitmap and an arrival costs three comparisons.

import { createDensityFacts, type DensityFacts, notePlace, type Places, settlePlaces } from './density.ts';

/** What an arrival was. `belated`: of a message that had been settled as lost or unresolved. */
export const Arrival = { inOrder: 0, reordered: 1, duplicated: 2, unexpected: 3, belated: 4 } as const;
export type Arrival = (typeof Arrival)[keyof typeof Arrival];

const FIRST_WINDOW_BITS = 64;
export const MAX_WINDOW_BITS = 1 << 16;
const MAX_MISSING_PER_LANE = 1024;
/** Stands among the numbers given up for those that found no room. */
const AND_OTHERS = -1;
const MAX_GAPS_PER_LANE = 1024;

/** Numbers that an arrival jumped over (RFC 4737 §3.4, a sequence discontinuity). */
interface Gap {
  readonly from: number;
  /** One past the last. */
  readonly to: number;
  /** The place of the arrival among all of the lane. */
  readonly place: number;
}

interface Disorder {
  /** Ring of bits: number n is at n mod the ring's size. */
  bits: Uint32Array;
  /** Ascending; those that can still be filled. */
  readonly gaps: Gap[];
  readonly places: Places;
  readonly hasArrived: (sequence: number) => boolean;
  /** Numbers that left the window undelivered, null while none did; a late arrival is still recognised. */
  missing: Set<number> | null;
}

export interface Ledger {
  readonly next: Float64Array;
  readonly expected: Float64Array;
  readonly low: Float64Array;
  /** Sent and not yet delivered, by lane. */
  readonly outstanding: Float64Array;
  readonly disorder: (Disorder | null)[];
  /** Numbers that were settled without having arrived, by lane: what still comes of them is belated. */
  readonly givenUp: (Set<number> | null)[];
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
  return {
    next: new Float64Array(lanes),
    expected: new Float64Array(lanes),
    low: new Float64Array(lanes),
    outstanding: new Float64Array(lanes),
    disorder: new Array<Disorder | null>(lanes).fill(null),
    givenUp: new Array<Set<number> | null>(lanes).fill(null),
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
  if (sequence === expected && ledger.low[lane] === expected) {
    ledger.expected[lane] = expected + 1;
    ledger.low[lane] = expected + 1;
    ledger.outstanding[lane]!--;
    return Arrival.inOrder;
  }
  return noteDisorder(ledger, lane, sequence, expected);
}

function noteDisorder(ledger: Ledger, lane: number, sequence: number, expected: number): Arrival {
  const low = ledger.low[lane]!;
  if (sequence < low) return noteOld(ledger, lane, sequence);
  const disorder = disorderOf(ledger, lane);
  if (sequence < expected && hasBit(disorder.bits, sequence)) return Arrival.duplicated;
  if (sequence >= expected) {
    if (sequence > expected) openGap(ledger, lane, disorder, expected, sequence);
    makeRoom(ledger, lane, disorder, sequence);
    ledger.expected[lane] = sequence + 1;
  }
  const arrival = sequence >= expected ? Arrival.inOrder : arrivedLater(ledger, lane, disorder, sequence);
  if (arrival === Arrival.inOrder) ledger.outstanding[lane]!--;
  setBit(disorder.bits, sequence);
  notePlace(ledger.density, disorder.places, sequence, disorder.hasArrived);
  if (sequence === ledger.low[lane]) advanceLow(ledger, lane, disorder);
  return arrival;
}

/** Below the window: settled before, missing until now, or here for the second time. */
function noteOld(ledger: Ledger, lane: number, sequence: number): Arrival {
  const givenUp = ledger.givenUp[lane] ?? null;
  if (givenUp?.delete(sequence)) return Arrival.belated;
  const disorder = ledger.disorder[lane] ?? null;
  if (disorder?.missing?.delete(sequence)) return arrivedLater(ledger, lane, disorder, sequence);
  if (givenUp?.has(AND_OTHERS)) ledger.approximate = true;
  return Arrival.duplicated;
}

/** How many of the lane's numbers have arrived or were settled: the place of the next arrival. */
function placeOf(ledger: Ledger, lane: number): number {
  return ledger.next[lane]! - ledger.outstanding[lane]!;
}

function openGap(ledger: Ledger, lane: number, disorder: Disorder, from: number, to: number): void {
  const { gaps } = disorder;
  ledger.smallestBacklog = Math.min(ledger.smallestBacklog, ledger.next[lane]! - from);
  while (gaps.length > 0 && gaps[0]!.to <= ledger.low[lane]! && disorder.missing === null) gaps.shift();
  if (gaps.length >= MAX_GAPS_PER_LANE) gaps.shift();
  gaps.push({ from, to, place: placeOf(ledger, lane) });
}

/** The first arrival with a higher number is always the one that opened the gap in which this number lies (RFC 4737 §4.5.3). */
function arrivedLater(ledger: Ledger, lane: number, disorder: Disorder, sequence: number): Arrival {
  const { gaps } = disorder;
  let index = gaps.length - 1;
  while (index >= 0 && gaps[index]!.from > sequence) index--;
  const gap = gaps[index];
  ledger.extent = gap !== undefined && sequence < gap.to ? placeOf(ledger, lane) - gap.place : 0;
  ledger.outstanding[lane]!--;
  return Arrival.reordered;
}

function disorderOf(ledger: Ledger, lane: number): Disorder {
  const known = ledger.disorder[lane];
  if (known !== null && known !== undefined) return known;
  const created: Disorder = {
    bits: new Uint32Array(FIRST_WINDOW_BITS / 32),
    gaps: [],
    places: { next: ledger.low[lane]!, waiting: [] },
    missing: null,
    hasArrived: (sequence) =>
      sequence < ledger.low[lane]! || (sequence < ledger.expected[lane]! && hasBit(created.bits, sequence)),
  };
  ledger.disorder[lane] = created;
  return created;
}

/** Grows the bitmap until `sequence` fits, then gives up the oldest numbers. */
function makeRoom(ledger: Ledger, lane: number, disorder: Disorder, sequence: number): void {
  while (sequence - ledger.low[lane]! >= 32 * disorder.bits.length) {
    if (32 * disorder.bits.length < MAX_WINDOW_BITS) {
      disorder.bits = grown(disorder.bits, ledger.low[lane]!, ledger.expected[lane]!);
    } else {
      giveUpOldest(ledger, lane, disorder);
    }
  }
}

function grown(bits: Uint32Array, low: number, expected: number): Uint32Array {
  const larger = new Uint32Array(2 * bits.length);
  for (let n = low; n < expected; n++) if (hasBit(bits, n)) setBit(larger, n);
  return larger;
}

/** Moves `low` past its number, which becomes missing, and past those delivered behind it. */
function giveUpOldest(ledger: Ledger, lane: number, disorder: Disorder): void {
  const oldest = ledger.low[lane]!;
  if (!hasBit(disorder.bits, oldest)) {
    disorder.missing ??= new Set();
    if (disorder.missing.size < MAX_MISSING_PER_LANE) disorder.missing.add(oldest);
    else ledger.approximate = true;
  }
  setBit(disorder.bits, oldest);
  if (ledger.expected[lane]! <= oldest) ledger.expected[lane] = oldest + 1;
  advanceLow(ledger, lane, disorder);
}

function advanceLow(ledger: Ledger, lane: number, disorder: Disorder): void {
  const expected = ledger.expected[lane]!;
  let low = ledger.low[lane]!;
  while (low < expected && hasBit(disorder.bits, low)) {
    clearBit(disorder.bits, low);
    low++;
  }
  ledger.low[lane] = low;
  if (low === expected && (disorder.missing === null || disorder.missing.size === 0)) ledger.disorder[lane] = null;
}

/** Whether this number was sent and has neither arrived nor been settled. */
export function isOutstanding(ledger: Ledger, lane: number, sequence: number): boolean {
  if (!(sequence >= 0 && sequence < ledger.next[lane]!)) return false;
  const disorder = ledger.disorder[lane] ?? null;
  if (sequence < ledger.low[lane]!) return disorder?.missing?.has(sequence) ?? false;
  return sequence >= ledger.expected[lane]! || disorder === null || !hasBit(disorder.bits, sequence);
}

/** The numbers that were sent and did not arrive, lowest first. */
export function* missingNumbers(ledger: Ledger, lane: number): Generator<number> {
  const disorder = ledger.disorder[lane] ?? null;
  if (disorder?.missing) yield* [...disorder.missing].sort((a, b) => a - b);
  const expected = ledger.expected[lane]!;
  for (let n = ledger.low[lane]!; n < ledger.next[lane]!; n++) {
    if (n >= expected || disorder === null || !hasBit(disorder.bits, n)) yield n;
  }
}

/** How many of the numbers from `from` up to `to − 1` were sent and did not arrive. */
export function missingBetween(ledger: Ledger, lane: number, from: number, to: number): number {
  const disorder = ledger.disorder[lane] ?? null;
  const expected = ledger.expected[lane]!;
  let count = 0;
  for (const n of disorder?.missing ?? []) if (n >= from && n < to) count++;
  for (let n = Math.max(from, ledger.low[lane]!); n < to; n++) {
    if (n >= expected || disorder === null || !hasBit(disorder.bits, n)) count++;
  }
  return count;
}

/** Settles every number that was sent so far: nothing is outstanding any more. Returns how many were. */
export function settleLane(ledger: Ledger, lane: number): number {
  const unsettled = ledger.outstanding[lane]!;
  if (unsettled > 0) giveUp(ledger, lane);
  const disorder = ledger.disorder[lane] ?? null;
  if (disorder !== null) settlePlaces(ledger.density, disorder.places, disorder.hasArrived);
  ledger.outstanding[lane] = 0;
  ledger.expected[lane] = ledger.next[lane]!;
  ledger.low[lane] = ledger.next[lane]!;
  ledger.disorder[lane] = null;
  return unsettled;
}

/** After it was settled: the lane begins anew with number 0, and nothing of before is recognised. */
export function forgetLane(ledger: Ledger, lane: number): void {
  ledger.next[lane] = 0;
  ledger.expected[lane] = 0;
  ledger.low[lane] = 0;
  ledger.givenUp[lane] = null;
}

function giveUp(ledger: Ledger, lane: number): void {
  const known = ledger.givenUp[lane] ?? new Set<number>();
  ledger.givenUp[lane] = known;
  for (const sequence of missingNumbers(ledger, lane)) {
    if (known.size >= MAX_MISSING_PER_LANE) {
      known.add(AND_OTHERS);
      return;
    }
    known.add(sequence);
  }
}

// Bit operators see 32 bits of a number only, so the word is found by division (numbers reach 2^53).
function wordOf(bits: Uint32Array, n: number): number {
  return Math.floor(n / 32) % bits.length;
}
function hasBit(bits: Uint32Array, n: number): boolean {
  return (bits[wordOf(bits, n)]! & (1 << (n % 32))) !== 0;
}
function setBit(bits: Uint32Array, n: number): void {
  bits[wordOf(bits, n)]! |= 1 << (n % 32);
}
function clearBit(bits: Uint32Array, n: number): void {
  bits[wordOf(bits, n)]! &= ~(1 << (n % 32));
}

// What a receiver receives of numbers that somebody else gives out: a ledger whose end nobody here knows. It is judged from the
// first number that it must have, or receives, up to the last one that it receives or is told of.
//
//          from                              expected            to
//   --------|--1--1--0--1--1--1--0--1--1--1---|----0----0---------|--->  number
//    before |      holes: never received         |  trailing: expected where somebody
//    it came|                                 |  knows that they were sent
//
// One entry, a pair, for every receiver and every source of numbers that it receives.

import type { DensityFacts } from './density.ts';
import {
  type Arrival,
  createLedger,
  finalizeClient,
  forgetClient,
  hasHoles,
  type Ledger,
  MAX_WINDOW_BITS,
  missingNumbers,
  noteArrival,
} from './ledger.ts';

/** Stands for the source's next number, which a receiver cannot know. */
export const UNKNOWN_NEXT = Number.MAX_SAFE_INTEGER;
/** Two numbers so close to one another are of one source's present. */
const NEAR = 1024;
/** Nobody is left out for so long on one connection; it also keeps every sum a whole number. */
const MOST_SKIPPED = 2 ** 30;
/** Of one pair. */
const MAX_EARLY = 1024;
/** Of one pair: accounts that are kept apart. */
const MAX_FINALIZED = 256;

interface Early {
  count: number;
  /** Not more than can be kept. */
  readonly numbers: Set<number>;
}

export interface ReceiverTracking {
  readonly ledger: Ledger;
  /** By pair: the number from which on it is judged. */
  readonly from: Float64Array;
  /** By pair: the numbers that it was judged by and is finalized for. What lies outside of them it has never received. */
  readonly finalized: Map<number, Hole[]>;
  /** By pair: the last number that was out of all proportion and has no second witness; NaN for none. */
  readonly candidate: Float64Array;
  /** By pair: what came late of the time before the pair was judged. */
  readonly early: Map<number, Early>;
  /** By pair: how many were given out while its receiver was away, and have not come since. */
  readonly skipped: Float64Array;
  /** By pair, 1: the next arrival says from where on it is judged. */
  readonly isLate: Uint8Array;
  /**
   * By pair: of the numbers below it that are missing, one may have come in a message that could not be read; infinity until a
   * number behind that message is received. Null until there is such a message.
   */
  doubtBelow: Float64Array | null;
  /** Of accounts that are closed: numbers given out while their receiver were offline, and that did not reach them later. */
  offline: number;
  /** The candidate in whose place the last number that was `far` came; NaN where there was none. */
  discarded: number;
}

/** `density`: where the places of all arrivals are counted. */
export function createReceiverTracking(pairs: number, density: DensityFacts): ReceiverTracking {
  const ledger = createLedger(pairs, density);
  ledger.next.fill(UNKNOWN_NEXT);
  ledger.outstanding.fill(UNKNOWN_NEXT);
  return {
    ledger,
    from: new Float64Array(pairs),
    finalized: new Map(),
    candidate: new Float64Array(pairs).fill(Number.NaN),
    early: new Map(),
    skipped: new Float64Array(pairs),
    isLate: new Uint8Array(pairs).fill(1),
    doubtBelow: null,
    offline: 0,
    discarded: Number.NaN,
  };
}

/**
 * Where a number stands. `before`: from before the pair was judged, and nothing that is judged has come on this connection;
 * `early`: likewise, but behind something that is; `earlyAgain`: once more. `far`: out of all proportion, which may be damage and must not open a gap of millions; `farAgain`: the same number
 * once more, which proves nothing. `skipped`: so as well, but the second one close to the same place: the receiver was left
 * out for so long, and has missed what lies between. `renumbered`: the second one close to a place so far away that nobody
 * was left out for so long: the source counts anew. The first one, the candidate, is then as true as the second.
 */
export type Classification =
  | 'judged'
  | 'before'
  | 'early'
  | 'earlyAgain'
  | 'far'
  | 'farAgain'
  | 'skipped'
  | 'renumbered';

export function classify(tracking: ReceiverTracking, pair: number, sequence: number): Classification {
  if (tracking.isLate[pair] === 1) arrivedFirst(tracking, pair, sequence);
  if (sequence < tracking.from[pair]! && !wasJudged(tracking, pair, sequence))
    return arrivedEarly(tracking, pair, sequence);
  const expected = tracking.ledger.expected[pair]!;
  if (sequence - expected > MAX_WINDOW_BITS) {
    const candidate = tracking.candidate[pair]!;
    if (sequence === candidate) return 'farAgain';
    if (Math.abs(sequence - candidate) <= NEAR) return sequence - expected > MOST_SKIPPED ? 'renumbered' : 'skipped';
    tracking.discarded = candidate;
    tracking.candidate[pair] = sequence;
    return 'far';
  }
  return 'judged';
}

/** Of a number below the one from which on the pair is judged now: whether it was judged by an account that is finalized. */
export function wasJudged({ finalized }: ReceiverTracking, pair: number, sequence: number): boolean {
  return finalized.get(pair)?.some(({ from, to }) => sequence >= from && sequence < to) === true;
}

/** The first arrival with a higher number was that from which on the pair is judged. */
function arrivedEarly(tracking: ReceiverTracking, pair: number, sequence: number): 'before' | 'early' | 'earlyAgain' {
  const { ledger, early, skipped } = tracking;
  const known = early.get(pair) ?? { count: 0, numbers: new Set() };
  if (known.numbers.has(sequence)) return 'earlyAgain';
  early.set(pair, known);
  ledger.extent = arrivedSince(tracking, pair);
  const isBehind = ledger.extent > known.count;
  known.count++;
  if (known.numbers.size < MAX_EARLY) known.numbers.add(sequence);
  else ledger.approximate = true;
  // It is not expected, and has a place among all that arrived.
  ledger.outstanding[pair]!--;
  if (skipped[pair]! > 0) skipped[pair]!--;
  return isBehind ? 'early' : 'before';
}

/** All that came since the number from which on the pair is judged, that one included. */
function arrivedSince({ ledger, from }: ReceiverTracking, pair: number): number {
  return UNKNOWN_NEXT - ledger.outstanding[pair]! - from[pair]!;
}

/** What came before it is not expected; where the receiver has been here before, it was away for that. */
function arrivedFirst(tracking: ReceiverTracking, pair: number, sequence: number): void {
  const { ledger, from, isLate, skipped } = tracking;
  const expected = ledger.expected[pair]!;
  isLate[pair] = 0;
  // A service that begins with what the receiver knows already owes it all that follows.
  if (sequence < expected) return;
  if (expected > 0) skipped[pair] = sequence - expected;
  ledger.expected[pair] = sequence;
  ledger.low[pair] = sequence;
  ledger.outstanding[pair] = UNKNOWN_NEXT - sequence;
  from[pair] = sequence;
}

/** The pair's candidate, which is none any more; NaN where there is none. */
export function takeCandidate({ candidate }: ReceiverTracking, pair: number): number {
  const taken = candidate[pair]!;
  candidate[pair] = Number.NaN;
  return taken;
}

/** A number that stands as `judged`. */
export function trackArrival({ ledger, doubtBelow }: ReceiverTracking, pair: number, sequence: number): Arrival {
  if (doubtBelow !== null && doubtBelow[pair] === Number.POSITIVE_INFINITY && sequence >= ledger.expected[pair]!)
    doubtBelow[pair] = sequence;
  return noteArrival(ledger, pair, sequence);
}

/** A message came that could not be read: one of the numbers that the pair has not received yet may have been in it. */
export function doubtPair(tracking: ReceiverTracking, pair: number): void {
  tracking.doubtBelow ??= new Float64Array(tracking.from.length);
  tracking.doubtBelow[pair] = Number.POSITIVE_INFINITY;
}

/** The pair, which was finalized, is judged from this number on. */
export function beginAt({ ledger, from }: ReceiverTracking, pair: number, sequence: number): void {
  ledger.expected[pair] = sequence;
  ledger.low[pair] = sequence;
  ledger.outstanding[pair] = UNKNOWN_NEXT - sequence;
  from[pair] = sequence;
}

/** Forgets the source: its numbers may begin anew. */
export function restartPair(
  { ledger, from, finalized, early, candidate, isLate, doubtBelow }: ReceiverTracking,
  pair: number,
): void {
  if (doubtBelow !== null) doubtBelow[pair] = 0;
  forgetClient(ledger, pair);
  ledger.next[pair] = UNKNOWN_NEXT;
  ledger.outstanding[pair] = UNKNOWN_NEXT;
  from[pair] = 0;
  finalized.delete(pair);
  early.delete(pair);
  candidate[pair] = Number.NaN;
  isLate[pair] = 1;
}

export interface Hole {
  readonly from: number;
  readonly to: number;
}

/** How a receiver's connection ended. `stayed`: at the end of the run; `left`: in good order before; `died`: not so. */
export type ConnectionEnd = 'stayed' | 'left' | 'died';

/** What came of the numbers `from` up to `to − 1`. */
export interface PairAccount {
  readonly from: number;
  readonly to: number;
  /** Whether it goes beyond the last number that was received. */
  readonly isReported: boolean;
  /** What never came, and what may have come in a message that could not be read. */
  readonly missing: Missing;
  readonly doubtful: Missing;
  /** Whether what comes after the last number is doubtful as well. */
  readonly isEndDoubtful: boolean;
}

interface Missing {
  readonly count: number;
  readonly holes: readonly Hole[];
  /** Of the count: those whose numbers are not remembered. */
  readonly unplaced: number;
}

/** The pair is judged up to number `to`, and begins anew there. */
export function finalizePair(tracking: ReceiverTracking, pair: number, to: number): PairAccount {
  const { ledger, from, early, skipped } = tracking;
  const expected = ledger.expected[pair]!;
  const judgedFrom = from[pair]!;
  const arrived = arrivedSince(tracking, pair) - (early.get(pair)?.count ?? 0);
  const missing = to - judgedFrom - arrived;
  // What was received is finalized; whether more was given out is for whoever knows.
  ledger.next[pair] = expected;
  const holes = hasHoles(ledger, pair) ? joined(missingNumbers(ledger, pair)) : [];
  if (to > expected) holes.push({ from: expected, to });
  const doubtBelow = tracking.doubtBelow?.[pair] ?? 0;
  const unplaced = missing - numbersIn(holes);
  ledger.outstanding[pair] = missing > 0 ? 1 : 0;
  finalizeClient(ledger, pair);
  ledger.next[pair] = UNKNOWN_NEXT;
  ledger.outstanding[pair] = UNKNOWN_NEXT - to;
  ledger.expected[pair] = to;
  ledger.low[pair] = to;
  from[pair] = to;
  keepFinalized(tracking, pair, judgedFrom, expected);
  tracking.offline += skipped[pair]!;
  skipped[pair] = 0;
  // Their numbers stay: what comes of them once more is known.
  const kept = early.get(pair);
  if (kept !== undefined) kept.count = 0;
  if (tracking.doubtBelow !== null) tracking.doubtBelow[pair] = 0;
  const sure = holes.flatMap((hole) =>
    hole.to > doubtBelow ? [{ ...hole, from: Math.max(hole.from, doubtBelow) }] : [],
  );
  const doubtful = holes.flatMap((hole) =>
    hole.from < doubtBelow ? [{ ...hole, to: Math.min(hole.to, doubtBelow) }] : [],
  );
  // What is not remembered is of long ago.
  const isUnplacedDoubtful = doubtBelow > judgedFrom;
  return {
    from: judgedFrom,
    to,
    isReported: to !== expected,
    missing: missingOf(sure, isUnplacedDoubtful ? 0 : unplaced),
    doubtful: missingOf(doubtful, isUnplacedDoubtful ? unplaced : 0),
    isEndDoubtful: doubtBelow === Number.POSITIVE_INFINITY,
  };
}

function missingOf(holes: readonly Hole[], unplaced: number): Missing {
  return { count: numbersIn(holes) + unplaced, holes, unplaced };
}

function numbersIn(holes: readonly Hole[]): number {
  return holes.reduce((sum, { from, to }) => sum + to - from, 0);
}

function keepFinalized(tracking: ReceiverTracking, pair: number, from: number, to: number): void {
  if (to <= from) return;
  const spans = tracking.finalized.get(pair) ?? [];
  tracking.finalized.set(pair, spans);
  const last = spans.at(-1);
  // A service that goes on where it was makes one account of many; of too many the last ones are joined.
  if (last !== undefined && (from === last.to || spans.length >= MAX_FINALIZED)) {
    if (from !== last.to) tracking.ledger.approximate = true;
    spans[spans.length - 1] = { from: Math.min(from, last.from), to: Math.max(to, last.to) };
  } else spans.push({ from, to });
}

function joined(numbers: Iterable<number>): Hole[] {
  const holes: { from: number; to: number }[] = [];
  for (const n of numbers) {
    const last = holes.at(-1);
    if (last !== undefined && last.to === n) last.to = n + 1;
    else holes.push({ from: n, to: n + 1 });
  }
  return holes;
}

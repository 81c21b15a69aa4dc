// What a service says of its own accord, by its own numbers: an account (`receiver-tracking.ts`) for every client and channel that it
// receives of there. Channels become known as they are received.
//
//   client ──firstPair──▶ pair ──nextPair──▶ pair …        a pair for each of its channels
//   pair ▶ page ⌊pair / PAGE⌋, place pair mod PAGE        pages are made as they are needed
//
//   expected = received + missed + unresolved                 from the first number that a client receives of a channel, to the
//                                                         last that it had received, or could have, when the run ended

import { createCounters, takeCounters } from '../facts/merge-rules.ts';
import { type PushCounts, type PushFacts, WINDOW_FIELDS } from '../facts/window.ts';
import type { Numbering } from '../plan/plan.ts';
import { unreachable } from '../units/unreachable.ts';
import type { DensityFacts } from './density.ts';
import { Arrival, isOutstanding } from './ledger.ts';
import {
  beginAt,
  type ConnectionEnd,
  classify,
  createReceiverTracking,
  doubtPair,
  finalizePair,
  type ReceiverTracking,
  restartPair,
  takeCandidate,
  trackArrival,
  wasJudged,
} from './receiver-tracking.ts';
import { holdLow, isRestart, type LowNumbers, RESTART_LENGTH } from './restarts.ts';
import { createSpread, cutSpread, noteSpread, type Spread } from './spread.ts';

const PAGE = 1024;
/** Of this process: pushes of further ones are not judged. */
export const MAX_PAIRS = 1_000_000;
/** Channels of this process whose names are kept. */
const MAX_NAMES = 10_000;
/** Of one client: holes before jumps that are kept to be told. */
const MAX_UNTOLD = 100;
const NONE = -1;

/** What is not judged of a number, and why. `held`: whether it is a copy, or the numbering began anew, shows later. */
export const Unjudged = { early: -1, far: -2, afterTheEnd: -3, tooMany: -4, before: -5, held: -6 } as const;
export type Unjudged = (typeof Unjudged)[keyof typeof Unjudged];

export interface Pushes {
  readonly numbering: Numbering;
  readonly density: DensityFacts;
  readonly pages: ReceiverTracking[];
  /** Of channels: their places in this process by the hash of their name, and the names. */
  readonly places: Map<number, number>;
  readonly names: string[];
  /** By client and place of the channel: the pair. */
  readonly pairs: Map<number, number>;
  /** By client: its first pair; by pair: the client's next one, and the channel's place. */
  readonly firstPair: Int32Array;
  readonly nextPair: number[];
  readonly placeOf: number[];
  /** By pair, in pages: the highest number received on the connection; NaN for none. */
  readonly highest: Float64Array[];
  /** By place of the channel: how often a number was one more than the highest before it, or more than that. */
  readonly steps: ChannelSteps[];
  /** By client: when it opened, NaN once its first push has come. */
  readonly openedNs: Float64Array;
  /** When the clients received a push, for a sample; null where each client is counted to by itself. */
  readonly spread: Spread | null;
  /** By client: the holes of accounts that were finalized while it was open. */
  readonly untold: Map<number, PushHole[]>;
  /** By pair: the number up to which it is judged; empty while the run goes on. */
  ends: number[] | null;
  /** Low numbers that may begin the numbering anew, and what was found to have become of them, for who counts it. */
  readonly held: LowNumbers;
  readonly released: ReleasedPush[];
  /** By pair: its client, and the number with which it began. */
  readonly clientOf: number[];
  readonly firsts: number[];
  /** By pair whose numbering began anew: the next number of the old one. */
  readonly formerly: Map<number, number>;
  /** Places of channels whose numbering began anew. */
  readonly renumbered: Set<number>;
  /** Since the last cut. */
  readonly counts: PushCounts;
  /** Of the last arrival that was reordered (RFC 4737 §4.2.2); 0 where it is not known. */
  extent: number;
  /** Jumps of channels whose numbers do not go up by one, which nobody was told of yet. */
  jumps: number;
  /** Of the last arrival that was far: the one before it that nothing had come close to; NaN where there was none. */
  discarded: number;
}

/** A number that was held, and what it was. */
export interface ReleasedPush {
  readonly channel: number;
  readonly sequence: number;
  readonly arrival: Arrival | Unjudged;
  readonly extent: number;
}

interface ChannelSteps {
  byOne: number;
  further: number;
  /** Of the further ones: how many were told. */
  told: number;
}

export interface PushSetting {
  /** Clients of this process. */
  readonly clients: number;
  /** Where the places of all arrivals are counted. */
  readonly density: DensityFacts;
  /** The sample whose times are kept: the same in every process. */
  readonly seed: number;
  readonly sampledShare: number;
}

export function createPushes(numbering: Numbering, { clients, density, seed, sampledShare }: PushSetting): Pushes {
  return {
    numbering,
    density,
    pages: [],
    places: new Map(),
    names: [],
    pairs: new Map(),
    firstPair: new Int32Array(clients).fill(NONE),
    nextPair: [],
    placeOf: [],
    highest: [],
    steps: [],
    openedNs: new Float64Array(clients).fill(Number.NaN),
    spread: numbering.shared ? createSpread(seed, sampledShare) : null,
    untold: new Map(),
    ends: null,
    held: new Map(),
    released: [],
    clientOf: [],
    firsts: [],
    formerly: new Map(),
    renumbered: new Set(),
    counts: createCounters(WINDOW_FIELDS.pushes),
    extent: 0,
    jumps: 0,
    discarded: Number.NaN,
  };
}

export function clientListens({ openedNs }: Pushes, client: number, nowNs: number): void {
  openedNs[client] = nowNs;
}

/** How long after its opening a client receives its first push; NaN for every later one. */
export function firstPushNs({ openedNs }: Pushes, client: number, receivedNs: number): number {
  const waitedNs = receivedNs - openedNs[client]!;
  openedNs[client] = Number.NaN;
  return waitedNs;
}

/** `channel`: the hash of its name, which `nameOf` reads where it is new. */
export function notePush(
  pushes: Pushes,
  client: number,
  channel: number,
  sequence: number,
  receivedNs: number,
  nameOf: () => string,
): Arrival | Unjudged {
  const pair = pairOf(pushes, client, channel, nameOf);
  if (pair === NONE) {
    if (pushes.ends !== null) return Unjudged.afterTheEnd;
    pushes.counts.unjudged++;
    return Unjudged.tooMany;
  }
  const end = pushes.ends?.[pair] ?? Number.POSITIVE_INFINITY;
  if (sequence >= end) return Unjudged.afterTheEnd;
  const tracking = pushes.pages[Math.floor(pair / PAGE)]!;
  if (sequence < tracking.ledger.expected[pair % PAGE]! || (pushes.held.size > 0 && pushes.held.has(pair))) {
    if (isHeld(pushes, pair, channel, sequence)) return Unjudged.held;
  }
  return judge(pushes, pair, channel, sequence, receivedNs);
}

/** Where it is known what became of the numbers held before, they are released, to be counted. */
function isHeld(pushes: Pushes, pair: number, channel: number, sequence: number): boolean {
  const tracking = pushes.pages[Math.floor(pair / PAGE)]!;
  const { ledger, isLate, from } = tracking;
  const place = pair % PAGE;
  const expected = ledger.expected[place]!;
  const first = pushes.firsts[pair]!;
  // Where another client of the channel saw it begin anew, the first number on a connection may be any of the new ones.
  const isKnown = isLate[place] === 1 && pushes.renumbered.has(pushes.placeOf[pair]!);
  const isMissing = isLate[place] === 0 && isOutstanding(ledger, place, sequence);
  // What was given out while the client was offline, and comes to it now, begins nothing.
  const isOld = sequence < first || sequence >= from[place]! || wasJudged(tracking, place, sequence);
  const isLow = !isMissing && (pushes.held.has(pair) || isKnown || isOld);
  const restarting = isLow ? holdLow(pushes.held, pair, sequence, expected, isKnown ? Number.NaN : first) : 'not';
  switch (restarting) {
    case 'held':
      return true;
    case 'restarted':
      beginAnew(pushes, pair, channel);
      return true;
    case 'not':
      if (!pushes.held.has(pair)) return false;
      // Of the old numbering: what was held were copies.
      release(pushes, pair, channel);
      return isHeld(pushes, pair, channel, sequence);
    default:
      return unreachable(restarting);
  }
}

/** What was held belongs to the numbering that goes on. */
function release(pushes: Pushes, pair: number, channel: number): void {
  const numbers = pushes.held.get(pair) ?? [];
  pushes.held.delete(pair);
  for (const sequence of numbers) {
    const arrival = judge(pushes, pair, channel, sequence, Number.NaN);
    pushes.released.push({ channel, sequence, arrival, extent: pushes.extent });
  }
}

/** What was held is the beginning of a new numbering, whose numbers are not those of the old one. */
function beginAnew(pushes: Pushes, pair: number, channel: number): void {
  const tracking = pushes.pages[Math.floor(pair / PAGE)]!;
  const place = pair % PAGE;
  const numbers = pushes.held.get(pair)!;
  pushes.held.delete(pair);
  if (tracking.isLate[place] === 0)
    keepUntold(pushes, pair, finalize(pushes, pair, tracking.ledger.expected[place]!, 'stayed'));
  noteRenumbered(pushes, pair);
  pushes.formerly.set(pair, tracking.ledger.expected[place]!);
  restartPair(tracking, place);
  tracking.isLate[place] = 0;
  pushes.firsts[pair] = Math.min(...numbers);
  beginAt(tracking, place, pushes.firsts[pair]!);
  for (const sequence of numbers) {
    const arrival = hearJudged(pushes, pair, sequence);
    pushes.released.push({ channel, sequence, arrival, extent: pushes.extent });
  }
  // The end was drawn in the old numbering.
  if (pushes.ends !== null) pushes.ends[pair] = tracking.ledger.expected[place]!;
}

/** Where the old numbering goes on after all, what lies between the new one and this number was not left out. */
function goBack(pushes: Pushes, pair: number, sequence: number): void {
  const former = pushes.formerly.get(pair);
  const tracking = pushes.pages[Math.floor(pair / PAGE)]!;
  const expected = tracking.ledger.expected[pair % PAGE]!;
  if (former === undefined || sequence <= expected || sequence < former) return;
  pushes.formerly.delete(pair);
  if (expected >= former || sequence >= former + RESTART_LENGTH) return;
  keepUntold(pushes, pair, finalize(pushes, pair, expected, 'stayed'));
  noteRenumbered(pushes, pair);
  beginAt(tracking, pair % PAGE, sequence);
}

function noteRenumbered(pushes: Pushes, pair: number): void {
  pushes.counts.renumbered++;
  pushes.renumbered.add(pushes.placeOf[pair]!);
}

function judge(
  pushes: Pushes,
  pair: number,
  channel: number,
  sequence: number,
  receivedNs: number,
): Arrival | Unjudged {
  const tracking = pushes.pages[Math.floor(pair / PAGE)]!;
  const place = pair % PAGE;
  noteStep(pushes, pair, sequence);
  if (tracking.isLate[place] === 1 && pushes.firsts[pair] === NONE) pushes.firsts[pair] = sequence;
  if (pushes.formerly.size > 0) goBack(pushes, pair, sequence);
  const classification = classify(tracking, place, sequence);
  if (classification === 'earlyAgain' || classification === 'farAgain') return Arrival.duplicated;
  if (classification === 'before') {
    pushes.counts.unjudged++;
    return Unjudged.before;
  }
  if (classification === 'early') {
    pushes.extent = tracking.ledger.extent;
    return Unjudged.early;
  }
  if (classification === 'far') {
    pushes.discarded = goesByOne(pushes, pushes.placeOf[pair]!) ? tracking.discarded : Number.NaN;
    return Unjudged.far;
  }
  if (classification !== 'judged') jump(pushes, pair, sequence, classification);
  const arrival = hearJudged(pushes, pair, sequence);
  // A number that was given out twice is two pushes, whose times have nothing to do with each other.
  const isNamed = pushes.renumbered.size === 0 || !pushes.renumbered.has(pushes.placeOf[pair]!);
  if (pushes.spread !== null && isNamed && (arrival === Arrival.inOrder || arrival === Arrival.reordered))
    noteSpread(pushes.spread, channel, sequence, 0, receivedNs);
  return arrival;
}

function noteStep({ highest, steps, placeOf }: Pushes, pair: number, sequence: number): void {
  const page = highest[Math.floor(pair / PAGE)]!;
  const step = sequence - page[pair % PAGE]!;
  if (step <= 0) return;
  page[pair % PAGE] = sequence;
  const channel = steps[placeOf[pair]!]!;
  if (step === 1) channel.byOne++;
  else if (step > 1) channel.further++;
}

/** So many steps are enough to tell how numbers go. */
const LEAST_STEPS = 8;
/** Where so many of the steps are further than to the next number, the service does not number by one. */
const FURTHER_SHARE = 0.75;

/** Where a channel has few pushes, those of all channels tell. Numbers that leave some out by design prove no loss. */
function goesByOne({ steps }: Pushes, place: number): boolean {
  let { byOne, further } = steps[place]!;
  if (byOne + further < LEAST_STEPS) {
    byOne = steps.reduce((sum, each) => sum + each.byOne, 0);
    further = steps.reduce((sum, each) => sum + each.further, 0);
  }
  return byOne + further < LEAST_STEPS || further < FURTHER_SHARE * (byOne + further);
}

/** A message came that could not be read: a push of any channel may have been in it. */
export function doubtPushes({ pages, firstPair, nextPair }: Pushes, client: number): void {
  for (let pair = firstPair[client]!; pair !== NONE; pair = nextPair[pair]!)
    doubtPair(pages[Math.floor(pair / PAGE)]!, pair % PAGE);
}

/** To the candidate and this number, which is close to it. What lies between them and all that was received was left out. */
function jump(pushes: Pushes, pair: number, sequence: number, classification: 'skipped' | 'renumbered'): void {
  const tracking = pushes.pages[Math.floor(pair / PAGE)]!;
  const place = pair % PAGE;
  const candidate = takeCandidate(tracking, place);
  const from = Math.min(candidate, sequence);
  const holes = finalize(
    pushes,
    pair,
    classification === 'skipped' ? from : tracking.ledger.expected[place]!,
    'stayed',
  );
  keepUntold(pushes, pair, holes);
  if (classification === 'renumbered') {
    noteRenumbered(pushes, pair);
    beginAt(tracking, place, from);
  }
  hearJudged(pushes, pair, candidate);
}

function keepUntold({ untold, clientOf }: Pushes, pair: number, holes: readonly PushHole[]): void {
  const client = clientOf[pair]!;
  const known = untold.get(client) ?? [];
  if (known.length < MAX_UNTOLD) untold.set(client, [...known, ...holes.map((hole) => ({ ...hole, isBetween: true }))]);
}

function hearJudged(pushes: Pushes, pair: number, sequence: number): Arrival {
  const tracking = pushes.pages[Math.floor(pair / PAGE)]!;
  const arrival = trackArrival(tracking, pair % PAGE, sequence);
  if (arrival === Arrival.inOrder || arrival === Arrival.reordered) pushes.counts.received++;
  pushes.extent = tracking.ledger.extent;
  return arrival;
}

function pairOf(pushes: Pushes, client: number, channel: number, nameOf: () => string): number {
  const { pages, places, names, pairs, firstPair, nextPair, placeOf } = pushes;
  let place = places.get(channel);
  if (place === undefined) {
    if (places.size >= MAX_PAIRS) return NONE;
    place = places.size;
    places.set(channel, place);
    pushes.steps.push({ byOne: 0, further: 0, told: 0 });
    if (place < MAX_NAMES) names.push(nameOf());
  }
  const key = client * MAX_PAIRS + place;
  const known = pairs.get(key);
  if (known !== undefined) return known;
  // What begins behind the end is of no account.
  if (nextPair.length >= MAX_PAIRS || pushes.ends !== null) return NONE;
  const pair = nextPair.length;
  if (pair === pages.length * PAGE) {
    pages.push(createReceiverTracking(PAGE, pushes.density));
    pushes.highest.push(new Float64Array(PAGE).fill(Number.NaN));
  }
  pairs.set(key, pair);
  nextPair.push(firstPair[client]!);
  firstPair[client] = pair;
  placeOf.push(place);
  pushes.clientOf.push(client);
  pushes.firsts.push(NONE);
  return pair;
}

/** The name of the channel that a pair is about; null where there are no channels, or too many to name. */
export function channelName(pushes: Pushes, channel: number): string | null {
  return channelAt(pushes, pushes.places.get(channel)!);
}

function channelAt({ numbering, names }: Pushes, place: number): string | null {
  return numbering.channel === null ? null : (names[place] ?? null);
}

/** The run is over: each pair is judged up to here, or where all clients receive the same numbers up to the highest of them. */
export function endPushes(pushes: Pushes): void {
  const { numbering, placeOf } = pushes;
  const highest = new Map<number, number>();
  const expected = placeOf.map((place, pair) => {
    const each = pushes.pages[Math.floor(pair / PAGE)]!.ledger.expected[pair % PAGE]!;
    highest.set(place, Math.max(each, highest.get(place) ?? 0));
    return each;
  });
  // Where a numbering began anew, the highest number of another client may be one of the old ones.
  const isShared = (place: number): boolean => numbering.shared && !pushes.renumbered.has(place);
  pushes.ends = placeOf.map((place, pair) => (isShared(place) ? highest.get(place)! : expected[pair]!));
}

/** Whether every client that is judged has received all up to the end. */
export function receivedAllPushes({ pages, ends }: Pushes): boolean {
  return (ends ?? []).every((end, pair) => {
    const { ledger, isLate } = pages[Math.floor(pair / PAGE)]!;
    return isLate[pair % PAGE] === 1 || ledger.low[pair % PAGE]! >= end;
  });
}

/** Numbers of a channel that a client never received. */
export interface PushHole {
  /** Null where there are no channels, or too many to name. */
  readonly channel: string | null;
  readonly from: number;
  readonly to: number;
  /** Whether later numbers were received. */
  readonly isBetween: boolean;
}

/** A number far from all others that were received of its channel. */
export interface FarPush {
  /** Null where there are no channels, or too many to name. */
  readonly channel: string | null;
  readonly sequence: number;
}

/** The client's connection is gone: what nothing came close to. */
export function takeFarPushes(pushes: Pushes, client: number): readonly FarPush[] {
  const far: FarPush[] = [];
  for (let pair = pushes.firstPair[client]!; pair !== NONE; pair = pushes.nextPair[pair]!) {
    const sequence = takeCandidate(pushes.pages[Math.floor(pair / PAGE)]!, pair % PAGE);
    if (!Number.isNaN(sequence) && goesByOne(pushes, pushes.placeOf[pair]!))
      far.push({ channel: channelAt(pushes, pushes.placeOf[pair]!), sequence });
  }
  return far;
}

/** No more low numbers follow those that are held. */
function decide(pushes: Pushes, pair: number): void {
  const numbers = pushes.held.get(pair);
  if (numbers === undefined) return;
  const channel = channelOf(pushes, pair);
  if (isRestart(numbers)) beginAnew(pushes, pair, channel);
  else release(pushes, pair, channel);
}

/** What was held, and is known by now. Empty afterwards. */
export function takeReleased({ released }: Pushes): readonly ReleasedPush[] {
  return released.splice(0);
}

function channelOf({ places, placeOf }: Pushes, pair: number): number {
  for (const [channel, place] of places) if (place === placeOf[pair]) return channel;
  throw new Error('a pair is of a channel that nobody received of');
}

/** The client's connection is gone. Returns what it missed, where that is certain. */
export function closePushes(pushes: Pushes, client: number, ending: ConnectionEnd): readonly PushHole[] {
  for (let pair = pushes.firstPair[client]!; pair !== NONE; pair = pushes.nextPair[pair]!) decide(pushes, pair);
  const holes = [...(pushes.untold.get(client) ?? [])];
  pushes.untold.delete(client);
  for (let pair = pushes.firstPair[client]!; pair !== NONE; pair = pushes.nextPair[pair]!) {
    const tracking = pushes.pages[Math.floor(pair / PAGE)]!;
    const place = pair % PAGE;
    pushes.highest[Math.floor(pair / PAGE)]![place] = Number.NaN;
    if (tracking.isLate[place] === 1) continue;
    const expected = tracking.ledger.expected[place]!;
    const to = ending === 'stayed' ? Math.max(expected, pushes.ends?.[pair] ?? 0) : expected;
    holes.push(...finalize(pushes, pair, to, ending));
    pushes.formerly.delete(pair);
    if (pushes.numbering.shared) tracking.isLate[place] = 1;
    else {
      restartPair(tracking, place);
      pushes.firsts[pair] = NONE;
    }
  }
  return holes;
}

function finalize(pushes: Pushes, pair: number, to: number, ending: ConnectionEnd): readonly PushHole[] {
  const { counts, pages, placeOf } = pushes;
  const tracking = pages[Math.floor(pair / PAGE)]!;
  const expected = tracking.ledger.expected[pair % PAGE]!;
  const account = finalizePair(tracking, pair % PAGE, to);
  counts.expected += account.to - account.from;
  counts.unresolved += account.doubtful.count;
  const isByOne = goesByOne(pushes, placeOf[pair]!);
  if (!isByOne) reportJumps(pushes, placeOf[pair]!);
  if (account.to > account.from) counts.accounts++;
  // Only of a connection that lived to the end it is certain that nothing more would have come.
  if (ending !== 'stayed' || !isByOne) {
    counts.unresolved += account.missing.count;
    return [];
  }
  counts.missed += account.missing.count;
  const channel = channelAt(pushes, placeOf[pair]!);
  return account.missing.holes.map((hole) => ({ channel, ...hole, isBetween: hole.from < expected }));
}

function reportJumps(pushes: Pushes, place: number): void {
  const steps = pushes.steps[place]!;
  pushes.jumps += steps.further - steps.told;
  steps.told = steps.further;
}

/** How many numbers of channels that do not go by one were further than to the next, since this was last asked. */
export function takeJumps(pushes: Pushes): number {
  const { jumps } = pushes;
  pushes.jumps = 0;
  return jumps;
}

/** Everything since the last cut. */
export function cutPushes({ counts, pages, spread }: Pushes): PushFacts {
  for (const page of pages) {
    counts.offline += page.offline;
    page.offline = 0;
  }
  return { ...takeCounters(WINDOW_FIELDS.pushes, counts), spread: spread === null ? [] : cutSpread(spread) };
}

/** Whether a bound of an account was hit. */
export function isApproximate({ pages }: Pushes): boolean {
  return pages.some(({ ledger }) => ledger.approximate);
}

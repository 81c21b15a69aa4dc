// What a service says of its own accord, by its own numbers: an account (`heard.ts`) for every lane and channel that it
// hears of there. Channels become known as they are heard.
//
//   lane ──firstPair──▶ pair ──nextPair──▶ pair …        a pair for each of its channels
//   pair ▶ page ⌊pair / PAGE⌋, place pair mod PAGE        pages are made as they are needed
//
//   owed = received + missed + unresolved                 from the first number that a lane hears of a channel, to the
//                                                         last that it had heard, or could have, when the run ended

import { type PushCounts, type PushFacts, zeroPushes } from '../facts/window.ts';
import type { Numbering } from '../plan/plan.ts';
import type { DensityFacts } from './density.ts';
import {
  beginAt,
  createHeard,
  doubtPair,
  type Heard,
  hear,
  type Parting,
  restartPair,
  settlePair,
  standingOf,
  takeSuspect,
} from './heard.ts';
import { Arrival } from './ledger.ts';
import { createSpread, cutSpread, noteSpread, type Spread } from './spread.ts';

const PAGE = 1024;
/** Of this process: pushes of further ones are not judged. */
export const MAX_PAIRS = 1_000_000;
/** Channels of this process whose names are kept. */
const MAX_NAMES = 10_000;
/** Of one lane: holes before leaps that are kept to be told. */
const MAX_UNTOLD = 100;
const NONE = -1;

/** What is not judged of a number, and why. */
export const Unjudged = { early: -1, far: -2, afterTheEnd: -3, tooMany: -4 } as const;
export type Unjudged = (typeof Unjudged)[keyof typeof Unjudged];

export interface Pushes {
  readonly numbering: Numbering;
  readonly density: DensityFacts;
  readonly pages: Heard[];
  /** Of channels: their places in this process by the hash of their name, and the names. */
  readonly places: Map<number, number>;
  readonly names: string[];
  /** By lane and place of the channel: the pair. */
  readonly pairs: Map<number, number>;
  /** By lane: its first pair; by pair: the lane's next one, and the channel's place. */
  readonly firstPair: Int32Array;
  readonly nextPair: number[];
  readonly placeOf: number[];
  /** By pair, in pages: the highest number heard on the connection; NaN for none. */
  readonly highest: Float64Array[];
  /** By place of the channel: how often a number was one more than the highest before it, or more than that. */
  readonly steps: ChannelSteps[];
  /** By lane: when it opened, NaN once its first push has come. */
  readonly openedNs: Float64Array;
  /** When the lanes heard a push, for a sample; null where each lane is counted to by itself. */
  readonly spread: Spread | null;
  /** By lane: the holes of accounts that were settled while it was open. */
  readonly untold: Map<number, PushHole[]>;
  /** By pair: the number up to which it is judged; empty while the run goes on. */
  ends: readonly number[] | null;
  /** Since the last cut. */
  readonly counts: PushCounts;
  /** Of the last arrival that was reordered (RFC 4737 §4.2.2); 0 where it is not known. */
  extent: number;
  /** Leaps of channels whose numbers do not go up by one, which nobody was told of yet. */
  leaps: number;
  /** Of the last arrival that was far: the one before it that nothing had come close to; NaN where there was none. */
  refuted: number;
}

interface ChannelSteps {
  byOne: number;
  further: number;
  /** Of the further ones: how many were told. */
  told: number;
}

export interface PushSetting {
  /** Lanes of this process. */
  readonly lanes: number;
  /** Where the places of all arrivals are counted. */
  readonly density: DensityFacts;
  /** The sample whose times are kept: the same in every process. */
  readonly seed: number;
  readonly sampledShare: number;
}

export function createPushes(numbering: Numbering, { lanes, density, seed, sampledShare }: PushSetting): Pushes {
  return {
    numbering,
    density,
    pages: [],
    places: new Map(),
    names: [],
    pairs: new Map(),
    firstPair: new Int32Array(lanes).fill(NONE),
    nextPair: [],
    placeOf: [],
    highest: [],
    steps: [],
    openedNs: new Float64Array(lanes).fill(Number.NaN),
    spread: numbering.shared ? createSpread(seed, sampledShare) : null,
    untold: new Map(),
    ends: null,
    counts: zeroPushes(),
    extent: 0,
    leaps: 0,
    refuted: Number.NaN,
  };
}

export function laneListens({ openedNs }: Pushes, lane: number, nowNs: number): void {
  openedNs[lane] = nowNs;
}

/** How long after its opening a lane hears its first push; NaN for every later one. */
export function firstPushNs({ openedNs }: Pushes, lane: number, receivedNs: number): number {
  const waitedNs = receivedNs - openedNs[lane]!;
  openedNs[lane] = Number.NaN;
  return waitedNs;
}

/** `channel`: the hash of its name, which `nameOf` reads where it is new. */
export function notePush(
  pushes: Pushes,
  lane: number,
  channel: number,
  sequence: number,
  receivedNs: number,
  nameOf: () => string,
): Arrival | Unjudged {
  const pair = pairOf(pushes, lane, channel, nameOf);
  if (pair === NONE) {
    if (pushes.ends !== null) return Unjudged.afterTheEnd;
    pushes.counts.unjudged++;
    return Unjudged.tooMany;
  }
  const end = pushes.ends?.[pair] ?? Number.POSITIVE_INFINITY;
  if (sequence >= end) return Unjudged.afterTheEnd;
  const heard = pushes.pages[Math.floor(pair / PAGE)]!;
  const place = pair % PAGE;
  noteStep(pushes, pair, sequence);
  const standing = standingOf(heard, place, sequence);
  if (standing === 'earlyAgain' || standing === 'farAgain') return Arrival.duplicated;
  if (standing === 'early') {
    pushes.extent = heard.ledger.extent;
    return Unjudged.early;
  }
  if (standing === 'far') {
    pushes.refuted = goesByOne(pushes, pushes.placeOf[pair]!) ? heard.refuted : Number.NaN;
    return Unjudged.far;
  }
  if (standing !== 'judged') leap(pushes, lane, pair, sequence, standing);
  const arrival = hearJudged(pushes, pair, sequence);
  if (pushes.spread !== null && (arrival === Arrival.inOrder || arrival === Arrival.reordered))
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
export function doubtPushes({ pages, firstPair, nextPair }: Pushes, lane: number): void {
  for (let pair = firstPair[lane]!; pair !== NONE; pair = nextPair[pair]!)
    doubtPair(pages[Math.floor(pair / PAGE)]!, pair % PAGE);
}

/** To the suspect and this number, which is close to it. What lies between them and all that was heard was left out. */
function leap(pushes: Pushes, lane: number, pair: number, sequence: number, standing: 'skipped' | 'renumbered'): void {
  const heard = pushes.pages[Math.floor(pair / PAGE)]!;
  const place = pair % PAGE;
  const suspect = takeSuspect(heard, place);
  const from = Math.min(suspect, sequence);
  const holes = settle(pushes, pair, standing === 'skipped' ? from : heard.ledger.expected[place]!, 'stayed');
  const untold = pushes.untold.get(lane) ?? [];
  if (untold.length < MAX_UNTOLD)
    pushes.untold.set(lane, [...untold, ...holes.map((hole) => ({ ...hole, isBetween: true }))]);
  if (standing === 'renumbered') beginAt(heard, place, from);
  hearJudged(pushes, pair, suspect);
}

function hearJudged(pushes: Pushes, pair: number, sequence: number): Arrival {
  const heard = pushes.pages[Math.floor(pair / PAGE)]!;
  const arrival = hear(heard, pair % PAGE, sequence);
  if (arrival === Arrival.inOrder || arrival === Arrival.reordered) pushes.counts.received++;
  pushes.extent = heard.ledger.extent;
  return arrival;
}

function pairOf(pushes: Pushes, lane: number, channel: number, nameOf: () => string): number {
  const { pages, places, names, pairs, firstPair, nextPair, placeOf } = pushes;
  let place = places.get(channel);
  if (place === undefined) {
    if (places.size >= MAX_PAIRS) return NONE;
    place = places.size;
    places.set(channel, place);
    pushes.steps.push({ byOne: 0, further: 0, told: 0 });
    if (place < MAX_NAMES) names.push(nameOf());
  }
  const key = lane * MAX_PAIRS + place;
  const known = pairs.get(key);
  if (known !== undefined) return known;
  // What begins behind the end is of no account.
  if (nextPair.length >= MAX_PAIRS || pushes.ends !== null) return NONE;
  const pair = nextPair.length;
  if (pair === pages.length * PAGE) {
    pages.push(createHeard(PAGE, pushes.density));
    pushes.highest.push(new Float64Array(PAGE).fill(Number.NaN));
  }
  pairs.set(key, pair);
  nextPair.push(firstPair[lane]!);
  firstPair[lane] = pair;
  placeOf.push(place);
  return pair;
}

/** The name of the channel that a pair is about; null where there are no channels, or too many to name. */
export function channelName(pushes: Pushes, channel: number): string | null {
  return channelAt(pushes, pushes.places.get(channel)!);
}

function channelAt({ numbering, names }: Pushes, place: number): string | null {
  return numbering.channel === null ? null : (names[place] ?? null);
}

/** The run is over: each pair is judged up to here, or where all lanes hear the same numbers up to the highest of them. */
export function endPushes(pushes: Pushes): void {
  const { numbering, placeOf } = pushes;
  const highest = new Map<number, number>();
  const expected = placeOf.map((place, pair) => {
    const each = pushes.pages[Math.floor(pair / PAGE)]!.ledger.expected[pair % PAGE]!;
    highest.set(place, Math.max(each, highest.get(place) ?? 0));
    return each;
  });
  pushes.ends = numbering.shared ? placeOf.map((place) => highest.get(place)!) : expected;
}

/** Whether every lane that is judged has heard all up to the end. */
export function heardAllPushes({ pages, ends }: Pushes): boolean {
  return (ends ?? []).every((end, pair) => {
    const { ledger, isLate } = pages[Math.floor(pair / PAGE)]!;
    return isLate[pair % PAGE] === 1 || ledger.low[pair % PAGE]! >= end;
  });
}

/** Numbers of a channel that a lane never heard. */
export interface PushHole {
  /** Null where there are no channels, or too many to name. */
  readonly channel: string | null;
  readonly from: number;
  readonly to: number;
  /** Whether later numbers were heard. */
  readonly isBetween: boolean;
}

/** A number far from all others that were heard of its channel. */
export interface FarPush {
  /** Null where there are no channels, or too many to name. */
  readonly channel: string | null;
  readonly sequence: number;
}

/** The lane's connection is gone: what nothing came close to. */
export function takeFarPushes(pushes: Pushes, lane: number): readonly FarPush[] {
  const far: FarPush[] = [];
  for (let pair = pushes.firstPair[lane]!; pair !== NONE; pair = pushes.nextPair[pair]!) {
    const sequence = takeSuspect(pushes.pages[Math.floor(pair / PAGE)]!, pair % PAGE);
    if (!Number.isNaN(sequence) && goesByOne(pushes, pushes.placeOf[pair]!))
      far.push({ channel: channelAt(pushes, pushes.placeOf[pair]!), sequence });
  }
  return far;
}

/** The lane's connection is gone. Returns what it missed, where that is certain. */
export function closePushes(pushes: Pushes, lane: number, parting: Parting): readonly PushHole[] {
  const holes = [...(pushes.untold.get(lane) ?? [])];
  pushes.untold.delete(lane);
  for (let pair = pushes.firstPair[lane]!; pair !== NONE; pair = pushes.nextPair[pair]!) {
    const heard = pushes.pages[Math.floor(pair / PAGE)]!;
    const place = pair % PAGE;
    pushes.highest[Math.floor(pair / PAGE)]![place] = Number.NaN;
    if (heard.isLate[place] === 1) continue;
    const expected = heard.ledger.expected[place]!;
    const to = parting === 'stayed' ? Math.max(expected, pushes.ends?.[pair] ?? 0) : expected;
    holes.push(...settle(pushes, pair, to, parting));
    if (pushes.numbering.shared) heard.isLate[place] = 1;
    else restartPair(heard, place);
  }
  return holes;
}

function settle(pushes: Pushes, pair: number, to: number, parting: Parting): readonly PushHole[] {
  const { counts, pages, placeOf } = pushes;
  const heard = pages[Math.floor(pair / PAGE)]!;
  const expected = heard.ledger.expected[pair % PAGE]!;
  const account = settlePair(heard, pair % PAGE, to);
  counts.owed += account.to - account.from;
  counts.unresolved += account.doubtful.count;
  const isByOne = goesByOne(pushes, placeOf[pair]!);
  if (!isByOne) tellLeaps(pushes, placeOf[pair]!);
  // Only of a connection that lived to the end it is certain that nothing more would have come.
  if (parting !== 'stayed' || !isByOne) {
    counts.unresolved += account.missing.count;
    return [];
  }
  counts.missed += account.missing.count;
  const channel = channelAt(pushes, placeOf[pair]!);
  return account.missing.holes.map((hole) => ({ channel, ...hole, isBetween: hole.from < expected }));
}

function tellLeaps(pushes: Pushes, place: number): void {
  const steps = pushes.steps[place]!;
  pushes.leaps += steps.further - steps.told;
  steps.told = steps.further;
}

/** How many numbers of channels that do not go by one were further than to the next, since this was last asked. */
export function takeLeaps(pushes: Pushes): number {
  const { leaps } = pushes;
  pushes.leaps = 0;
  return leaps;
}

/** Everything since the last cut. */
export function cutPushes({ counts, pages, spread }: Pushes): PushFacts {
  for (const page of pages) {
    counts.away += page.away;
    page.away = 0;
  }
  const cut = { ...counts, spread: spread === null ? [] : cutSpread(spread) };
  Object.assign(counts, zeroPushes());
  return cut;
}

/** Whether a bound of an account was hit. */
export function isApproximate({ pages }: Pushes): boolean {
  return pages.some(({ ledger }) => ledger.approximate);
}

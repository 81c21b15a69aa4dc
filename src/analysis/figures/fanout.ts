// Who received what, over all workers: what the senders of one sent is joined with what the receivers of all received. Pure.
//
//   expected = received + missed + unresolved
//
// A receiver is expected the numbers from the first that it is judged by up to the last that was sent, where it stayed to the
// end, or up to the last that it received, where it went before.

import type { SpreadFacts } from '../../facts/merge-rules.ts';
import type { HoleFacts, ReceiverFacts, SpanFacts } from '../../facts/receivers.ts';
import type { FanoutResult } from '../../facts/result.ts';
import { createHistogram, type Histogram, record } from '../../histogram/histogram.ts';
import type { Rooms } from '../../plan/plan.ts';
import { isPublisher, roomOf } from '../../plan/schedule/rooms.ts';

/** Deliveries to other clients: what was expected of them, and what became of the messages. */
export interface Fanout {
  readonly expected: number;
  /** Of a receiver and a stream that it received: the first message of each has none before it. */
  readonly accounts: number;
  readonly missed: number;
  readonly unresolved: number;
  /** Sent while the receiver was away. */
  readonly offline: number;
  /** Messages that at least one receiver missed; and of the others, those of which one cannot know. */
  readonly messagesMissed: number;
  readonly messagesUnresolved: number;
  /** Deliveries of messages that nobody had sent: they passed for received until all workers had told. */
  readonly forged: number;
  /** Whether a sender receives its own messages. */
  readonly hearsItself: boolean;
  /** Between clients of different workers: how many were compared in their order, and how many came in another order. */
  readonly compared: number;
  readonly totalOrderViolations: number;
  readonly receivers: FanoutResult['receivers'];
  readonly firstMissed: FanoutResult['firstMissed'];
}

const MOST_SHOWN = 10;

export function joinReceivers(rooms: Rooms, facts: readonly ReceiverFacts[]): Fanout {
  const sent = new Map(facts.flatMap((worker) => worker.sent));
  const streams = new Map<number, StreamFacts>();
  const factsOf = (stream: number): StreamFacts => {
    const known = streams.get(stream) ?? {
      spans: [],
      missed: [],
      unresolved: [],
      missedUnplaced: 0,
      unresolvedUnplaced: 0,
    };
    streams.set(stream, known);
    return known;
  };
  for (const stream of sent.keys()) factsOf(stream);
  for (const { stream, spans, missed, unresolved, unplaced } of facts.flatMap((worker) => worker.streams)) {
    const known = factsOf(stream);
    known.spans.push(...spans);
    known.missed.push(...missed);
    known.unresolved.push(...unresolved);
    known.missedUnplaced += unplaced[0];
    known.unresolvedUnplaced += unplaced[1];
  }
  const refused = rangesByStream(facts.flatMap((worker) => worker.refused));
  const outstanding = rangesByStream(facts.flatMap((worker) => worker.outstanding));
  const joined = [...streams].map(([stream, each]) =>
    joinStream(stream, each, sent.get(stream) ?? 0, refused.get(stream) ?? [], outstanding.get(stream) ?? []),
  );
  // What the service refused, and nobody received, is expected by nobody.
  const expectable = new Map(
    [...streams.keys()].map((stream, place) => [stream, (sent.get(stream) ?? 0) - joined[place]!.refused]),
  );
  const sum = (pick: (each: JoinedStream) => number): number => joined.reduce((total, each) => total + pick(each), 0);
  return {
    expected: sum(({ expected }) => expected),
    accounts: [...streams.values()].reduce(
      (total, { spans }) => total + spans.reduce((sum, [, , , receivers]) => sum + receivers, 0),
      0,
    ),
    missed: sum(({ missed }) => missed),
    unresolved: sum(({ unresolved }) => unresolved),
    offline: facts.reduce((total, worker) => total + worker.offline, 0),
    messagesMissed: sum(({ messagesMissed }) => messagesMissed),
    messagesUnresolved: sum(({ messagesUnresolved }) => messagesUnresolved),
    forged: sum(({ forged }) => forged),
    hearsItself: rooms.self,
    ...joinOrders(facts),
    receivers: receiversOf(rooms, expectable, facts),
    firstMissed: joined
      .flatMap(({ firstMissed }) => firstMissed)
      .sort((a, b) => a.seq - b.seq || a.stream - b.stream)
      .slice(0, MOST_SHOWN),
  };
}

type Range = readonly [from: number, to: number];

/** Of each stream ascending and apart: a number that is in several ranges counts once. */
function rangesByStream(
  rows: readonly (readonly [stream: number, from: number, to: number])[],
): ReadonlyMap<number, readonly Range[]> {
  const ranges = new Map<number, Range[]>();
  for (const [stream, from, to] of rows) {
    const known = ranges.get(stream);
    if (known === undefined) ranges.set(stream, [[from, to]]);
    else known.push([from, to]);
  }
  return new Map([...ranges].map(([stream, each]) => [stream, merged(each)]));
}

function merged(ranges: readonly Range[]): readonly Range[] {
  const apart: [from: number, to: number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = apart.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else if (to > from) apart.push([from, to]);
  }
  return apart;
}

/** What two lists have in common, each of them ascending and apart. */
function common(one: readonly Range[], other: readonly Range[]): readonly Range[] {
  const both: Range[] = [];
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    const [from, to] = [Math.max(one[i]![0], other[j]![0]), Math.min(one[i]![1], other[j]![1])];
    if (from < to) both.push([from, to]);
    if (one[i]![1] < other[j]![1]) i++;
    else j++;
  }
  return both;
}

function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** The order of each worker's reference with that of the first worker that has one for the room. */
function joinOrders(facts: readonly ReceiverFacts[]): Pick<Fanout, 'compared' | 'totalOrderViolations'> {
  const places = new Map<number, ReadonlyMap<number, number>>();
  let compared = 0;
  let totalOrderViolations = 0;
  for (const [room = 0, ...keys] of facts.flatMap((worker) => worker.orders)) {
    const known = places.get(room);
    if (known === undefined) {
      places.set(room, new Map(keys.map((key, place) => [key, place])));
      continue;
    }
    let furthest = -1;
    for (const key of keys) {
      const place = known.get(key);
      if (place === undefined) continue;
      compared++;
      if (place < furthest) totalOrderViolations++;
      else furthest = place;
    }
  }
  return { compared, totalOrderViolations };
}

interface StreamFacts {
  readonly spans: SpanFacts[];
  readonly missed: HoleFacts[];
  readonly unresolved: HoleFacts[];
  missedUnplaced: number;
  unresolvedUnplaced: number;
}

interface JoinedStream {
  readonly expected: number;
  readonly missed: number;
  readonly unresolved: number;
  readonly messagesMissed: number;
  readonly messagesUnresolved: number;
  /** Deliveries of numbers that were never sent. */
  readonly forged: number;
  readonly firstMissed: FanoutResult['firstMissed'];
  /** Messages that the service refused and nobody received. */
  readonly refused: number;
}

/**
 * Two kinds of messages are looked at one by one: those that the service refused, which are expected by nobody, and those that
 * were in flight when their sender died, which it may never have had. Of either that is so only where nobody received them.
 */
function joinStream(
  stream: number,
  facts: StreamFacts,
  sent: number,
  refused: readonly Range[],
  outstanding: readonly Range[],
): JoinedStream {
  const receivedSpans = facts.spans.map(([from, to, , receivers]): HoleFacts => [from, to, receivers]);
  const spans = facts.spans.flatMap(([from, to, stayed, receivers]): HoleFacts[] => {
    const end = stayed === 0 ? Math.min(to, sent) : sent;
    return end > from ? [[from, end, receivers]] : [];
  });
  const trailing = (those: SpanFacts[2]): HoleFacts[] =>
    facts.spans.flatMap(([, to, stayed, receivers]): HoleFacts[] =>
      stayed === those && sent > to ? [[to, sent, receivers]] : [],
    );
  const holes = [...below(facts.missed, sent), ...trailing(1)];
  const unresolvedHoles = [...below(facts.unresolved, sent), ...trailing(2)];
  let expected = deliveriesIn(spans);
  let missed = deliveriesIn(holes) + facts.missedUnplaced;
  let unresolved = deliveriesIn(unresolvedHoles) + facts.unresolvedUnplaced;
  let messagesMissed = coveredBy(holes) + facts.missedUnplaced;
  const expectedNumbers = merged(spans.map(([from, to]): Range => [from, to]));
  const refusedAlone = sizeOf(refused) - sizeOf(common(refused, expectedNumbers));
  // What nobody was there to receive, nobody can know of, unless the service refused it.
  const unheardOf = sent - sizeOf(expectedNumbers) - refusedAlone;
  let messagesUnresolved =
    coveredBy([...holes, ...unresolvedHoles]) - coveredBy(holes) + facts.unresolvedUnplaced + unheardOf;

  const missingOnly = (n: number): number => {
    const count = receiversAt(holes, n);
    return count > 0 && count + receiversAt(unresolvedHoles, n) === receiversAt(spans, n) ? count : 0;
  };
  const missing = merged(holes.map(([from, to]): Range => [from, to]));
  const excused = new Set<number>();
  for (const n of numbersIn(common(missing, refused))) {
    const count = missingOnly(n);
    if (count === 0) continue;
    excused.add(n);
    expected -= count;
    missed -= count;
    messagesMissed--;
  }
  const refusedCount = refusedAlone + excused.size;
  for (const n of numbersIn(common(missing, outstanding))) {
    if (excused.has(n)) continue;
    const count = missingOnly(n);
    if (count === 0) continue;
    excused.add(n);
    missed -= count;
    unresolved += count;
    messagesMissed--;
    messagesUnresolved++;
  }
  // Beyond what was sent: all that was received there nobody had sent.
  const forged =
    deliveriesIn(beyond(receivedSpans, sent)) - deliveriesIn(beyond([...facts.missed, ...facts.unresolved], sent));
  const firstMissed = firstNumbers(holes, excused).map((seq) => ({ stream, seq, receivers: receiversAt(holes, seq) }));
  return {
    expected,
    missed,
    unresolved,
    messagesMissed,
    messagesUnresolved,
    forged,
    firstMissed,
    refused: refusedCount,
  };
}

/** The lowest numbers in the holes, but for those that are excused. */
function firstNumbers(holes: readonly HoleFacts[], excused: ReadonlySet<number>): readonly number[] {
  const numbers: number[] = [];
  for (const [from, to] of [...holes].sort((a, b) => a[0] - b[0])) {
    for (let n = Math.max(from, (numbers.at(-1) ?? -1) + 1); n < to && numbers.length < MOST_SHOWN; n++) {
      if (!excused.has(n)) numbers.push(n);
    }
  }
  return numbers;
}

function receiversAt(holes: readonly HoleFacts[], n: number): number {
  return holes.reduce((sum, [from, to, receivers]) => (from <= n && n < to ? sum + receivers : sum), 0);
}

/** What is looked at one by one is missing somewhere and was refused or in flight; of more than this the rest is left as it is. */
const MAX_LOOKED_AT = 100_000;

function* numbersIn(ranges: readonly Range[]): Generator<number> {
  let seen = 0;
  for (const [from, to] of ranges) {
    for (let n = from; n < to && seen < MAX_LOOKED_AT; n++, seen++) yield n;
  }
}

function below(holes: readonly HoleFacts[], end: number): readonly HoleFacts[] {
  return holes.flatMap(([from, to, receivers]): HoleFacts[] =>
    from < end ? [[from, Math.min(to, end), receivers]] : [],
  );
}

function beyond(holes: readonly HoleFacts[], start: number): readonly HoleFacts[] {
  return holes.flatMap(([from, to, receivers]): HoleFacts[] =>
    to > start ? [[Math.max(from, start), to, receivers]] : [],
  );
}

function deliveriesIn(holes: readonly HoleFacts[]): number {
  return holes.reduce((total, [from, to, receivers]) => total + receivers * (to - from), 0);
}

/** How many numbers lie in at least one of the ranges. */
function coveredBy(holes: readonly HoleFacts[]): number {
  let covered = 0;
  let reached = 0;
  for (const [from, to] of [...holes].sort((a, b) => a[0] - b[0])) {
    covered += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return covered;
}

/** Of the receivers that were there all the time: how many received everything, and those that received least. */
function receiversOf(
  rooms: Rooms,
  sent: ReadonlyMap<number, number>,
  facts: readonly ReceiverFacts[],
): FanoutResult['receivers'] {
  const sentInRoom = new Map<number, number>();
  for (const [stream, count] of sent) {
    const room = roomOf(rooms, stream);
    sentInRoom.set(room, (sentInRoom.get(room) ?? 0) + count);
  }
  const all = facts.flatMap((worker) =>
    worker.receivers.map(([client, received]) => {
      const own = isPublisher(rooms, client) ? (sent.get(client) ?? 0) : 0;
      return { client, expected: (sentInRoom.get(roomOf(rooms, client)) ?? 0) - own, received };
    }),
  );
  const short = all.filter(({ expected, received }) => received < expected);
  const missing = ({ expected, received }: (typeof all)[number]): number => expected - received;
  return {
    count: all.length,
    complete: all.length - short.length,
    worst: short.sort((a, b) => missing(b) - missing(a) || a.client - b.client).slice(0, MOST_SHOWN),
  };
}

/** How far apart the receivers of a message receive it: publish to first, to median, to last, and last − first. */
export interface SpreadJoin {
  add(second: number, facts: readonly SpreadFacts[]): void;
  finish(): { readonly messages: number; readonly histograms: Readonly<Record<SpreadName, Histogram>> };
}

export type SpreadName = 'first' | 'median' | 'last' | 'skew';

/** Windows of a second come within this many seconds of each other; a message that is older is complete. */
const STEADY_SECONDS = 30;

export function createSpreadJoin(): SpreadJoin {
  const histograms = {
    first: createHistogram(),
    median: createHistogram(),
    last: createHistogram(),
    skew: createHistogram(),
  };
  const open = new Map<string, { second: number; readonly delaysNs: number[] }>();
  let messages = 0;

  function close(before: number): void {
    for (const [key, { second, delaysNs }] of open) {
      if (second >= before) continue;
      open.delete(key);
      const ascending = delaysNs.sort((a, b) => a - b);
      const first = ascending[0]!;
      const last = ascending.at(-1)!;
      messages++;
      record(histograms.first, first);
      record(histograms.median, ascending[Math.ceil(ascending.length / 2) - 1]!);
      record(histograms.last, last);
      // One receiver is not ahead of itself.
      if (ascending.length > 1) record(histograms.skew, last - first);
    }
  }

  return {
    add(second, facts) {
      for (const [stream, seq, , ...delaysNs] of facts) {
        const key = `${stream} ${seq}`;
        const known = open.get(key);
        if (known === undefined) open.set(key, { second, delaysNs: [...delaysNs] });
        else known.delaysNs.push(...delaysNs);
      }
      close(second - STEADY_SECONDS);
    },
    finish() {
      close(Number.POSITIVE_INFINITY);
      return { messages, histograms };
    },
  };
}

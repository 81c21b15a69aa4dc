// Who received what: of every pair of a receiver and a sender of its room, what the one received of the other (`receiver-tracking.ts`). A
// receiver cannot know what was sent, and need not: it hands up what it received, and `analysis/figures/fanout.ts` joins that with what
// the senders sent.
//
// A receiver that was there before the first message is expected every message from number 0; one that came later, or came
// back, from the first that it receives.

import type { HoleFacts, ReceiverFacts, SpanFacts, StreamReceivers } from '../facts/receivers.ts';
import type { Rooms } from '../plan/plan.ts';
import { isPublisher, publisherOf, roomOf } from '../plan/schedule/rooms.ts';
import type { DensityFacts } from './density.ts';
import { Arrival, missingNumbers } from './ledger.ts';
import { messageKey, messageOfKey } from './message-key.ts';
import {
  type ConnectionEnd,
  classify,
  createReceiverTracking,
  doubtPair,
  finalizePair,
  type Hole,
  type ReceiverTracking,
  trackArrival,
} from './receiver-tracking.ts';
import { createTotalOrder, offerReference, reportedOrders, type TotalOrder } from './total-order.ts';

/** An arrival that is judged no further. */
export const EARLY = -1;

export interface RoomTracking {
  readonly rooms: Rooms;
  /** Null where nobody asks for one order. */
  readonly totalOrder: TotalOrder | null;
  readonly tracking: ReceiverTracking;
  /** By receiver: when it opened, NaN while it is not open; and how many messages of others it received. */
  readonly openedNs: Float64Array;
  readonly received: Float64Array;
  /** By receiver, 1: it was there from the first message on, and never away. */
  readonly isWhole: Uint8Array;
  /** What closed receivers had received, by stream. */
  readonly closed: Map<number, StreamTally>;
  /** What this process's clients said and the service refused, by `messageKey`: a service may repeat what it says. */
  readonly refused: Set<number>;
  /** What was in flight when their connections died. */
  readonly outstanding: RangeOf[];
}

/** Numbers of a stream, `from` up to `to − 1`. */
type RangeOf = readonly [stream: number, from: number, to: number];

interface StreamTally {
  /** Receivers by what they received: from, to, and whether they stayed to the end, as in the facts. */
  readonly spans: Map<string, number>;
  /** One entry for each hole of each receiver. */
  readonly missed: Hole[];
  readonly unresolved: Hole[];
  /** Of these as many more, whose numbers are not remembered. */
  missedUnplaced: number;
  unresolvedUnplaced: number;
}

/** `receivers`: clients of this process. `density`: where the places of all arrivals are counted. */
export function createRoomTracking(
  rooms: Rooms,
  receivers: number,
  density: DensityFacts,
  isOrderAsked: boolean,
): RoomTracking {
  return {
    rooms,
    totalOrder: isOrderAsked && rooms.publishers > 1 ? createTotalOrder(rooms, receivers) : null,
    tracking: createReceiverTracking(receivers * rooms.publishers, density),
    openedNs: new Float64Array(receivers).fill(Number.NaN),
    received: new Float64Array(receivers),
    isWhole: new Uint8Array(receivers),
    closed: new Map(),
    refused: new Set(),
    outstanding: [],
  };
}

/** False where it is known already that the service refused this message. */
export function noteRefused({ refused }: RoomTracking, stream: number, sequence: number): boolean {
  const known = refused.size;
  return refused.add(messageKey(stream, sequence)).size > known;
}

export function receiverOpened({ openedNs }: RoomTracking, receiver: number, nowNs: number): void {
  openedNs[receiver] = nowNs;
}

/** The first message is due at `atNs`: who has been here for `joinedNs` is expected all of them. */
export function startRoomTracking(
  roomTracking: RoomTracking,
  atNs: number,
  joinedNs: number,
  streamOf: (receiver: number) => number,
): void {
  const { publishers } = roomTracking.rooms;
  for (const [receiver, openedNs] of roomTracking.openedNs.entries()) {
    if (!(atNs - openedNs >= joinedNs)) continue;
    roomTracking.isWhole[receiver] = 1;
    if (roomTracking.totalOrder !== null) offerReference(roomTracking.totalOrder, receiver, streamOf(receiver));
    roomTracking.tracking.isLate.fill(0, receiver * publishers, (receiver + 1) * publishers);
  }
}

/**
 * A receiver received a message of another client. Null where it should not have: the sender is not of its room, does not send,
 * or cannot have come so far. `EARLY`: from before the receiver was judged, and sent to it later all the same. `stream` is
 * the number of the sender, `own` of the receiver; `sent`: how many the sender has sent, infinity where it is of another
 * process.
 */
export function noteReceived(
  roomTracking: RoomTracking,
  receiver: number,
  own: number,
  stream: number,
  sequence: number,
  sent: number,
): Arrival | typeof EARLY | null {
  const { rooms, tracking } = roomTracking;
  if (roomOf(rooms, stream) !== roomOf(rooms, own) || !isPublisher(rooms, stream)) return null;
  // Behind our close frame: the account is closed.
  if (Number.isNaN(roomTracking.openedNs[receiver])) return Arrival.late;
  if (sequence >= sent) return Arrival.unexpected;
  const pair = receiver * rooms.publishers + publisherOf(rooms, stream);
  const classification = classify(tracking, pair, sequence);
  if (classification === 'before' || classification === 'early' || classification === 'earlyAgain') return EARLY;
  if (classification === 'far' || classification === 'farAgain' || classification === 'renumbered') return null;
  if (classification === 'skipped') tallyPair(roomTracking, tallyOf(roomTracking, stream), pair, 'stayed', sequence);
  const arrival = trackArrival(tracking, pair, sequence);
  if (arrival === Arrival.inOrder || arrival === Arrival.reordered) roomTracking.received[receiver]!++;
  return arrival;
}

/** A message came to a receiver that could not be read: any sender of its room may have sent it. */
export function doubtReceiver({ rooms: { publishers }, tracking }: RoomTracking, receiver: number): void {
  for (let pair = receiver * publishers; pair < (receiver + 1) * publishers; pair++) doubtPair(tracking, pair);
}

/** What a receiver may still hear of one sender, as far as it can know. */
export interface Awaited {
  readonly stream: number;
  /** As far as it can be told. */
  isSent(sequence: number): boolean;
  /** Not received yet, ascending: the likeliest. */
  missing(): Iterable<number>;
}

/** So far beyond what was received of it a sender may have come. */
const MAX_AHEAD = 1024;
const LIKELY_AHEAD = 64;

/** Of every other sender of the receiver's room. */
export function awaitedBy(
  { rooms, tracking: { ledger } }: RoomTracking,
  receiver: number,
  own: number,
): readonly Awaited[] {
  const awaited: Awaited[] = [];
  for (let publisher = 0; publisher < rooms.publishers; publisher++) {
    const stream = publisher * rooms.count + roomOf(rooms, own);
    if (stream === own) continue;
    const pair = receiver * rooms.publishers + publisher;
    const ahead = ledger.expected[pair]!;
    awaited.push({
      stream,
      isSent: (sequence) => sequence >= 0 && sequence < ahead + MAX_AHEAD && sequence % 1 === 0,
      *missing() {
        for (const n of missingNumbers(ledger, pair)) {
          if (n >= ahead + LIKELY_AHEAD) return;
          yield n;
        }
      },
    });
  }
  return awaited;
}

/** Whether every open receiver has received all that was sent to it. Only where one process has all clients: `sent` is by client. */
export function receivedAll(roomTracking: RoomTracking, sent: Float64Array): boolean {
  const { rooms, tracking, openedNs } = roomTracking;
  const { ledger, isLate } = tracking;
  for (const [receiver, opened] of openedNs.entries()) {
    if (Number.isNaN(opened)) continue;
    for (let publisher = 0; publisher < rooms.publishers; publisher++) {
      const pair = receiver * rooms.publishers + publisher;
      const sender = publisher * rooms.count + roomOf(rooms, receiver);
      if (sender === receiver || isLate[pair] === 1 || sender >= sent.length) continue;
      if (ledger.low[pair]! < sent[sender]!) return false;
    }
  }
  return true;
}

export function receiverClosed(roomTracking: RoomTracking, receiver: number, own: number, ending: ConnectionEnd): void {
  const { rooms, tracking } = roomTracking;
  if (Number.isNaN(roomTracking.openedNs[receiver])) return;
  roomTracking.openedNs[receiver] = Number.NaN;
  if (ending !== 'stayed') roomTracking.isWhole[receiver] = 0;
  for (let publisher = 0; publisher < rooms.publishers; publisher++) {
    const pair = receiver * rooms.publishers + publisher;
    const stream = publisher * rooms.count + roomOf(rooms, own);
    // A pair that is still late received nothing on this connection, so nothing is known of it.
    if (stream === own || tracking.isLate[pair] === 1) continue;
    tallyPair(roomTracking, tallyOf(roomTracking, stream), pair, ending, tracking.ledger.expected[pair]!);
    tracking.isLate[pair] = 1;
  }
}

function tallyOf({ closed }: RoomTracking, stream: number): StreamTally {
  const known = closed.get(stream);
  if (known !== undefined) return known;
  const created: StreamTally = {
    spans: new Map(),
    missed: [],
    unresolved: [],
    missedUnplaced: 0,
    unresolvedUnplaced: 0,
  };
  closed.set(stream, created);
  return created;
}

/** The pair is judged up to number `to`, and begins anew there. */
function tallyPair(
  { tracking }: RoomTracking,
  tally: StreamTally,
  pair: number,
  ending: ConnectionEnd,
  to: number,
): void {
  const { from, isReported, missing, doubtful, isEndDoubtful } = finalizePair(tracking, pair, to);
  const span = `${from} ${to} ${ending !== 'stayed' || isReported ? 0 : isEndDoubtful ? 2 : 1}`;
  tally.spans.set(span, (tally.spans.get(span) ?? 0) + 1);
  // Only of a connection that lived to the end it is certain that nothing more would have come.
  if (ending === 'stayed') {
    tally.missed.push(...missing.holes);
    tally.missedUnplaced += missing.unplaced;
  } else {
    tally.unresolved.push(...missing.holes);
    tally.unresolvedUnplaced += missing.unplaced;
  }
  tally.unresolved.push(...doubtful.holes);
  tally.unresolvedUnplaced += doubtful.unplaced;
}

/** Everything that the closed receivers tracking. `streamOf`: the number of a receiver's client. */
export function receiverFactsOf(
  roomTracking: RoomTracking,
  sent: ReceiverFacts['sent'],
  streamOf: (receiver: number) => number,
): ReceiverFacts {
  const streams = [...roomTracking.closed].map(
    ([stream, { spans, missed, unresolved, missedUnplaced, unresolvedUnplaced }]): StreamReceivers => ({
      stream,
      spans: [...spans].map(([span, receivers]) => {
        const [from, to, stayed] = span.split(' ').map(Number);
        return [from!, to!, stayed as SpanFacts[2], receivers];
      }),
      missed: overlaid(missed),
      unresolved: overlaid(unresolved),
      unplaced: [missedUnplaced, unresolvedUnplaced],
    }),
  );
  const receivers = [...roomTracking.received.entries()].flatMap(([receiver, received]) =>
    roomTracking.isWhole[receiver] === 1 ? [[streamOf(receiver), received] as const] : [],
  );
  return {
    sent,
    streams,
    receivers,
    orders: roomTracking.totalOrder === null ? [] : reportedOrders(roomTracking.totalOrder),
    refused: [...roomTracking.refused].map(messageOfKey).map(({ stream, seq }) => [stream, seq, seq + 1] as const),
    outstanding: roomTracking.outstanding,
    offline: roomTracking.tracking.offline,
  };
}

/** Ranges of numbers with how many receivers miss them, ascending and apart. */
function overlaid(holes: readonly Hole[]): readonly HoleFacts[] {
  const changes = new Map<number, number>();
  for (const { from, to } of holes) {
    changes.set(from, (changes.get(from) ?? 0) + 1);
    changes.set(to, (changes.get(to) ?? 0) - 1);
  }
  const ranges: HoleFacts[] = [];
  let receivers = 0;
  let since = 0;
  for (const [at, change] of [...changes].sort(([a], [b]) => a - b)) {
    if (receivers > 0 && change !== 0) ranges.push([since, at, receivers]);
    if (change !== 0) since = at;
    receivers += change;
  }
  return ranges;
}

// What sending and receiving share in one process, whatever is spoken: the counts, the ledger, the outbox. How messages look
// is a driver (`driver.ts`). No allocation, closure, promise, Map or exception per message on the uncompressed path.

import type { UnreadableExample, UnreadableKind } from '../../facts/unreadable.ts';
import type { DamageKind, UnexpectedKind, UnsentReason } from '../../facts/window.ts';
import { record, recordMany } from '../../histogram/histogram.ts';
import {
  type Acknowledgements,
  forgetMessage,
  noteAcknowledged,
  noteCame,
  notePending,
} from '../../measure/acknowledgements.ts';
import { type ByType, countByType, deliveredByType } from '../../measure/by-type.ts';
import type { DensityFacts } from '../../measure/density.ts';
import { createJitter, type Jitter, noteTransit } from '../../measure/jitter.ts';
import {
  Arrival,
  createLedger,
  forgoAnswers,
  isOutstanding,
  type Ledger,
  noteArrival,
  noteRefusal,
  takeNumber,
} from '../../measure/ledger.ts';
import type { Pushes } from '../../measure/pushes.ts';
import {
  changeInFlight,
  countCorrupted,
  countReordered,
  countUnexpected,
  type Recorder,
} from '../../measure/recorder.ts';
import { EARLY, noteReceived, noteRefused, type RoomTracking } from '../../measure/room-tracking.ts';
import { createSentMarks, type SentMarks } from '../../measure/sent-marks.ts';
import { noteSpread, type Spread } from '../../measure/spread.ts';
import { noteOrder, type TotalOrderViolation } from '../../measure/total-order.ts';
import type { States } from '../../protocols/states/states.ts';
import type { Client } from '../connections/client.ts';
import {
  createViolations,
  noteDamaged,
  reportCorrupted,
  reportDiverged,
  reportReordered,
  reportRepeat,
  reportTotalOrder,
  reportUnexpected,
  type Violations,
} from '../violations.ts';
import type { ProtocolDriver } from './driver.ts';
import { createOutbox, flush, type Outbox } from './outbox.ts';
import { createRejectionKinds, type RejectionKinds } from './rejections.ts';

export interface Accounting {
  readonly ledger: Ledger;
  readonly sentMarks: SentMarks;
  readonly recorder: Recorder;
  readonly jitter: Jitter;
  readonly outbox: Outbox;
  /** What clients hear of one another; null where the plan has no rooms. */
  readonly fanout: FanoutTracking | null;
  /** What the service says of its own accord; null where that is not judged. */
  readonly pushes: Pushes | null;
  /** What a service tells of its state; null where the plan does not say where that is. */
  readonly states: States | null;
  /** Null where nothing is acknowledged apart and nothing sent again. */
  readonly acks: Acknowledgements | null;
  /** The books of each type; null where the plan has one. */
  readonly byType: ByType | null;
  readonly maxBufferedBytes: number;
  /** State of the xorshift32 that gives every frame a fresh mask key (RFC 6455 §5.3). */
  maskState: number;
  /** When the current read event was received. */
  receivedNs: number;
  /** Of the messages that it answered: those that the service rejected. */
  rejected: number;
  /** The memory that frames are parsed in place from, and its view. */
  readBytes: Uint8Array;
  readView: DataView;
  /** Whether clients send messages, so that what comes may be answers. */
  readonly sends: boolean;
  /** Whether anything that came has been understood; how much was not until then, and since when; whether that has been told. */
  isUnderstood: boolean;
  unmatched: number;
  unmatchedSinceNs: number;
  isUnmatchedReported: boolean;
  readonly rejectionKinds: RejectionKinds;
  /** By client: the messages below this number were on their way when something came that could not be read; null for none. */
  unreadableBelow: Float64Array | null;
  /** Kinds of which an example was told. */
  readonly unreadableReported: Set<UnreadableKind>;
  /** In this second so many messages were tried to be inflated, the last with this outcome. */
  readonly tried: { second: number; count: number; inflated: boolean };
  readonly violations: Violations;
  /** So much came that means nothing to the protocol that no answer is to be waited for; the last of it is shown. */
  notUnderstood(sample: string, unreadable: UnreadableKind | null): void;
  /** The first of its kind; the times are those of the read event. */
  unreadable(client: number, example: UnreadableExample, atNs: number): void;
  /** The service refused a message, with words of a kind that it had not used before. */
  refusedWith(client: Client, sequence: number, words: string): void;
}

export interface FanoutTracking {
  readonly roomTracking: RoomTracking;
  readonly spread: Spread;
  /** The place of a stream's client in this process; null where it is of another. */
  indexOf(stream: number): number | null;
}

/** `clients`: of this process. `maskSeed`: 32 bits. */
export interface AccountingParts
  extends Pick<
    Accounting,
    | 'recorder'
    | 'fanout'
    | 'pushes'
    | 'states'
    | 'acks'
    | 'byType'
    | 'maxBufferedBytes'
    | 'sends'
    | 'notUnderstood'
    | 'refusedWith'
    | 'unreadable'
  > {
  readonly clients: number;
  readonly report: Violations['report'];
  /** Where the places of arrivals are counted. */
  readonly density: DensityFacts;
  readonly maskSeed: number;
}

export function createAccounting({ clients, density, maskSeed, report, ...parts }: AccountingParts): Accounting {
  const nothing = new Uint8Array(0);
  return {
    ...parts,
    ledger: createLedger(clients, density),
    sentMarks: createSentMarks(clients),
    jitter: createJitter(clients),
    outbox: createOutbox(),
    maskState: maskSeed >>> 0 || 1,
    receivedNs: 0,
    rejected: 0,
    readBytes: nothing,
    readView: new DataView(nothing.buffer),
    isUnderstood: false,
    unmatched: 0,
    unmatchedSinceNs: 0,
    isUnmatchedReported: false,
    rejectionKinds: createRejectionKinds(),
    unreadableBelow: null,
    unreadableReported: new Set(),
    tried: { second: 0, count: 0, inflated: false },
    violations: createViolations(report),
  };
}

/** Takes the client's next number; the message must then be sent. */
export function nextNumber(
  { ledger, fanout, acks, byType }: Accounting,
  client: Client,
  dueNs: number,
  sentNs: number,
): number {
  const sequence = takeNumber(ledger, client.index);
  if (acks?.isNeeded === true) notePending(acks, client.index, sequence, dueNs, sentNs);
  if (byType !== null) countByType(byType, 'sent', client.stream, sequence);
  if (!hearsItself(fanout)) forgoAnswers(ledger, client.index);
  return sequence;
}

/** Whether a client is expected its own messages. */
function hearsItself(fanout: FanoutTracking | null): boolean {
  return fanout === null || fanout.roomTracking.rooms.self;
}

/** So many messages that mean nothing are enough to say so, where they are more than greetings and have come for so long. */
const UNMATCHED_FIRST = 100;
const UNMATCHED_PER_CLIENT = 3;
const UNMATCHED_FOR_NS = 1e9;

/** What came names no message of this run. `unreadable`: what it is that it cannot. */
export function noteUnmatched(
  accounting: Accounting,
  client: Client,
  sample: () => string,
  unreadable: UnreadableKind | null = null,
): void {
  if (accounting.isUnderstood || accounting.isUnmatchedReported) return;
  const { ledger, receivedNs } = accounting;
  // What a client receives before it has sent anything, such as a greeting, answers nothing.
  if (accounting.sends && accounting.fanout === null && ledger.next[client.index] === 0) return;
  if (accounting.unmatched === 0) accounting.unmatchedSinceNs = receivedNs;
  accounting.unmatched++;
  const isEnough = accounting.unmatched >= Math.max(UNMATCHED_FIRST, UNMATCHED_PER_CLIENT * ledger.next.length);
  if (!isEnough || receivedNs - accounting.unmatchedSinceNs < UNMATCHED_FOR_NS) return;
  accounting.isUnmatchedReported = true;
  accounting.notUnderstood(sample(), unreadable);
}

/** Why a message that is due cannot be sent on this client now; null when it can. */
export function whyUnsent(
  accounting: Accounting,
  driver: ProtocolDriver,
  client: Client,
  type: number,
): UnsentReason | null {
  if (client.socket!.writableLength > accounting.maxBufferedBytes) return 'backpressure';
  return isWindowFull(accounting, driver, client, type) ? 'windowFull' : null;
}

/** Whether the number of one more message of this type could not be told from those in flight. */
export function isWindowFull({ ledger }: Accounting, driver: ProtocolDriver, client: Client, type: number): boolean {
  return ledger.next[client.index]! - ledger.expected[client.index]! >= driver.maxInFlight[type]!;
}

/** Counts messages of the same due time, laid out at the same moment. */
export function countSent(accounting: Accounting, count: number, dueNs: number, sentNs: number): void {
  const { recorder } = accounting;
  recorder.messages.sent += count;
  recordMany(recorder.histograms.sendLag, sentNs - dueNs, count);
  if (hearsItself(accounting.fanout)) changeInFlight(recorder, sentNs, count);
}

/** Writes what was laid out for this client since the last flush. */
export function flushClient(accounting: Accounting, client: Client): void {
  accounting.recorder.bytes.sent += flush(accounting.outbox, client.socket!);
}

/** A whole message has arrived: whether it was in order, and how long it took. NaN times: not remembered any more. */
export function noteMessage(
  accounting: Accounting,
  client: Client,
  sequence: number,
  dueNs: number,
  sentNs: number,
): void {
  const { recorder, receivedNs, acks, byType } = accounting;
  accounting.isUnderstood = true;
  const arrival = noteArrival(accounting.ledger, client.index, sequence);
  if (arrival === Arrival.inOrder || arrival === Arrival.reordered) {
    if (!Number.isNaN(dueNs)) {
      record(recorder.histograms.response, receivedNs - dueNs);
      record(recorder.histograms.service, receivedNs - sentNs);
      noteTransit(accounting.jitter, client.index, receivedNs - sentNs);
    } else recorder.health.untimed++;
    if (acks !== null) noteCame(acks, client.index, sequence);
    if (byType !== null) deliveredByType(byType, client.stream, sequence, receivedNs - dueNs);
    if (sequence < client.givenUpBelow) client.lateCredit++;
    if (accounting.fanout !== null) hearInOrder(accounting, client, client.stream, sequence);
    client.credit++; // counted once for the whole read event, by `countDelivered`
    if (arrival === Arrival.reordered) {
      const { extent, expected } = accounting.ledger;
      reordered(accounting, client, client.stream, sequence, extent, expected[client.index]! - 1);
    }
  } else notDelivered(accounting, client, client.stream, sequence, arrival);
}

/** How many messages a stream has sent; infinity where its client is of another process. */
function sentBy({ ledger, fanout }: Accounting, stream: number): number {
  const index = fanout!.indexOf(stream);
  return index === null ? Number.POSITIVE_INFINITY : (ledger.next[index] ?? 0);
}

/** A whole message of another client's stream has arrived. NaN times: not known. */
export function noteFromOther(
  accounting: Accounting,
  client: Client,
  stream: number,
  sequence: number,
  dueNs: number,
  sentNs: number,
): void {
  const { recorder, fanout, receivedNs } = accounting;
  accounting.isUnderstood = true;
  const arrival =
    fanout === null
      ? null
      : noteReceived(fanout.roomTracking, client.index, client.stream, stream, sequence, sentBy(accounting, stream));
  if (arrival === EARLY) return;
  if (fanout === null || arrival === null) {
    unexpected(accounting, client, 'otherStream', stream);
  } else if (arrival === Arrival.inOrder || arrival === Arrival.reordered) {
    recorder.fanout.received++;
    hearInOrder(accounting, client, stream, sequence);
    // Times that lie ahead of the arrival are not those of the sender.
    if (sentNs >= dueNs && sentNs <= receivedNs) {
      record(recorder.histograms.fanout, receivedNs - dueNs);
      noteSpread(fanout.spread, stream, sequence, dueNs, receivedNs);
    }
    if (arrival === Arrival.reordered)
      reordered(accounting, client, stream, sequence, fanout.roomTracking.tracking.ledger.extent, null);
  } else notDelivered(accounting, client, stream, sequence, arrival);
}

/** A message that a client of a room receives for the first time: in the order in which the others receive it? */
function hearInOrder(accounting: Accounting, client: Client, stream: number, sequence: number): void {
  const { totalOrder } = accounting.fanout!.roomTracking;
  if (totalOrder === null) return;
  const before = totalOrder.compared;
  const found = noteOrder(totalOrder, client.index, client.stream, stream, sequence);
  accounting.recorder.fanout.compared += totalOrder.compared - before;
  if (found !== null) noteTotalOrderViolation(accounting, client, found);
}

export function noteTotalOrderViolation(accounting: Accounting, client: Client, found: TotalOrderViolation): void {
  accounting.recorder.messages.totalOrderViolations++;
  reportTotalOrder(accounting.violations, client, found, accounting.receivedNs);
}

/** The service has said that it took a message, apart from delivering it; `isCopy`: that it had it before. */
export function noteAcknowledgement(accounting: Accounting, client: Client, sequence: number, isCopy: boolean): void {
  const { recorder, ledger, acks } = accounting;
  accounting.isUnderstood = true;
  if (isCopy) recorder.messages.deduplicated++;
  if (acks !== null && noteAcknowledged(acks, ledger, client.index, sequence)) recorder.messages.acknowledged++;
}

/** The answer to a message says that it was a copy: it answers the first too, where that has no answer yet. */
export function noteCopy(
  accounting: Accounting,
  client: Client,
  sequence: number,
  dueNs: number,
  sentNs: number,
): void {
  accounting.recorder.messages.deduplicated++;
  if (isOutstanding(accounting.ledger, client.index, sequence))
    noteMessage(accounting, client, sequence, dueNs, sentNs);
}

/** The service tells a state: is it what the messages so far make of it? */
export function noteState(
  accounting: Accounting,
  client: Client,
  sequence: number,
  expected: string,
  got: string,
): void {
  accounting.recorder.delivery.states++;
  if (got === expected) return;
  accounting.recorder.messages.diverged++;
  reportDiverged(accounting.violations, client, sequence, expected, got, accounting.receivedNs);
}

/** The service has said that it did not take a message. NaN: when it was sent is not remembered any more. */
export function noteRejection(accounting: Accounting, client: Client, sequence: number, sentNs: number): void {
  accounting.isUnderstood = true;
  const { fanout, ledger } = accounting;
  if (fanout !== null && !hearsItself(fanout)) {
    // No copy comes back to the client, so its ledger knows nothing of outcomes: the room remembers what was refused.
    if (sequence >= ledger.next[client.index]!) unexpected(accounting, client, 'neverSent', sequence);
    else if (noteRefused(fanout.roomTracking, client.stream, sequence)) accounting.recorder.messages.rejected++;
    else notDelivered(accounting, client, client.stream, sequence, Arrival.duplicated);
    return;
  }
  if (noteRefusal(ledger, client.index, sequence)) {
    if (fanout !== null) noteRefused(fanout.roomTracking, client.stream, sequence);
    if (sequence < client.givenUpBelow) client.lateCredit++;
    client.credit++;
    accounting.rejected++;
    if (Number.isNaN(sentNs)) accounting.recorder.health.untimed++;
    else accounting.recorder.health.rejectedNs += accounting.receivedNs - sentNs;
    if (accounting.acks !== null) forgetMessage(accounting.acks, client.index, sequence);
    if (accounting.byType !== null) countByType(accounting.byType, 'rejected', client.stream, sequence);
  } else {
    const arrival = noteArrival(ledger, client.index, sequence);
    // What says a second time that it did not take a message repeats itself.
    notDelivered(
      accounting,
      client,
      client.stream,
      sequence,
      arrival === Arrival.refused ? Arrival.duplicated : arrival,
    );
  }
}

function notDelivered(
  accounting: Accounting,
  client: Client,
  stream: number,
  sequence: number,
  arrival: Arrival,
): void {
  const { recorder, violations, receivedNs } = accounting;
  const { messages } = recorder;
  if (arrival === Arrival.duplicated) {
    messages.duplicated++;
    if (accounting.byType !== null) countByType(accounting.byType, 'duplicated', stream, sequence);
    reportRepeat(violations, 'duplicated', client, stream, sequence, receivedNs);
  } else if (arrival === Arrival.late) {
    messages.late++;
    reportRepeat(violations, 'late', client, stream, sequence, receivedNs);
  } else if (arrival === Arrival.refused) {
    unexpected(accounting, client, 'refused', sequence);
  } else {
    unexpected(accounting, client, 'neverSent', sequence);
  }
}

/** Counts what a read event delivered, once it is over. */
export function countDelivered(accounting: Accounting, client: Client): void {
  const { recorder, receivedNs } = accounting;
  recorder.messages.delivered += client.credit - accounting.rejected;
  recorder.messages.rejected += accounting.rejected;
  accounting.rejected = 0;
  changeInFlight(recorder, receivedNs, -client.credit);
}

/** `after`: the highest number that had arrived; null where it is not at hand. */
function reordered(
  accounting: Accounting,
  client: Client,
  stream: number,
  sequence: number,
  extent: number,
  after: number | null,
): void {
  countReordered(accounting.recorder, extent);
  if (accounting.byType !== null) countByType(accounting.byType, 'reordered', stream, sequence);
  const { violations, receivedNs } = accounting;
  if (violations.left.reordered > 0)
    reportReordered(violations, client, stream, sequence, { after, extent }, receivedNs);
}

export function corrupted(
  accounting: Accounting,
  client: Client,
  stream: number,
  sequence: number | null,
  kind: DamageKind,
  payloadBytes: number,
): void {
  countCorrupted(accounting.recorder, kind);
  if (accounting.byType !== null && sequence !== null) countByType(accounting.byType, 'corrupted', stream, sequence);
  const { violations, receivedNs } = accounting;
  if (sequence !== null && stream === client.stream) noteDamaged(violations, client.index, sequence);
  reportCorrupted(violations, client, stream, sequence, kind, payloadBytes, receivedNs);
}

/** `sample` is asked only where the message is described. `push`: where its number counts, if it is one. */
export function unexpected(
  accounting: Accounting,
  client: Client,
  kind: UnexpectedKind,
  figure: number,
  sample: (() => string) | null = null,
  push: { readonly channel: string | null } | null = null,
): void {
  countUnexpected(accounting.recorder, kind);
  reportUnexpected(accounting.violations, client, kind, figure, sample, push, accounting.receivedNs);
}

/** xorshift32 (Marsaglia 2003): fresh for every frame; the seed comes from the system's generator. */
export function nextMask(accounting: Accounting): number {
  let state = accounting.maskState;
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  accounting.maskState = state;
  return state;
}

// What sending and receiving share in one process, whatever is spoken: the counts, the ledger, the outbox. How messages look
// is a driver (`driver.ts`). No allocation, closure, promise, Map or exception per message on the uncompressed path.

import type { Violation } from '../../facts/event.ts';
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
import { type Audience, EARLY, noteHeard } from '../../measure/audience.ts';
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
import { noteSpread, type Spread } from '../../measure/spread.ts';
import { noteOrder, type TotalOrderViolation } from '../../measure/total-order.ts';
import type { States } from '../../protocols/states.ts';
import type { Client } from '../client.ts';
import type { ProtocolDriver } from './driver.ts';
import { createOutbox, flush, type Outbox } from './outbox.ts';
import { createRejectionKinds, type RejectionKinds } from './rejections.ts';

/** Violations that one worker describes; the result keeps as many of all workers together. */
const MAX_VIOLATIONS = 100;

export interface Traffic {
  readonly ledger: Ledger;
  readonly recorder: Recorder;
  readonly jitter: Jitter;
  readonly outbox: Outbox;
  /** What clients hear of one another; null where the plan has no rooms. */
  readonly fanout: Fanout | null;
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
  isToldUnmatched: boolean;
  readonly rejectionKinds: RejectionKinds;
  /** By client: the messages below this number were on their way when something came that could not be read; null for none. */
  unreadableBelow: Float64Array | null;
  /** Kinds of which an example was told. */
  readonly unreadableTold: Set<UnreadableKind>;
  /** In this second so many messages were tried to be inflated, the last with this outcome. */
  readonly tried: { second: number; count: number; inflated: boolean };
  /** How many more violations are described; the rest are only counted. */
  violationsLeft: number;
  report(violation: Violation, atNs: number): void;
  /** So much came that means nothing to the protocol that no answer is to be waited for; the last of it is shown. */
  notUnderstood(sample: string, unreadable: UnreadableKind | null): void;
  /** The first of its kind; the times are those of the read event. */
  unreadable(client: number, example: UnreadableExample, atNs: number): void;
  /** The service refused a message, with words of a kind that it had not used before. */
  refusedWith(client: Client, sequence: number, words: string): void;
}

export interface Fanout {
  readonly audience: Audience;
  readonly spread: Spread;
  /** The place of a stream's client in this process; null where it is of another. */
  indexOf(stream: number): number | null;
}

/** `clients`: of this process. `maskSeed`: 32 bits. */
export interface TrafficParts
  extends Pick<
    Traffic,
    | 'recorder'
    | 'fanout'
    | 'pushes'
    | 'states'
    | 'acks'
    | 'byType'
    | 'maxBufferedBytes'
    | 'sends'
    | 'report'
    | 'notUnderstood'
    | 'refusedWith'
    | 'unreadable'
  > {
  readonly clients: number;
  /** Where the places of arrivals are counted. */
  readonly density: DensityFacts;
  readonly maskSeed: number;
}

export function createTraffic({ clients, density, maskSeed, ...parts }: TrafficParts): Traffic {
  const nothing = new Uint8Array(0);
  return {
    ...parts,
    ledger: createLedger(clients, density),
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
    isToldUnmatched: false,
    rejectionKinds: createRejectionKinds(),
    unreadableBelow: null,
    unreadableTold: new Set(),
    tried: { second: 0, count: 0, inflated: false },
    violationsLeft: MAX_VIOLATIONS,
  };
}

/** Takes the client's next number; the message must then be sent. */
export function nextNumber(
  { ledger, fanout, acks, byType }: Traffic,
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
function hearsItself(fanout: Fanout | null): boolean {
  return fanout === null || fanout.audience.rooms.self;
}

/** So many messages that mean nothing are enough to say so, where they are more than greetings and have come for so long. */
const UNMATCHED_FIRST = 100;
const UNMATCHED_PER_CLIENT = 3;
const UNMATCHED_FOR_NS = 1e9;

/** What came names no message of this run. `unreadable`: what it is that it cannot. */
export function noteUnmatched(
  traffic: Traffic,
  client: Client,
  sample: () => string,
  unreadable: UnreadableKind | null = null,
): void {
  if (traffic.isUnderstood || traffic.isToldUnmatched) return;
  const { ledger, receivedNs } = traffic;
  // What a client hears before it has sent anything, such as a greeting, answers nothing.
  if (traffic.sends && traffic.fanout === null && ledger.next[client.index] === 0) return;
  if (traffic.unmatched === 0) traffic.unmatchedSinceNs = receivedNs;
  traffic.unmatched++;
  const isEnough = traffic.unmatched >= Math.max(UNMATCHED_FIRST, UNMATCHED_PER_CLIENT * ledger.next.length);
  if (!isEnough || receivedNs - traffic.unmatchedSinceNs < UNMATCHED_FOR_NS) return;
  traffic.isToldUnmatched = true;
  traffic.notUnderstood(sample(), unreadable);
}

/** Why a message that is due cannot be sent on this client now; null when it can. */
export function whyUnsent(traffic: Traffic, driver: ProtocolDriver, client: Client, type: number): UnsentReason | null {
  if (client.link!.writableLength > traffic.maxBufferedBytes) return 'backpressure';
  return isWindowFull(traffic, driver, client, type) ? 'windowFull' : null;
}

/** Whether the number of one more message of this type could not be told from those in flight. */
export function isWindowFull({ ledger }: Traffic, driver: ProtocolDriver, client: Client, type: number): boolean {
  return ledger.next[client.index]! - ledger.expected[client.index]! >= driver.maxInFlight[type]!;
}

/** Counts messages of the same due time, laid out at the same moment. */
export function countSent(traffic: Traffic, count: number, dueNs: number, sentNs: number): void {
  const { recorder } = traffic;
  recorder.messages.sent += count;
  recordMany(recorder.histograms.sendLag, sentNs - dueNs, count);
  if (hearsItself(traffic.fanout)) changeInFlight(recorder, sentNs, count);
}

/** Writes what was laid out for this client since the last flush. */
export function flushClient(traffic: Traffic, client: Client): void {
  traffic.recorder.bytesSent += flush(traffic.outbox, client.link!);
}

/** A whole message has arrived: whether it was in order, and how long it took. NaN times: not remembered any more. */
export function noteMessage(traffic: Traffic, client: Client, sequence: number, dueNs: number, sentNs: number): void {
  const { recorder, receivedNs, acks, byType } = traffic;
  traffic.isUnderstood = true;
  const arrival = noteArrival(traffic.ledger, client.index, sequence);
  if (arrival === Arrival.inOrder || arrival === Arrival.reordered) {
    if (!Number.isNaN(dueNs)) {
      record(recorder.histograms.response, receivedNs - dueNs);
      record(recorder.histograms.service, receivedNs - sentNs);
      noteTransit(traffic.jitter, client.index, receivedNs - sentNs);
    } else recorder.untimed++;
    if (acks !== null) noteCame(acks, client.index, sequence);
    if (byType !== null) deliveredByType(byType, client.stream, sequence, receivedNs - dueNs);
    if (sequence < client.givenUpBelow) client.lateCredit++;
    if (traffic.fanout !== null) hearInOrder(traffic, client, client.stream, sequence);
    client.credit++; // counted once for the whole read event, by `countDelivered`
    if (arrival === Arrival.reordered) {
      const { extent, expected } = traffic.ledger;
      reordered(traffic, client, client.stream, sequence, extent, expected[client.index]! - 1);
    }
  } else notDelivered(traffic, client, client.stream, sequence, arrival);
}

/** How many messages a stream has sent; infinity where its client is of another process. */
function sentBy({ ledger, fanout }: Traffic, stream: number): number {
  const index = fanout!.indexOf(stream);
  return index === null ? Number.POSITIVE_INFINITY : (ledger.next[index] ?? 0);
}

/** A whole message of another client's stream has arrived. NaN times: not known. */
export function noteFromOther(
  traffic: Traffic,
  client: Client,
  stream: number,
  sequence: number,
  dueNs: number,
  sentNs: number,
): void {
  const { recorder, fanout, receivedNs } = traffic;
  traffic.isUnderstood = true;
  const arrival =
    fanout === null
      ? null
      : noteHeard(fanout.audience, client.index, client.stream, stream, sequence, sentBy(traffic, stream));
  if (arrival === EARLY) return;
  if (fanout === null || arrival === null) {
    unexpected(traffic, client, 'otherStream', stream);
  } else if (arrival === Arrival.inOrder || arrival === Arrival.reordered) {
    recorder.fanoutReceived++;
    hearInOrder(traffic, client, stream, sequence);
    // Times that lie ahead of the arrival are not those of the sender.
    if (sentNs >= dueNs && sentNs <= receivedNs) {
      record(recorder.histograms.fanout, receivedNs - dueNs);
      noteSpread(fanout.spread, stream, sequence, dueNs, receivedNs);
    }
    if (arrival === Arrival.reordered)
      reordered(traffic, client, stream, sequence, fanout.audience.heard.ledger.extent, null);
  } else notDelivered(traffic, client, stream, sequence, arrival);
}

/** A message that a client of a room hears for the first time: in the order in which the others hear it? */
function hearInOrder(traffic: Traffic, client: Client, stream: number, sequence: number): void {
  const { totalOrder } = traffic.fanout!.audience;
  if (totalOrder === null) return;
  const before = totalOrder.compared;
  const found = noteOrder(totalOrder, client.index, client.stream, stream, sequence);
  traffic.recorder.fanoutCompared += totalOrder.compared - before;
  if (found !== null) noteTotalOrderViolation(traffic, client, found);
}

export function noteTotalOrderViolation(
  traffic: Traffic,
  client: Client,
  { stream, seq, before }: TotalOrderViolation,
): void {
  traffic.recorder.messages.totalOrderViolations++;
  if (traffic.violationsLeft === 0) return;
  const other = `#${before.seq} of stream ${before.stream}`;
  report(
    traffic,
    client,
    stream,
    'totalOrder',
    seq,
    `client ${client.stream} heard #${seq} after ${other}, another client before it`,
  );
}

/** The service has said that it took a message, apart from delivering it; `isCopy`: that it had it before. */
export function noteAcknowledgement(traffic: Traffic, client: Client, sequence: number, isCopy: boolean): void {
  const { recorder, ledger, acks } = traffic;
  traffic.isUnderstood = true;
  if (isCopy) recorder.messages.deduplicated++;
  if (acks !== null && noteAcknowledged(acks, ledger, client.index, sequence)) recorder.messages.acknowledged++;
}

/** The answer to a message says that it was a copy: it answers the first too, where that has no answer yet. */
export function noteCopy(traffic: Traffic, client: Client, sequence: number, dueNs: number, sentNs: number): void {
  traffic.recorder.messages.deduplicated++;
  if (isOutstanding(traffic.ledger, client.index, sequence)) noteMessage(traffic, client, sequence, dueNs, sentNs);
}

/** The service tells a state: is it what the messages so far make of it? */
export function noteState(traffic: Traffic, client: Client, sequence: number, expected: string, got: string): void {
  traffic.recorder.states++;
  if (got === expected) return;
  traffic.recorder.messages.diverged++;
  if (traffic.violationsLeft === 0) return;
  report(traffic, client, client.stream, 'diverged', sequence, `after #${sequence} expected ${expected}, got ${got}`);
}

/** The service has said that it did not take a message. NaN: when it was sent is not remembered any more. */
export function noteRejection(traffic: Traffic, client: Client, sequence: number, sentNs: number): void {
  traffic.isUnderstood = true;
  const { fanout } = traffic;
  fanout?.audience.refused.push([client.stream, sequence, sequence + 1]);
  if (!hearsItself(fanout)) {
    traffic.recorder.messages.rejected++;
    return;
  }
  if (noteRefusal(traffic.ledger, client.index, sequence)) {
    if (sequence < client.givenUpBelow) client.lateCredit++;
    client.credit++;
    traffic.rejected++;
    if (Number.isNaN(sentNs)) traffic.recorder.untimed++;
    else traffic.recorder.rejectedNs += traffic.receivedNs - sentNs;
    if (traffic.acks !== null) forgetMessage(traffic.acks, client.index, sequence);
    if (traffic.byType !== null) countByType(traffic.byType, 'rejected', client.stream, sequence);
  } else {
    const arrival = noteArrival(traffic.ledger, client.index, sequence);
    // What says a second time that it did not take a message repeats itself.
    notDelivered(traffic, client, client.stream, sequence, arrival === Arrival.refused ? Arrival.duplicated : arrival);
  }
}

function notDelivered(traffic: Traffic, client: Client, stream: number, sequence: number, arrival: Arrival): void {
  const { messages } = traffic.recorder;
  if (arrival === Arrival.duplicated) {
    messages.duplicated++;
    if (traffic.byType !== null) countByType(traffic.byType, 'duplicated', stream, sequence);
    if (traffic.violationsLeft > 0)
      report(traffic, client, stream, 'duplicated', sequence, `#${sequence} arrived again`);
  } else if (arrival === Arrival.late) {
    messages.late++;
    if (traffic.violationsLeft > 0)
      report(traffic, client, stream, 'late', sequence, `#${sequence} after it was given up`);
  } else if (arrival === Arrival.refused) {
    unexpected(traffic, client, 'refused', sequence);
  } else {
    unexpected(traffic, client, 'neverSent', sequence);
  }
}

/** Counts what a read event delivered, once it is over. */
export function countDelivered(traffic: Traffic, client: Client): void {
  const { recorder, receivedNs } = traffic;
  recorder.messages.delivered += client.credit - traffic.rejected;
  recorder.messages.rejected += traffic.rejected;
  traffic.rejected = 0;
  changeInFlight(recorder, receivedNs, -client.credit);
}

/** `after`: the highest number that had arrived; null where it is not at hand. */
function reordered(
  traffic: Traffic,
  client: Client,
  stream: number,
  sequence: number,
  extent: number,
  after: number | null,
): void {
  countReordered(traffic.recorder, extent);
  if (traffic.byType !== null) countByType(traffic.byType, 'reordered', stream, sequence);
  if (traffic.violationsLeft === 0) return;
  const places = extent === 0 ? 'more places than are remembered' : extent === 1 ? '1 place' : `${extent} places`;
  const later = after === null ? 'a later one' : `#${after}`;
  report(traffic, client, stream, 'reordered', sequence, `#${sequence} after ${later}, ${places} late`);
}

export function corrupted(
  traffic: Traffic,
  client: Client,
  stream: number,
  sequence: number | null,
  kind: DamageKind,
  payloadBytes: number,
): void {
  countCorrupted(traffic.recorder, kind);
  if (traffic.byType !== null && sequence !== null) countByType(traffic.byType, 'corrupted', stream, sequence);
  if (traffic.violationsLeft === 0) return;
  const name = sequence === null ? 'a message' : `#${sequence}`;
  report(
    traffic,
    client,
    stream,
    'corrupted',
    sequence,
    `${name} came ${stream === client.stream ? 'back ' : ''}${DAMAGE_TEXT[kind]}, ${payloadBytes} bytes`,
  );
}

const DAMAGE_TEXT: Readonly<Record<DamageKind, string>> = {
  bitFlips: 'with flipped bits',
  truncated: 'cut off',
  extended: 'with bytes added',
  spliced: 'with the end of another message',
  mangled: 'damaged',
};

/** Why a message was not expected; `figure` is the number that the sentence needs. */
const UNEXPECTED_TEXT: Readonly<Record<UnexpectedKind, (figure: number) => string>> = {
  otherOpcode: (figure) => `${figure} bytes of the other kind (text for binary, or binary for text)`,
  otherStream: (figure) => `a message of stream ${figure}`,
  foreign: (figure) => `${figure} bytes that are not a message of this run`,
  stale: (figure) => `${figure} bytes that are a message of another run`,
  neverSent: (figure) => `#${figure}, which this client has not sent`,
  refused: (figure) => `#${figure}, which the service had refused`,
};

/** `sample`: a better sentence, made only where it is wanted. */
export function unexpected(
  traffic: Traffic,
  client: Client,
  kind: UnexpectedKind,
  figure: number,
  sample?: () => string,
): void {
  countUnexpected(traffic.recorder, kind);
  if (traffic.violationsLeft > 0)
    report(traffic, client, client.stream, 'unexpected', null, sample?.() ?? UNEXPECTED_TEXT[kind](figure));
}

/** `violationsLeft` must not be 0. */
export function report(
  traffic: Traffic,
  client: Client,
  stream: number,
  violation: Violation['violation'],
  seq: number | null,
  detail: string,
): void {
  traffic.violationsLeft--;
  traffic.report({ violation, client: client.stream, stream, seq, detail }, traffic.receivedNs);
}

/** xorshift32 (Marsaglia 2003): fresh for every frame; the seed comes from the system's generator. */
export function nextMask(traffic: Traffic): number {
  let state = traffic.maskState;
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  traffic.maskState = state;
  return state;
}

// Messages that are known by an id (`protocols/message-id.ts`), whatever document carries it. An answer has the id and
// nothing else that can be relied on, so times wait in a table of the client, where the id itself does not carry them.
//
//   client.times   | number due sent | number due sent | …      number n is at place n mod the places
//
// The table doubles until a quarter of it holds what is in flight. A message so late that its place was taken again is
// delivered without its times.

import { frameHeaderBytes, writeFrameHeader } from '../../frames/frame-writer.ts';
import { maskView } from '../../frames/mask.ts';
import { type Opcode, opcodes } from '../../frames/opcodes.ts';
import { timesOf } from '../../measure/acknowledgements.ts';
import { type JsonLayout, layOutJoin } from '../../protocols/json/layout.ts';
import type { MessageName } from '../../protocols/message-id.ts';
import type { Client } from '../connections/client.ts';
import {
  type Accounting,
  corrupted,
  nextMask,
  noteAcknowledgement,
  noteCopy,
  noteFromOther,
  noteMessage,
  noteRejection,
  noteUnmatched,
  unexpected,
} from './accounting.ts';
import type { SentTimes } from './driver.ts';
import { reserve } from './outbox.ts';
import { isNewKind, wordsOf } from './rejections.ts';
import { sampleOf } from './unreadable.ts';

const FIRST_PLACES = 16;
const MAX_PLACES = 1 << 16;
/** Messages in flight on one client whose times are kept for certain. */
export const MAX_NAMED_IN_FLIGHT = MAX_PLACES / 4;
const WORDS = 3;

export function rememberTimes(client: Client, inFlight: number, sequence: number, dueNs: number, sentNs: number): void {
  let times = client.times;
  if (times === null || (4 * inFlight * WORDS > times.length && times.length < MAX_PLACES * WORDS)) {
    times = grown(times);
    client.times = times;
  }
  const slot = WORDS * (sequence % (times.length / WORDS));
  times[slot] = sequence;
  times[slot + 1] = dueNs;
  times[slot + 2] = sentNs;
}

function grown(times: Float64Array | null): Float64Array {
  if (times === null) return new Float64Array(WORDS * FIRST_PLACES).fill(-1);
  const larger = new Float64Array(2 * times.length).fill(-1);
  const places = larger.length / WORDS;
  for (let from = 0; from < times.length; from += WORDS) {
    if (times[from]! >= 0) larger.set(times.subarray(from, from + WORDS), WORDS * (times[from]! % places));
  }
  return larger;
}

/** Lays a whole message out in the outbox as one frame, compressed where the client agreed to it. */
export function appendFrame(accounting: Accounting, client: Client, opcode: Opcode, plain: Uint8Array): void {
  const { outbox } = accounting;
  const isCompressed = client.deflater !== null;
  const payload = client.deflater === null ? plain : client.deflater.compress(plain);
  const at = reserve(outbox, frameHeaderBytes(payload.length) + payload.length);
  const mask = nextMask(accounting);
  const payloadAt = writeFrameHeader(outbox.bytes, at, opcode, payload.length, mask, isCompressed);
  outbox.bytes.set(payload, payloadAt);
  maskView(outbox.view, payloadAt, payloadAt + payload.length, mask);
}

/** What a client says first, where it speaks JSON. */
export function joinInJson(accounting: Accounting, layout: JsonLayout, client: Client): void {
  for (let index = 0; index < layout.join.length; index++) {
    const length = layOutJoin(layout, index, client.stream);
    appendFrame(accounting, client, opcodes.text, layout.message.subarray(0, length));
  }
}

/** What an arrived document says of the message that it names. */
export interface NamedArrival {
  /** With what was sent in it. */
  readonly isWhole: boolean;
  /** The service had the message before. */
  readonly isCopy: boolean;
  readonly bytes: number;
}

/** A message of the run, or its answer. */
export function receiveNamed(accounting: Accounting, client: Client, name: MessageName, arrival: NamedArrival): void {
  const { isWhole, isCopy, bytes } = arrival;
  const { stream, sequence, dueNs, sentNs } = name;
  if (stream !== client.stream) {
    if (isWhole || accounting.fanout === null) noteFromOther(accounting, client, stream, sequence, dueNs, sentNs);
    else corrupted(accounting, client, stream, sequence, 'mangled', bytes);
  } else if (sequence >= accounting.ledger.next[client.index]!) unexpected(accounting, client, 'neverSent', sequence);
  else if (!isWhole) corrupted(accounting, client, stream, sequence, 'mangled', bytes);
  else if (dueNs >= 0) (isCopy ? noteCopy : noteMessage)(accounting, client, sequence, dueNs, sentNs);
  else answered(accounting, client, sequence, isCopy);
}

/** What the service says of it stands from `start` to `end`. */
export function receiveRejection(
  accounting: Accounting,
  client: Client,
  name: MessageName,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { stream, sequence } = name;
  if (stream !== client.stream) unexpected(accounting, client, 'otherStream', stream);
  else if (sequence >= accounting.ledger.next[client.index]!) unexpected(accounting, client, 'neverSent', sequence);
  else {
    noteRejection(accounting, client, sequence, name.dueNs >= 0 ? name.sentNs : sentTime(accounting, client, sequence));
    if (isNewKind(accounting.rejectionKinds, bytes, start, end)) {
      accounting.refusedWith(client, sequence, wordsOf(bytes, start, end));
    }
  }
}

export function receiveAcknowledgement(
  accounting: Accounting,
  client: Client,
  name: MessageName,
  isCopy: boolean,
): void {
  const { stream, sequence } = name;
  if (stream !== client.stream) unexpected(accounting, client, 'otherStream', stream);
  else if (sequence >= accounting.ledger.next[client.index]!) unexpected(accounting, client, 'neverSent', sequence);
  else noteAcknowledgement(accounting, client, sequence, isCopy);
}

/** The times are where acknowledgements are waited for, or else in the client's table. */
function answered(accounting: Accounting, client: Client, sequence: number, isCopy: boolean): void {
  const note = isCopy ? noteCopy : noteMessage;
  const kept = accounting.acks === null ? null : timesOf(accounting.acks, client.index, sequence);
  if (kept !== null) note(accounting, client, sequence, kept.dueNs, kept.sentNs);
  else note(accounting, client, sequence, timeInTable(client, sequence, 1), timeInTable(client, sequence, 2));
}

/** NaN where it is not remembered any more. */
function sentTime({ acks }: Accounting, client: Client, sequence: number): number {
  const kept = acks === null ? null : timesOf(acks, client.index, sequence);
  return kept === null ? timeInTable(client, sequence, 2) : kept.sentNs;
}

/** Of a message that has not come back: what the table has of it. */
export function timesInTable(client: Client, sequence: number): SentTimes | null {
  const dueNs = timeInTable(client, sequence, 1);
  return Number.isNaN(dueNs) ? null : { dueNs, sentNs: timeInTable(client, sequence, 2) };
}

/** `word`: 1 for when the message was due, 2 for when it was sent. */
function timeInTable({ times }: Client, sequence: number, word: 1 | 2): number {
  if (times === null) return Number.NaN;
  const slot = WORDS * (sequence % (times.length / WORDS));
  return times[slot] === sequence ? times[slot + word]! : Number.NaN;
}

/** What came names no message of this run; `isUnexpected`: and is not the service's right. */
export function receiveUnmatched(
  accounting: Accounting,
  client: Client,
  isUnexpected: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (accounting.isUnderstood && !isUnexpected) return;
  const sample = sampleOf(bytes, start, end);
  noteUnmatched(accounting, client, sample);
  if (isUnexpected) unexpected(accounting, client, 'foreign', end - start, sample);
}

// Messages that are known by an id (`dialects/message-id.ts`), whatever document carries it. An answer has the id and
// nothing else that can be relied on, so times wait in a table of the lane, where the id itself does not carry them.
//
//   lane.times   | number due sent | number due sent | …      number n is at place n mod the places
//
// The table doubles until a quarter of it holds what is in flight. A message so late that its place was taken again is
// delivered without its times.

import { type JsonLayout, layOutHello } from '../../dialects/json-layout.ts';
import type { MessageName } from '../../dialects/message-id.ts';
import { frameHeaderBytes, writeFrameHeader } from '../../frames/frame-writer.ts';
import { maskView } from '../../frames/mask.ts';
import { type Opcode, opcodes } from '../../frames/opcodes.ts';
import { timesOf } from '../../measure/acknowledgements.ts';
import type { Lane } from '../lane.ts';
import { reserve } from './outbox.ts';
import { isNewKind, wordsOf } from './rejections.ts';
import {
  corrupted,
  nextMask,
  noteAcknowledgement,
  noteCopy,
  noteFromOther,
  noteMessage,
  noteRejection,
  noteUnmatched,
  type Traffic,
  unexpected,
} from './traffic.ts';
import { sampleOf } from './unreadable.ts';

const FIRST_PLACES = 16;
const MAX_PLACES = 1 << 16;
/** Messages in flight on one lane whose times are kept for certain. */
export const MAX_NAMED_IN_FLIGHT = MAX_PLACES / 4;
const WORDS = 3;

export function rememberTimes(lane: Lane, inFlight: number, sequence: number, dueNs: number, sentNs: number): void {
  let times = lane.times;
  if (times === null || (4 * inFlight * WORDS > times.length && times.length < MAX_PLACES * WORDS)) {
    times = grown(times);
    lane.times = times;
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

/** Lays a whole message out in the outbox as one frame, compressed where the lane agreed to it. */
export function appendFrame(traffic: Traffic, lane: Lane, opcode: Opcode, plain: Uint8Array): void {
  const { outbox } = traffic;
  const isCompressed = lane.deflater !== null;
  const payload = lane.deflater === null ? plain : lane.deflater.compress(plain);
  const at = reserve(outbox, frameHeaderBytes(payload.length) + payload.length);
  const mask = nextMask(traffic);
  const payloadAt = writeFrameHeader(outbox.bytes, at, opcode, payload.length, mask, isCompressed);
  outbox.bytes.set(payload, payloadAt);
  maskView(outbox.view, payloadAt, payloadAt + payload.length, mask);
}

/** What a lane says first, where it speaks JSON. */
export function greetInJson(traffic: Traffic, layout: JsonLayout, lane: Lane): void {
  for (let index = 0; index < layout.hello.length; index++) {
    const length = layOutHello(layout, index, lane.stream);
    appendFrame(traffic, lane, opcodes.text, layout.message.subarray(0, length));
  }
}

/** What an arrived document says of the message that it names. */
export interface Hearing {
  /** With what was sent in it. */
  readonly isWhole: boolean;
  /** The service had the message before. */
  readonly isCopy: boolean;
  readonly bytes: number;
}

/** A message of the run, or its answer. */
export function hearNamed(traffic: Traffic, lane: Lane, name: MessageName, hearing: Hearing): void {
  const { isWhole, isCopy, bytes } = hearing;
  const { stream, sequence, dueNs, sentNs } = name;
  if (stream !== lane.stream) {
    if (isWhole || traffic.fanout === null) noteFromOther(traffic, lane, stream, sequence, dueNs, sentNs);
    else corrupted(traffic, lane, stream, sequence, 'mangled', bytes);
  } else if (sequence >= traffic.ledger.next[lane.index]!) unexpected(traffic, lane, 'neverSent', sequence);
  else if (!isWhole) corrupted(traffic, lane, stream, sequence, 'mangled', bytes);
  else if (dueNs >= 0) (isCopy ? noteCopy : noteMessage)(traffic, lane, sequence, dueNs, sentNs);
  else answered(traffic, lane, sequence, isCopy);
}

/** What the service says of it stands from `start` to `end`. */
export function hearRejection(
  traffic: Traffic,
  lane: Lane,
  name: MessageName,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { stream, sequence } = name;
  if (stream !== lane.stream) unexpected(traffic, lane, 'otherStream', stream);
  else if (sequence >= traffic.ledger.next[lane.index]!) unexpected(traffic, lane, 'neverSent', sequence);
  else {
    noteRejection(traffic, lane, sequence, name.dueNs >= 0 ? name.sentNs : sentTime(traffic, lane, sequence));
    if (isNewKind(traffic.rejectionKinds, bytes, start, end)) {
      traffic.refusedWith(lane, sequence, wordsOf(bytes, start, end));
    }
  }
}

export function hearAcknowledgement(traffic: Traffic, lane: Lane, name: MessageName, isCopy: boolean): void {
  const { stream, sequence } = name;
  if (stream !== lane.stream) unexpected(traffic, lane, 'otherStream', stream);
  else if (sequence >= traffic.ledger.next[lane.index]!) unexpected(traffic, lane, 'neverSent', sequence);
  else noteAcknowledgement(traffic, lane, sequence, isCopy);
}

/** The times are where acknowledgements are waited for, or else in the lane's table. */
function answered(traffic: Traffic, lane: Lane, sequence: number, isCopy: boolean): void {
  const note = isCopy ? noteCopy : noteMessage;
  const kept = traffic.acks === null ? null : timesOf(traffic.acks, lane.index, sequence);
  if (kept !== null) note(traffic, lane, sequence, kept.dueNs, kept.sentNs);
  else note(traffic, lane, sequence, timeInTable(lane, sequence, 1), timeInTable(lane, sequence, 2));
}

/** NaN where it is not remembered any more. */
function sentTime({ acks }: Traffic, lane: Lane, sequence: number): number {
  const kept = acks === null ? null : timesOf(acks, lane.index, sequence);
  return kept === null ? timeInTable(lane, sequence, 2) : kept.sentNs;
}

/** `word`: 1 for when the message was due, 2 for when it was sent. */
function timeInTable({ times }: Lane, sequence: number, word: 1 | 2): number {
  if (times === null) return Number.NaN;
  const slot = WORDS * (sequence % (times.length / WORDS));
  return times[slot] === sequence ? times[slot + word]! : Number.NaN;
}

/** What came names no message of this run; `isStranger`: and is not the service's right. */
export function hearNothing(
  traffic: Traffic,
  lane: Lane,
  isStranger: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (traffic.isUnderstood && !isStranger) return;
  const sample = sampleOf(bytes, start, end);
  noteUnmatched(traffic, lane, sample);
  if (isStranger)
    unexpected(traffic, lane, 'foreign', end - start, () => `an answer without an id of this run: ${sample()}`);
}

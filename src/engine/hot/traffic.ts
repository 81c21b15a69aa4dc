// What sending and receiving share in one process, and the two of them: the path that every message
// takes. No allocation, closure, promise, Map or exception per message on the uncompressed path.

import {
  carriesTimes,
  createEchoCodec,
  DUE_NS,
  type EchoCodec,
  MAX_NUMBER_BITS,
  maxInFlight,
  numberedIsIntact,
  Reading,
  readEcho,
  SENT_NS,
  SEQUENCE,
  writeEcho,
} from '../../dialects/echo.ts';
import { examineDamage } from '../../dialects/echo-damage.ts';
import type { Violation } from '../../facts/event.ts';
import type { DamageKind, StrangerKind, UnsentReason } from '../../facts/window.ts';
import { frameHeaderBytes, writeFrame, writeFrameHeader } from '../../frames/frame-writer.ts';
import { opcodes } from '../../frames/opcodes.ts';
import { record, recordMany } from '../../histogram/histogram.ts';
import {
  Arrival,
  createLedger,
  type Ledger,
  missingNumbers,
  noteArrival,
  takeNumber,
  wholeNumber,
} from '../../measure/ledger.ts';
import {
  changeInFlight,
  countCorrupted,
  countReordered,
  countUnexpected,
  type Recorder,
} from '../../measure/recorder.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Lane } from '../lane.ts';
import { createOutbox, flush, type Outbox, reserve } from './outbox.ts';

/** Violations that one worker describes; the result keeps as many of all workers together. */
const MAX_VIOLATIONS = 100;

const TIMES_RING = 2 ** MAX_NUMBER_BITS;

export interface Traffic {
  readonly codec: EchoCodec;
  readonly ledger: Ledger;
  readonly recorder: Recorder;
  readonly outbox: Outbox;
  readonly opcode: 1 | 2;
  /** By message type. */
  readonly payloadBytes: readonly number[];
  readonly maxInFlight: readonly number[];
  readonly needsTimes: readonly boolean[];
  readonly maxBufferedBytes: number;
  /** State of the xorshift32 that gives every frame a fresh mask key (RFC 6455 §5.3). */
  maskState: number;
  /** When the current read event was received. */
  receivedNs: number;
  /** The memory that frames are parsed in place from, and its view. */
  readBytes: Uint8Array;
  readView: DataView;
  /** How many more violations are described; the rest are only counted. */
  violationsLeft: number;
  report(violation: Violation, atNs: number): void;
}

export function createTraffic(
  plan: Plan,
  lanes: number,
  run: number,
  maskSeed: number,
  recorder: Recorder,
  report: Traffic['report'],
): Traffic {
  const codec = createEchoCodec(plan.dialect.format, run);
  const payloadBytes = plan.load.mix.map((type) => type.payloadBytes);
  const nothing = new Uint8Array(0);
  return {
    codec,
    ledger: createLedger(lanes),
    recorder,
    outbox: createOutbox(),
    opcode: codec.isText ? opcodes.text : opcodes.binary,
    payloadBytes,
    maxInFlight: payloadBytes.map((bytes) => maxInFlight(codec, bytes)),
    needsTimes: payloadBytes.map((bytes) => !carriesTimes(codec, bytes)),
    maxBufferedBytes: plan.target.maxBufferedBytes,
    maskState: maskSeed >>> 0 || 1,
    receivedNs: 0,
    readBytes: nothing,
    readView: new DataView(nothing.buffer),
    violationsLeft: MAX_VIOLATIONS,
    report,
  };
}

/** Why a message that is due cannot be sent on this lane now; null when it can. */
export function whyUnsent(traffic: Traffic, lane: Lane, type: number): UnsentReason | null {
  if (lane.link!.writableLength > traffic.maxBufferedBytes) return 'backpressure';
  return isWindowFull(traffic, lane, type) ? 'windowFull' : null;
}

/** Whether the number of one more message of this type could not be told from those in flight. */
export function isWindowFull({ ledger, maxInFlight }: Traffic, lane: Lane, type: number): boolean {
  return ledger.next[lane.index]! - ledger.expected[lane.index]! >= maxInFlight[type]!;
}

/** Lays one message out in the outbox; `flushLane` writes it, `countSent` counts it. */
export function appendMessage(traffic: Traffic, lane: Lane, type: number, dueNs: number, sentNs: number): void {
  const { codec, ledger, outbox } = traffic;
  const payloadBytes = traffic.payloadBytes[type]!;
  const sequence = takeNumber(ledger, lane.index);
  if (traffic.needsTimes[type]) rememberTimes(lane, sequence, dueNs, sentNs);

  if (lane.deflater === null) {
    const mask = nextMask(traffic);
    const at = reserve(outbox, frameHeaderBytes(payloadBytes) + payloadBytes);
    const payloadAt = writeFrameHeader(outbox.bytes, at, traffic.opcode, payloadBytes, swapBytes(mask), false);
    writeEcho(
      codec,
      outbox.bytes,
      outbox.view,
      payloadAt,
      payloadBytes,
      type,
      lane.stream,
      sequence,
      dueNs,
      sentNs,
      mask,
    );
  } else {
    appendCompressed(traffic, lane, type, sequence, dueNs, sentNs);
  }
}

/** Counts messages of the same due time, laid out at the same moment. */
export function countSent(traffic: Traffic, count: number, dueNs: number, sentNs: number): void {
  const { recorder } = traffic;
  recorder.messages.sent += count;
  recordMany(recorder.histograms.sendLag, sentNs - dueNs, count);
  changeInFlight(recorder, sentNs, count);
}

function appendCompressed(
  traffic: Traffic,
  lane: Lane,
  type: number,
  sequence: number,
  dueNs: number,
  sentNs: number,
): void {
  const payloadBytes = traffic.payloadBytes[type]!;
  const plain = new Uint8Array(payloadBytes);
  writeEcho(
    traffic.codec,
    plain,
    new DataView(plain.buffer),
    0,
    payloadBytes,
    type,
    lane.stream,
    sequence,
    dueNs,
    sentNs,
    0,
  );
  const compressed = lane.deflater!.compress(plain);
  const at = reserve(traffic.outbox, frameHeaderBytes(compressed.length) + compressed.length);
  writeFrame(traffic.outbox.bytes, at, traffic.opcode, compressed, 0, compressed.length, nextMask(traffic), true);
}

/** Writes what was laid out for this lane since the last flush. */
export function flushLane(traffic: Traffic, lane: Lane): void {
  traffic.recorder.bytesSent += flush(traffic.outbox, lane.link!);
}

function rememberTimes(lane: Lane, sequence: number, dueNs: number, sentNs: number): void {
  lane.times ??= new Float64Array(2 * TIMES_RING);
  const slot = 2 * (sequence % TIMES_RING);
  lane.times[slot] = dueNs;
  lane.times[slot + 1] = sentNs;
}

/** Judges one received data message. `bytes[start, end)` is its payload, unmasked and inflated. */
export function receiveMessage(
  traffic: Traffic,
  lane: Lane,
  isText: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { codec } = traffic;
  if (isText !== codec.isText) {
    unexpected(traffic, lane, 'otherOpcode', end - start);
    return;
  }
  const view =
    bytes === traffic.readBytes ? traffic.readView : new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const reading = readEcho(codec, bytes, view, start, end);
  const { fields } = codec;
  if (reading === Reading.stamped) {
    if (fields.stream !== lane.stream) unexpected(traffic, lane, 'otherStream', fields.stream);
    else noteMessage(traffic, lane, codec.numbers[SEQUENCE]!, codec.numbers[DUE_NS]!, codec.numbers[SENT_NS]!);
  } else if (reading === Reading.numbered) {
    receiveNumbered(traffic, lane, bytes, view, start, end);
  } else if (reading === Reading.stale) {
    unexpected(traffic, lane, 'stale', end - start);
  } else {
    receiveBroken(traffic, lane, bytes.subarray(start, end));
  }
}

/** Damaged on its way, or never a message of ours. */
function receiveBroken(traffic: Traffic, lane: Lane, payload: Uint8Array): void {
  const { codec, ledger, payloadBytes } = traffic;
  const damage = examineDamage(codec, payload, {
    stream: lane.stream,
    payloadBytes,
    isSent: (sequence) => sequence >= 0 && sequence < ledger.next[lane.index]! && sequence % 1 === 0,
    missing: () => missingNumbers(ledger, lane.index),
  });
  if (damage === null) unexpected(traffic, lane, 'foreign', payload.length);
  else corrupted(traffic, lane, damage.sequence, damage.kind, payload.length);
}

function receiveNumbered(
  traffic: Traffic,
  lane: Lane,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
): void {
  const { codec, ledger } = traffic;
  // The shortest have no room for a checksum, so that a part of one, or nothing at all, would pass for one.
  if (!traffic.payloadBytes.includes(end - start)) {
    receiveBroken(traffic, lane, bytes.subarray(start, end));
    return;
  }
  const sequence = wholeNumber(ledger, lane.index, codec.numbers[SEQUENCE]!, codec.fields.sequenceBits);
  if (sequence < 0 || sequence >= ledger.next[lane.index]! || lane.times === null) {
    unexpected(traffic, lane, 'neverSent', sequence);
  } else if (numberedIsIntact(codec, bytes, view, start, end, lane.stream, sequence)) {
    const slot = 2 * (sequence % TIMES_RING);
    noteMessage(traffic, lane, sequence, lane.times[slot]!, lane.times[slot + 1]!);
  } else {
    corrupted(traffic, lane, sequence, 'mangled', end - start);
  }
}

function noteMessage(traffic: Traffic, lane: Lane, sequence: number, dueNs: number, sentNs: number): void {
  const { recorder, receivedNs } = traffic;
  const arrival = noteArrival(traffic.ledger, lane.index, sequence);
  if (arrival === Arrival.inOrder || arrival === Arrival.reordered) {
    record(recorder.histograms.response, receivedNs - dueNs);
    record(recorder.histograms.service, receivedNs - sentNs);
    if (sequence < lane.givenUpBelow) lane.lateCredit++;
    lane.credit++; // counted once for the whole read event, by `countDelivered`
    if (arrival === Arrival.reordered) reordered(traffic, lane, sequence);
  } else if (arrival === Arrival.duplicated) {
    recorder.messages.duplicated++;
    if (traffic.violationsLeft > 0) report(traffic, lane, 'duplicated', sequence, `#${sequence} arrived again`);
  } else if (arrival === Arrival.belated) {
    recorder.messages.belated++;
    if (traffic.violationsLeft > 0) report(traffic, lane, 'belated', sequence, `#${sequence} after it was given up`);
  } else {
    unexpected(traffic, lane, 'neverSent', sequence);
  }
}

/** Counts what a read event delivered, once it is over. */
export function countDelivered(traffic: Traffic, lane: Lane): void {
  const { recorder, receivedNs } = traffic;
  recorder.messages.delivered += lane.credit;
  changeInFlight(recorder, receivedNs, -lane.credit);
}

function reordered(traffic: Traffic, lane: Lane, sequence: number): void {
  const { extent, expected } = traffic.ledger;
  countReordered(traffic.recorder, extent);
  if (traffic.violationsLeft === 0) return;
  const places = extent === 0 ? 'more places than are remembered' : extent === 1 ? '1 place' : `${extent} places`;
  report(traffic, lane, 'reordered', sequence, `#${sequence} after #${expected[lane.index]! - 1}, ${places} late`);
}

function corrupted(
  traffic: Traffic,
  lane: Lane,
  sequence: number | null,
  kind: DamageKind,
  payloadBytes: number,
): void {
  countCorrupted(traffic.recorder, kind);
  if (traffic.violationsLeft === 0) return;
  const name = sequence === null ? 'a message' : `#${sequence}`;
  report(traffic, lane, 'corrupted', sequence, `${name} came back ${DAMAGE_TEXT[kind]}, ${payloadBytes} bytes`);
}

const DAMAGE_TEXT: Readonly<Record<DamageKind, string>> = {
  bitFlips: 'with flipped bits',
  truncated: 'cut off',
  extended: 'with bytes added',
  spliced: 'with the end of another message',
  mangled: 'damaged',
};

/** Why a message was not expected; `figure` is the number that the sentence needs. */
const STRANGER_TEXT: Readonly<Record<StrangerKind, (figure: number) => string>> = {
  otherOpcode: (figure) => `${figure} bytes of the other kind (text for binary, or binary for text)`,
  otherStream: (figure) => `a message of stream ${figure}`,
  foreign: (figure) => `${figure} bytes that are not a message of this run`,
  stale: (figure) => `${figure} bytes that are a message of another run`,
  neverSent: (figure) => `#${figure}, which this lane has not sent`,
};

function unexpected(traffic: Traffic, lane: Lane, kind: StrangerKind, figure: number): void {
  countUnexpected(traffic.recorder, kind);
  if (traffic.violationsLeft > 0) report(traffic, lane, 'unexpected', null, STRANGER_TEXT[kind](figure));
}

function report(
  traffic: Traffic,
  lane: Lane,
  violation: Violation['violation'],
  seq: number | null,
  detail: string,
): void {
  traffic.violationsLeft--;
  traffic.report({ violation, lane: lane.stream, stream: lane.stream, seq, detail }, traffic.receivedNs);
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

/** Frames write a key's highest octet first; message words are XOR-ed lowest first. */
function swapBytes(word: number): number {
  return (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

// The echo dialect at work: every message carries all that its receiver needs, and short ones have their times in a table
// of the lane. No allocation, closure, promise, Map or exception per message on the uncompressed path.

import {
  carriesTimes,
  createEchoCodec,
  DUE_NS,
  MAX_NUMBER_BITS,
  maxInFlight,
  numberedIsIntact,
  Reading,
  readEcho,
  SENT_NS,
  SEQUENCE,
  writeEcho,
} from '../../dialects/echo.ts';
import { type Damage, examineDamage, type LaneKnowledge } from '../../dialects/echo-damage.ts';
import { frameHeaderBytes, writeFrame, writeFrameHeader } from '../../frames/frame-writer.ts';
import { opcodes } from '../../frames/opcodes.ts';
import { awaitedBy } from '../../measure/audience.ts';
import { missingNumbers, wholeNumber } from '../../measure/ledger.ts';
import type { EchoDialect } from '../../plan/plan.ts';
import type { Lane } from '../lane.ts';
import { reserve } from './outbox.ts';
import type { Speech } from './speech.ts';
import {
  corrupted,
  nextMask,
  nextNumber,
  noteFromOther,
  noteMessage,
  noteUnmatched,
  type Traffic,
  unexpected,
} from './traffic.ts';

const SAMPLE_BYTES = 60;
const TIMES_RING = 2 ** MAX_NUMBER_BITS;
/** Of the damaged messages of a second, so many are looked at closely. */
const MAX_EXAMINED_A_SECOND = 500;

/** `run`: the 32-bit mark of the run; `payloadBytes`: by message type. */
export function speakEcho(
  dialect: EchoDialect,
  run: number,
  payloadBytes: readonly number[],
  traffic: Traffic,
): Speech {
  const codec = createEchoCodec(dialect.format, run);
  const { ledger, outbox } = traffic;
  const opcode = codec.isText ? opcodes.text : opcodes.binary;
  let examinedSecond = 0;
  let examined = 0;
  const needsTimes = payloadBytes.map((bytes) => !carriesTimes(codec, bytes));

  function append(lane: Lane, type: number, dueNs: number, sentNs: number): boolean {
    repeat(lane, type, nextNumber(traffic, lane, dueNs, sentNs), dueNs, sentNs);
    return true;
  }

  function repeat(lane: Lane, type: number, sequence: number, dueNs: number, sentNs: number): void {
    const bytes = payloadBytes[type]!;
    if (needsTimes[type]) rememberTimes(lane, sequence, dueNs, sentNs);
    if (lane.deflater !== null) {
      appendCompressed(lane, type, sequence, dueNs, sentNs);
      return;
    }
    const mask = nextMask(traffic);
    const at = reserve(outbox, frameHeaderBytes(bytes) + bytes);
    const payloadAt = writeFrameHeader(outbox.bytes, at, opcode, bytes, swapBytes(mask), false);
    writeEcho(codec, outbox.bytes, outbox.view, payloadAt, bytes, type, lane.stream, sequence, dueNs, sentNs, mask);
  }

  function appendCompressed(lane: Lane, type: number, sequence: number, dueNs: number, sentNs: number): void {
    const plain = new Uint8Array(payloadBytes[type]!);
    const view = new DataView(plain.buffer);
    writeEcho(codec, plain, view, 0, plain.length, type, lane.stream, sequence, dueNs, sentNs, 0);
    const compressed = lane.deflater!.compress(plain);
    const at = reserve(outbox, frameHeaderBytes(compressed.length) + compressed.length);
    writeFrame(outbox.bytes, at, opcode, compressed, 0, compressed.length, nextMask(traffic), true);
  }

  function receive(lane: Lane, isText: boolean, bytes: Uint8Array, start: number, end: number): void {
    if (isText !== codec.isText) {
      unexpected(traffic, lane, 'otherOpcode', end - start);
      return;
    }
    const view =
      bytes === traffic.readBytes ? traffic.readView : new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const reading = readEcho(codec, bytes, view, start, end);
    const { fields, numbers } = codec;
    if (reading === Reading.stamped) {
      if (fields.stream !== lane.stream) {
        noteFromOther(traffic, lane, fields.stream, numbers[SEQUENCE]!, numbers[DUE_NS]!, numbers[SENT_NS]!);
      } else noteMessage(traffic, lane, numbers[SEQUENCE]!, numbers[DUE_NS]!, numbers[SENT_NS]!);
    } else if (reading === Reading.numbered) {
      receiveNumbered(lane, bytes, view, start, end);
    } else if (reading === Reading.stale) {
      unexpected(traffic, lane, 'stale', end - start);
    } else {
      receiveBroken(lane, bytes.subarray(start, end));
    }
  }

  function receiveNumbered(lane: Lane, bytes: Uint8Array, view: DataView, start: number, end: number): void {
    // The shortest have no room for a checksum, so that a part of one, or nothing at all, would pass for one.
    if (!payloadBytes.includes(end - start)) {
      receiveBroken(lane, bytes.subarray(start, end));
      return;
    }
    const sequence = wholeNumber(ledger, lane.index, codec.numbers[SEQUENCE]!, codec.fields.sequenceBits);
    if (sequence < 0 || sequence >= ledger.next[lane.index]! || lane.times === null) {
      unexpected(traffic, lane, 'neverSent', sequence);
    } else if (numberedIsIntact(codec, bytes, view, start, end, lane.stream, sequence)) {
      const slot = 2 * (sequence % TIMES_RING);
      noteMessage(traffic, lane, sequence, lane.times[slot]!, lane.times[slot + 1]!);
    } else {
      corrupted(traffic, lane, lane.stream, sequence, 'mangled', end - start);
    }
  }

  /** Damaged on its way, or never a message of ours. */
  function receiveBroken(lane: Lane, payload: Uint8Array): void {
    const second = Math.floor(traffic.receivedNs / 1e9);
    if (second !== examinedSecond) {
      examinedSecond = second;
      examined = 0;
    }
    const thorough = examined++ < MAX_EXAMINED_A_SECOND;
    let first: { readonly damage: Damage; readonly stream: number } | null = null;
    for (const knowledge of knowledgeOf(lane)) {
      const damage = examineDamage(codec, payload, knowledge, thorough);
      if (damage === null) continue;
      const found = { damage, stream: knowledge.stream };
      if (first === null || damage.kind !== 'mangled') first = found;
      if (damage.kind !== 'mangled') break;
    }
    if (first === null) {
      noteUnmatched(traffic, lane, () =>
        Buffer.from(payload.subarray(0, SAMPLE_BYTES)).toString(codec.isText ? 'utf8' : 'hex'),
      );
      unexpected(traffic, lane, 'foreign', payload.length);
    } else corrupted(traffic, lane, first.stream, first.damage.sequence, first.damage.kind, payload.length);
  }

  /** Whose message it may be: the lane's own or, in a room, that of any sender there. */
  function knowledgeOf(lane: Lane): readonly LaneKnowledge[] {
    const own: LaneKnowledge = {
      stream: lane.stream,
      payloadBytes,
      isSent: (sequence) => sequence >= 0 && sequence < ledger.next[lane.index]! && sequence % 1 === 0,
      missing: () => missingNumbers(ledger, lane.index),
    };
    if (traffic.fanout === null) return [own];
    const others = awaitedBy(traffic.fanout.audience, lane.index, lane.stream);
    return [own, ...others.map((other) => ({ ...other, payloadBytes }))];
  }

  return {
    maxInFlight: payloadBytes.map((bytes) => maxInFlight(codec, bytes)),
    greet: () => {},
    append,
    repeat,
    receive,
  };
}

/** In `lane.times`: due and sent of each number, two to a place. */
function rememberTimes(lane: Lane, sequence: number, dueNs: number, sentNs: number): void {
  lane.times ??= new Float64Array(2 * TIMES_RING);
  const slot = 2 * (sequence % TIMES_RING);
  lane.times[slot] = dueNs;
  lane.times[slot + 1] = sentNs;
}

/** Frames write a key's highest octet first; message words are XOR-ed lowest first. */
function swapBytes(word: number): number {
  return (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

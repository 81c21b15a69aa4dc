// The echo protocol at work: every message carries all that its receiver needs, and short ones have their times in a table
// of the client. No allocation, closure, promise, Map or exception per message on the uncompressed path.

import { frameHeaderBytes, writeFrame, writeFrameHeader } from '../../frames/frame-writer.ts';
import { opcodes } from '../../frames/opcodes.ts';
import { missingNumbers, wholeNumber } from '../../measure/ledger.ts';
import { awaitedBy } from '../../measure/room-tracking.ts';
import type { EchoProtocol } from '../../plan/plan.ts';
import { type ClientKnowledge, type Damage, examineDamage } from '../../protocols/echo/damage.ts';
import {
  carriesTimes,
  createEchoCodec,
  DUE_NS,
  EchoReading,
  MAX_NUMBER_BITS,
  maxInFlight,
  numberedIsIntact,
  readEcho,
  SENT_NS,
  SEQUENCE,
  writeEcho,
} from '../../protocols/echo/echo.ts';
import type { Client } from '../connections/client.ts';
import {
  type Accounting,
  corrupted,
  nextMask,
  nextNumber,
  noteFromOther,
  noteMessage,
  noteUnmatched,
  unexpected,
} from './accounting.ts';
import type { ProtocolDriver } from './driver.ts';
import { reserve } from './outbox.ts';

const SAMPLE_BYTES = 60;
/**
 * Messages whose times a client remembers at once, by their number modulo this. A short message carries at most so many bits of its
 * number, and no more are in flight than those bits tell apart (`maxInFlight`), so no two messages in flight share a slot.
 */
const TIMES_RING = 2 ** MAX_NUMBER_BITS;
/** Of the damaged messages of a second, so many are looked at closely. */
const MAX_EXAMINED_A_SECOND = 500;

/** `run`: the 32-bit nonce of the run; `payloadBytes`: by message type. */
export function createEchoDriver(
  protocol: EchoProtocol,
  run: number,
  payloadBytes: readonly number[],
  accounting: Accounting,
): ProtocolDriver {
  const codec = createEchoCodec(protocol.format, run);
  const { ledger, outbox } = accounting;
  const opcode = codec.isText ? opcodes.text : opcodes.binary;
  /** The second of the run, and how many damaged messages of it have been examined closely. */
  let examinedSecond = 0;
  let examined = 0;
  /** By message type: too short to carry its own times. */
  const needsTimes = payloadBytes.map((bytes) => !carriesTimes(codec, bytes));

  /** Takes the next number of the client before it lays the message out: the number is in the message. */
  function append(client: Client, type: number, dueNs: number, sentNs: number): boolean {
    repeat(client, type, nextNumber(accounting, client, dueNs, sentNs), dueNs, sentNs);
    return true;
  }

  function repeat(client: Client, type: number, sequence: number, dueNs: number, sentNs: number): void {
    const bytes = payloadBytes[type]!;
    if (needsTimes[type]) rememberTimes(client, sequence, dueNs, sentNs);
    if (client.deflater !== null) {
      appendCompressed(client, type, sequence, dueNs, sentNs);
      return;
    }
    // Content and mask are written in one pass, so the payload is masked as it is laid out (RFC 6455 §5.3).
    const mask = nextMask(accounting);
    const at = reserve(outbox, frameHeaderBytes(bytes) + bytes);
    const payloadAt = writeFrameHeader(outbox.bytes, at, opcode, bytes, swapBytes(mask), false);
    writeEcho(codec, outbox.bytes, outbox.view, payloadAt, bytes, type, client.stream, sequence, dueNs, sentNs, mask);
  }

  /** Allocates: a compressor takes the whole message, unmasked, and its length is known only afterwards. */
  function appendCompressed(client: Client, type: number, sequence: number, dueNs: number, sentNs: number): void {
    const plain = new Uint8Array(payloadBytes[type]!);
    const view = new DataView(plain.buffer);
    writeEcho(codec, plain, view, 0, plain.length, type, client.stream, sequence, dueNs, sentNs, 0);
    const compressed = client.deflater!.compress(plain);
    const at = reserve(outbox, frameHeaderBytes(compressed.length) + compressed.length);
    writeFrame(outbox.bytes, at, opcode, compressed, 0, compressed.length, nextMask(accounting), true);
  }

  function receive(client: Client, isText: boolean, bytes: Uint8Array, start: number, end: number): void {
    if (isText !== codec.isText) {
      unexpected(accounting, client, 'otherOpcode', end - start);
      return;
    }
    // A message that lies whole in the shared read buffer has its view already; others were joined or inflated.
    const view =
      bytes === accounting.readBytes ? accounting.readView : new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const reading = readEcho(codec, bytes, view, start, end);
    const { fields, numbers } = codec;
    if (reading === EchoReading.stamped) {
      if (fields.stream !== client.stream) {
        noteFromOther(accounting, client, fields.stream, numbers[SEQUENCE]!, numbers[DUE_NS]!, numbers[SENT_NS]!);
      } else noteMessage(accounting, client, numbers[SEQUENCE]!, numbers[DUE_NS]!, numbers[SENT_NS]!);
    } else if (reading === EchoReading.numbered) {
      receiveNumbered(client, bytes, view, start, end);
    } else if (reading === EchoReading.stale) {
      unexpected(accounting, client, 'stale', end - start);
    } else {
      receiveBroken(client, bytes.subarray(start, end));
    }
  }

  /** A short echo: its number is cut to a few bits, and its times are in the client's ring. */
  function receiveNumbered(client: Client, bytes: Uint8Array, view: DataView, start: number, end: number): void {
    // The shortest have no room for a checksum, so that a part of one, or nothing at all, would pass for one.
    if (!payloadBytes.includes(end - start)) {
      receiveBroken(client, bytes.subarray(start, end));
      return;
    }
    const sequence = wholeNumber(ledger, client.index, codec.numbers[SEQUENCE]!, codec.fields.sequenceBits);
    if (sequence < 0 || sequence >= ledger.next[client.index]! || client.times === null) {
      unexpected(accounting, client, 'neverSent', sequence);
    } else if (numberedIsIntact(codec, bytes, view, start, end, client.stream, sequence)) {
      const slot = 2 * (sequence % TIMES_RING);
      noteMessage(accounting, client, sequence, client.times[slot]!, client.times[slot + 1]!);
    } else {
      corrupted(accounting, client, client.stream, sequence, 'mangled', end - start);
    }
  }

  /** Damaged on its way, or never a message of ours. */
  function receiveBroken(client: Client, payload: Uint8Array): void {
    const second = Math.floor(accounting.receivedNs / 1e9);
    if (second !== examinedSecond) {
      examinedSecond = second;
      examined = 0;
    }
    // Looking closely compares with every missing message: a service that damages all of them must not stop the sending.
    const thorough = examined++ < MAX_EXAMINED_A_SECOND;
    let first: { readonly damage: Damage; readonly stream: number } | null = null;
    for (const knowledge of knowledgeOf(client)) {
      const damage = examineDamage(codec, payload, knowledge, thorough);
      if (damage === null) continue;
      const found = { damage, stream: knowledge.stream };
      if (first === null || damage.kind !== 'mangled') first = found;
      if (damage.kind !== 'mangled') break;
    }
    if (first === null) {
      noteUnmatched(accounting, client, () =>
        Buffer.from(payload.subarray(0, SAMPLE_BYTES)).toString(codec.isText ? 'utf8' : 'hex'),
      );
      unexpected(accounting, client, 'foreign', payload.length);
    } else corrupted(accounting, client, first.stream, first.damage.sequence, first.damage.kind, payload.length);
  }

  /** Whose message it may be: the client's own or, in a room, that of any sender there. */
  function knowledgeOf(client: Client): readonly ClientKnowledge[] {
    const own: ClientKnowledge = {
      stream: client.stream,
      payloadBytes,
      isSent: (sequence) => sequence >= 0 && sequence < ledger.next[client.index]! && sequence % 1 === 0,
      missing: () => missingNumbers(ledger, client.index),
    };
    if (accounting.fanout === null) return [own];
    const others = awaitedBy(accounting.fanout.roomTracking, client.index, client.stream);
    return [own, ...others.map((other) => ({ ...other, payloadBytes }))];
  }

  return {
    maxInFlight: payloadBytes.map((bytes) => maxInFlight(codec, bytes)),
    join: () => {},
    append,
    repeat,
    sentTimes(client, sequence) {
      // Where only some messages need the ring, a place in it may be of an older one.
      const isKept = !needsTimes.includes(false) && ledger.next[client.index]! - sequence <= TIMES_RING;
      if (!isKept || client.times === null) return null;
      const slot = 2 * (sequence % TIMES_RING);
      return { dueNs: client.times[slot]!, sentNs: client.times[slot + 1]! };
    },
    receive,
  };
}

/** In `client.times`: due and sent of each number, two to a place. */
function rememberTimes(client: Client, sequence: number, dueNs: number, sentNs: number): void {
  client.times ??= new Float64Array(2 * TIMES_RING);
  const slot = 2 * (sequence % TIMES_RING);
  client.times[slot] = dueNs;
  client.times[slot + 1] = sentNs;
}

/** Frames write a key's highest octet first; message words are XOR-ed lowest first. */
function swapBytes(word: number): number {
  return (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

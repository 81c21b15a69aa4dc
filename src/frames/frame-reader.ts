/**
 * The receiving side of a WebSocket client: bytes in whatever pieces the network cuts them, to messages, pings, pongs,
 * one close, or one violation (RFC 6455 §5 to §8, RFC 7692 §6 and §7.2.2). The whole state machine is in this file.
 *
 *      0               1               2               3
 *      0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |F|R|R|R| opcode|M|  length (7) |    length (16) if 126,        |
 *     |I|S|S|S|  (4)  |A|             |    or length (64) if 127      |
 *     |N|V|V|V|       |S|             |                               |
 *     | |1|2|3|       |K|             |                               |
 *     +-+-+-+-+-------+-+-------------+ - - - - - - - - - - - - - - - +
 *     |            length (64), continued, if 127                     |
 *     + - - - - - - - - - - - - - - - +-------------------------------+
 *     |  (a server's frame has no key)|          payload ...          |
 *     +-------------------------------+-------------------------------+
 *
 * Between two calls of `feed` the reader is in one of four states, and holds bytes only in the last three:
 *
 *      between frames ──────── header or control frame cut off ────▶ #carry: the bytes of it so far (at most 127)
 *            │
 *            ├──────────────── data frame cut off in its payload ──▶ #message, missingBytes > 0
 *            │
 *            └──────────────── first fragment read ────────────────▶ #message, missingBytes = 0, and #carry possible
 *
 * Invariants: what the sink sees depends only on the bytes, never on how they were cut. A frame that lies whole in the
 * buffer is handed on where it lies, without an allocation, unless it is compressed or a fragment. What is held is at
 * most twice what was received, whatever length a header declares. Text that no bytes to come can mend is a violation at
 * the first wrong byte that arrives, not at the end of its message. After a close frame, a violation or `stop` the reader
 * ignores everything.
 */
import { mayBeOnTheWire, noCloseCode } from '../facts/close-codes.ts';
import { opcodes } from './opcodes.ts';
import { createDictionary, dictionaryBytes, remember, type SlidingDictionary } from './sliding-dictionary.ts';
import { decodeUtf8, isValidUtf8, utf8Progress } from './utf8.ts';

/** Receives what the frames say. The bytes of `[start, end)` are valid during the call only. It must not call `feed`. */
export interface FrameSink<Tag> {
  message(tag: Tag, isText: boolean, bytes: Uint8Array, start: number, end: number): void;
  ping(tag: Tag, bytes: Uint8Array, start: number, end: number): void;
  pong(tag: Tag, bytes: Uint8Array, start: number, end: number): void;
  /** Code 1005 stands for a close frame without one (RFC 6455 §7.1.5). */
  close(tag: Tag, code: number, reason: string): void;
  /** The connection must be failed (RFC 6455 §7.1.7) with this code; `rule` names the RFC, the section and the rule. */
  violation(tag: Tag, code: ViolationCode, rule: string): void;
}

export type ViolationCode = 1002 | 1007 | 1009;

/** `bytes` is the payload of one message as received, without the 00 00 ff ff of RFC 7692 §7.2.2. */
export interface Inflate {
  inflate(bytes: Uint8Array, dictionary: Uint8Array | null, maxBytes: number): Inflated;
  /** What the beginning of a payload says so far. */
  inflateBeginning(bytes: Uint8Array, dictionary: Uint8Array | null, maxBytes: number): Inflated;
}

export type Inflated = Uint8Array | 'tooBig' | 'corrupt';

/** What was agreed for the connection; one object can serve all the clients that agreed on the same. */
export interface FrameRules {
  /** Limit of one message: of the declared lengths of its frames (so of compressed bytes), and again once inflated. */
  readonly maxMessageBytes: number;
  /** Null where permessage-deflate was not negotiated. */
  readonly inflation: Inflation | null;
}

export interface Inflation {
  readonly inflate: Inflate;
  readonly serverContextTakeover: boolean;
  /** 8 to 15: how far back the server refers, hence how much is kept with context takeover. */
  readonly serverWindowBits: number;
}

/** A data message of which a part was copied, because it is fragmented or was cut off. */
interface PartialMessage {
  readonly isText: boolean;
  readonly isCompressed: boolean;
  bytes: Uint8Array;
  usedBytes: number;
  /** Of text: how far it is known to be whole characters. Of compressed text: up to where it was looked at. */
  judgedBytes: number;
  /** Of the current frame's payload. */
  missingBytes: number;
  isLastFrame: boolean;
}

const ruleTexts = {
  rsv: 'RFC 6455 §5.2: RSV2 and RSV3 must be 0 unless an extension uses them',
  rsv1: 'RFC 6455 §5.2: RSV1 must be 0 unless permessage-deflate was negotiated',
  rsv1Control: 'RFC 7692 §6.1: RSV1 must be 0 on a control frame',
  rsv1Continuation: 'RFC 7692 §6.1: RSV1 must be 0 on every fragment but the first',
  opcode: 'RFC 6455 §5.2: unknown opcode',
  masked: 'RFC 6455 §5.1: a server must not mask',
  lengthForm: 'RFC 6455 §5.2: the length must take the shortest form',
  lengthTopBit: 'RFC 6455 §5.2: the top bit of a 64-bit length must be 0',
  controlFragmented: 'RFC 6455 §5.5: a control frame must not be fragmented',
  controlTooLong: 'RFC 6455 §5.5: a control frame must not carry more than 125 bytes',
  noStart: 'RFC 6455 §5.4: a continuation needs a message that was begun',
  unfinished: 'RFC 6455 §5.4: a new message must not begin before the last one has ended',
  closeOneByte: 'RFC 6455 §5.5.1: a close payload must begin with a code of two bytes',
  closeCode: 'RFC 6455 §7.4: this close code must not be sent',
  closeReason: 'RFC 6455 §5.5.1: a close reason must be UTF-8',
  text: 'RFC 6455 §8.1: a text message must be UTF-8',
  tooBig: 'RFC 6455 §7.4.1: the message is larger than the limit',
  inflatedTooBig: 'RFC 6455 §7.4.1: the message is larger than the limit once inflated',
  corrupt: 'RFC 7692 §7.2.2: the compressed payload is not valid DEFLATE',
} as const;

const incomplete = -1;
const maxDataHeaderBytes = 10;
const maxControlFrameBytesFromServer = 2 + 125;
const emptyBytes = new Uint8Array(0);

/** One per connection. `tag` is handed through to the sink, so one sink can serve every connection of the process. */
export class FrameReader<Tag> {
  readonly #rules: FrameRules;
  #stopped = false;
  #carryBytes = 0;
  #carry: Uint8Array | null = null;
  #message: PartialMessage | null = null;
  #dictionary: SlidingDictionary | null = null;

  constructor(rules: FrameRules) {
    this.#rules = rules;
  }

  /** True after a close frame, a violation or `stop`: all further bytes are ignored. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Memory held beyond the reader itself: partial frames and messages, and the dictionary of context takeover. */
  get heldBytes(): number {
    return (this.#carry?.length ?? 0) + (this.#message?.bytes.length ?? 0) + (this.#dictionary?.bytes.length ?? 0);
  }

  /** Ends the reader, also from within a call to the sink: the current `feed` then returns without a further call. */
  stop(): void {
    this.#stopped = true;
    this.#carry = null;
    this.#message = null;
    this.#dictionary = null;
  }

  /** Reads `bytes[start, end)`, which may be overwritten as soon as this returns. */
  feed(bytes: Uint8Array, start: number, end: number, sink: FrameSink<Tag>, tag: Tag): void {
    let at = start;
    while (at < end && !this.#stopped) {
      if (this.#message !== null && this.#message.missingBytes > 0)
        at = this.#continuePayload(this.#message, bytes, at, end, sink, tag);
      else if (this.#carry !== null) at = this.#continueCarry(this.#carry, bytes, at, end, sink, tag);
      else at = this.#frames(bytes, at, end, sink, tag);
    }
  }

  /** Reads frames until one is cut off or the sink stops the reader, which ends it: returns `end` in every case. */
  #frames(bytes: Uint8Array, start: number, end: number, sink: FrameSink<Tag>, tag: Tag): number {
    let at = start;
    while (at < end) {
      const next = this.#frame(bytes, at, end, sink, tag);
      if (this.#stopped) return end;
      if (next === incomplete) {
        this.#startCarry(bytes, at, end);
        return end;
      }
      at = next;
    }
    return at;
  }

  /**
   * Reads one frame and returns where it ends, or `end` if its payload goes on after that. Returns `incomplete`, having
   * taken nothing, while the header or a control frame is not whole: but what is already wrong in the first two bytes
   * is reported at once.
   */
  #frame(bytes: Uint8Array, at: number, end: number, sink: FrameSink<Tag>, tag: Tag): number {
    if (end - at < 2) return incomplete;
    const byte0 = bytes[at]!;
    const byte1 = bytes[at + 1]!;

    if ((byte0 === 0x81 || byte0 === 0x82) && byte1 < 126 && this.#message === null) {
      // The fast path: a whole short message. It must decide exactly as the general path below does.
      const payloadEnd = at + 2 + byte1;
      if (payloadEnd <= end && byte1 <= this.#rules.maxMessageBytes) {
        if (byte0 === 0x81 && !isValidUtf8(bytes, at + 2, payloadEnd)) this.#fail(1007, ruleTexts.text, sink, tag);
        else sink.message(tag, byte0 === 0x81, bytes, at + 2, payloadEnd);
        return payloadEnd;
      }
    }

    const wrong = this.#wrongHead(byte0, byte1);
    if (wrong !== null) return this.#fail(1002, wrong, sink, tag);
    if ((byte0 & 0x08) !== 0) return this.#control(byte0 & 0x0f, byte1, bytes, at + 2, end, sink, tag);

    let payloadAt = at + 2;
    let payloadBytes = byte1;
    if (byte1 === 126) {
      payloadAt = at + 4;
      if (payloadAt > end) return incomplete;
      payloadBytes = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      if (payloadBytes < 126) return this.#fail(1002, ruleTexts.lengthForm, sink, tag);
    } else if (byte1 === 127) {
      payloadAt = at + 10;
      if (payloadAt > end) return incomplete;
      const highWord = readWord(bytes, at + 2);
      if (highWord >= 0x8000_0000) return this.#fail(1002, ruleTexts.lengthTopBit, sink, tag);
      payloadBytes = highWord * 0x1_0000_0000 + readWord(bytes, at + 6);
      if (payloadBytes < 65_536) return this.#fail(1002, ruleTexts.lengthForm, sink, tag);
    }
    return this.#data(byte0, payloadBytes, bytes, payloadAt, end, sink, tag);
  }

  /** Everything that the first two bytes of a frame can break (RFC 6455 §5.1, §5.2, §5.4, §5.5; RFC 7692 §6). */
  #wrongHead(byte0: number, byte1: number): string | null {
    const opcode = byte0 & 0x0f;
    const isControl = opcode >= opcodes.close;
    if ((byte0 & 0x30) !== 0) return ruleTexts.rsv;
    if ((byte0 & 0x40) !== 0) {
      if (this.#rules.inflation === null) return ruleTexts.rsv1;
      if (isControl) return ruleTexts.rsv1Control;
      if (opcode === opcodes.continuation) return ruleTexts.rsv1Continuation;
    }
    if (isControl ? opcode > opcodes.pong : opcode > opcodes.binary) return ruleTexts.opcode;
    if ((byte1 & 0x80) !== 0) return ruleTexts.masked;
    if (isControl) {
      if ((byte0 & 0x80) === 0) return ruleTexts.controlFragmented;
      return byte1 > 125 ? ruleTexts.controlTooLong : null;
    }
    if (opcode === opcodes.continuation) return this.#message === null ? ruleTexts.noStart : null;
    return this.#message === null ? null : ruleTexts.unfinished;
  }

  #control(
    opcode: number,
    payloadBytes: number,
    bytes: Uint8Array,
    payloadAt: number,
    end: number,
    sink: FrameSink<Tag>,
    tag: Tag,
  ): number {
    const payloadEnd = payloadAt + payloadBytes;
    if (payloadEnd > end) return incomplete;
    if (opcode === opcodes.ping) sink.ping(tag, bytes, payloadAt, payloadEnd);
    else if (opcode === opcodes.pong) sink.pong(tag, bytes, payloadAt, payloadEnd);
    else this.#close(bytes, payloadAt, payloadEnd, sink, tag);
    return payloadEnd;
  }

  /** RFC 6455 §5.5.1 and §7.4. */
  #close(bytes: Uint8Array, at: number, end: number, sink: FrameSink<Tag>, tag: Tag): void {
    if (end === at) {
      this.stop();
      sink.close(tag, noCloseCode, '');
      return;
    }
    if (end - at === 1) {
      this.#fail(1002, ruleTexts.closeOneByte, sink, tag);
      return;
    }
    const code = (bytes[at]! << 8) | bytes[at + 1]!;
    if (!mayBeOnTheWire(code)) this.#fail(1002, ruleTexts.closeCode, sink, tag);
    else if (!isValidUtf8(bytes, at + 2, end)) this.#fail(1007, ruleTexts.closeReason, sink, tag);
    else {
      this.stop();
      sink.close(tag, code, decodeUtf8(bytes, at + 2, end));
    }
  }

  /** A data frame whose header was right. Its payload may be cut off by `end`. */
  #data(
    byte0: number,
    payloadBytes: number,
    bytes: Uint8Array,
    payloadAt: number,
    end: number,
    sink: FrameSink<Tag>,
    tag: Tag,
  ): number {
    const begun = this.#message;
    const usedBytes = begun === null ? 0 : begun.usedBytes;
    if (usedBytes + payloadBytes > this.#rules.maxMessageBytes) return this.#fail(1009, ruleTexts.tooBig, sink, tag);

    const isLastFrame = (byte0 & 0x80) !== 0;
    if (begun === null) {
      const isText = (byte0 & 0x0f) === opcodes.text;
      const isCompressed = (byte0 & 0x40) !== 0;
      if (isLastFrame && payloadBytes <= end - payloadAt) {
        const payloadEnd = payloadAt + payloadBytes;
        if (isCompressed) this.#inflateAndDeliver(isText, bytes, payloadAt, payloadEnd, sink, tag);
        else this.#deliver(isText, bytes, payloadAt, payloadEnd, payloadAt, sink, tag);
        return payloadEnd;
      }
      const message: PartialMessage = {
        isText,
        isCompressed,
        bytes: emptyBytes,
        usedBytes,
        judgedBytes: 0,
        missingBytes: payloadBytes,
        isLastFrame,
      };
      this.#message = message;
      return this.#continuePayload(message, bytes, payloadAt, end, sink, tag);
    }
    begun.missingBytes = payloadBytes;
    begun.isLastFrame = isLastFrame;
    return this.#continuePayload(begun, bytes, payloadAt, end, sink, tag);
  }

  #continuePayload(
    message: PartialMessage,
    bytes: Uint8Array,
    at: number,
    end: number,
    sink: FrameSink<Tag>,
    tag: Tag,
  ): number {
    const takenBytes = Math.min(message.missingBytes, end - at);
    append(message, bytes, at, at + takenBytes);
    const isWhole = message.missingBytes === 0 && message.isLastFrame;
    if (message.isText && !isWhole) this.#judgeBeginning(message, sink, tag);
    if (!isWhole || this.#stopped) return at + takenBytes;
    this.#message = null;
    if (message.isCompressed) this.#inflateAndDeliver(message.isText, message.bytes, 0, message.usedBytes, sink, tag);
    else this.#deliver(message.isText, message.bytes, 0, message.usedBytes, message.judgedBytes, sink, tag);
    return at + takenBytes;
  }

  /** `judged`: up to where text is known to be whole characters. */
  #deliver(
    isText: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
    judged: number,
    sink: FrameSink<Tag>,
    tag: Tag,
  ): void {
    if (isText && !isValidUtf8(bytes, judged, end)) this.#fail(1007, ruleTexts.text, sink, tag);
    else sink.message(tag, isText, bytes, start, end);
  }

  /** Text that has gone wrong is not waited for (RFC 6455 §8.1): of a service it may never end. */
  #judgeBeginning(message: PartialMessage, sink: FrameSink<Tag>, tag: Tag): void {
    if (message.isCompressed) {
      this.#judgeCompressedBeginning(message, sink, tag);
      return;
    }
    const judged = utf8Progress(message.bytes, message.judgedBytes, message.usedBytes);
    if (judged < 0) this.#fail(1007, ruleTexts.text, sink, tag);
    else message.judgedBytes = judged;
  }

  /**
   * Inflating keeps no state between calls, so it begins anew each time: only where a fragment ends and at least as much
   * again has come. That makes it at most twice the work, in however many fragments a message comes.
   */
  #judgeCompressedBeginning(message: PartialMessage, sink: FrameSink<Tag>, tag: Tag): void {
    const { inflation, maxMessageBytes } = this.#rules;
    const { usedBytes, judgedBytes } = message;
    if (inflation === null || message.missingBytes > 0 || usedBytes === 0 || usedBytes < 2 * judgedBytes) return;
    message.judgedBytes = usedBytes;
    const dictionary = this.#dictionary === null ? null : dictionaryBytes(this.#dictionary);
    const begun = inflation.inflate.inflateBeginning(message.bytes.subarray(0, usedBytes), dictionary, maxMessageBytes);
    if (begun === 'corrupt') this.#fail(1007, ruleTexts.corrupt, sink, tag);
    else if (begun === 'tooBig') this.#fail(1009, ruleTexts.inflatedTooBig, sink, tag);
    else if (utf8Progress(begun, 0, begun.length) < 0) this.#fail(1007, ruleTexts.text, sink, tag);
  }

  /** RFC 7692 §7.2.2. */
  #inflateAndDeliver(
    isText: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
    sink: FrameSink<Tag>,
    tag: Tag,
  ): void {
    const { maxMessageBytes, inflation } = this.#rules;
    if (inflation === null) return; // cannot be: RSV1 was refused
    if (inflation.serverContextTakeover) this.#dictionary ??= createDictionary(inflation.serverWindowBits);
    const dictionary = this.#dictionary === null ? null : dictionaryBytes(this.#dictionary);

    const inflated =
      // An empty message should be one byte, 00 (§7.2.3.6); zlib users send none when they flush twice, and mean the same.
      start === end ? emptyBytes : inflation.inflate.inflate(bytes.subarray(start, end), dictionary, maxMessageBytes);

    if (inflated === 'corrupt') this.#fail(1007, ruleTexts.corrupt, sink, tag);
    else if (inflated === 'tooBig') this.#fail(1009, ruleTexts.inflatedTooBig, sink, tag);
    else {
      if (this.#dictionary !== null) remember(this.#dictionary, inflated);
      this.#deliver(isText, inflated, 0, inflated.length, 0, sink, tag);
    }
  }

  /** Keeps the start of a header or control frame that the buffer's end cut off. */
  #startCarry(bytes: Uint8Array, at: number, end: number): void {
    const isControl = (bytes[at]! & 0x08) !== 0;
    this.#carry = new Uint8Array(isControl ? maxControlFrameBytesFromServer : maxDataHeaderBytes);
    this.#carryBytes = end - at;
    for (let i = 0; i < this.#carryBytes; i++) this.#carry[i] = bytes[at + i]!;
  }

  /** Adds just the bytes that the carried header or control frame still lacks, and reads it when it is whole. */
  #continueCarry(
    carry: Uint8Array,
    bytes: Uint8Array,
    start: number,
    end: number,
    sink: FrameSink<Tag>,
    tag: Tag,
  ): number {
    const wantedBytes = carriedBytes(carry, this.#carryBytes);
    let at = start;
    let carryBytes = this.#carryBytes;
    while (carryBytes < wantedBytes && at < end) carry[carryBytes++] = bytes[at++]!;
    this.#carryBytes = carryBytes;
    if (carryBytes < wantedBytes) return at;

    this.#carry = null; // first, since the sink may stop this reader
    const read = this.#frame(carry, 0, carryBytes, sink, tag);
    if (read === incomplete && !this.#stopped) this.#carry = carry;
    return at;
  }

  /** Returns a position, so that it can end any of the steps above; nothing reads on after it. */
  #fail(code: ViolationCode, rule: string, sink: FrameSink<Tag>, tag: Tag): number {
    this.stop();
    sink.violation(tag, code, rule);
    return 0;
  }
}

/** How many bytes must be carried before the next step: first two, then the header or the whole control frame. */
function carriedBytes(carry: Uint8Array, haveBytes: number): number {
  if (haveBytes < 2) return 2;
  const length = carry[1]!;
  if ((carry[0]! & 0x08) !== 0) return 2 + length;
  return length === 127 ? 10 : length === 126 ? 4 : 2;
}

/** Grows with what arrives: at most to twice that, and never beyond the end of the last frame. */
function append(message: PartialMessage, source: Uint8Array, start: number, end: number): void {
  const usedBytes = message.usedBytes + end - start;
  if (usedBytes > message.bytes.length) {
    const frameEnd = message.usedBytes + message.missingBytes;
    const grown = new Uint8Array(message.isLastFrame ? Math.min(2 * usedBytes, frameEnd) : 2 * usedBytes);
    grown.set(message.bytes.subarray(0, message.usedBytes));
    message.bytes = grown;
  }
  message.bytes.set(source.subarray(start, end), message.usedBytes);
  message.usedBytes = usedBytes;
  message.missingBytes -= end - start;
}

function readWord(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

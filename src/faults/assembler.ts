// Frames to messages: fragments joined, what is compressed inflated. Whoever passes a message on unchanged passes on the bytes
// in which it came, unless the other side's decompressor would then not follow: with context takeover a message can refer back
// to one that was changed or never arrived (RFC 7692 §7.2.1). Then every compressed message is compressed anew.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { MessageDeflater } from '../frames/deflate.ts';
import { opcodes } from '../frames/opcodes.ts';
import { createDictionary, dictionaryBytes, remember } from '../frames/sliding-dictionary.ts';
import { type CutFrame, joined, rsv1Bit, type WireFrame } from '../frames/wire-frame.ts';
import { type RawSync, zlibDeflate, zlibInflate } from '../frames/zlib-codec.ts';

/** How one direction of a connection is compressed. */
export interface DirectionCompression {
  readonly contextTakeover: boolean;
  /** 8 to 15. */
  readonly windowBits: number;
}

/** A whole data message. */
export interface Assembled {
  readonly isText: boolean;
  readonly isCompressed: boolean;
  readonly maskKey: number | null;
  readonly payload: Uint8Array;
  /** As it may be passed on if nothing is changed; null where it must be laid out anew. */
  readonly bytes: Uint8Array | null;
}

export interface MessageSink {
  message(message: Assembled): void;
  control(frame: CutFrame): void;
  /** Frames that make no message: the receiver's to find. */
  stray(bytes: Uint8Array): void;
}

interface Begun {
  readonly frames: CutFrame[];
  bytes: number;
}

/** Null where a message is longer than the limit, compressed or not: it is then not to be fed again. */
export function createAssembler(compression: DirectionCompression | null, maxMessageBytes: number, sink: MessageSink) {
  const inflater = zlibInflate(inflateRawSync as RawSync);
  const dictionary = compression?.contextTakeover === true ? createDictionary(compression.windowBits) : null;
  let begun: Begun | null = null;

  function complete({ frames }: Begun): boolean {
    const first = frames[0]!;
    const whole = joined(frames.map(({ payload }) => payload));
    const bytes = joined(frames.map((frame) => frame.bytes));
    const isCompressed = (first.rsv & rsv1Bit) !== 0 && compression !== null;
    const payload = isCompressed ? inflate(whole) : whole;
    if (payload === 'tooBig') return false;
    if (payload === 'corrupt') sink.stray(bytes);
    else {
      sink.message({
        isText: first.opcode === opcodes.text,
        isCompressed,
        maskKey: first.maskKey,
        payload,
        bytes: isCompressed && dictionary !== null ? null : bytes,
      });
    }
    return true;
  }

  function inflate(bytes: Uint8Array): Uint8Array | 'tooBig' | 'corrupt' {
    if (bytes.length === 0) return bytes;
    const known = dictionary === null ? null : dictionaryBytes(dictionary);
    const inflated = inflater.inflate(bytes, known, maxMessageBytes);
    if (dictionary !== null && typeof inflated !== 'string') remember(dictionary, inflated);
    return inflated;
  }

  /** False where a message is longer than the limit. */
  return (frame: CutFrame): boolean => {
    if (frame.opcode >= opcodes.close) {
      sink.control(frame);
      return true;
    }
    const isContinuation = frame.opcode === opcodes.continuation;
    if (isContinuation !== (begun !== null)) {
      sink.stray(frame.bytes);
      return true;
    }
    begun ??= { frames: [], bytes: 0 };
    begun.frames.push(frame);
    begun.bytes += frame.payload.length;
    if (begun.bytes > maxMessageBytes) return false;
    if (!frame.isFinal) return true;
    const message = begun;
    begun = null;
    return complete(message);
  };
}

export type LayOut = (message: Omit<Assembled, 'bytes'>) => WireFrame;

/** Each message as one frame, compressed where it came so. What it returns must be sent, and in the order of the calls. */
export function createLayOut(compression: DirectionCompression | null): LayOut {
  // A window of 2^8 bytes is more than zlib can do for raw DEFLATE; leaving compression out is allowed (RFC 7692 §6).
  const deflater =
    compression === null || compression.windowBits < SMALLEST_ZLIB_WINDOW_BITS
      ? null
      : new MessageDeflater(zlibDeflate(deflateRawSync as RawSync, compression.windowBits), {
          kind: 'compressed',
          ...compression,
        });
  return ({ isText, isCompressed, maskKey, payload }) => {
    const deflated = isCompressed && deflater !== null ? deflater.compress(payload) : null;
    return {
      isFinal: true,
      rsv: deflated === null ? 0 : rsv1Bit,
      opcode: isText ? opcodes.text : opcodes.binary,
      maskKey,
      payload: deflated ?? payload,
    };
  };
}

const SMALLEST_ZLIB_WINDOW_BITS = 9;

/**
 * Frames as they lie on the wire, of either side: for who stands between the two, and passes on what he does not mean to
 * change. So nothing is checked here but where a frame ends: what breaks RFC 6455 is the receiver's to find. The layout is
 * drawn at the top of frame-reader.ts.
 */
import { maskInPlace } from './mask.ts';
import { opcodes } from './opcodes.ts';

/** RFC 6455 §5.2: the bits of the first byte. */
export const finBit = 0x80;
export const rsv1Bit = 0x40;
export const rsv2Bit = 0x20;

export interface WireFrame {
  readonly isFinal: boolean;
  /** RSV1 to RSV3 where they lie in the first byte. */
  readonly rsv: number;
  readonly opcode: number;
  /** Null where the payload is not masked: a server's. */
  readonly maskKey: number | null;
  /** Unmasked. */
  readonly payload: Uint8Array;
}

/** A frame that was received, and its bytes as they came. */
export interface CutFrame extends WireFrame {
  readonly bytes: Uint8Array;
}

/** The frame in bytes of its own, with the length in its shortest form (RFC 6455 §5.2). */
export function encodeFrame({ isFinal, rsv, opcode, maskKey, payload }: WireFrame): Uint8Array {
  const lengthBytes = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
  const payloadAt = 2 + lengthBytes + (maskKey === null ? 0 : 4);
  const bytes = new Uint8Array(payloadAt + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = (isFinal ? finBit : 0) | rsv | opcode;
  bytes[1] = (maskKey === null ? 0 : 0x80) | (lengthBytes === 0 ? payload.length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) view.setUint16(2, payload.length);
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(payload.length));
  bytes.set(payload, payloadAt);
  if (maskKey === null) return bytes;
  view.setUint32(payloadAt - 4, maskKey >>> 0);
  maskInPlace(bytes, payloadAt, bytes.length, maskKey);
  return bytes;
}

/** RFC 6455 §5.5.1. */
export function closeFrame(code: number, maskKey: number | null): WireFrame {
  const payload = Uint8Array.of(code >>> 8, code & 0xff);
  return { isFinal: true, rsv: 0, opcode: opcodes.close, maskKey, payload };
}

/** RFC 6455 §5.4; what is shorter makes empty fragments, which are allowed. */
export function fragmentsOf(frame: WireFrame, count: number): readonly WireFrame[] {
  const { payload } = frame;
  return Array.from({ length: count }, (_, index) => ({
    ...frame,
    isFinal: index === count - 1,
    rsv: index === 0 ? frame.rsv : 0,
    opcode: index === 0 ? frame.opcode : opcodes.continuation,
    payload: payload.subarray(
      Math.floor((payload.length * index) / count),
      Math.floor((payload.length * (index + 1)) / count),
    ),
  }));
}

/**
 * Cuts a stream of bytes into frames. It holds what is not a whole frame yet, and so at most `maxFrameBytes`: a frame that
 * says it is longer ends it.
 */
export class FrameCutter {
  readonly #maxFrameBytes: number;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Of the frame at hand, as far as is known: with fewer bytes held there is nothing to look at. */
  #neededBytes = 2;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The bytes must not be overwritten: frames lie in them. False where a frame is too long; feed it no more then. */
  feed(bytes: Uint8Array, take: (frame: CutFrame) => void): boolean {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes < this.#neededBytes) return true;
    const all = joined(this.#held);
    let at = 0;
    for (;;) {
      this.#neededBytes = neededBytes(all, at);
      if (this.#neededBytes > this.#maxFrameBytes) return false;
      if (all.length - at < this.#neededBytes) break;
      take(cutAt(all, at, at + this.#neededBytes));
      at += this.#neededBytes;
    }
    this.#held = at === all.length ? [] : [all.subarray(at)];
    this.#heldBytes = all.length - at;
    return true;
  }
}

/** The size of the frame that begins there, or, where that cannot be known yet, how many bytes must be there to know more. */
function neededBytes(bytes: Uint8Array, at: number): number {
  const haveBytes = bytes.length - at;
  if (haveBytes < 2) return 2;
  const length = bytes[at + 1]! & 0x7f;
  const header = headerBytes(bytes, at);
  if (haveBytes < header || length < 126) return header + (length < 126 ? length : 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, header);
  return header + (length === 126 ? view.getUint16(2) : Number(view.getBigUint64(2)));
}

function headerBytes(bytes: Uint8Array, at: number): number {
  const second = bytes[at + 1]!;
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4);
}

function cutAt(bytes: Uint8Array, start: number, end: number): CutFrame {
  const first = bytes[start]!;
  const payloadAt = start + headerBytes(bytes, start);
  const isMasked = (bytes[start + 1]! & 0x80) !== 0;
  const maskKey = isMasked ? new DataView(bytes.buffer, bytes.byteOffset + payloadAt - 4, 4).getUint32(0) : null;
  return {
    isFinal: (first & finBit) !== 0,
    rsv: first & 0x70,
    opcode: first & 0x0f,
    maskKey,
    payload: maskKey === null ? bytes.subarray(payloadAt, end) : unmasked(bytes, payloadAt, end, maskKey),
    bytes: bytes.subarray(start, end),
  };
}

function unmasked(bytes: Uint8Array, start: number, end: number, maskKey: number): Uint8Array {
  const payload = new Uint8Array(bytes.subarray(start, end)); // a copy; slice() of a Buffer shares its memory
  maskInPlace(payload, 0, payload.length, maskKey);
  return payload;
}

/** In their order; a single part is not copied. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Writes the frames of a client (RFC 6455 §5): always masked (§5.3), never fragmented (§5.4 leaves that to the
 * sender). Everything is written into a buffer of the caller, so a client can lay its frame out once and patch it.
 * The layout is drawn at the top of frame-reader.ts. Of mask keys, see mask.ts.
 */
import { mayBeOnTheWire } from '../facts/close-codes.ts';
import { copyAndMask } from './mask.ts';
import { type Opcode, opcodes } from './opcodes.ts';
import { encodeUtf8 } from './utf8.ts';

const fin = 0x80;
const rsv1Bit = 0x40;
const masked = 0x80;

/** RFC 6455 §5.5. */
const maxControlPayloadBytes = 125;

/** The largest control frame of a client: two bytes of header, four of key, the payload. */
export const maxControlFrameBytes = 2 + 4 + maxControlPayloadBytes;

/** Size of the header of a client's frame with its mask key: 6, 8 or 14 bytes (RFC 6455 §5.2, minimal length form). */
export function frameHeaderBytes(payloadBytes: number): number {
  return payloadBytes < 126 ? 6 : payloadBytes < 65_536 ? 8 : 14;
}

/**
 * Writes the header of a complete message at `out[at]` and returns where the payload begins (its masking is left to
 * the caller). `rsv1` marks a compressed message (RFC 7692 §6).
 */
export function writeFrameHeader(
  out: Uint8Array,
  at: number,
  opcode: Opcode,
  payloadBytes: number,
  maskKey: number,
  rsv1: boolean,
): number {
  out[at] = rsv1 ? fin | rsv1Bit | opcode : fin | opcode;
  let next = at + 2;
  if (payloadBytes < 126) out[at + 1] = masked | payloadBytes;
  else if (payloadBytes < 65_536) {
    out[at + 1] = masked | 126;
    out[at + 2] = payloadBytes >>> 8;
    out[at + 3] = payloadBytes & 0xff;
    next = at + 4;
  } else {
    out[at + 1] = masked | 127;
    writeWord(out, at + 2, Math.floor(payloadBytes / 0x1_0000_0000));
    writeWord(out, at + 6, payloadBytes >>> 0);
    next = at + 10;
  }
  writeWord(out, next, maskKey);
  return next + 4;
}

function writeWord(out: Uint8Array, at: number, word: number): void {
  out[at] = word >>> 24;
  out[at + 1] = (word >>> 16) & 0xff;
  out[at + 2] = (word >>> 8) & 0xff;
  out[at + 3] = word & 0xff;
}

/** Writes a whole frame around a masked copy of `payload[start, end)` and returns where it ends. */
export function writeFrame(
  out: Uint8Array,
  at: number,
  opcode: Opcode,
  payload: Uint8Array,
  start: number,
  end: number,
  maskKey: number,
  rsv1: boolean,
): number {
  const payloadAt = writeFrameHeader(out, at, opcode, end - start, maskKey, rsv1);
  copyAndMask(payload, start, end, out, payloadAt, maskKey);
  return payloadAt + end - start;
}

/**
 * Writes a ping or pong (RFC 6455 §5.5.2, §5.5.3) and returns where it ends. A payload of more than 125 bytes cannot be
 * written: RangeError, a bug of the caller.
 */
export function writeControlFrame(
  out: Uint8Array,
  at: number,
  opcode: typeof opcodes.ping | typeof opcodes.pong,
  payload: Uint8Array,
  start: number,
  end: number,
  maskKey: number,
): number {
  if (end - start > maxControlPayloadBytes)
    throw new RangeError(`control frame: expected at most ${maxControlPayloadBytes} bytes, got ${end - start}`);
  return writeFrame(out, at, opcode, payload, start, end, maskKey, false);
}

/**
 * Writes a close frame (RFC 6455 §5.5.1) and returns where it ends. Code null sends none (and no reason). A reason
 * longer than the 123 bytes that fit is cut between two characters. A code that must not travel (§7.4) is a RangeError.
 */
export function writeCloseFrame(
  out: Uint8Array,
  at: number,
  code: number | null,
  reason: string,
  maskKey: number,
): number {
  const payload = code === null ? new Uint8Array(0) : closePayload(code, reason);
  return writeFrame(out, at, opcodes.close, payload, 0, payload.length, maskKey, false);
}

function closePayload(code: number, reason: string): Uint8Array {
  if (!mayBeOnTheWire(code)) throw new RangeError(`close frame: code ${code} may not be sent (RFC 6455 §7.4)`);
  const reasonBytes = encodeUtf8(reason);
  let kept = Math.min(reasonBytes.length, maxControlPayloadBytes - 2);
  while (kept < reasonBytes.length && (reasonBytes[kept]! & 0xc0) === 0x80) kept -= 1;
  const payload = new Uint8Array(2 + kept);
  payload[0] = code >>> 8;
  payload[1] = code & 0xff;
  payload.set(reasonBytes.subarray(0, kept), 2);
  return payload;
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { opcodes } from './opcodes.ts';
import { type CutFrame, encodeFrame, FrameCutter, joined, type WireFrame } from './wire-frame.ts';

const anyFrame: fc.Arbitrary<WireFrame> = fc.record({
  isFinal: fc.boolean(),
  rsv: fc.constantFrom(0, 0x10, 0x20, 0x40, 0x70),
  opcode: fc.integer({ min: 0, max: 15 }),
  maskKey: fc.option(fc.integer({ min: 0, max: 0xffff_ffff })),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.integer({ min: 65_534, max: 65_538 }).map((bytes) => new Uint8Array(bytes).fill(7)),
  ),
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function cut(cutter: FrameCutter, bytes: Uint8Array, pieceBytes: number): CutFrame[] {
  const frames: CutFrame[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    expect(cutter.feed(bytes.slice(at, at + pieceBytes), (frame) => frames.push(frame))).toBe(true);
  }
  return frames;
}

describe('frames on the wire', () => {
  test('what was encoded is cut again, however the bytes arrive, and its bytes are those that came', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 4 }), fc.integer({ min: 1, max: 70_000 }), (frames, pieceBytes) => {
        const encoded = frames.map(encodeFrame);
        const bytes = joined([new Uint8Array(0), ...encoded]);
        const found = cut(new FrameCutter(1e6), bytes, bytes.length > 10_000 ? Math.max(pieceBytes, 999) : pieceBytes);
        expect(found.map(({ bytes: _, ...frame }) => ({ ...frame, payload: hex(frame.payload) }))).toEqual(
          frames.map((frame) => ({ ...frame, payload: hex(frame.payload) })),
        );
        expect(found.map((frame) => hex(frame.bytes))).toEqual(encoded.map(hex));
      }),
      { numRuns: 60 },
    );
  });

  test('a frame that says it is longer than the limit ends the cutter as soon as it says so', () => {
    const payload = new Uint8Array(1000);
    const frame = encodeFrame({ isFinal: true, rsv: 0, opcode: opcodes.binary, maskKey: null, payload });
    expect(new FrameCutter(1004).feed(frame, () => {})).toBe(true);
    expect(new FrameCutter(1003).feed(frame.slice(0, 4), () => {})).toBe(false);
  });
});

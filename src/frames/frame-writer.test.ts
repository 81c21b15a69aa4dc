import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  frameHeaderBytes,
  maxControlFrameBytes,
  writeCloseFrame,
  writeControlFrame,
  writeFrame,
  writeFrameHeader,
} from './frame-writer.ts';
import { maskInPlace } from './mask.ts';
import { opcodes } from './opcodes.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const maskKey = 0x37fa_213d;

describe('RFC 6455 §5.2, the length takes its shortest form', () => {
  test.each([
    [0, '8280', 6],
    [1, '8281', 6],
    [125, '82fd', 6],
    [126, '82fe007e', 8],
    [65_535, '82feffff', 8],
    [65_536, '82ff0000000000010000', 14],
    [0xffff_ffff, '82ff00000000ffffffff', 14],
    [2 ** 32 + 5, '82ff0000000100000005', 14],
  ])('a payload of %i bytes begins with %s', (payloadBytes, head, headerBytes) => {
    const out = new Uint8Array(20).fill(0xee);
    const payloadAt = writeFrameHeader(out, 3, opcodes.binary, payloadBytes, maskKey, false);
    expect(payloadAt).toBe(3 + headerBytes);
    expect(frameHeaderBytes(payloadBytes)).toBe(headerBytes);
    expect(hex(out.subarray(3, payloadAt))).toBe(`${head}37fa213d`);
    expect(out[payloadAt]).toBe(0xee);
  });
});

test('RFC 6455 §5.7: a masked text message "Hello" is the bytes of the example', () => {
  const out = new Uint8Array(11);
  expect(writeFrame(out, 0, opcodes.text, Buffer.from('Hello'), 0, 5, maskKey, false)).toBe(11);
  expect(hex(out)).toBe('818537fa213d7f9f4d5158');
});

test('RFC 7692 §6: a compressed message has RSV1 set', () => {
  const out = new Uint8Array(7);
  writeFrame(out, 0, opcodes.text, Uint8Array.of(0), 0, 1, 0, true);
  expect(hex(out)).toBe('c1810000000000');
});

test('a frame unmasks to its payload, wherever it is written and whichever part of the source it takes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.nat(0xffff_ffff),
      fc.nat(9),
      fc.nat(9),
      (payload, key, from, at) => {
        const source = new Uint8Array(from + payload.length + 2);
        source.set(payload, from);
        const out = new Uint8Array(at + frameHeaderBytes(payload.length) + payload.length);
        const end = writeFrame(out, at, opcodes.binary, source, from, from + payload.length, key, false);
        expect(end).toBe(out.length);
        maskInPlace(out, end - payload.length, end, key);
        expect(out.slice(end - payload.length)).toEqual(payload);
      },
    ),
    { seed: 8, numRuns: 300 },
  );
});

describe('RFC 6455 §5.5, control frames', () => {
  const out = new Uint8Array(maxControlFrameBytes);

  test('a pong carries up to 125 bytes, and no more can be written', () => {
    const payload = new Uint8Array(126).fill(7);
    expect(writeControlFrame(out, 0, opcodes.pong, payload, 0, 125, maskKey)).toBe(maxControlFrameBytes);
    expect(hex(out.subarray(0, 2))).toBe('8afd');
    expect(() => writeControlFrame(out, 0, opcodes.pong, payload, 0, 126, maskKey)).toThrow(RangeError);
  });

  test('§5.5.1: a close frame carries its code and reason', () => {
    const end = writeCloseFrame(out, 0, 1000, 'ok', 0);
    expect(hex(out.subarray(0, end))).toBe('88840000000003e86f6b');
  });

  test('§5.5.1: a close frame may be empty', () => {
    const end = writeCloseFrame(out, 0, null, 'unsaid', 0);
    expect(hex(out.subarray(0, end))).toBe('888000000000');
  });

  test('a reason that is too long is cut between two characters', () => {
    const end = writeCloseFrame(out, 0, 1000, 'ä'.repeat(100), 0);
    expect(Buffer.from(out.subarray(8, end)).toString()).toBe('ä'.repeat(61));
  });

  test('§7.4: a code that must not travel cannot be written', () => {
    for (const code of [1005, 1006, 1015, 999, 5000])
      expect(() => writeCloseFrame(out, 0, code, '', 0)).toThrow(RangeError);
  });
});

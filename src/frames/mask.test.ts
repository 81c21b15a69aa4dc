import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyAndMask, maskInPlace, maskView } from './mask.ts';

/** RFC 6455 §5.3, word for word: j = i MOD 4; transformed-octet-i = original-octet-i XOR masking-key-octet-j. */
function maskedByDefinition(payload: Uint8Array, maskKey: number): Uint8Array {
  const key = [maskKey >>> 24, (maskKey >>> 16) & 0xff, (maskKey >>> 8) & 0xff, maskKey & 0xff];
  return payload.map((octet, i) => octet ^ key[i % 4]!);
}

const maskKeys = fc.integer({ min: 0, max: 0xffff_ffff });
const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 140 }),
  fc.uint8Array({ minLength: 150, maxLength: 300, size: 'max' }),
);
/** Every alignment of the payload within its memory. */
const offsets = fc.integer({ min: 0, max: 9 });

test('masking in place equals the definition of RFC 6455 §5.3 and leaves the neighbors alone', () => {
  fc.assert(
    fc.property(payloads, maskKeys, offsets, offsets, (payload, maskKey, before, viewOffset) => {
      const memory = new Uint8Array(new ArrayBuffer(viewOffset + before + payload.length + 7), viewOffset).fill(0xee);
      memory.set(payload, before);
      maskInPlace(memory, before, before + payload.length, maskKey);
      expect(memory.slice(before, before + payload.length)).toEqual(maskedByDefinition(payload, maskKey));
      expect(memory.subarray(0, before).every((byte) => byte === 0xee)).toBe(true);
      expect(memory.subarray(before + payload.length).every((byte) => byte === 0xee)).toBe(true);
    }),
    { seed: 1, numRuns: 250 },
  );
});

test('masking through a view does the same as masking the bytes, with a signed key as with an unsigned one', () => {
  fc.assert(
    fc.property(payloads, maskKeys, offsets, (payload, maskKey, before) => {
      const memory = new Uint8Array(before + payload.length + 7).fill(0xee);
      memory.set(payload, before);
      maskView(new DataView(memory.buffer), before, before + payload.length, maskKey | 0);
      expect(memory.slice(before, before + payload.length)).toEqual(maskedByDefinition(payload, maskKey));
      expect(memory.subarray(0, before).every((byte) => byte === 0xee)).toBe(true);
      expect(memory.subarray(before + payload.length).every((byte) => byte === 0xee)).toBe(true);
    }),
    { seed: 14, numRuns: 300 },
  );
});

test('a part of a payload is masked with the key turned to where the part begins', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 40 }), maskKeys, fc.nat(8), (payload, maskKey, from) => {
      const parts = payload.slice();
      maskInPlace(parts, 0, from, maskKey);
      maskInPlace(parts, from, parts.length, maskKeyAt(maskKey, from));
      expect(parts).toEqual(maskedByDefinition(payload, maskKey));
    }),
    { seed: 15, numRuns: 200 },
  );
});

test('masking twice with one key gives the payload back', () => {
  fc.assert(
    fc.property(payloads, maskKeys, (payload, maskKey) => {
      const twice = payload.slice();
      maskInPlace(twice, 0, twice.length, maskKey);
      maskInPlace(twice, 0, twice.length, maskKey);
      expect(twice).toEqual(payload);
    }),
    { seed: 2, numRuns: 200 },
  );
});

test('a masked copy equals the definition, and the source and the rest of the target stay as they were', () => {
  fc.assert(
    fc.property(payloads, maskKeys, offsets, offsets, (payload, maskKey, from, at) => {
      const source = new Uint8Array(from + payload.length + 3).fill(0x11);
      source.set(payload, from);
      const sourceBefore = source.slice();
      const target = new Uint8Array(at + payload.length + 5).fill(0xee);
      copyAndMask(source, from, from + payload.length, target, at, maskKey);
      expect(target.slice(at, at + payload.length)).toEqual(maskedByDefinition(payload, maskKey));
      expect(target.subarray(0, at).every((byte) => byte === 0xee)).toBe(true);
      expect(target.subarray(at + payload.length).every((byte) => byte === 0xee)).toBe(true);
      expect(source).toEqual(sourceBefore);
    }),
    { seed: 3, numRuns: 250 },
  );
});

test('a payload of 1 MB is masked as the definition says', () => {
  const payload = new Uint8Array(1_048_579).map((_, i) => (i * 31) & 0xff);
  const masked = payload.slice();
  maskInPlace(masked, 0, masked.length, 0x80a1_b2c3);
  expect(masked.every((byte, i) => byte === (payload[i]! ^ [0x80, 0xa1, 0xb2, 0xc3][i % 4]!))).toBe(true);
});

/** The key for a part of the payload that begins `offsetBytes` behind its start. */
function maskKeyAt(maskKey: number, offsetBytes: number): number {
  const bits = (offsetBytes & 3) * 8;
  return bits === 0 ? maskKey | 0 : (maskKey << bits) | (maskKey >>> (32 - bits));
}

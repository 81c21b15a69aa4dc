import zlib from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { viewCrc32, wordsCrc32 } from './crc32.ts';

const words = fc.array(fc.integer(), { maxLength: 40 }).map((list) => Int32Array.from(list));

test('agrees with zlib on any words', () => {
  fc.assert(
    fc.property(words, (list) => {
      expect(wordsCrc32(list, 0, list.length, -1) >>> 0).toBe(zlib.crc32(new Uint8Array(list.buffer)));
    }),
  );
});

test('the known answer, as far as it comes in whole words: "12345678"', () => {
  const list = new Int32Array(Uint8Array.from(Buffer.from('12345678')).buffer);
  expect(wordsCrc32(list, 0, 2, -1) >>> 0).toBe(0x9ae0_daaf);
});

test('sums exactly the words that it is told to, from any start', () => {
  fc.assert(
    fc.property(words, fc.nat(40), fc.nat(40), fc.integer(), (list, a, b, start) => {
      const from = Math.min(a, b, list.length);
      const to = Math.min(Math.max(a, b), list.length);
      const part = list.slice(from, to);
      expect(wordsCrc32(list, from, to, start)).toBe(wordsCrc32(part, 0, part.length, start));
    }),
  );
});

test('the sum over a view is the sum over its words', () => {
  fc.assert(
    fc.property(words, fc.nat(20), fc.integer(), (list, at, start) => {
      const even = list.length - (list.length % 2);
      const memory = new Uint8Array(at + 4 * list.length);
      memory.set(new Uint8Array(list.buffer), at);
      expect(viewCrc32(new DataView(memory.buffer), at, even, start)).toBe(wordsCrc32(list, 0, even, start));
    }),
  );
});

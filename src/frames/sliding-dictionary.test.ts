import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDictionary, dictionaryBytes, remember } from './sliding-dictionary.ts';

test('it holds the last bytes of everything remembered, and no more than the window', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 12 }), (pieces) => {
      const dictionary = createDictionary(9);
      let all: number[] = [];
      for (const piece of pieces) {
        remember(dictionary, piece);
        all = [...all, ...piece].slice(-512);
        expect([...(dictionaryBytes(dictionary) ?? [])]).toEqual(all);
        expect(dictionary.bytes.length).toBeLessThanOrEqual(512);
      }
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('an unused one holds no buffer', () => {
  const dictionary = createDictionary(15);
  expect(dictionaryBytes(dictionary)).toBeNull();
  expect(dictionary.bytes.length).toBe(0);
});

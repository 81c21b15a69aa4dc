import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMinHeap, peekKey, pop, push } from './min-heap.ts';

/** Without −0, which is no time and no other than 0. */
const times = fc.double({ noNaN: true }).map((value) => value + 0);

test('entries come out in order of their keys, each with its value', () => {
  fc.assert(
    fc.property(fc.array(times, { maxLength: 200 }), (keys) => {
      const heap = createMinHeap(keys.length);
      for (const [value, key] of keys.entries()) push(heap, key, value);
      const out: number[] = [];
      while (heap.size > 0) {
        const key = peekKey(heap);
        const value = pop(heap);
        expect(keys[value]).toBe(key);
        out.push(key);
      }
      expect(out).toEqual([...keys].sort((a, b) => a - b));
    }),
  );
});

test('pushes and pops may alternate as they like', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 50 })), { maxLength: 300 }), (steps) => {
      const heap = createMinHeap(300);
      const naive: number[] = [];
      for (const key of steps) {
        if (key !== null) {
          push(heap, key, key);
          naive.push(key);
          naive.sort((a, b) => a - b);
        } else if (naive.length > 0) expect(pop(heap)).toBe(naive.shift());
        expect(peekKey(heap)).toBe(naive[0] ?? Number.POSITIVE_INFINITY);
        expect(heap.size).toBe(naive.length);
      }
    }),
  );
});

test('a heap that is full throws, and is as before', () => {
  const heap = createMinHeap(1);
  push(heap, 5, 1);
  expect(() => push(heap, 1, 2)).toThrow('full');
  expect(pop(heap)).toBe(1);
});

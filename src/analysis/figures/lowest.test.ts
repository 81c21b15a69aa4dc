import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLowest } from './lowest.ts';

const SECOND = 1e9;

test('a short series is kept as it is', () => {
  const lowest = createLowest(5 * SECOND);
  for (let t = 5; t < 25; t++) lowest.add(t * SECOND, t % 3);
  expect(lowest.points()).toEqual(
    Array.from({ length: 20 }, (_, i) => ({ atNs: (5 + i) * SECOND, value: (5 + i) % 3 })),
  );
});

test('of a long one the lowest of equal spans is kept, at most 128 and at least half as many', () => {
  fc.assert(
    fc.property(fc.integer({ min: 129, max: 5000 }), fc.integer({ min: 2, max: 50 }), (seconds, period) => {
      const lowest = createLowest(0);
      for (let t = 0; t < seconds; t++) lowest.add(t * SECOND, (t * 7919) % period);
      const points = lowest.points();
      expect(points.length).toBeGreaterThan(63);
      expect(points.length).toBeLessThanOrEqual(128);
      const spanNs = 2 ** Math.ceil(Math.log2(seconds / 128)) * SECOND;
      for (const { atNs, value } of points) {
        const from = Math.floor(atNs / spanNs) * (spanNs / SECOND);
        const span = Array.from({ length: spanNs / SECOND }, (_, i) => from + i).filter((t) => t < seconds);
        expect(value).toBe(Math.min(...span.map((t) => (t * 7919) % period)));
      }
    }),
    { numRuns: 30 },
  );
});

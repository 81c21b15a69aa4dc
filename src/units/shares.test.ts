import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareCount } from './shares.ts';

const shards = fc.integer({ min: 1, max: 64 });

test('shares add up to the whole exactly and differ by one at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), shards, (total, n) => {
      const counts = Array.from({ length: n }, (_, shard) => shareCount(total, shard, n));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }),
  );
});

test('a share counts the indexes that leave its number over', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), shards, (total, n) => {
      for (let shard = 0; shard < n; shard++) {
        let count = 0;
        for (let index = 0; index < total; index++) if (index % n === shard) count++;
        expect(shareCount(total, shard, n)).toBe(count);
      }
    }),
    { numRuns: 20 },
  );
});

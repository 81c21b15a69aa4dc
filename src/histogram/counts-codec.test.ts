import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repeats } from '../../test/support/repeats.ts';
import { decodeCounts, encodeCounts } from './counts-codec.ts';
import { COUNTER_COUNT, LAST_INDEX } from './layout.ts';

function countsOf(entries: Iterable<readonly [number, number]>): Float64Array {
  const counts = new Float64Array(COUNTER_COUNT);
  for (const [index, count] of entries) counts[index] = count;
  return counts;
}

describe('the counters as bytes', () => {
  it('come back as they were', () => {
    const entry = fc.tuple(
      fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: LAST_INDEX })),
      fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 52 - 1 })),
    );
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ([index]) => index, minLength: 1, maxLength: 40 }), (entries) => {
        const sorted = entries.toSorted(([a], [b]) => a - b);
        const total = sorted.reduce((sum, [, count]) => sum + count, 0);
        const bytes = encodeCounts(countsOf(entries), sorted[0]![0], sorted.at(-1)![0]);
        const decoded = decodeCounts(bytes);
        if (!Number.isSafeInteger(total)) {
          expect(decoded).toBe(null);
          return;
        }
        expect(decoded?.total).toBe(total);
        const pairs = Array.from({ length: decoded?.length ?? 0 }, (_, i) => [decoded!.indexes[i], decoded!.counts[i]]);
        expect(pairs).toEqual(sorted);
      }),
    );
  });

  it('are as HdrHistogram writes them: a count n as 2n, a run of empty ones as 2 run - 1, one empty one as 0', () => {
    const counts = countsOf([
      [3, 1],
      [4, 2],
      [6, 64],
      [8000, 1],
    ]);
    const run = 2 * (8000 - 7) - 1;
    expect([...encodeCounts(counts, 3, 8000)]).toEqual([5, 2, 4, 0, 0x80, 1, (run & 0x7f) | 0x80, run >> 7, 2]);
    expect([...encodeCounts(countsOf([[0, 1]]), 0, 0)]).toEqual([2]);
    expect([...encodeCounts(countsOf([[1, 1]]), 1, 1)]).toEqual([0, 2]);
  });

  it('take all counters, each with the largest count that a total allows', () => {
    const counts = new Float64Array(COUNTER_COUNT).fill(Math.floor(2 ** 53 / COUNTER_COUNT) - 1);
    const decoded = decodeCounts(encodeCounts(counts, 0, LAST_INDEX));
    expect(decoded?.length).toBe(COUNTER_COUNT);
    expect(decoded?.counts.subarray(0, COUNTER_COUNT)).toEqual(counts);
  });

  it('are refused when cut off, beyond the last counter, or not exact', () => {
    const refused = (...bytes: number[]) => expect(decodeCounts(Uint8Array.from(bytes)), String(bytes)).toBe(null);
    refused(0x80);
    refused(2, 0xff);
    refused(...new Array(12).fill(0xff));
    refused(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
    const wholeLayout = 2 * COUNTER_COUNT - 1;
    const run = [(wholeLayout & 0x7f) | 0x80, ((wholeLayout >> 7) & 0x7f) | 0x80, wholeLayout >> 14];
    expect(decodeCounts(Uint8Array.from(run))?.length).toBe(0);
    refused(...run, 2);
    refused(...run, 1);
  });

  it('never throw on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const decoded = decodeCounts(bytes);
        if (decoded !== null) expect(Number.isSafeInteger(decoded.total)).toBe(true);
      }),
      { numRuns: repeats(2_000) },
    );
  });
});

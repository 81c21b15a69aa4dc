import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repeats } from '../../test/support/repeats.ts';
import { type Binomial, binomialQuantile, lowerTail, upperTail } from './binomial.ts';
import { createHistogram, record, recordMany } from './histogram.ts';
import { percentileInterval, percentileRanks, smallestCountFor } from './interval.ts';

function binomial(n: number, p: number): Binomial {
  return { n, p, q: 1 - p };
}

/** P(B <= k) by Pascal's recurrence over a whole row; slow and plain. */
function cumulative({ n, p, q }: Binomial): number[] {
  let row = [1];
  for (let trial = 0; trial < n; trial += 1) {
    row = Array.from({ length: row.length + 1 }, (_, k) => (row[k] ?? 0) * q + (row[k - 1] ?? 0) * p);
  }
  let sum = 0;
  return row.map((probability) => {
    sum += probability;
    return sum;
  });
}

describe('the binomial distribution', () => {
  it('has the tails of the plain recurrence', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.double({ min: 0.001, max: 0.999, noNaN: true }), (n, p) => {
        const b = binomial(n, p);
        const expected = cumulative(b);
        for (let k = 0; k <= n; k += 1) {
          expect(lowerTail(b, k)).toBeCloseTo(expected[k]!, 12);
          expect(upperTail(b, k + 1)).toBeCloseTo(1 - expected[k]!, 12);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('keeps the digits of a far tail: P(B <= 0) of 1000 fair coins is 2^-1000', () => {
    expect(lowerTail(binomial(1000, 0.5), 0) / 2 ** -1000).toBeCloseTo(1, 10);
    expect(lowerTail(binomial(1000, 0.5), 1) / (1001 * 2 ** -1000)).toBeCloseTo(1, 10);
  });

  it('has the quantile of its definition: the least k whose lower tail reaches the probability', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }),
        (n, p, probability) => {
          const expected = cumulative(binomial(n, p));
          // Where a step of the distribution meets the probability to the last digits, either side is right.
          fc.pre(expected.every((tail) => Math.abs(tail - probability) > 1e-12));
          expect(binomialQuantile(binomial(n, p), probability)).toBe(expected.findIndex((tail) => tail >= probability));
        },
      ),
      { numRuns: repeats(1_000) },
    );
  });

  it.each([1e6, 1e8, 1e10])('has quantiles that its own tails confirm at n = %d', (n) => {
    for (const p of [0.5, 0.9, 0.99, 0.999, 0.9999]) {
      for (const probability of [0.005, 0.025, 0.975, 0.995]) {
        const b = binomial(n, p);
        const k = binomialQuantile(b, probability);
        expect(lowerTail(b, k)).toBeGreaterThanOrEqual(probability);
        expect(lowerTail(b, k - 1)).toBeLessThan(probability);
      }
    }
  });
});

describe('the ranks around a percentile', () => {
  it.each([
    [6, 50, 1, 6, 0.96875],
    [10, 50, 2, 9, 0.97852],
    [20, 50, 6, 15, 0.95861],
    [30, 50, 10, 21, 0.95723],
    [100, 90, 84, 96, 0.95569],
    [1000, 95, 936, 964, 0.9581],
    [1000, 99, 983, 997, 0.97609],
    [10_000, 99, 9880, 9920, 0.95575],
    [10_000, 99.9, 9983, 9997, 0.97546],
    [100_000, 99.9, 99_880, 99_920, 0.95479],
  ])('for n = %d and p%d are %d and %d (computed with scipy)', (n, percent, lowRank, highRank, coverage) => {
    const found = percentileRanks(n, percent, 0.95);
    expect(found).toMatchObject({ lowRank, highRank });
    expect(found?.coverage).toBeCloseTo(coverage, 5);
  });

  it('cover at least what was asked, within 1 to n, exactly from the smallest count on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3000 }),
        fc.integer({ min: 1, max: 999 }).map((perMille) => perMille / 10),
        fc.constantFrom(0.5, 0.8, 0.9, 0.95, 0.99),
        (n, percent, confidence) => {
          const found = percentileRanks(n, percent, confidence);
          expect(found === null).toBe(n < smallestCountFor(percent, confidence)!);
          if (found === null) return;
          expect(found.lowRank).toBeGreaterThanOrEqual(1);
          expect(found.highRank).toBeLessThanOrEqual(n);
          expect(found.lowRank).toBeLessThan(found.highRank);
          expect(found.coverage).toBeGreaterThanOrEqual(confidence - 1e-12);
        },
      ),
      { numRuns: repeats(3_000) },
    );
  });

  it('end at the greatest value where n is too small for equal tails', () => {
    // 0.9^29 = 0.0471 leaves 0.0029 of 0.05 for the lower tail.
    const found = percentileRanks(29, 90, 0.95)!;
    expect(found.highRank).toBe(29);
    expect(found.lowRank).toBe(21);
  });

  it('do not exist for the minimum, the maximum and no values, and nonsense is refused', () => {
    expect([percentileRanks(1e6, 0, 0.95), percentileRanks(1e6, 100, 0.95), percentileRanks(0, 50, 0.95)]).toEqual([
      null,
      null,
      null,
    ]);
    expect(() => percentileRanks(10, 101, 0.95)).toThrow(RangeError);
    expect(() => percentileRanks(10, 50, 1)).toThrow(RangeError);
    expect(() => percentileRanks(1.5, 50, 0.95)).toThrow(RangeError);
  });
});

describe('the smallest count for a finite interval', () => {
  it.each([
    [90, 29],
    [95, 59],
    [99, 299],
    [99.9, 2995],
    [99.99, 29_956],
  ])('at p%d and 95 % is %d', (percent, count) => {
    expect(smallestCountFor(percent, 0.95)).toBe(count);
  });

  it('is that of benchstat for the median: 6 at 95 %, 8 at 99 %', () => {
    expect([smallestCountFor(50, 0.95), smallestCountFor(50, 0.99)]).toEqual([6, 8]);
  });

  it('does not exist for the minimum and the maximum, nor beyond what can be counted', () => {
    expect([smallestCountFor(0, 0.95), smallestCountFor(100, 0.95)]).toEqual([null, null]);
    expect(smallestCountFor(99.99999999999999, 0.95)).toBe(null);
    expect(smallestCountFor(1e-300, 0.95)).toBe(null);
  });
});

describe('the interval of a recorded percentile', () => {
  it('is the values of both ranks', () => {
    const h = createHistogram();
    for (let value = 1; value <= 1000; value += 1) record(h, value);
    expect(percentileInterval(h, 99)).toEqual({ lowNs: 983, highNs: 997 });
    expect(percentileInterval(h, 95)).toEqual({ lowNs: 936, highNs: 964 });
  });

  it('is widened to the ends of the counters, but not beyond the exact minimum and maximum', () => {
    const h = createHistogram();
    recordMany(h, 1_000_123, 100);
    expect(percentileInterval(h, 50)).toEqual({ lowNs: 1_000_123, highNs: 1_000_123 });
    record(h, 1);
    record(h, 1e9);
    expect(percentileInterval(h, 50)).toEqual({ lowNs: 999_936, highNs: 1_000_447 });
  });

  it('is null below the smallest count', () => {
    const h = createHistogram();
    recordMany(h, 5, 298);
    expect(percentileInterval(h, 99)).toBe(null);
    record(h, 5);
    expect(percentileInterval(h, 99)).toEqual({ lowNs: 5, highNs: 5 });
  });

  it('holds the true percentile in about 95 % of samples', () => {
    let state = 7;
    const next = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    let held = 0;
    for (let sample = 0; sample < 2000; sample += 1) {
      const h = createHistogram();
      for (let i = 0; i < 100; i += 1) record(h, 1 + Math.floor(next() * 1000));
      const interval = percentileInterval(h, 90)!;
      if (interval.lowNs <= 900 && interval.highNs >= 900) held += 1;
    }
    expect(held / 2000).toBeGreaterThan(0.94);
    expect(held / 2000).toBeLessThan(0.98);
  });
});

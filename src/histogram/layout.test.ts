import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { mustBe } from '../../test/support/must-be.ts';
import { repeats } from '../../test/support/repeats.ts';
import {
  COUNTER_COUNT,
  HIGHEST_NS,
  highestEquivalent,
  indexOf,
  LAST_INDEX,
  lowestEquivalent,
  medianEquivalent,
} from './layout.ts';

const END = 2 ** 42;
/** Whole values with every magnitude equally likely. */
const values = fc
  .tuple(fc.integer({ min: 0, max: 41 }), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }))
  .map(([magnitude, fraction]) => Math.min(END - 1, Math.floor(2 ** magnitude * (1 + fraction))));

/** The layout of HdrHistogram (three significant digits), written out; the magnitude by comparison because Math.log2 rounds. */
function indexByFormula(value: number): number {
  let magnitude = 0;
  while (2 ** (magnitude + 1) <= value) magnitude += 1;
  const b = Math.max(0, magnitude - 10);
  const s = Math.floor(value / 2 ** b);
  return (b + 1) * 1024 + (s - 1024);
}

describe('the layout', () => {
  it('has as many counters as HdrHistogram needs for one hour', () => {
    let buckets = 1;
    for (let end = 2048; end <= HIGHEST_NS; end *= 2) buckets += 1;
    expect(COUNTER_COUNT).toBe((buckets + 1) * 1024);
    expect(highestEquivalent(LAST_INDEX)).toBe(END - 1);
  });

  it('finds the counter of the formula for every magnitude', () => {
    fc.assert(
      fc.property(values, (value) => {
        mustBe(indexOf(value), indexByFormula(value), 'index');
      }),
      { numRuns: repeats(20_000) },
    );
  });

  it('finds the counter of the formula on both sides of every power of two', () => {
    for (let power = 1; power < END; power *= 2) {
      for (const value of [power - 1, power, power + 1]) expect(indexOf(value)).toBe(indexByFormula(value));
    }
  });

  it('finds the counter and the ends that hdr-histogram-js finds', () => {
    const theirs = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: HIGHEST_NS,
      numberOfSignificantValueDigits: 3,
    });
    const inner = theirs as unknown as {
      countsArrayIndex(value: number): number;
      lowestEquivalentValue(value: number): number;
      highestEquivalentValue(value: number): number;
      medianEquivalentValue(value: number): number;
    };
    fc.assert(
      fc.property(values, (value) => {
        const index = indexOf(value);
        mustBe(index, inner.countsArrayIndex(value), 'index');
        mustBe(lowestEquivalent(index), inner.lowestEquivalentValue(value), 'lowest');
        mustBe(highestEquivalent(index), inner.highestEquivalentValue(value), 'highest');
        mustBe(medianEquivalent(index), inner.medianEquivalentValue(value), 'median');
      }),
      { numRuns: repeats(5_000) },
    );
  });

  it('tiles 0 to 2^42 - 1 without a gap, each counter found from both of its ends', () => {
    let next = 0;
    for (let index = 0; index < COUNTER_COUNT; index += 1) {
      const low = lowestEquivalent(index);
      const high = highestEquivalent(index);
      if (low !== next || indexOf(low) !== index || indexOf(high) !== index) expect.fail(`counter ${index}`);
      if (high - low > low / 1024) expect.fail(`counter ${index} is wider than 1/1024`);
      next = high + 1;
    }
    expect(next).toBe(END);
  });

  it('drops fractions and keeps what is outside in the first and the last counter', () => {
    expect(indexOf(1.7)).toBe(1);
    expect(indexOf(2047.9)).toBe(2047);
    expect(indexOf(4097.9)).toBe(indexOf(4096));
    expect(indexOf(-5)).toBe(0);
    expect(indexOf(Number.NaN)).toBe(0);
    expect(indexOf(END)).toBe(LAST_INDEX);
    expect(indexOf(Number.POSITIVE_INFINITY)).toBe(LAST_INDEX);
  });
});

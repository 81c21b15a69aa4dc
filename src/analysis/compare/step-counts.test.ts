import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countsOf } from '../../../test/support/runs/simulated.ts';
import { createHistogram, percentile, record } from '../../histogram/histogram.ts';
import { highestEquivalent } from '../../histogram/layout.ts';
import {
  addCounts,
  allCounts,
  countOf,
  NO_COUNTS,
  percentileFigure,
  percentileIndex,
  quotientFigure,
} from './step-counts.ts';

const timesNs = fc.array(fc.integer({ min: 1000, max: 1_000_000 }), { maxLength: 20 });
const steps = fc.array(timesNs, { minLength: 1, maxLength: 12 });
const blocksOf = (starts: readonly number[], length: number) => ({
  starts: Int32Array.from(starts),
  length,
  count: starts.length,
});

test('the percentile of drawn blocks is that of a histogram of all that is in them', () => {
  const drawn = steps.chain((lists) =>
    fc.tuple(
      fc.constant(lists),
      fc.array(fc.nat(lists.length - 1), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(50, 90, 99, 99.9),
    ),
  );
  fc.assert(
    fc.property(drawn, ([lists, starts, percent]) => {
      const figure = percentileFigure(lists.map(countsOf), percent);
      const histogram = createHistogram();
      for (const start of starts) for (const ns of lists[start]!) record(histogram, ns);
      const expected = percentile(histogram, percent);
      const found = figure?.(blocksOf(starts, 1)) ?? null;
      if (expected === null) {
        expect(found).toBeNull();
        return;
      }
      // Cells may join up to so many counters as the steps' own percentiles are apart: a sixteenth of the value at the most here.
      expect(Math.abs(found! / expected - 1)).toBeLessThan(1 / 16);
    }),
  );
});

test('counts of several workers add up as if one had counted', () => {
  fc.assert(
    fc.property(timesNs, timesNs, (one, other) => {
      const { indexes, counts } = countsOf(other);
      const added = addCounts(countsOf(one), { indexes, counts, length: indexes.length, total: other.length });
      expect(added).toEqual(countsOf([...one, ...other]));
      expect(countOf(added)).toBe(one.length + other.length);
      expect(allCounts([countsOf(one), countsOf(other)])).toEqual(added);
    }),
  );
});

test('nothing has no percentile', () => {
  expect(percentileIndex(NO_COUNTS, 50)).toBeNull();
  expect(percentileFigure([NO_COUNTS, NO_COUNTS], 50)).toBeNull();
  const figure = percentileFigure([NO_COUNTS, countsOf([5000])], 50)!;
  expect(figure(blocksOf([0, 0], 1))).toBeNull();
  expect(figure(blocksOf([0], 2))).toBe(highestEquivalent(percentileIndex(countsOf([5000]), 50)!));
});

test('a quotient is of the sums, not a mean of quotients', () => {
  const figure = quotientFigure([1, 9, 10], [10, 10, 0]);
  expect(figure(blocksOf([0], 2))).toBe(0.5);
  expect(figure(blocksOf([1, 1], 1))).toBe(0.9);
  expect(figure(blocksOf([2], 1))).toBeNull();
});

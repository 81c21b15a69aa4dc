import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NILE } from '../../../test/support/nile.ts';
import { createRandom } from '../../random/generator.ts';
import { findChangePoints, HUNTER, strongestSplit } from './change-points.ts';

const THREE_LEVELS = [0.3, 2.4, 1.5, -0.9, -0.5, 99.7, 98.3, 99.1, 149, 149.7, 149.5, 149.1, 148.8, 150];
const TWO_LEVELS = [
  1.02, 0.95, 0.99, 1.0, 1.12, 1.0, 1.01, 0.98, 1.01, 0.96, 0.5, 0.51, 0.48, 0.48, 0.55, 0.5, 0.49, 0.51, 0.5, 0.49,
];
const indexesOf = (values: readonly number[], options = {}): number[] =>
  findChangePoints(values, { ...HUNTER, ...options }).map(({ index }) => index);

describe('the strongest split', () => {
  test('is where the published one is, as far apart', () => {
    expect(strongestSplit(THREE_LEVELS)).toEqual({ index: 5, end: 14, distance: expect.closeTo(761.2821428571428, 9) });
    expect(strongestSplit(TWO_LEVELS)).toMatchObject({ index: 10, distance: expect.closeTo(4.6822222, 6) });
    expect(strongestSplit(NILE)).toMatchObject({ index: 28, distance: expect.closeTo(4916.59, 1) });
    expect(strongestSplit([1, 2, 3])).toBeNull();
  });

  test('is as far apart as a sum over all pairs says', () => {
    const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 4, maxLength: 12 });
    fc.assert(
      fc.property(values, (series) => {
        const { index, end, distance } = strongestSplit(series)!;
        const x = series.slice(0, index);
        const y = series.slice(index, end);
        const all = (a: readonly number[], b: readonly number[]): number =>
          a.reduce((sum, p) => sum + b.reduce((part, q) => part + Math.abs(p - q), 0), 0);
        const [n, m] = [x.length, y.length];
        const expected =
          (2 * all(x, y)) / (m + n) - (m * all(x, x)) / ((m + n) * (n - 1)) - (n * all(y, y)) / ((m + n) * (m - 1));
        expect(distance).toBeCloseTo(expected, 8);
      }),
    );
  });
});

describe('changes of level', () => {
  test('are found where they are published', () => {
    expect(indexesOf(THREE_LEVELS, { maxPValue: 0.01 })).toEqual([5, 8]);
    expect(indexesOf(TWO_LEVELS, { windowLength: 10, maxPValue: 1e-4 })).toEqual([10]);
    const [point, ...others] = findChangePoints(NILE);
    expect(others).toEqual([]);
    expect(point).toMatchObject({ index: 28, before: 1097.75, after: expect.closeTo(849.972, 3) });
  });

  test('of ten values are none where both halves are alike, and one where the second is lower', () => {
    const half = [1.0, 1.02, 1.05, 0.95, 0.98];
    expect(indexesOf([...half, ...half])).toEqual([]);
    expect(indexesOf([...half, 0.8, 0.82, 0.85, 0.79, 0.77])).toEqual([5]);
  });

  test('smaller than asked for are none', () => {
    expect(indexesOf(TWO_LEVELS, { minChangeRatio: 0.4 })).toEqual([10]);
    expect(indexesOf(TWO_LEVELS, { minChangeRatio: 0.6 })).toEqual([]);
  });

  test('are none in noise, in what never changes, and in next to nothing', () => {
    const random = createRandom(4);
    const noise = Array.from({ length: 400 }, () => 100 + random());
    expect(indexesOf(noise).length).toBeLessThanOrEqual(1);
    expect(indexesOf(Array.from({ length: 60 }, () => 7))).toEqual([]);
    for (const few of [[], [1], [1, 9], [1, 9, 1]]) expect(indexesOf(few)).toEqual([]);
  });

  test('between constants are found as well', () => {
    expect(indexesOf([...Array(20).fill(1), ...Array(20).fill(2)])).toEqual([20]);
  });

  test('of two thousand values are found in their places, and the same each time', () => {
    const random = createRandom(9);
    const steps = [300, 777, 1500];
    const values = Array.from(
      { length: 2000 },
      (_, i) => 100 + 10 * steps.filter((at) => i >= at).length + 4 * random(),
    );
    const found = indexesOf(values, { minChangeRatio: 0.02 });
    expect(found).toEqual(steps);
    expect(indexesOf(values, { minChangeRatio: 0.02 })).toEqual(found);
  });

  test('lie in the order of time, each after the one before', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 160 }), (values) => {
        const found = indexesOf(values, { maxPValue: 0.05 });
        expect([...new Set(found)].sort((a, b) => a - b)).toEqual(found);
      }),
    );
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutLoneOutliers } from './lone-outliers.ts';

const NOISE = [10, 10.2, 9.9, 10.1, 9.8, 10, 10.3, 9.9, 10.1, 10];

test('a run that is far from its neighbors is drawn near to them, and the others are left', () => {
  const astray = NOISE.with(4, 300);
  const tamed = withoutLoneOutliers(astray);
  expect(tamed[4]).toBeGreaterThan(10);
  expect(tamed[4]).toBeLessThan(13);
  expect(tamed.toSpliced(4, 1)).toEqual(NOISE.toSpliced(4, 1));
});

test('so is a last run that is far from those before it: one is no level yet', () => {
  expect(withoutLoneOutliers([...NOISE, 300]).at(-1)).toBeLessThan(13);
});

test('steps, and levels of three runs, are left as they are', () => {
  const doubled = NOISE.map((value) => 2 * value);
  for (const series of [
    [...NOISE, ...doubled],
    [...NOISE, ...doubled.slice(0, 3)],
    [...NOISE, ...doubled.slice(0, 3), ...NOISE],
  ])
    expect(withoutLoneOutliers(series)).toEqual(series);
});

test('as many values come back, none beyond those that were given, and in another unit it is the same', () => {
  const values = fc.array(fc.double({ min: 0.001, max: 1e5, noNaN: true }), { maxLength: 60 });
  fc.assert(
    fc.property(values, (series) => {
      const tamed = withoutLoneOutliers(series);
      expect(tamed).toHaveLength(series.length);
      for (const value of tamed) {
        expect(value).toBeGreaterThanOrEqual(Math.min(...series) * (1 - 1e-9));
        expect(value).toBeLessThanOrEqual(Math.max(...series) * (1 + 1e-9));
      }
      const inMicroseconds = withoutLoneOutliers(series.map((value) => 1000 * value));
      for (const [place, value] of inMicroseconds.entries()) expect(value / 1000).toBeCloseTo(tamed[place]!, 3);
    }),
  );
});

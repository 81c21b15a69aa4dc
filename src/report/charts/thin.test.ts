import fc from 'fast-check';
import { expect, test } from 'vitest';
import { thin } from './thin.ts';

const values = fc.array(fc.tuple(fc.option(fc.integer(), { nil: null }), fc.integer()), {
  minLength: 1,
  maxLength: 500,
});

test('the greatest and the least value of every series stay, where they were', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 4, max: 100 }), (points, most) => {
      const x = points.map((_, at) => at * 3);
      const series = [0, 1].map((of) => ({ name: `${of}`, y: points.map((point) => point[of] ?? null) }));
      const thinned = thin({ x, series }, most);
      for (const [at, { y }] of thinned.series.entries()) {
        expect(y).toEqual(thinned.x.map((place) => series[at]!.y[place / 3]));
        const known = (all: readonly (number | null)[]): number[] => all.filter((value) => value !== null);
        if (known(series[at]!.y).length === 0) continue;
        expect(Math.max(...known(y))).toBe(Math.max(...known(series[at]!.y)));
        expect(Math.min(...known(y))).toBe(Math.min(...known(series[at]!.y)));
      }
      expect(thinned.x).toEqual([...thinned.x].sort((a, b) => a - b));
    }),
  );
});

test('where nothing was known stays a gap, from where it began to where it ended', () => {
  const y = Array.from({ length: 3600 }, (_, second) => (second >= 1800 && second < 1812 ? null : 5));
  const thinned = thin({ x: y.map((_, at) => at), series: [{ name: 'a', y }] }, 100);
  const missing = thinned.x.filter((_, place) => thinned.series[0]!.y[place] === null);
  expect(missing).toEqual([1800, 1811]);
  expect(thinned.x).toEqual(expect.arrayContaining([1799, 1812]));
  expect(thinned.x.length).toBeLessThan(120);
});

test('few points stay as they are', () => {
  const points = { x: [0, 1, 2], series: [{ name: 'a', y: [1, null, 3] }] };
  expect(thin(points, 3)).toEqual(points);
});

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
      expect(thinned.x.length).toBeLessThanOrEqual(Math.max(most, 6) + 2);
    }),
  );
});

test('few points stay as they are', () => {
  const points = { x: [0, 1, 2], series: [{ name: 'a', y: [1, null, 3] }] };
  expect(thin(points, 3)).toEqual(points);
});

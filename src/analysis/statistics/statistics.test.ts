import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NILE } from '../../../test/support/nile.ts';
import { normalQuantile, normalUpperTail } from './normal.ts';
import { hamedRaoInflation, mannKendall, median, ranksOf, theilSen } from './trend.ts';

/** Airline passengers in thousands, by month, 1949 to 1960 (Box and Jenkins; R's `AirPassengers`). */
const AIR_PASSENGERS = [
  112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114,
  140, 145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166, 171, 180, 193, 181, 183, 218, 230, 242, 209, 191,
  172, 194, 196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201, 204, 188, 235, 227, 234, 264, 302, 293, 259,
  229, 203, 229, 242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278, 284, 277, 317, 313, 318, 374, 413, 405,
  355, 306, 271, 306, 315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336, 340, 318, 362, 348, 363, 435, 491,
  505, 404, 359, 310, 337, 360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405, 417, 391, 419, 461, 472, 535,
  622, 606, 508, 461, 390, 432,
];
const places = (values: readonly number[]): number[] => values.map((_, place) => place);

describe('the normal distribution', () => {
  test('has the published quantiles', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 14);
    expect(normalQuantile(0.999)).toBeCloseTo(3.090232306167813, 14);
    expect(normalQuantile(0.5)).toBe(0);
    // Wichura's own checks of PPND16.
    expect(normalQuantile(0.25)).toBeCloseTo(-0.6744897501960817, 14);
    expect(normalQuantile(0.001)).toBeCloseTo(-3.090232306167814, 13);
    expect(normalQuantile(1e-20)).toBeCloseTo(-9.262340089798409, 13);
    expect(() => normalQuantile(1)).toThrow(RangeError);
  });

  test('has a tail that is the inverse of its quantile', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 0.999, noNaN: true }), (tail) => {
        expect(normalUpperTail(-normalQuantile(tail)) / tail).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('a trend by ranks', () => {
  test('of the Nile is that of pyMannKendall', () => {
    const { s, variance, z, pValue } = mannKendall(NILE);
    expect([s, variance]).toEqual([-1387, expect.closeTo(112_728.33, 2)]);
    expect(z).toBeCloseTo(-4.128067, 6);
    expect(pValue).toBeCloseTo(3.658e-5, 8);
    const line = theilSen(places(NILE), NILE)!;
    expect([line.slope, line.intercept]).toEqual([expect.closeTo(-2.6, 10), expect.closeTo(1022.2, 10)]);
    expect(line.interval).toEqual([expect.closeTo(-3.6279, 4), expect.closeTo(-1.4286, 4)]);
  });

  test('of the Nile is weaker where years depend on the years before (Hamed and Rao)', () => {
    const { z, pValue } = mannKendall(NILE, hamedRaoInflation(NILE, -2.6));
    expect(z).toBeCloseTo(-2.819979, 6);
    expect(pValue).toBeCloseTo(0.0048027, 7);
  });

  test('of the airline passengers is that of pyMannKendall', () => {
    const { s, z } = mannKendall(AIR_PASSENGERS);
    expect([s, z]).toEqual([8327, expect.closeTo(14.38161, 5)]);
    expect(theilSen(places(AIR_PASSENGERS), AIR_PASSENGERS)!.slope).toBeCloseTo(2.4512163, 7);
  });

  test('of eight values, and of values with ties, is as published', () => {
    const few = [5, 3, 6, 8, 7, 9, 12, 11];
    const { s, variance, z, pValue } = mannKendall(few);
    expect([s, variance, z]).toEqual([22, expect.closeTo(65.3333, 4), expect.closeTo(2.598076, 6)]);
    expect(pValue).toBeCloseTo(0.0093748, 7);
    const line = theilSen(places(few), few)!;
    expect([line.slope, ...line.interval]).toEqual([expect.closeTo(1.0833333, 7), 0.5, 2]);
    const tied = mannKendall([1, 2, 2, 3, 3, 3, 4]);
    expect([tied.s, tied.variance, tied.z]).toEqual([17, expect.closeTo(39.6667, 4), expect.closeTo(2.540429, 6)]);
  });

  test('of a sawtooth that climbs is its climb', () => {
    const sawtooth = Array.from({ length: 60 }, (_, t) => 200 + 0.5 * t + 3 * (t % 5) - (t % 5 === 4 ? 8 : 0));
    expect(theilSen(places(sawtooth), sawtooth)!.slope).toBeCloseTo(0.5, 10);
  });

  test('is none where nothing changes, or nothing is there', () => {
    expect(mannKendall([7, 7, 7, 7])).toEqual({ s: 0, variance: 0, z: 0, pValue: 1 });
    expect(mannKendall([])).toMatchObject({ s: 0, pValue: 1 });
    expect(hamedRaoInflation([7, 7, 7, 7], 0)).toBe(1);
    expect(theilSen([3], [1])).toBeNull();
  });
});

test('equal values share their ranks, and the median is in the middle', () => {
  expect(ranksOf([20, 10, 20, 30])).toEqual([2.5, 1, 2.5, 4]);
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
});

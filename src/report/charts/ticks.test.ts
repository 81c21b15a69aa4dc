import { describe, expect, test } from 'vitest';
import { roundBelow, secondTicks, timeTicksMs } from './ticks.ts';

describe('ticks of a logarithmic axis of times', () => {
  test('are 1, 2 and 5 times a power of ten, within the axis', () => {
    expect(timeTicksMs(0.237, 133)).toEqual([0.5, 1, 2, 5, 10, 20, 50, 100]);
    expect(timeTicksMs(1, 10)).toEqual([1, 2, 5, 10]);
  });

  test('are powers of ten only where the axis is long', () => {
    expect(timeTicksMs(0.01, 1000)).toEqual([0.01, 0.1, 1, 10, 100, 1000]);
  });

  test('are whole minutes above a minute', () => {
    expect(timeTicksMs(5e3, 700e3)).toEqual([5e3, 10e3, 20e3, 50e3, 60e3, 120e3, 300e3, 600e3]);
    expect(timeTicksMs(1, 3600e3)).toEqual([1, 10, 100, 1000, 10e3, 60e3, 600e3, 3600e3]);
  });

  test('an axis between two of them has none', () => {
    expect(timeTicksMs(2.1, 4.9)).toEqual([]);
  });
});

describe('ticks of an axis of seconds', () => {
  test.each([
    [6, 1],
    [37, 5],
    [600, 120],
    [3600, 600],
    [10 * 3600, 2 * 3600],
    [40 * 86_400, 5 * 86_400],
  ])('of a run of %d s are %d s apart, and further where it is narrow', (seconds, apart) => {
    const ticks = secondTicks(0, seconds, 1000);
    expect(ticks.slice(0, 2)).toEqual([0, apart]);
    expect(ticks.at(-1)).toBeLessThanOrEqual(seconds);
    expect(ticks.length).toBe(Math.floor(seconds / apart) + 1);
    expect(secondTicks(0, seconds, 200)[1]).toBeGreaterThan(apart);
  });

  test('of a part of a run are round as well', () => {
    expect(secondTicks(1351.4, 2249, 1000)).toEqual([1440, 1560, 1680, 1800, 1920, 2040, 2160]);
  });
});

test.each([
  [0.267609, 0.2],
  [0.5, 0.5],
  [4.99, 2],
  [1, 1],
  [9.99e-7, 5e-7],
  [3_600_000, 2_000_000],
])('the round number below %d is %d', (value, expected) => {
  expect(roundBelow(value)).toBe(expected);
});

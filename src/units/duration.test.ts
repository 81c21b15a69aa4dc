import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DURATION_PATTERN, formatDuration, NS_PER_SECOND, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  test.each([
    ['200ms', 200e6],
    ['1.5s', 1.5e9],
    ['2m30s', 150e9],
    ['2 min 30 s', 150e9],
    ['1h', 3600e9],
    ['50us', 50e3],
    ['50µs', 50e3],
    ['10ns', 10],
    ['0', 0],
    ['0s', 0],
    [' 5s ', 5e9],
    ['0.1s', 1e8],
  ])('%j is %d ns', (text, ns) => {
    expect(parseDuration(text)).toBe(ns);
    expect(new RegExp(DURATION_PATTERN).test(text.trim())).toBe(true);
  });

  test.each([
    '',
    '10',
    '1.5',
    's',
    '-1s',
    '+1s',
    '1s-',
    '1e3s',
    '1 fortnight',
    '30s2m',
    '1s1s',
    '1,5s',
    'NaNs',
    '9e99h',
  ])('%j is refused', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test('more time than nanoseconds can count is refused', () => {
    expect(parseDuration('99999999h')).toBeNull();
  });

  test('no text makes it throw', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ns = parseDuration(text);
        return ns === null || Number.isSafeInteger(ns);
      }),
    );
  });
});

describe('formatDuration', () => {
  test.each([
    [812e6, '812 ms'],
    [3.1e6, '3.1 ms'],
    [1.4e9, '1.4 s'],
    [60e9, '60.0 s'],
    [0.21e6, '0.21 ms'],
    [25e3, '25 us'],
    [25.4e3, '25.4 us'],
    [812, '812 ns'],
    [0, '0 ms'],
    [150e9, '2 min 30 s'],
    [1800e9, '30 min'],
    [8 * 3600e9, '8 h'],
    [999.7, '1.0 us'],
    [99.7e3, '0.10 ms'],
    [999.96e6, '1.0 s'],
    [99.97e6, '100 ms'],
    [0.9999e6, '1.0 ms'],
    [-3.1e6, '-3.1 ms'],
    [Number.NaN, 'n/a'],
    [Number.POSITIVE_INFINITY, 'infinite'],
  ])('%d ns prints as %j', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });

  test('what it prints reads back as about the same time', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e5, noNaN: true }),
        fc.integer({ min: 0, max: 9 }),
        (mantissa, exponent) => {
          const ns = mantissa * 10 ** exponent;
          const back = parseDuration(formatDuration(ns));
          const toleranceNs = Math.max(ns * 0.051, ns > 7200 * NS_PER_SECOND ? 60 * NS_PER_SECOND : 1);
          return back !== null && Math.abs(back - ns) <= toleranceNs;
        },
      ),
    );
  });
});

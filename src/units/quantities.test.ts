import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BYTES_PATTERN, formatBytes, parseByteRate, parseBytes } from './bytes.ts';
import { formatCount, formatRate, parseRate, RATE_PATTERN } from './rate.ts';
import { formatPercent, parseRatio } from './ratio.ts';

describe('bytes a time', () => {
  test.each([
    ['1MB/s', 1e6],
    ['60 KiB / min', 1024],
    ['100/s', 100],
  ])('%j is %d bytes a second', (text, perSecond) => {
    expect(parseByteRate(text)).toBe(perSecond);
  });

  test.each(['', '/', '1MB', '1MB/', '/s', '1MB/5s', '1MB/s/s', '-1MB/s', '1XB/s'])('%j is refused', (text) => {
    expect(parseByteRate(text)).toBeNull();
  });
});

describe('bytes', () => {
  test.each([
    ['100', 100],
    ['100 B', 100],
    ['4KB', 4000],
    ['4KiB', 4096],
    ['1MB', 1e6],
    ['16MiB', 16 * 1024 * 1024],
    ['1.5kb', 1500],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
    expect(new RegExp(BYTES_PATTERN).test(text)).toBe(true);
  });

  test('a number is bytes as it stands', () => {
    expect(parseBytes(100)).toBe(100);
  });

  test.each(['', 'KB', '-1', '1.5', '4XB', '1e3', 'constructor'])('%j is refused', (text) => {
    expect(parseBytes(text)).toBeNull();
  });

  test.each([1.5, -1, Number.NaN, Number.POSITIVE_INFINITY])('the number %d is refused', (value) => {
    expect(parseBytes(value)).toBeNull();
  });

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [4600, '4.6 KB'],
    [16_777_216, '16.8 MB'],
    [999_600, '1.0 MB'],
    [2.5e9, '2.5 GB'],
    [9e5, '900 KB'],
  ])('%d bytes print as %j', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('rates', () => {
  test.each([
    ['8000/s', 8000],
    ['120/min', 2],
    ['120/m', 2],
    ['2/h', 2 / 3600],
    ['1e3/s', 1000],
    ['0.5 / s', 0.5],
  ])('%j is %d a second', (text, perSecond) => {
    expect(parseRate(text)).toBe(perSecond);
    expect(new RegExp(RATE_PATTERN).test(text)).toBe(true);
  });

  test.each(['', '8000', 'fast', '-1/s', '8000/d', '1e999/s', '8,000/s', '/s'])('%j is refused', (text) => {
    expect(parseRate(text)).toBeNull();
  });

  test.each([
    [8000, '8,000/s'],
    [12.5, '12.5/s'],
    [1 / 30, '0.0333/s'],
    [7998.3, '7,998/s'],
    [0, '0/s'],
  ])('%d a second prints as %j', (perSecond, text) => {
    expect(formatRate(perSecond)).toBe(text);
  });

  test.each([
    [480_000, '480,000'],
    [999, '999'],
    [1e6, '1,000,000'],
    [0, '0'],
    [-1234, '-1,234'],
  ])('the count %d prints as %j', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });
});

describe('ratios', () => {
  test('99.9% is exactly the double nearest to 0.999', () => {
    expect(parseRatio('99.9%')).toBe(0.999);
    expect(parseRatio('5 %')).toBe(0.05);
  });

  test.each(['', '0.999', '%', '-1%', '1e2%'])('%j is refused', (text) => {
    expect(parseRatio(text)).toBeNull();
  });

  test.each([
    [0.9998, '99.98 %'],
    [0.41, '41 %'],
    [1, '100 %'],
    [0, '0 %'],
    [0.999_996, '99.9996 %'],
    [0.999_999_999_9, '> 99.999999 %'],
    [1e-12, '< 0.000001 %'],
  ])('%d prints as %j', (ratio, text) => {
    expect(formatPercent(ratio)).toBe(text);
  });

  test('only the whole prints as 100 % and only nothing as 0 %', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (ratio) => {
        const text = formatPercent(ratio);
        return (text === '100 %') === (ratio === 1) && (text === '0 %') === (ratio === 0);
      }),
    );
  });
});

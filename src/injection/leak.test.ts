import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBehavior } from './behavior.ts';
import { type Leak, leakedBytes, mostLeakedBytes } from './leak.ts';

const SECOND_NS = 1e9;
const leak = (more: Partial<Leak> = {}): Leak => ({
  bytesPerSecond: 1000,
  atMostBytes: 1e9,
  fromNs: 0,
  toNs: null,
  ...more,
});

describe('how much a leak holds', () => {
  test('is its rate times the time', () => {
    expect([0, 0.5, 1, 60].map((seconds) => leakedBytes(leak(), seconds * SECOND_NS))).toEqual([0, 500, 1000, 60_000]);
  });

  test('is nothing before it begins, and no more once it ends', () => {
    const between = leak({ fromNs: 2 * SECOND_NS, toNs: 5 * SECOND_NS });
    expect([0, 2, 3, 5, 100].map((seconds) => leakedBytes(between, seconds * SECOND_NS))).toEqual([
      0, 0, 1000, 3000, 3000,
    ]);
    expect(mostLeakedBytes(between)).toBe(3000);
  });

  test('is never more than its limit', () => {
    const bounded = leak({ atMostBytes: 1500 });
    expect([1, 2, 1e6].map((seconds) => leakedBytes(bounded, seconds * SECOND_NS))).toEqual([1000, 1500, 1500]);
    expect(mostLeakedBytes(bounded)).toBe(1500);
  });

  test('never shrinks, whatever the settings', () => {
    const time = fc.double({ min: 0, max: 1e15, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e9, noNaN: true }),
        fc.nat(1e9),
        time,
        fc.option(time),
        time,
        time,
        (bytesPerSecond, atMostBytes, fromNs, toNs, one, other) => {
          const drawn = leak({ bytesPerSecond, atMostBytes, fromNs, toNs });
          const [earlier, later] = [one, other].sort((a, b) => a - b) as [number, number];
          expect(leakedBytes(drawn, earlier)).toBeLessThanOrEqual(leakedBytes(drawn, later));
          expect(leakedBytes(drawn, later)).toBeLessThanOrEqual(mostLeakedBytes(drawn));
        },
      ),
    );
  });
});

describe('a leak as written', () => {
  const read = (written: unknown): Leak | null | string => {
    const parsed = parseBehavior({ leak: written });
    return parsed.ok ? parsed.behavior.leak : parsed.problems.map((one) => `${one.path}: ${one.expected}`).join('\n');
  };

  test('is a rate, or a rate with its bounds', () => {
    expect(read('1MB/s')).toEqual({ bytesPerSecond: 1e6, atMostBytes: 1e9, fromNs: 0, toNs: null });
    expect(read({ rate: '60KB/min', atMost: '10MiB', from: '5s', to: '1m' })).toEqual({
      bytesPerSecond: 1000,
      atMostBytes: 10 * 1024 ** 2,
      fromNs: 5e9,
      toNs: 60e9,
    });
    expect(read(undefined)).toBeNull();
  });

  test.each([
    [5, 'leak: bytes per second such as 1MB/s'],
    ['fast', 'leak: bytes per second such as 1MB/s'],
    ['1MB', 'leak: bytes per second such as 1MB/s'],
    [[], 'leak: bytes per second such as 1MB/s, or a leak: { rate, atMost, from, to }'],
    [{ rate: '1MB' }, 'leak.rate: bytes per second such as 1MB/s'],
    [{ rate: '1MB/s', atMost: '1TB' }, 'leak.atMost: a size from 1 B to 64GiB'],
    [{ rate: '1MB/s', from: '10s', to: '5s' }, 'leak.to: a time after from'],
    [{ rate: '1MB/s', until: '5s' }, 'leak.until: one of rate, atMost, from, to'],
  ])('%j is refused', (written, expected) => {
    expect(read(written)).toBe(expected);
  });
});

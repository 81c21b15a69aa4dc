import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Leak } from '../injection/leak.ts';
import type { Act } from '../injection/truth.ts';
import { startLeak } from './leak.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const MEBIBYTE = 1024 ** 2;

function start(more: Partial<Leak> = {}) {
  const truth: Act[] = [];
  const leak = startLeak({ bytesPerSecond: MEBIBYTE, atMostBytes: 1e9, fromNs: 0, toNs: null, ...more }, (act) =>
    truth.push(act),
  );
  return { leak, truth };
}

describe('a leak', () => {
  test('holds as much as its rate makes of the time, and writes down that it began and what it held at the end', () => {
    const { leak, truth } = start();
    expect(leak.heldBytes).toBe(0);
    vi.advanceTimersByTime(2000);
    expect(leak.heldBytes).toBeLessThanOrEqual(2 * MEBIBYTE);
    expect(leak.heldBytes).toBeGreaterThan(2 * MEBIBYTE - 128 * 1024); // a piece may still be due
    vi.advanceTimersByTime(2000);
    leak.stop();
    expect(truth).toEqual([
      { act: 'leak', heldBytes: 0 },
      { act: 'leak', heldBytes: leak.heldBytes },
    ]);
    expect(leak.heldBytes).toBeGreaterThan(4 * MEBIBYTE - 128 * 1024);
    vi.advanceTimersByTime(60_000);
    expect(leak.heldBytes).toBeLessThanOrEqual(4 * MEBIBYTE);
  });

  test.each([
    ['its limit', { atMostBytes: 1_500_000 }, 1_500_000],
    ['its end', { toNs: 3e9 }, 3 * MEBIBYTE],
    ['a limit below one piece', { atMostBytes: 10 }, 10],
  ])('grows to the byte up to %s, and then no more', (_, more, heldBytes) => {
    const { leak } = start(more);
    vi.advanceTimersByTime(60_000);
    expect(leak.heldBytes).toBe(heldBytes);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('holds nothing and says nothing before it begins', () => {
    const { leak, truth } = start({ fromNs: 10e9 });
    vi.advanceTimersByTime(9_900);
    leak.stop();
    expect(leak.heldBytes).toBe(0);
    expect(truth).toEqual([]);
  });
});

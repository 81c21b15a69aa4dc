import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { monotonicClock, startTimer } from './clock.ts';

const HOUR_MS = 3_600_000;
/** From here on a timer of Node's fires at once. */
const TOO_LONG_MS = 2 ** 31;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  // A spy that is restored later would put the false timer back, for whatever test comes then.
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('a timer', () => {
  test.each([
    0,
    1,
    20,
    TOO_LONG_MS - 1,
    TOO_LONG_MS,
    720 * HOUR_MS,
    2000 * HOUR_MS,
  ])('of %d ms calls back once, and not before its time', (delayMs) => {
    const called = vi.fn();
    startTimer(delayMs, called);
    if (delayMs > 0) {
      vi.advanceTimersByTime(delayMs - 1);
      expect(called).not.toHaveBeenCalled();
    }
    vi.advanceTimersByTime(1);
    expect(called).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(3 * TOO_LONG_MS);
    expect(called).toHaveBeenCalledTimes(1);
  });

  test('that lasts for ever never calls back, and wakes the process once in 24 days', () => {
    const called = vi.fn();
    const set = vi.spyOn(globalThis, 'setTimeout');
    startTimer(Number.POSITIVE_INFINITY, called);
    vi.advanceTimersByTime(2000 * HOUR_MS);
    expect(called).not.toHaveBeenCalled();
    expect(set).toHaveBeenCalledTimes(4);
  });

  test('is canceled in any part of its time', () => {
    const called = vi.fn();
    const timer = startTimer(2 * TOO_LONG_MS, called);
    vi.advanceTimersByTime(TOO_LONG_MS + 1);
    timer.cancel();
    vi.advanceTimersByTime(3 * TOO_LONG_MS);
    expect(called).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of the clock may be as long as any other', () => {
    const called = vi.fn();
    monotonicClock(0n).after(720 * HOUR_MS * 1e6, called);
    vi.advanceTimersByTime(720 * HOUR_MS - 1);
    expect(called).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(called).toHaveBeenCalledTimes(1);
  });
});

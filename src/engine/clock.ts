// The port through which the engine reads time and waits. All processes of a machine share the
// monotonic clock, so times of different workers compare.

import { performance } from 'node:perf_hooks';
import { nsToMs } from '../units/duration.ts';

export interface Clock {
  /** Nanoseconds since the run's origin. */
  nowNs(): number;
  /** Calls back once, no earlier than `delayNs` from now, give or take the timer's millisecond. */
  after(delayNs: number, callback: () => void): Timer;
  /** Calls back on the next turn of the event loop, after pending reads. */
  nextTurn(callback: () => void): void;
}

export interface Timer {
  cancel(): void;
}

/** CLOCK_MONOTONIC through `performance.now()`, which makes no bigint of it. */
export function monotonicClock(originNs: bigint): Clock {
  const offsetNs = Number(process.hrtime.bigint() - originNs) - performance.now() * 1e6;
  return {
    nowNs: () => performance.now() * 1e6 + offsetNs,
    after(delayNs, callback) {
      const timer = setTimeout(callback, Math.max(0, Math.floor(nsToMs(delayNs))));
      return { cancel: () => clearTimeout(timer) };
    },
    nextTurn: (callback) => void setImmediate(callback),
  };
}

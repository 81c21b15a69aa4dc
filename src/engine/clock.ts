// The port through which the engine reads time and waits, and the one place that sets a timer of Node's. All processes
// of a machine share the monotonic clock, so times of different workers compare.

import { performance } from 'node:perf_hooks';
import { nsToMs } from '../units/duration.ts';

export interface Clock {
  /** Nanoseconds since the run's origin. */
  nowNs(): number;
  /** Calls back once, no earlier than `delayNs` from now, give or take the timer's millisecond. Any length will do. */
  after(delayNs: number, callback: () => void): Timer;
  /** Calls back on the next turn of the event loop, after pending reads. */
  nextTurn(callback: () => void): void;
}

export interface Timer {
  cancel(): void;
}

/** Node keeps the delay in 32 bits: a timer that is set for longer than this fires at once, so a longer one is set again. */
const LONGEST_HOP_MS = 2 ** 31 - 1;

/** Calls back once, after `delayMs`, however long that is: never where it is infinite. */
export function startTimer(delayMs: number, callback: () => void): Timer {
  let leftMs = delayMs;
  let timer = setTimeout(hop, Math.min(leftMs, LONGEST_HOP_MS));
  function hop(): void {
    leftMs -= LONGEST_HOP_MS;
    if (leftMs > 0) timer = setTimeout(hop, Math.min(leftMs, LONGEST_HOP_MS));
    else callback();
  }
  return { cancel: () => clearTimeout(timer) };
}

/** CLOCK_MONOTONIC through `performance.now()`, which makes no bigint of it. */
export function monotonicClock(originNs: bigint): Clock {
  const offsetNs = Number(process.hrtime.bigint() - originNs) - performance.now() * 1e6;
  return {
    nowNs: () => performance.now() * 1e6 + offsetNs,
    after(delayNs, callback) {
      return startTimer(Math.max(0, Math.floor(nsToMs(delayNs))), callback);
    },
    nextTurn: (callback) => void setImmediate(callback),
  };
}

// When to look at the schedule again. The schedule never waits for this: what became due in the
// meantime is sent at once and keeps its old due time.
//
// Far from the next send, a timer. Near it, by pace: `economical` takes the timer's millisecond, so a
// message may be late by one to two of them; `precise` turns the event loop until the moment has come,
// which costs the core. Either way sockets are read between two looks.

import type { Clock, Timer } from '../clock.ts';

/** Something with due times: the open schedule, or the think times of the closed loop. */
export interface DueMessages {
  /** When the next piece is due; infinity where nothing waits. */
  nextDueNs(): number;
  /** Does what is due at `nowNs`, at most as much as keeps the event loop responsive. */
  runDue(nowNs: number): void;
}

/** A timer set for less than this may fire late: the last stretch is turned, not slept. */
const SPIN_WITHIN_NS = 2e6;
/** Nothing can become due unseen for longer than this: a new piece of work may be pushed at any time. */
const LONGEST_SLEEP_NS = 50e6;

export interface Pacer {
  start(): void;
  /** Looks at the work now, for work that was added while the pacer slept. */
  wake(): void;
  stop(): void;
}

export function createPacer(clock: Clock, loadModel: DueMessages, precise: boolean): Pacer {
  let timer: Timer | null = null;
  let turning = false;
  let running = false;
  /** When the timer that is set is due. */
  let lookNs = Number.POSITIVE_INFINITY;

  function look(): void {
    timer = null;
    turning = false;
    if (!running) return;
    loadModel.runDue(clock.nowNs());
    wait();
  }

  function wait(): void {
    const nowNs = clock.nowNs();
    const waitNs = Math.min(loadModel.nextDueNs() - nowNs, LONGEST_SLEEP_NS);
    if (waitNs <= 0 || (precise && waitNs <= SPIN_WITHIN_NS)) {
      turning = true;
      clock.nextTurn(look);
    } else {
      const sleepNs = precise ? waitNs - SPIN_WITHIN_NS : Math.max(waitNs, 1e6);
      lookNs = nowNs + sleepNs;
      timer = clock.after(sleepNs, look);
    }
  }

  return {
    start() {
      running = true;
      look();
    },
    wake() {
      if (!running || turning || timer === null || lookNs <= loadModel.nextDueNs()) return;
      // Sooner than this no timer fires: setting it again and again would put the look off for ever.
      if (lookNs - clock.nowNs() <= 1e6) return;
      timer.cancel();
      wait();
    },
    stop() {
      running = false;
      timer?.cancel();
      timer = null;
    },
  };
}

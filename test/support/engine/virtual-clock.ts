// A clock that stands still until it is told to run, and the event loop that goes with it: timers fire exactly when
// they are due, so a test that takes a minute of the run's time takes none of ours and always goes the same way.

import type { Clock } from '../../../src/engine/clock.ts';

export interface VirtualClock extends Clock {
  /** Runs what is scheduled, in order of time, until `done` holds. Throws where nothing is left to run or `limitNs` is passed. */
  runUntil(done: () => boolean, limitNs?: number): void;
  /** Runs everything that is due up to `untilNs` and stands there. */
  runTo(untilNs: number): void;
  /** The event loop hangs: time passes and nothing runs. */
  jump(ns: number): void;
  /** How often the loop has turned for `nextTurn`, which is what spinning costs. */
  turns(): number;
  /** How many timers have been set. */
  timersSet(): number;
}

/** What one turn of the event loop takes, so that spinning moves the time on. */
export const TURN_NS = 10_000;
const DEFAULT_LIMIT_NS = 600e9;

interface Entry {
  readonly atNs: number;
  readonly order: number;
  callback: (() => void) | null;
}

export function createVirtualClock(startNs = 0): VirtualClock {
  let nowNs = startNs;
  let order = 0;
  let turns = 0;
  let timersSet = 0;
  let turnCallbacks: (() => void)[] = [];
  const heap: Entry[] = [];

  const isBefore = (a: Entry, b: Entry): boolean => a.atNs < b.atNs || (a.atNs === b.atNs && a.order < b.order);

  function push(entry: Entry): void {
    let at = heap.length;
    heap.push(entry);
    for (; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  function pop(): Entry {
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  /** The next timer that was not canceled; null where none is left. */
  function peek(): Entry | null {
    while (heap.length > 0 && heap[0]!.callback === null) pop();
    return heap[0] ?? null;
  }

  function runTimer(): void {
    const { atNs, callback } = pop();
    nowNs = Math.max(nowNs, atNs);
    callback!();
  }

  function runTurn(): void {
    turns++;
    const untilNs = nowNs + TURN_NS;
    for (let next = peek(); next !== null && next.atNs <= untilNs; next = peek()) runTimer();
    nowNs = Math.max(nowNs, untilNs);
    const callbacks = turnCallbacks;
    turnCallbacks = [];
    for (const callback of callbacks) callback();
  }

  return {
    nowNs: () => nowNs,
    after(delayNs, callback) {
      timersSet++;
      const entry: Entry = { atNs: nowNs + Math.max(0, delayNs), order: order++, callback };
      push(entry);
      return {
        cancel: () => {
          entry.callback = null;
        },
      };
    },
    nextTurn: (callback) => void turnCallbacks.push(callback),
    runUntil(done, limitNs = DEFAULT_LIMIT_NS) {
      while (!done()) {
        if (nowNs > limitNs) throw new Error(`nothing came of it in ${limitNs / 1e9} s of virtual time`);
        if (turnCallbacks.length > 0) runTurn();
        else if (peek() !== null) runTimer();
        else throw new Error('the event loop is empty');
      }
    },
    runTo(untilNs) {
      for (;;) {
        if (turnCallbacks.length > 0 && nowNs + TURN_NS <= untilNs) runTurn();
        else if ((peek()?.atNs ?? Number.POSITIVE_INFINITY) <= untilNs) runTimer();
        else break;
      }
      nowNs = Math.max(nowNs, untilNs);
    },
    jump: (ns) => {
      nowNs += ns;
    },
    turns: () => turns,
    timersSet: () => timersSet,
  };
}

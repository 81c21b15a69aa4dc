// A queue in which bytes wait for their time, in their order, and the end of the source behind them. It holds at most
// `limitBytes` and what one read brings: then the source waits until half of it has gone.

import type { Timer } from '../engine/clock.ts';
import type { FaultStage, StageContext } from './stage.ts';

interface Waiting {
  /** Null is the end. */
  readonly bytes: Uint8Array | null;
  readonly dueNs: number;
}

export interface DelayLine extends FaultStage {
  /** Goes on at `dueNs`, or when all before it has gone. */
  pushAt(bytes: Uint8Array, dueNs: number): void;
  endAt(dueNs: number): void;
  /** When the last that waits is due; never before now. */
  lastDueNs(): number;
}

/** `delayNs`: how long what comes from now on is to wait. */
export function createDelayLine(context: StageContext, limitBytes: number, delayNs: () => number): DelayLine {
  let waiting: Waiting[] = [];
  let heldBytes = 0;
  let lastNs = 0;
  let timer: Timer | null = null;
  let isFull = false;

  function add(bytes: Uint8Array | null, dueNs: number): void {
    lastNs = Math.max(lastNs, dueNs);
    waiting.push({ bytes, dueNs: lastNs });
    heldBytes += bytes?.length ?? 0;
    if (heldBytes > limitBytes && !isFull) {
      isFull = true;
      context.gate.close();
    }
    if (waiting.length === 1) wait();
  }

  function wait(): void {
    const [first] = waiting;
    timer = first === undefined ? null : context.after(first.dueNs - context.nowNs(), release);
  }

  /** A timer may be a fraction of its millisecond early: what is due by then goes too. */
  function release(): void {
    const untilNs = context.nowNs() + TIMER_NS;
    let count = 0;
    while (count < waiting.length && waiting[count]!.dueNs <= untilNs) count++;
    const due = waiting.slice(0, count);
    waiting = waiting.slice(count);
    wait();
    passOn(due);
  }

  function passOn(due: readonly Waiting[]): void {
    for (const { bytes } of due) {
      heldBytes -= bytes?.length ?? 0;
      if (bytes === null) context.next.end();
      else context.next.push(bytes);
    }
    if (isFull && heldBytes <= limitBytes / 2) {
      isFull = false;
      context.gate.open();
    }
  }

  return {
    push: (bytes) => add(bytes, context.nowNs() + delayNs()),
    end: () => add(null, context.nowNs() + delayNs()),
    pushAt: add,
    endAt: (dueNs) => add(null, dueNs),
    lastDueNs: () => Math.max(lastNs, context.nowNs()),
    retire() {
      timer?.cancel();
      const all = waiting;
      waiting = [];
      passOn(all);
    },
    dispose() {
      waiting = [];
      heldBytes = 0;
    },
  };
}

/** What a timer is exact to. */
const TIMER_NS = 1e6;

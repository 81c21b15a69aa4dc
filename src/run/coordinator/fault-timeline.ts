// Faults at their times. Whatever the run comes to, each that has begun is ended, and what could not be done is told.
//
//   begin(): faults count from here ──at──▶ began ──for──▶ ended          finish(): what lasts is ended now

import { startTimer, type Timer } from '../../engine/clock.ts';
import type { FaultPhase } from '../../facts/event.ts';
import type { Fault } from '../../plan/plan.ts';
import { nsToMs } from '../../units/duration.ts';
import type { OpenFaults } from '../ports.ts';

export interface FaultTimeline {
  /** Times of faults count from `inNs` from now. */
  begin(inNs: number): void;
  /** No further one begins. */
  halt(): void;
  /** The same; resolves when those that last have been ended. */
  finish(): Promise<void>;
}

export interface FaultTimelineParts {
  readonly faults: readonly Fault[];
  readonly host: Pick<OpenFaults, 'begin' | 'end' | 'interrupt'>;
  /** A fault begins when it is set to work and has ended when that is done. `reason`: why it could not be; null where it was. */
  record(index: number, phase: FaultPhase, atNs: number, reason: string | null): void;
  nowNs(): number;
}

export function createFaultTimeline({ faults, host, record, nowNs }: FaultTimelineParts): FaultTimeline {
  const timers = new Set<Timer>();
  const lasting = new Map<number, Fault>();
  /** What each fault is about: to begin and to end takes its time, and no fault waits for another. */
  const work = new Map<number, Promise<void>>();
  let isOver = false;

  function after(waitMs: number, index: number, what: () => Promise<void>): void {
    const timer = startTimer(waitMs, () => {
      timers.delete(timer);
      work.set(index, (work.get(index) ?? Promise.resolve()).then(what));
    });
    timers.add(timer);
  }

  async function beginFault(fault: Fault, index: number): Promise<void> {
    if (isOver) return;
    lasting.set(index, fault);
    const beganNs = nowNs();
    if (fault.forNs !== null && fault.forNs > 0) after(nsToMs(fault.forNs), index, () => endFault(fault, index));
    record(index, 'began', beganNs, await reasonOf(host.begin(fault)));
    if (fault.forNs === 0 && !isOver) await endFault(fault, index);
  }

  async function endFault(fault: Fault, index: number): Promise<void> {
    if (!lasting.delete(index)) return;
    const reason = await reasonOf(host.end(fault));
    record(index, 'ended', nowNs(), reason);
  }

  async function finishFault(fault: Fault, index: number): Promise<void> {
    await work.get(index);
    await endFault(fault, index);
  }

  return {
    begin(inNs) {
      for (const [index, fault] of faults.entries()) {
        after(Math.max(0, nsToMs(inNs + fault.atNs)), index, () => beginFault(fault, index));
      }
    },
    halt() {
      isOver = true;
    },
    async finish() {
      isOver = true;
      for (const timer of timers) timer.cancel();
      host.interrupt();
      // What stands still goes on at once, whatever else takes its time.
      await Promise.all([...lasting].reverse().map(([index, fault]) => finishFault(fault, index)));
      await Promise.all(work.values());
    },
  };
}

async function reasonOf(doing: Promise<void>): Promise<string | null> {
  try {
    await doing;
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

// Faults at their times. Whatever the run comes to, each that has begun is ended, and what could not be done is told.
//
//   begin(): faults count from here ──at──▶ began ──for──▶ ended          finish(): what lasts is ended now

import type { FaultPhase } from '../facts/event.ts';
import type { Fault } from '../plan/plan.ts';
import { nsToMs } from '../units/duration.ts';
import type { FaultHost, RunningTarget } from './ports.ts';

export interface FaultTimeline {
  /** Times of faults count from `inNs` from now. */
  begin(inNs: number): void;
  /** No further one begins; resolves when those that last have been ended. */
  finish(): Promise<void>;
}

export interface FaultTimelineParts {
  readonly faults: readonly Fault[];
  readonly host: FaultHost;
  /** Null where the run has none. */
  readonly target: RunningTarget | null;
  /** A fault begins when it is set to work and has ended when that is done. `reason`: why it could not be; null where it was. */
  record(index: number, phase: FaultPhase, atNs: number, reason: string | null): void;
  nowNs(): number;
}

export function createFaultTimeline({ faults, host, target, record, nowNs }: FaultTimelineParts): FaultTimeline {
  const timers = new Set<NodeJS.Timeout>();
  const lasting = new Map<number, Fault>();
  /** One after the other: to begin and to end may take their time. */
  let work: Promise<void> = Promise.resolve();
  let isOver = false;

  function after(ns: number, what: () => Promise<void>): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work = work.then(what);
    }, nsToMs(ns));
    timers.add(timer);
  }

  async function beginFault(fault: Fault, index: number): Promise<void> {
    if (isOver) return;
    lasting.set(index, fault);
    const beganNs = nowNs();
    record(index, 'began', beganNs, await reasonOf(host.begin(fault, target)));
    if (!isOver) after(fault.forNs, () => endFault(fault, index));
  }

  async function endFault(fault: Fault, index: number): Promise<void> {
    if (!lasting.delete(index)) return;
    const reason = await reasonOf(host.end(fault, target));
    record(index, 'ended', nowNs(), reason);
  }

  return {
    begin(inNs) {
      for (const [index, fault] of faults.entries()) after(inNs + fault.atNs, () => beginFault(fault, index));
    },
    async finish() {
      isOver = true;
      for (const timer of timers) clearTimeout(timer);
      await work;
      for (const [index, fault] of [...lasting].reverse()) await endFault(fault, index);
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

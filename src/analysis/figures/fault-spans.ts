// When the faults of a plan were, as the record tells it, and not as they were planned. Pure.

import type { RunEvent } from '../../facts/event.ts';
import type { FaultCounts } from '../../facts/fault-counts.ts';
import type { Fault, Plan } from '../../plan/plan.ts';

export interface FaultSpan {
  readonly fault: Fault;
  readonly fromNs: number;
  /** When it was undone; null where it never was. */
  readonly toNs: number | null;
  /** Whether it could be begun: what could not has done nothing. */
  readonly isDone: boolean;
  /** Why it could not be begun, or not be undone. */
  readonly reason: string | null;
  /** What it did; null where nobody can know. */
  readonly counts: FaultCounts | null;
}

/** Those whose turn came, in the order of the plan. */
export function faultSpans({ faults }: Pick<Plan, 'faults'>, events: readonly RunEvent[]): readonly FaultSpan[] {
  const told = events.flatMap((event) => (event.kind === 'fault' ? [event] : []));
  const counted = events.flatMap((event) => (event.kind === 'faultCounts' ? [event] : []));
  return faults.flatMap((fault, index): FaultSpan[] => {
    const began = told.find((event) => event.fault === index && event.phase === 'began');
    if (began === undefined) return [];
    const ended = told.find((event) => event.fault === index && event.phase === 'ended');
    return [
      {
        fault,
        fromNs: began.atNs,
        toNs: ended?.atNs ?? null,
        isDone: began.detail === null,
        reason: began.detail ?? ended?.detail ?? null,
        counts: counted.find((event) => event.fault === index)?.counts ?? null,
      },
    ];
  });
}

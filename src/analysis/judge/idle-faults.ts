// Faults of the plan that were on and changed nothing, and why, as far as their counts tell. Pure.

import type { RunEvent } from '../../facts/event.ts';
import { type FaultCounts, hasEffect } from '../../facts/fault-counts.ts';
import { faultKind } from '../../plan/fault-kind.ts';
import type { Fault, Plan } from '../../plan/plan.ts';
import { formatDuration } from '../../units/duration.ts';
import { isOrAre, plural } from '../../units/plural.ts';
import { faultSpans } from '../figures/fault-spans.ts';

export interface IdleFault {
  readonly name: string;
  readonly kind: string;
  /** When it was to begin, from the first message on. */
  readonly atNs: number;
  /** Null where its time never came. */
  readonly counts: FaultCounts | null;
}

/**
 * What could not be done is told apart, and where nobody can know what a fault did, nothing is said. Of a run that ended before
 * its plan did, no more is asked than what it came to.
 */
export function idleFaults(plan: Pick<Plan, 'faults'>, events: readonly RunEvent[]): readonly IdleFault[] {
  const isCompleted = events.some((event) => event.kind === 'runEnded' && event.end === 'completed');
  const spans = faultSpans(plan, events);
  const idle = spans.flatMap(({ fault, reason, counts }): IdleFault[] =>
    reason !== null || counts === null || hasEffect(counts) ? [] : [idleFault(fault, counts)],
  );
  const unbegun = isCompleted ? plan.faults.filter((fault) => !spans.some((span) => span.fault === fault)) : [];
  return [...idle, ...unbegun.map((fault) => idleFault(fault, null))];
}

function idleFault(fault: Fault, counts: FaultCounts | null): IdleFault {
  return { name: fault.name, kind: faultKind(fault), atNs: fault.atNs, counts };
}

/** What kept a fault of this kind from it, and what to change. */
export function whyIdle({ kind, atNs, counts }: Pick<IdleFault, 'kind' | 'atNs' | 'counts'>): string {
  if (counts === null) {
    return `the load ended before ${formatDuration(atNs)}, when the fault was to start; lower at, or lengthen the load`;
  }
  const { passed, chosen = 0 } = counts;
  const time = 'change at and for';
  if (passed === 0) return `no message passed while it was on; ${time}, or check stream and share`;
  if (passed !== undefined && chosen === 0) {
    return `it selected none of the ${plural(passed, 'message')} that passed; raise rate, or check messages`;
  }
  switch (kind) {
    case 'reorder':
      return (
        `${held(chosen)} for up to 100 ms, and no later message of the same connection came in that time, so nothing changed places; ` +
        'send more on each connection'
      );
    case 'coalesce':
      return `${held(chosen)} for up to 100 ms, and no other message came in that time; send more on each connection`;
    case 'corrupt':
      return `it could damage none of the ${plural(chosen, 'message')} that it selected (utf8 needs text, and an empty message has no bytes); check part and bytes`;
    case 'truncate':
      return `the ${plural(chosen, 'message')} that it selected ${isOrAre(chosen)} empty; send larger ones`;
    case 'latency':
    case 'bandwidth':
      return `no byte passed while it was on; ${time}, or check stream and share`;
    case 'timeout':
      return `no byte passed while it was on, and no connection stayed open until its timeout; ${time}`;
    case 'slicer':
      return 'every message that passed is smaller than a slice; lower average_size, or send larger messages';
    case 'slow_close':
      return `no connection ended while it was on; ${time}`;
    case 'limit_data':
      return 'no connection reached its byte limit while it was on; lower bytes, or lengthen for';
    case 'reset_peer':
      return 'no connection was open until its timeout while it was on; shorten timeout, or lengthen for';
    case 'down':
      return `no connection was open or attempted while it was on; ${time}`;
    case 'swallow_pong':
      return 'no pong passed while it was on; set target.ping, or raise rate';
    case 'packet_loss':
    case 'partition':
      return `no packet was dropped while it was on; ${time}`;
    default:
      return `nothing passed while it was on; ${time}`;
  }
}

function held(chosen: number): string {
  return `it held ${plural(chosen, 'message')} back`;
}

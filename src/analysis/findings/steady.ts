// The longest time in which the plan asks for the same all along: as many clients, as many messages. Only there does growth
// say something about the service; while the load grows, everything may.

import type { RunEvent } from '../../facts/event.ts';
import type { Curve, Plan } from '../../plan/plan.ts';
import { curveDurationNs, endLevel } from '../../plan/schedule/curve.ts';

/** From the start of the run. */
export interface Stretch {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Adds one, joined with the last where they touch: what comes about in the order of time makes few. */
export function appendStretch(stretches: Stretch[], next: Stretch): void {
  const last = stretches.at(-1);
  if (last === undefined || next.fromNs > last.toNs || next.toNs < last.fromNs) {
    stretches.push(next);
    return;
  }
  stretches[stretches.length - 1] = {
    fromNs: Math.min(last.fromNs, next.fromNs),
    toNs: Math.max(last.toNs, next.toNs),
  };
}

/** What of it is given to warming up: caches fill, code is compiled, buffers find their size. */
const WARM_UP_SHARE = 0.2;
const LEAST_WARM_UP_NS = 3e9;

export interface RunTimes {
  /** When every client of the first segment was up. */
  readonly connectedNs: number | null;
  readonly messagesStartedNs: number | null;
  readonly stoppingNs: number | null;
  readonly endedNs: number | null;
}

export function runTimes(events: readonly RunEvent[]): RunTimes {
  const at = (kind: RunEvent['kind']): number | null => events.find((event) => event.kind === kind)?.atNs ?? null;
  return {
    connectedNs: at('connected'),
    messagesStartedNs: at('messagesStarted'),
    stoppingNs: at('stopping'),
    endedNs: at('runEnded'),
  };
}

/** Without its warm-up; null where there is no such time. */
export function steadyStretch(plan: Plan, times: RunTimes): Stretch | null {
  const endNs = times.stoppingNs ?? times.endedNs ?? Number.POSITIVE_INFINITY;
  const evenConnections = evenParts(plan.load.connections, 0, true).map(({ fromNs, toNs }) => ({
    fromNs: Math.max(fromNs, times.connectedNs ?? 0),
    toNs: Math.min(toNs, endNs),
  }));
  let longest: Stretch | null = null;
  for (const clients of evenConnections) {
    for (const messages of evenMessages(plan, times)) {
      const stretch = {
        fromNs: Math.max(clients.fromNs, messages.fromNs),
        toNs: Math.min(clients.toNs, messages.toNs),
      };
      if (lengthOf(stretch) > (longest === null ? 0 : lengthOf(longest))) longest = stretch;
    }
  }
  if (longest === null) return null;
  const warmUpNs = Math.max(LEAST_WARM_UP_NS, WARM_UP_SHARE * lengthOf(longest));
  return warmUpNs < lengthOf(longest) ? { fromNs: longest.fromNs + warmUpNs, toNs: longest.toNs } : null;
}

function lengthOf({ fromNs, toNs }: Stretch): number {
  return toNs - fromNs;
}

function evenMessages({ load }: Plan, { messagesStartedNs }: RunTimes): readonly Stretch[] {
  const { messages, connections } = load;
  // Clients that are only held are watched for as long as the plan holds them.
  if (messages.kind === 'none') return [{ fromNs: 0, toNs: curveDurationNs(connections) }];
  if (messagesStartedNs === null) return [];
  return messages.kind === 'closed'
    ? [{ fromNs: messagesStartedNs, toNs: messagesStartedNs + messages.durationNs }]
    : evenParts(messages.curve, messagesStartedNs, false);
}

interface EvenPart extends Stretch {
  readonly level: number;
}

/** Where the level stays, and is above zero; `isHeld`: it also stays behind the last segment. */
function evenParts(curve: Curve, startNs: number, isHeld: boolean): readonly EvenPart[] {
  const parts: EvenPart[] = [];
  let fromNs = startNs;
  for (const segment of curve) {
    const toNs = fromNs + segment.durationNs;
    if (segment.shape === 'hold') extend(parts, { fromNs, toNs, level: segment.to });
    fromNs = toNs;
  }
  if (isHeld) extend(parts, { fromNs, toNs: Number.POSITIVE_INFINITY, level: endLevel(curve.at(-1)!) });
  return parts.filter(({ level }) => level > 0);
}

function extend(parts: EvenPart[], next: EvenPart): void {
  const last = parts.at(-1);
  if (last?.toNs === next.fromNs && last.level === next.level) parts[parts.length - 1] = { ...last, toNs: next.toNs };
  else parts.push(next);
}

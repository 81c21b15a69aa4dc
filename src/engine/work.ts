// What is to be sent, by the load's model. `open`: the plan's schedule, whatever the replies do.
// `closed`: each lane keeps so many messages in flight and thinks between a reply and the next send.

import type { Messages, Plan } from '../plan/plan.ts';
import { unreachable } from '../units/unreachable.ts';
import type { Clock } from './clock.ts';
import { createClosedWork } from './closed-work.ts';
import type { Traffic } from './hot/traffic.ts';
import type { Lane } from './lane.ts';
import type { OpenLanes } from './open-lanes.ts';
import { createOpenWork } from './open-work.ts';
import type { DueWork } from './pacing.ts';

export interface Work extends DueWork {
  /** The first message is due at `atNs`; later ones count from it. */
  start(atNs: number): void;
  /** Nothing becomes due after `atNs`; what is due by then is sent or counted as unsent. */
  stop(atNs: number): void;
  /** True once nothing will be due any more. */
  isOver(nowNs: number): boolean;
  laneOpened(lane: Lane): void;
  /** After a read event in which `lane.credit` messages came back. */
  repliesArrived(lane: Lane): void;
}

export interface WorkParts {
  readonly plan: Plan;
  readonly shard: number;
  readonly shards: number;
  readonly laneCount: number;
  readonly openLanes: OpenLanes;
  readonly traffic: Traffic;
  readonly clock: Clock;
  laneAt(index: number): Lane;
}

export function createWork(parts: WorkParts): Work {
  const { messages } = parts.plan.load;
  switch (messages.kind) {
    case 'open':
      return createOpenWork(parts, messages);
    case 'closed':
      return createClosedWork(parts, messages);
    case 'none':
      return idleWork;
    default:
      return unreachable(messages);
  }
}

export type MessagesOf<Kind extends Messages['kind']> = Extract<Messages, { kind: Kind }>;

const idleWork: Work = {
  nextDueNs: () => Number.POSITIVE_INFINITY,
  runDue: () => {},
  start: () => {},
  stop: () => {},
  isOver: () => true,
  laneOpened: () => {},
  repliesArrived: () => {},
};

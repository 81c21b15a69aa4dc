// What a load model is to the engine: it says when something is due and sends it when it is.

import type { Messages, Plan } from '../plan/plan.ts';
import type { Clock } from './clock.ts';
import type { Speech } from './hot/speech.ts';
import type { Traffic } from './hot/traffic.ts';
import type { Lane } from './lane.ts';
import type { OpenLanes } from './open-lanes.ts';
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
  readonly speech: Speech;
  readonly clock: Clock;
  laneAt(index: number): Lane;
  /** Something may have become due earlier than was said: look again. */
  wake(): void;
}

export type MessagesOf<Kind extends Messages['kind']> = Extract<Messages, { kind: Kind }>;

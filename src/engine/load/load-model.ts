// What a load model is to the engine: it says when something is due and sends it when it is.

import type { Messages, Plan } from '../../plan/plan.ts';
import type { Clock } from '../clock.ts';
import type { Client } from '../connections/client.ts';
import type { OpenConnections } from '../connections/open-connections.ts';
import type { Accounting } from '../hot/accounting.ts';
import type { ProtocolDriver } from '../hot/driver.ts';
import type { DueMessages } from './pacing.ts';

export interface LoadModel extends DueMessages {
  /** The first message is due at `atNs`; later ones count from it. */
  start(atNs: number): void;
  /** Nothing becomes due after `atNs`; what is due by then is sent or counted as unsent. */
  stop(atNs: number): void;
  /** True once nothing will be due any more. */
  isOver(nowNs: number): boolean;
  connectionOpened(client: Client): void;
  /** After a read event in which `client.credit` messages came back. */
  repliesArrived(client: Client): void;
}

export interface LoadModelParts {
  readonly plan: Plan;
  readonly shard: number;
  readonly shards: number;
  readonly clientCount: number;
  readonly openConnections: OpenConnections;
  readonly accounting: Accounting;
  readonly driver: ProtocolDriver;
  readonly clock: Clock;
  clientAt(index: number): Client;
  /** Something may have become due earlier than was said: look again. */
  wake(): void;
}

export type MessagesOf<Kind extends Messages['kind']> = Extract<Messages, { kind: Kind }>;

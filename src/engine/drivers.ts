// The driver of a run, by its protocol.

import type { Plan } from '../plan/plan.ts';
import { roomOf } from '../plan/schedule/rooms.ts';
import type { ProtocolAdapter } from '../protocols/adapter.ts';
import type { Rows } from '../protocols/json/values.ts';
import { ownStates, type States, sharedStates } from '../protocols/states/states.ts';
import { unreachable } from '../units/unreachable.ts';
import type { Client } from './connections/client.ts';
import type { Accounting } from './hot/accounting.ts';
import { createCustomDriver } from './hot/custom-driver.ts';
import type { ProtocolDriver } from './hot/driver.ts';
import { createEchoDriver } from './hot/echo-driver.ts';
import { createJsonDriver } from './hot/json-driver.ts';
import { createPushDriver } from './hot/push-driver.ts';

export interface DriverParts {
  readonly plan: Plan;
  /** The 32-bit nonce of the run in every message. */
  readonly run: number;
  /** Clients of this process. */
  readonly clients: number;
  readonly accounting: Accounting;
  readonly rows: Rows;
  readonly feeder: Rows;
  /** What the module of the plan's protocol exports; null where it has none. */
  readonly adapter: ProtocolAdapter | null;
  adapterFailed(client: Client, message: string): void;
}

export function createDriver({
  plan,
  run,
  clients,
  accounting,
  rows,
  feeder,
  adapter,
  adapterFailed,
}: DriverParts): ProtocolDriver {
  const { protocol } = plan;
  const { mix, rooms } = plan.load;
  const payloadBytes = mix.map((type) => type.payloadBytes);
  // Receivers of a room have no table in common with its senders.
  const timed = rooms !== null;
  const roomOfStream = (stream: number): number => (rooms === null ? 0 : roomOf(rooms, stream));
  const feederOrder = plan.load.feeder?.order ?? 'sequential';
  const jsonSetting = { run, timed, rows, feeder, feederOrder, mix, seed: plan.seed, roomOf: roomOfStream };
  switch (protocol.kind) {
    case 'echo':
      return createEchoDriver(protocol, run, payloadBytes, accounting);
    case 'json':
      return createJsonDriver(protocol, jsonSetting, accounting);
    case 'push':
      return createPushDriver(protocol, jsonSetting, accounting);
    case 'module':
      if (adapter === null) throw new Error(`the protocol ${protocol.file} was not loaded`);
      return createCustomDriver(
        adapter,
        { run, mix, timed, clients, rows, roomOf: roomOfStream, adapterFailed },
        accounting,
      );
    default:
      return unreachable(protocol);
  }
}

/** What the service tells of its state; null where the plan does not say where that is. `groupOf`: whose clients share one. */
export function statesFor({ protocol }: Plan, groupOf: (stream: number) => number): States | null {
  if (protocol.kind !== 'json' || protocol.state === null) return null;
  return protocol.state.shared ? sharedStates(groupOf) : ownStates();
}

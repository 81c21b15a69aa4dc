// What one process can tell only at the end, when its clients are closed: what they received of one another, and how far the
// states went that they share. The join with the other processes is `analysis/`'s.

import type { RunEvent } from '../facts/event.ts';
import type { Ledger } from '../measure/ledger.ts';
import type { States } from '../protocols/states/states.ts';
import type { Client } from './connections/client.ts';
import { fanoutFacts } from './fanout.ts';
import type { FanoutTracking } from './hot/accounting.ts';

export interface FinalFactsParts {
  readonly worker: number;
  readonly group: number;
  readonly clients: readonly Client[];
  readonly ledger: Ledger;
  readonly fanout: FanoutTracking | null;
  readonly states: States | null;
  /** Clients of one room share a state, or all clients where there are no rooms. */
  sharedRoomOf(stream: number): number;
}

export function finalFacts(parts: FinalFactsParts, atNs: number): readonly RunEvent[] {
  const { worker, group, clients, ledger, fanout, sharedRoomOf } = parts;
  const sentBy = (room: number): number =>
    clients.reduce((sum, { index, stream }) => (sharedRoomOf(stream) === room ? sum + ledger.next[index]! : sum), 0);
  const states = parts.states?.facts(sentBy) ?? [];
  return [
    ...(fanout === null
      ? []
      : [{ kind: 'receivers' as const, atNs, worker, group, receivers: fanoutFacts(fanout, clients, ledger) }]),
    ...(states.length === 0 ? [] : [{ kind: 'states' as const, atNs, worker, states }]),
  ];
}

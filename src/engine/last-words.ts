// What one process can tell only at the end, when its lanes are closed: what they heard of one another, and how far the
// states went that they share. The join with the other processes is `analysis/`'s.

import type { States } from '../dialects/states.ts';
import type { RunEvent } from '../facts/event.ts';
import type { Ledger } from '../measure/ledger.ts';
import { fanoutFacts } from './fanout.ts';
import type { Fanout } from './hot/traffic.ts';
import type { Lane } from './lane.ts';

export interface LastWordsParts {
  readonly worker: number;
  readonly group: number;
  readonly lanes: readonly Lane[];
  readonly ledger: Ledger;
  readonly fanout: Fanout | null;
  readonly states: States | null;
  /** Lanes of one room share a state, or all lanes where there are no rooms. */
  sharedRoomOf(stream: number): number;
}

export function lastWords(parts: LastWordsParts, atNs: number): readonly RunEvent[] {
  const { worker, group, lanes, ledger, fanout, sharedRoomOf } = parts;
  const sentBy = (room: number): number =>
    lanes.reduce((sum, { index, stream }) => (sharedRoomOf(stream) === room ? sum + ledger.next[index]! : sum), 0);
  const states = parts.states?.facts(sentBy) ?? [];
  return [
    ...(fanout === null
      ? []
      : [{ kind: 'audience' as const, atNs, worker, group, audience: fanoutFacts(fanout, lanes, ledger) }]),
    ...(states.length === 0 ? [] : [{ kind: 'states' as const, atNs, worker, states }]),
  ];
}

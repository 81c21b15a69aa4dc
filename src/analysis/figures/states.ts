// How far shared states went, over all workers. Whatever the order, a state has taken at least every message that was told a
// count of its own, and no more than were sent: the bounds of Jepsen's checker of counters, from the lowest count that
// anybody was told. Pure.

import type { StateFacts } from '../../facts/states.ts';
import { sumOf } from './timeline.ts';

export interface StateJoin {
  /** Told by two workers alike: one of the two messages was overwritten. */
  readonly lostUpdates: number;
  /** Changes that nobody sent: messages that were applied more than once. */
  readonly excess: number;
}

export function joinStates(facts: readonly StateFacts[]): StateJoin {
  const groups = new Map<number, StateFacts[]>();
  for (const each of facts) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  let lostUpdates = 0;
  let excess = 0;
  for (const group of groups.values()) {
    const told = group.filter(({ answers }) => answers > 0);
    if (told.length === 0 || told.some(({ isBroken }) => isBroken)) continue;
    const lowest = Math.min(...told.map((each) => each.lowest));
    const highest = Math.max(...told.map((each) => each.highest));
    const acknowledged = sumOf(told.map(({ answers }) => answers));
    const attempted = sumOf(group.map(({ sent }) => sent));
    const beyond = counterBeyond(acknowledged, attempted, highest - lowest + 1);
    if (beyond < 0) lostUpdates -= beyond;
    else excess += beyond;
  }
  return { lostUpdates, excess };
}

/** How far a counter is outside what it may be: below what was acknowledged (negative), above what was attempted. */
export function counterBeyond(acknowledged: number, attempted: number, counter: number): number {
  if (counter < acknowledged) return counter - acknowledged;
  return Math.max(0, counter - attempted);
}

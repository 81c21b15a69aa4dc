// The lanes that may be sent on, taken in turn. Removing one moves the last into its place: O(1), and
// every lane still has its turn once a round, give or take the moved one.

import type { Lane } from './lane.ts';

export interface OpenLanes {
  count(): number;
  add(lane: Lane): void;
  remove(lane: Lane): void;
  /** The next in turn; null where none is open. */
  next(): Lane | null;
  all(): readonly Lane[];
}

export function createOpenLanes(): OpenLanes {
  const list: Lane[] = [];
  let cursor = 0;
  return {
    count: () => list.length,
    add(lane) {
      lane.position = list.length;
      list.push(lane);
    },
    remove(lane) {
      if (lane.position < 0) return;
      const last = list.pop()!;
      if (last !== lane) {
        list[lane.position] = last;
        last.position = lane.position;
      }
      lane.position = -1;
    },
    next() {
      if (list.length === 0) return null;
      if (cursor >= list.length) cursor = 0;
      return list[cursor++]!;
    },
    all: () => list,
  };
}

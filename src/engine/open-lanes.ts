// The lanes that are open, and among them those that send, which are taken in turn. Removing one moves the last into its
// place: O(1), and every lane still has its turn once a round, give or take the moved one.

import type { Lane } from './lane.ts';

export interface OpenLanes {
  count(): number;
  add(lane: Lane): void;
  remove(lane: Lane): void;
  all(): readonly Lane[];
  /** The next in turn of those that send; null where none is open. */
  nextSender(): Lane | null;
  senders(): readonly Lane[];
}

/** `laneCount`: lanes of this process; their `index` is below it. */
export function createOpenLanes(laneCount: number, isSender: (lane: Lane) => boolean = () => true): OpenLanes {
  const open = createList(laneCount);
  const senders = createList(laneCount);
  let cursor = 0;
  return {
    count: () => open.lanes.length,
    add(lane) {
      open.add(lane);
      if (isSender(lane)) senders.add(lane);
    },
    remove(lane) {
      open.remove(lane);
      senders.remove(lane);
    },
    all: () => open.lanes,
    nextSender() {
      const { lanes } = senders;
      if (lanes.length === 0) return null;
      if (cursor >= lanes.length) cursor = 0;
      return lanes[cursor++]!;
    },
    senders: () => senders.lanes,
  };
}

function createList(laneCount: number) {
  const lanes: Lane[] = [];
  /** By lane: where it is in the list; −1 where it is not. */
  const positions = new Int32Array(laneCount).fill(-1);
  return {
    lanes,
    add(lane: Lane): void {
      positions[lane.index] = lanes.length;
      lanes.push(lane);
    },
    remove(lane: Lane): void {
      const position = positions[lane.index]!;
      if (position < 0) return;
      const last = lanes.pop()!;
      if (last !== lane) {
        lanes[position] = last;
        positions[last.index] = position;
      }
      positions[lane.index] = -1;
    },
  };
}

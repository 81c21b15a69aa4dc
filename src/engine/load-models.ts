// The load models. `open`: the plan's schedule, whatever the replies do. `closed`: each client keeps so many
// messages in flight and thinks between a reply and the next send. `none`: connections are opened and held. The schedule is shared
// out among the processes that have clients that send; where only few clients do, some processes just listen.

import { unreachable } from '../units/unreachable.ts';
import { createClosedWork } from './closed-work.ts';
import { createOpenWork } from './open-work.ts';
import type { Work, WorkParts } from './work.ts';

export function createWork(given: WorkParts): Work {
  const { messages, rooms } = given.plan.load;
  const shards = rooms === null ? given.shards : Math.min(given.shards, rooms.count * rooms.publishers);
  if (given.shard >= shards) return idleWork;
  const parts = { ...given, shards };
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

const idleWork: Work = {
  nextDueNs: () => Number.POSITIVE_INFINITY,
  runDue: () => {},
  start: () => {},
  stop: () => {},
  isOver: () => true,
  connectionOpened: () => {},
  repliesArrived: () => {},
};

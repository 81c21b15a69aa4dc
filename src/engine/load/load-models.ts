// The load models. `open`: the plan's schedule, whatever the replies do. `closed`: each client keeps so many
// messages in flight and thinks between a reply and the next send. `none`: connections are opened and held. The schedule is shared
// out among the processes that have clients that send; where only few clients do, some processes just listen.

import { unreachable } from '../../units/unreachable.ts';
import { createClosedModel } from './closed-model.ts';
import type { LoadModel, LoadModelParts } from './load-model.ts';
import { createOpenModel } from './open-model.ts';

export function createLoadModel(given: LoadModelParts): LoadModel {
  const { messages, rooms } = given.plan.load;
  const shards = rooms === null ? given.shards : Math.min(given.shards, rooms.count * rooms.publishers);
  if (given.shard >= shards) return noMessages;
  const parts = { ...given, shards };
  switch (messages.kind) {
    case 'open':
      return createOpenModel(parts, messages);
    case 'closed':
      return createClosedModel(parts, messages);
    case 'none':
      return noMessages;
    default:
      return unreachable(messages);
  }
}

const noMessages: LoadModel = {
  nextDueNs: () => Number.POSITIVE_INFINITY,
  runDue: () => {},
  start: () => {},
  stop: () => {},
  isOver: () => true,
  connectionOpened: () => {},
  repliesArrived: () => {},
};

// The load models. `open`: the plan's schedule, whatever the replies do. `closed`: each lane keeps so many
// messages in flight and thinks between a reply and the next send. `none`: lanes are opened and held.

import { unreachable } from '../units/unreachable.ts';
import { createClosedWork } from './closed-work.ts';
import { createOpenWork } from './open-work.ts';
import type { Work, WorkParts } from './work.ts';

export function createWork(parts: WorkParts): Work {
  const { messages } = parts.plan.load;
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
  laneOpened: () => {},
  repliesArrived: () => {},
};

// The named parts of a plan's time, one for each segment of its load that lasts. Times count from the
// first message (from the start of the run where no messages are sent).

import type { Plan } from '../plan.ts';

export interface Stage {
  readonly name: string;
  readonly fromNs: number;
  readonly toNs: number;
}

export function planStages(plan: Pick<Plan, 'load'>): readonly Stage[] {
  const { messages, connections } = plan.load;
  if (messages.kind === 'closed') return [{ name: 'closed loop', fromNs: 0, toNs: messages.durationNs }];
  const stages: Stage[] = [];
  let fromNs = 0;
  for (const segment of messages.kind === 'open' ? messages.curve : connections) {
    const toNs = fromNs + segment.durationNs;
    if (segment.durationNs > 0) stages.push({ name: segment.name, fromNs, toNs });
    fromNs = toNs;
  }
  return stages;
}

/** Which stage a time falls in: −1 before the first, `stages.length` after the last (the drain). */
export function stageAt(stages: readonly Stage[], ns: number): number {
  if (ns < 0) return -1;
  const index = stages.findIndex((stage) => ns < stage.toNs);
  return index === -1 ? stages.length : index;
}

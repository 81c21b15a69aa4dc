// What every draw is made with.

import { type Behavior, parseBehavior } from '../../src/injection/behavior.ts';
import { parsePlan } from '../../src/plan/parse.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Random } from '../../src/random/generator.ts';

export function whole(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** What is drawn must be right: a mistake in it is one of the draw. */
export function planOf(document: object): Plan {
  const parsed = parsePlan(document, { env: {}, fallbackProfile: null });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.plan;
}

export function behaviorOf(document: object): Behavior {
  const parsed = parseBehavior(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.behavior;
}

// What every draw is made with.

import { type Behaviour, parseBehaviour } from '../../src/injection/behaviour.ts';
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

export function behaviourOf(document: object): Behaviour {
  const parsed = parseBehaviour(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.behaviour;
}

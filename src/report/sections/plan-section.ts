// The plan as it was run: defaults, profile, environment and flags resolved, secrets hidden.

import type { RunResult } from '../../facts/result.ts';
import type { Section } from '../document.ts';

/** Longer ones are in `plan.json` of the run. */
const MOST_CHARACTERS = 100_000;

export function planSection({ plan }: RunResult): Section {
  const text = JSON.stringify(plan, null, 2);
  const shown =
    text.length <= MOST_CHARACTERS
      ? text
      : `${text.slice(0, MOST_CHARACTERS)}\n… (${text.length} characters; see plan.json of the run for all)`;
  return { id: 'plan', title: 'Plan', blocks: [{ kind: 'code', title: 'The plan as it was run', text: shown }] };
}

// The plan as it was run, in the form of a plan file: profile, environment and flags resolved, secrets hidden.

import type { RunResult } from '../../facts/result.ts';
import { printable } from '../../units/printable.ts';
import { code, paragraph, type Section } from '../document.ts';
import { planText } from '../words/plan-text.ts';

/** Longer ones are in `plan.json` of the run. */
const MOST_CHARACTERS = 100_000;

export function planSection({ plan }: RunResult): Section {
  const text = planText(plan);
  const shown =
    text.length <= MOST_CHARACTERS
      ? text
      : `${text.slice(0, MOST_CHARACTERS)}\n… (${text.length} characters; see plan.json of the run for all)`;
  const profile = plan.profile === null ? [] : ['Profile ', code(printable(plan.profile, 60)), ' is applied. '];
  return {
    id: 'plan',
    title: 'Plan',
    blocks: [
      paragraph(
        ...profile,
        'Values from flags and the environment are filled in, and values that equal the default are left out.',
      ),
      { kind: 'code', title: 'The plan as it was run', text: shown },
    ],
  };
}

// From rules to one verdict. A breach that nothing casts doubt on fails the run; otherwise any doubt
// about a rule leaves it inconclusive; only rules that are all kept pass. No rules are never a pass.

import type { Breach, Doubt, ThresholdResult, Verdict } from '../../facts/result.ts';
import { isNonEmpty } from '../../units/non-empty.ts';
import type { RuleResult } from './rules.ts';
import type { HealthDoubt } from './touches.ts';

export type FullVerdict = Verdict & { readonly thresholds: readonly ThresholdResult[] };

/** `health` is listed among the doubts of a run that does not pass, even where no rule is concerned. */
export function verdictOf(outcomes: readonly RuleResult[], health: readonly HealthDoubt[]): FullVerdict {
  const thresholds = outcomes.map((outcome) => outcome.result);
  const breaches = outcomes.map((outcome) => outcome.breach).filter((breach): breach is Breach => breach !== null);
  const doubts: Doubt[] = [
    ...(outcomes.length === 0 ? [NO_RULES] : []),
    ...withoutRepeats([
      ...outcomes.flatMap((outcome) => outcome.doubts),
      ...health.map(({ kind, rule, detail }): Doubt => ({ kind, rule, detail })),
    ]),
  ];
  if (isNonEmpty(breaches)) return { kind: 'fail', breaches, doubts, thresholds };
  // A generator in doubt about itself passes nothing, even where no single rule is about what it doubts.
  if (isNonEmpty(doubts)) return { kind: 'inconclusive', breaches: [], doubts, thresholds };
  return { kind: 'pass', breaches: [], doubts: [], thresholds };
}

const NO_RULES: Doubt = {
  kind: 'noRules',
  rule: null,
  detail: 'the plan has no thresholds and no contract: there is nothing to pass',
};

/** One doubt about many rules is told once, about the run. */
function withoutRepeats(doubts: readonly Doubt[]): Doubt[] {
  const byDetail = new Map<string, Doubt>();
  for (const doubt of doubts) {
    const known = byDetail.get(doubt.detail);
    byDetail.set(doubt.detail, known === undefined ? doubt : { ...doubt, rule: null });
  }
  return [...byDetail.values()];
}

// Judges thresholds by the facts. A rule passes, fails or stays undecided: a pass needs samples, and no doubt.

import type { Breach, Doubt, ThresholdResult } from '../../facts/result.ts';
import type { Threshold, Times } from '../../plan/plan.ts';
import type { Evidence } from './evidence.ts';
import { formatObserved, holds, missingText, narrowed, neverText, observe } from './observe.ts';
import { about, damageOf, doubtsAbout } from './rule-doubts.ts';
import type { HealthDoubt } from './touches.ts';

export interface RuleResult {
  readonly result: ThresholdResult;
  readonly breach: Breach | null;
  readonly doubts: readonly Doubt[];
}

export function judgeThreshold(threshold: Threshold, whole: Evidence, health: readonly HealthDoubt[]): RuleResult {
  const { expression } = threshold;
  const evidence = narrowed(threshold, whole);
  const observation = observe(threshold, evidence, whole);
  if (observation.kind === 'none') {
    const damage = damageOf(health).map((doubt) => about(doubt, expression));
    return outcome(expression, null, 'n/a', 'inconclusive', null, damage.length > 0 ? damage : [observation.doubt]);
  }
  // What never came is over any limit: kept by `>`, broken by `<`.
  const isKept = holds(observation.kind === 'value' ? observation.value : Number.POSITIVE_INFINITY, threshold);
  const observed = observation.kind === 'value' ? observation.value : null;
  const observedText =
    observation.kind === 'value'
      ? `${formatObserved(observation.value, threshold.unit)}${missingText(threshold, evidence)}`
      : neverText(threshold, evidence);
  const doubts = doubtsAbout(threshold, { observation, isKept, evidence, whole }, health);
  if (doubts.length > 0) return outcome(expression, observed, observedText, 'inconclusive', null, doubts);
  if (isKept) return outcome(expression, observed, observedText, 'pass', null, []);
  return outcome(
    expression,
    observed,
    observedText,
    'fail',
    { rule: expression, detail: `observed ${observedText}` },
    [],
  );
}

/** A rule about a part of the time. Where what came, or was given up, in the drain would make it come out otherwise, it is open. */
export function judgeScoped(
  threshold: Threshold,
  { certain, withDrain }: { readonly certain: Evidence; readonly withDrain: Evidence },
  health: readonly HealthDoubt[],
): RuleResult {
  const judged = judgeThreshold(threshold, certain, health);
  const { expression, metric } = threshold;
  const isLate = metric.kind === 'messages' || (metric.kind === 'distribution' && LATE_TIMES.includes(metric.of));
  if (judged.result.kind === 'inconclusive' || !isLate) return judged;
  if (judgeThreshold(threshold, withDrain, health).result.kind === judged.result.kind) return judged;
  const detail = `${expression}: messages answered after sending ended, or never, may belong to that time and would change the result`;
  const { observed, observedText } = judged.result;
  return outcome(expression, observed, observedText, 'inconclusive', null, [
    { kind: 'unplaced', rule: expression, detail },
  ]);
}

/** Of these the sample is taken when the answer is there. */
const LATE_TIMES: readonly Times[] = ['response', 'service'];

export function outcome(
  expression: string,
  observed: number | null,
  observedText: string,
  kind: ThresholdResult['kind'],
  breach: Breach | null,
  doubts: readonly Doubt[],
): RuleResult {
  return { result: { expression, observed, observedText, kind }, breach, doubts };
}

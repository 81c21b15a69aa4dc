// How the rules of a plan stand while the run goes, for the live view. A rule that is kept so far may still be broken, so a
// state is of now. No rule is called broken for what only waits: messages in flight, or a count that still grows.

import type { LiveRule } from '../../facts/live-figures.ts';
import type { ThresholdResult } from '../../facts/result.ts';
import type { Contract, MessageCount, Plan, Threshold, Times } from '../../plan/plan.ts';
import { unreachable } from '../../units/unreachable.ts';
import { clausesAboutLosses, judgeContract } from './contract.ts';
import type { Evidence } from './evidence.ts';
import { judgeThreshold } from './rules.ts';

/**
 * `now`: the facts come while the run goes. `failureOnly`: what breaks the rule is seen as it comes, what keeps it only at
 * the end. `atEnd`: the facts need what all workers report at the end.
 */
type Known = 'now' | 'failureOnly' | 'atEnd';

type JudgedPlan = Pick<Plan, 'thresholds' | 'contract' | 'load'>;

/** Thresholds, then clauses of the contract, in the order of the summary. `evidence`: of the whole run so far. */
export function judgeSoFar({ thresholds, contract, load }: JudgedPlan, evidence: Evidence): readonly LiveRule[] {
  const hasRooms = load.rooms !== null;
  return [
    ...thresholds.map((threshold) => thresholdSoFar(threshold, evidence, hasRooms)),
    ...(contract === null ? [] : contractSoFar(contract, evidence, hasRooms)),
  ];
}

/** The facts of a room are joined at the end. */
function contractSoFar(contract: Contract, evidence: Evidence, hasRooms: boolean): readonly LiveRule[] {
  const aboutLosses = clausesAboutLosses(contract);
  return judgeContract(contract, evidence, []).map(({ result }) =>
    stateOf(result, hasRooms || aboutLosses.includes(result.expression) ? 'failureOnly' : 'now'),
  );
}

function thresholdSoFar(threshold: Threshold, evidence: Evidence, hasRooms: boolean): LiveRule {
  const { expression } = threshold;
  const known = whenKnown(threshold, hasRooms);
  if (known === 'atEnd') return { expression, state: 'atEnd', observedText: '' };
  const { result } = judgeThreshold(threshold, evidence, []);
  const isOpen = result.kind === 'fail' && mayStillHold(threshold, result, evidence);
  return isOpen ? { ...stateOf(result, known), state: 'undecided' } : stateOf(result, known);
}

function stateOf({ expression, kind, observedText }: ThresholdResult, known: Known): LiveRule {
  if (kind === 'fail') return { expression, state: 'fail', observedText };
  if (known === 'failureOnly') return { expression, state: 'atEnd', observedText: '' };
  return { expression, state: kind === 'pass' ? 'pass' : 'undecided', observedText };
}

const LOSSES: readonly MessageCount[] = ['lost', 'unresolved'];
const TIMES_OF_MESSAGES: readonly Times[] = ['response', 'service'];

function whenKnown(threshold: Threshold, hasRooms: boolean): Known {
  const { metric, scope } = threshold;
  // The totals of a run are not split by stage, fault or type of message.
  if (scope !== null || ('among' in metric && metric.among !== null)) return 'atEnd';
  switch (metric.kind) {
    case 'fanout':
      return 'atEnd';
    case 'pushes':
      return metric.of === 'missed' && isBroken(threshold) ? 'failureOnly' : 'atEnd';
    case 'distribution':
      if (metric.of === 'fanout' || metric.of === 'firstPush') return 'atEnd';
      return hasRooms && TIMES_OF_MESSAGES.includes(metric.of) ? 'atEnd' : 'now';
    case 'messages':
      if (hasRooms) return isBroken(threshold) ? 'failureOnly' : 'atEnd';
      return LOSSES.includes(metric.of) ? 'failureOnly' : 'now';
    case 'throughput':
      return hasRooms && metric.of === 'delivered' ? 'atEnd' : 'now';
    case 'pings':
    case 'connections':
      return 'now';
    default:
      return unreachable(metric);
  }
}

/** Whether a count that is above the limit breaks it for good. */
function isBroken({ unit, operator }: Threshold): boolean {
  return unit === 'count' && (operator === '<' || operator === '<=' || operator === '==');
}

/** Whether a rule that is not kept so far will be, if only what waits goes well. */
function mayStillHold(threshold: Threshold, result: ThresholdResult, evidence: Evidence): boolean {
  const { metric, unit, operator, limit } = threshold;
  const grows = operator === '>' || operator === '>=' || operator === '!=';
  if (unit === 'count' && (grows || (operator === '==' && (result.observed ?? limit) < limit))) return true;
  const isOfAnswers =
    metric.kind === 'throughput'
      ? metric.of === 'delivered'
      : metric.kind === 'messages' && (metric.of === 'delivered' || metric.of === 'acknowledged');
  return isOfAnswers && judgeThreshold(threshold, withAllAnswered(evidence), []).result.kind === 'pass';
}

/** As if every message in flight had been answered. */
function withAllAnswered({ tally, ...rest }: Evidence): Evidence {
  const { messages } = tally;
  const settled = messages.sent - messages.rejected - messages.lost - messages.unresolved;
  const acknowledged = Math.max(messages.acknowledged, messages.sent - messages.rejected);
  return { ...rest, tally: { ...tally, messages: { ...messages, delivered: settled, acknowledged } } };
}

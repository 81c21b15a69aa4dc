// The contract of a plan: each clause is a rule of its own, judged by counts alone.

import type { Doubt } from '../../facts/result.ts';
import type { Contract } from '../../plan/plan.ts';
import { formatCount } from '../../units/rate.ts';
import { unreachable } from '../../units/unreachable.ts';
import { sumOf } from '../figures/timeline.ts';
import {
  type CountedFacts,
  whyNoArrival,
  whyNoneCarried,
  whyNoOrder,
  whyNotCompared,
  whyUnchecked,
} from './evidence.ts';
import {
  about,
  damageOf,
  misdeliveredDoubts,
  renumberedDoubts,
  silenceDoubts,
  unresolvedDeliveries,
  unresolvedDoubts,
  unresolvedPushes,
} from './rule-doubts.ts';
import { outcome, type RuleResult } from './rules.ts';
import { type HealthDoubt, type Subject, touching } from './touches.ts';

/** Each clause of the contract as a rule of its own. */
export function judgeContract(
  contract: Contract,
  { tally, fanout }: CountedFacts,
  health: readonly HealthDoubt[],
): readonly RuleResult[] {
  const { messages, pushes } = tally;
  const countOf = (name: ClauseCount): number =>
    name === 'missed'
      ? (fanout?.missed ?? 0) + pushes.missed
      : name === 'offline'
        ? (fanout?.offline ?? 0) + pushes.offline
        : messages[name];
  return contractClauses(contract).map(({ rule, broken }) => {
    const counts = broken.map((name) => [name, countOf(name)] as const).filter(([, count]) => count > 0);
    const doubtsAbout = (names: readonly ClauseCount[], isKept: boolean): readonly Doubt[] =>
      touching(health, names.map(subjectOf), isKept).map((doubt) => about(doubt, rule));
    // A count that nothing casts doubt on is a breach, whatever is said of the others.
    const certain = counts.filter(([name]) => doubtsAbout([name], false).length === 0);
    if (certain.length > 0) {
      const text = countsText(certain);
      return outcome(rule, totalOf(certain), text, 'fail', { rule, detail: text }, []);
    }
    const [total, text] = [totalOf(counts), countsText(counts)];
    const damage = counts.length > 0 ? [] : damageOf(health).map((doubt) => about(doubt, rule));
    if (damage.length > 0) return outcome(rule, total, text, 'inconclusive', null, damage);
    const touched = doubtsAbout(counts.length > 0 ? counts.map(([name]) => name) : broken, false);
    if (touched.length > 0) return outcome(rule, total, text, 'inconclusive', null, touched);
    const lacking = whyUnjudged(broken, { tally, fanout });
    if (lacking !== null) {
      const detail = `${rule}: ${lacking}`;
      return outcome(rule, null, 'n/a', 'inconclusive', null, [{ kind: 'noSamples', rule, detail }]);
    }
    const doubts = [
      ...(broken.includes('lost')
        ? [...unresolvedDoubts(rule, tally), ...unresolvedDeliveries(rule, fanout), ...unresolvedPushes(rule, tally)]
        : []),
      ...doubtsAbout(broken, true),
      ...(broken.includes('corrupted') ? [] : renumberedDoubts(rule, tally)),
      ...(broken.includes('missed') ? silenceDoubts(rule, tally) : []),
      ...(broken.includes('duplicated') ? misdeliveredDoubts(rule, tally) : []),
    ];
    const unresolved = broken.includes('lost')
      ? messages.unresolved + (fanout?.unresolved ?? 0) + pushes.unresolved
      : 0;
    const observedText = unresolved > 0 ? `${formatCount(unresolved)} unresolved` : text;
    return outcome(rule, 0, observedText, doubts.length > 0 ? 'inconclusive' : 'pass', null, doubts);
  });
}

type Counts = readonly (readonly [name: ClauseCount, count: number])[];

function totalOf(counts: Counts): number {
  return sumOf(counts.map(([, count]) => count));
}

function countsText(counts: Counts): string {
  return counts.length === 0
    ? '0 violations'
    : counts.map(([name, count]) => `${formatCount(count)} ${name}`).join(', ');
}

/** Why a clause that nothing was counted against is not kept all the same: nothing could have been. */
function whyUnjudged(broken: readonly ClauseCount[], evidence: CountedFacts): string | null {
  const { tally } = evidence;
  const { messages, pushes } = tally;
  if (messages.sent === 0 && pushes.received === 0) return 'no message was sent';
  const lacking = messages.sent === 0 ? null : (whyNoneCarried(messages) ?? whyNoArrival(evidence));
  if (lacking !== null) return lacking;
  if (broken.includes('offline')) return tally.connections.reconnected === 0 ? 'no connection was opened again' : null;
  if (broken.includes('totalOrderViolations')) return whyNotCompared(evidence);
  if (broken.includes('reordered')) return whyNoOrder(evidence);
  if (broken.includes('corrupted')) return whyUnchecked(evidence);
  // Of pushes alone: what comes before the first that a client receives is expected by nobody.
  const isOfPushes = broken.includes('missed') && messages.sent === 0;
  return isOfPushes && pushes.expected <= pushes.accounts ? 'no client received two pushes of one channel' : null;
}

/** `missed`: by a client of the sender's room, or of what the service said of its own accord. */
type ClauseCount = 'lost' | 'missed' | 'offline' | 'duplicated' | 'reordered' | 'totalOrderViolations' | 'corrupted';

function subjectOf(name: ClauseCount): Subject {
  switch (name) {
    case 'lost':
    case 'missed':
    case 'offline':
      return 'lost';
    case 'duplicated':
      return 'copies';
    case 'reordered':
    case 'totalOrderViolations':
      return 'order';
    case 'corrupted':
      return 'content';
    default:
      return unreachable(name);
  }
}

interface Clause {
  readonly rule: string;
  /** Counts that break it. */
  readonly broken: readonly ClauseCount[];
}

/** Losses are counted when clients close: until then nothing is known of a clause about them. */
export function clausesAboutLosses(contract: Contract): readonly string[] {
  return contractClauses(contract)
    .filter(({ broken }) => broken.some((name) => subjectOf(name) === 'lost'))
    .map(({ rule }) => rule);
}

function contractClauses(contract: Contract): readonly Clause[] {
  const clauses: Clause[] = [];
  const broken: Readonly<Record<Contract['delivery'], readonly ClauseCount[]>> = {
    'exactly-once': ['lost', 'missed', 'duplicated'],
    'at-least-once': ['lost', 'missed'],
    'at-most-once': ['duplicated'],
    none: [],
  };
  if (contract.delivery !== 'none')
    clauses.push({ rule: `delivery: ${contract.delivery}`, broken: broken[contract.delivery] });
  if (contract.order !== 'none') {
    const broken: readonly ClauseCount[] =
      contract.order === 'per-channel' ? ['reordered', 'totalOrderViolations'] : ['reordered'];
    clauses.push({ rule: `order: ${contract.order}`, broken });
  }
  if (contract.replay !== 'none') clauses.push({ rule: `replay: ${contract.replay}`, broken: ['offline'] });
  if (contract.integrity !== 'none') clauses.push({ rule: `integrity: ${contract.integrity}`, broken: ['corrupted'] });
  return clauses;
}

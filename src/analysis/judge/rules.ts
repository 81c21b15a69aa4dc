// Judges thresholds and the contract by the facts. A rule passes, fails or stays undecided: a pass needs samples, and in a
// percentile every message that never came back counts as above the limit.

import { OWN_LIMITS } from '../../facts/failure.ts';
import type { Breach, Doubt, ThresholdResult } from '../../facts/result.ts';
import {
  add,
  createHistogram,
  type Histogram,
  mean,
  percentileWithMissing,
  recordMany,
  stdDev,
} from '../../histogram/histogram.ts';
import { smallestCountFor } from '../../histogram/interval.ts';
import type { Contract, MessageCount, Statistic, Threshold, Times } from '../../plan/plan.ts';
import { formatDuration } from '../../units/duration.ts';
import { isOrAre, plural, wasOrWere } from '../../units/plural.ts';
import { formatCount, formatRate } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { unreachable } from '../../units/unreachable.ts';
import { type TypeTally, tallyAmong } from '../figures/by-type.ts';
import { CONFIDENCE, hasEnough } from '../figures/distribution.ts';
import type { Fanout } from '../figures/fanout.ts';
import { createTally, type Tally } from '../figures/tally.ts';
import { sumOf } from '../figures/timeline.ts';
import { type HealthDoubt, type Subject, subjectsOf, touching } from './touches.ts';

/** What rules are judged by. */
export interface Evidence {
  readonly tally: Tally;
  /** By type of message; empty where the plan has one. */
  readonly types: readonly TypeTally[];
  /** Null where the plan has no rooms. */
  readonly fanout: Fanout | null;
  /** How long messages were sent; null where that is too short for a rate. */
  readonly sendingSeconds: number | null;
  /** Connections of the whole run, of which a share of connections is. */
  readonly attempted: number;
}

/** An observation, or why there is none. `missing`: so many never came back that the statistic lies among them. */
type Observation =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'none'; readonly doubt: Doubt };

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
    observation.kind === 'value' ? formatObserved(observation.value, threshold.unit) : neverText(threshold, evidence);
  const doubts = [
    ...doubtsFor(threshold, observation, isKept, evidence, health),
    ...(isKept ? doubtsOfWorst(threshold, evidence) : doubtsOfBest(threshold, evidence, whole.tally, health)),
    ...doubtsOfMissing(threshold, evidence, isKept),
    ...(isKept && isUndoneByMore(threshold) ? renumberedDoubts(expression, evidence.tally) : []),
    ...(isKept && threshold.metric.kind === 'pushes' ? silenceDoubts(expression, evidence.tally) : []),
  ];
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

/** Of a rule about some of the messages: what was counted of those. */
function narrowed({ metric }: Threshold, evidence: Evidence): Evidence {
  const among = metric.kind === 'messages' || metric.kind === 'distribution' ? metric.among : null;
  // A class that the plan does not have was refused when the plan was read; of none there is nothing to judge by.
  return among === null ? evidence : { ...evidence, tally: tallyAmong(evidence.types, among) ?? createTally() };
}

function outcome(
  expression: string,
  observed: number | null,
  observedText: string,
  kind: ThresholdResult['kind'],
  breach: Breach | null,
  doubts: readonly Doubt[],
): RuleResult {
  return { result: { expression, observed, observedText, kind }, breach, doubts };
}

function observe(threshold: Threshold, evidence: Evidence, whole: Evidence): Observation {
  const { metric, unit, expression } = threshold;
  const { tally, fanout, sendingSeconds, attempted } = evidence;
  const { messages } = tally;
  switch (metric.kind) {
    case 'distribution':
      return observeStatistic(
        tally.histograms[metric.of],
        metric.statistic,
        missingFrom(metric.of, tally, fanout),
        expression,
      );
    case 'messages': {
      const unsent = sumOf(Object.values(tally.unsent));
      const count = metric.of === 'unsent' ? unsent : messages[metric.of];
      const isOfDue = metric.among === null && (metric.of === 'sent' || metric.of === 'unsent');
      // In rooms a message arrives at many clients, and may do so wrongly at each; and so may what nobody here sent.
      const isArrival = (fanout !== null || tally.pushes.received > 0) && ARRIVALS.includes(metric.of);
      const own = fanout === null || fanout.hearsItself ? messages.sent : 0;
      const arrivals = isArrival ? own + tally.fanoutReceived + tally.pushes.received : messages.sent;
      const of = isOfDue ? messages.due : arrivals;
      // What was counted was there to be counted, whatever it is a share of.
      const lacking = count > 0 ? null : whyUncounted(threshold, metric.of, evidence, whole);
      if (lacking !== null) return noSamples(expression, lacking);
      if (of === 0 && unit === 'ratio') return noSamples(expression, 'no message was sent');
      return { kind: 'value', value: unit === 'ratio' ? count / of : count };
    }
    case 'fanout': {
      if (fanout === null) {
        return noSamples(
          expression,
          'the plan has no rooms, or a worker died before it reported what its clients received',
        );
      }
      if (fanout.expected === 0)
        return noSamples(expression, 'no client was expected to receive a message of another client');
      const count = metric.of === 'missed' ? fanout.missed : tally.fanoutReceived;
      return { kind: 'value', value: unit === 'ratio' ? count / fanout.expected : count };
    }
    case 'pushes': {
      const { pushes } = tally;
      if (pushes.expected === 0) return noSamples(expression, 'no client received a numbered push');
      if (pushes.expected <= pushes.accounts)
        return noSamples(expression, 'no client received two pushes of one channel');
      const count = pushes[metric.of];
      return { kind: 'value', value: unit === 'ratio' ? count / pushes.expected : count };
    }
    case 'pings': {
      const { answered, unanswered } = tally.pings;
      if (answered + unanswered === 0) return noSamples(expression, 'no ping was answered or timed out');
      const count = tally.pings[metric.of];
      return { kind: 'value', value: unit === 'ratio' ? count / (answered + unanswered) : count };
    }
    case 'connections': {
      const count = metric.of === 'dropped' ? tally.droppedByServer : tally[metric.of];
      if (attempted === 0) return noSamples(expression, 'no connection was attempted');
      if (count === 0 && metric.of === 'failed' && tally.attempted === 0) {
        return noSamples(expression, 'no connection was attempted in that time');
      }
      const isOfOpen = metric.of === 'dropped' || metric.of === 'gaveUp' || metric.of === 'reconnected';
      if (count === 0 && isOfOpen && tally.opened === 0 && tally.openNs === 0) {
        return noSamples(expression, 'no client was open');
      }
      return { kind: 'value', value: unit === 'ratio' ? count / attempted : count };
    }
    case 'throughput': {
      if (messages.due === 0) return noSamples(expression, 'no message was due');
      if (sendingSeconds === null) return noSamples(expression, 'messages were sent for less than a second');
      const count = metric.of === 'offered' ? messages.due : messages[metric.of];
      return { kind: 'value', value: count / sendingSeconds };
    }
    default:
      return unreachable(metric);
  }
}

/**
 * Why a count of 0 says nothing: nothing was there that could have been counted. Null where something was. `whole`: of all
 * messages, where the rule is about some of them.
 */
function whyUncounted({ scope }: Threshold, of: MessageCount, evidence: Evidence, whole: Evidence): string | null {
  const { tally } = evidence;
  const { messages } = tally;
  switch (of) {
    case 'unsent':
      return messages.due === 0 ? 'no message was due' : null;
    case 'sent':
      return messages.due === 0 && messages.sent === 0 ? 'no message was due' : null;
    case 'lost':
      return messages.sent === 0 ? 'no message was sent' : whyNoneCarried(messages);
    case 'delivered':
    case 'unresolved':
    case 'resent':
    case 'acknowledged':
      return messages.sent === 0 ? 'no message was sent' : null;
    case 'rejected':
    case 'deduplicated':
      return messages.sent === 0 ? 'no message was sent' : answersOf(tally) === 0 ? 'no message was answered' : null;
    case 'diverged':
      return tally.states === 0 ? 'no answer contained a state' : null;
    case 'unexpected':
    case 'unreadable':
      return arrivalsOf(evidence) === 0 && tally.opened === 0 && tally.openNs === 0 ? 'no client was open' : null;
    case 'duplicated':
    case 'late':
      return whyNoArrival(evidence);
    case 'reordered':
      // In a part of the time the first message of a stream may have come before.
      return whyNoArrival(evidence) ?? (scope === null ? whyNoOrder(whole) : null);
    case 'totalOrderViolations':
      return whyNotCompared(evidence);
    case 'corrupted':
      return whyNoArrival(evidence) ?? whyUnchecked(whole);
    default:
      return unreachable(of);
  }
}

/** What the service refuses it has not lost. */
function whyNoneCarried({ delivered, lost, unresolved }: Tally['messages']): string | null {
  return delivered + lost + unresolved === 0 ? 'the service rejected every message' : null;
}

type Judged = Pick<Evidence, 'tally' | 'fanout'>;

/** What came of messages of this run, at their senders and at others, and of numbered pushes. */
function arrivalsOf({ tally: { messages, fanoutReceived, pushes }, fanout }: Judged): number {
  const own = fanout === null || fanout.hearsItself ? messages.delivered : 0;
  return own + fanoutReceived + pushes.received;
}

function answersOf({ messages }: Tally): number {
  return messages.delivered + messages.rejected + messages.acknowledged;
}

function whyNoArrival(evidence: Judged): string | null {
  if (arrivalsOf(evidence) > 0) return null;
  return evidence.tally.messages.sent === 0 ? 'no message was sent' : 'no message came back';
}

/** Of what comes first in its stream nobody can say that it came too late, or too early. */
function whyNoOrder({ tally, fanout }: Judged): string | null {
  const { messages, pushes, opened, reconnected } = tally;
  const clients = opened - reconnected;
  const hearsItself = fanout === null || fanout.hearsItself;
  const isOrdered =
    (hearsItself && messages.delivered > clients) ||
    (fanout !== null && tally.fanoutReceived > fanout.accounts) ||
    pushes.received > pushes.accounts;
  return isOrdered ? null : 'each stream delivered at most one message, so there is no order to check';
}

function whyNotCompared({ tally, fanout }: Judged): string | null {
  if (tally.fanoutCompared + (fanout?.compared ?? 0) > 0) return null;
  return 'no two clients received messages whose order could be compared';
}

function whyUnchecked(evidence: Judged): string | null {
  const { messages, unchecked } = evidence.tally;
  if (arrivalsOf(evidence) + messages.duplicated - evidence.tally.pushes.received > unchecked) return null;
  return 'no received message had content that could be checked';
}

/** What is counted for each arrival. */
const ARRIVALS: readonly string[] = [
  'duplicated',
  'reordered',
  'totalOrderViolations',
  'corrupted',
  'unexpected',
  'unreadable',
  'late',
];

/** Samples that would be over any limit: they never came. */
function missingFrom(times: Times, tally: Tally, fanout: Fanout | null): number {
  const { lost, unresolved } = tally.messages;
  switch (times) {
    case 'response':
      return lost + unresolved + sumOf(Object.values(tally.unsent));
    case 'service':
      return lost + unresolved;
    case 'handshake':
      return tally.failed;
    case 'fanout':
      return fanout === null ? 0 : fanout.missed + fanout.unresolved;
    case 'sendLag':
      return tally.unsent.overdue;
    case 'outage':
      return tally.gaveUp + tally.histograms.offline.count;
    case 'ping':
      return tally.pings.unanswered;
    case 'firstPush':
      return Math.max(0, tally.opened - tally.histograms.firstPush.count);
    default:
      return unreachable(times);
  }
}

/** Why there is no time below any limit, by what is timed: `{n}` stands for how many of how many. */
const NEVER_TEXTS: Readonly<Record<Times, string>> = {
  response: 'too many messages unanswered ({n} lost, unresolved or unsent)',
  service: 'too many messages unanswered ({n} lost or unresolved)',
  sendLag: 'too many messages overdue ({n})',
  handshake: 'too many connections failed to open ({n} attempts)',
  outage: 'too many clients did not reconnect ({n} outages)',
  fanout: 'too many deliveries missed or unresolved ({n})',
  ping: 'too many pings unanswered ({n})',
  firstPush: 'too many clients received no push ({n})',
};

/** A time that lies among the samples that never came is above every limit. */
function neverText({ metric }: Threshold, { tally, fanout }: Evidence): string {
  if (metric.kind !== 'distribution') return 'above the limit';
  const missing = missingFrom(metric.of, tally, fanout);
  const all = tally.histograms[metric.of].count + missing;
  const why = NEVER_TEXTS[metric.of].replace('{n}', `${formatCount(missing)} of ${formatCount(all)}`);
  return `above the limit: ${why}`;
}

function observeStatistic(h: Histogram, statistic: Statistic, missing: number, rule: string): Observation {
  if (h.count + missing === 0) return noSamples(rule, 'there are no samples');
  switch (statistic.kind) {
    case 'percentile': {
      const { percent } = statistic;
      if (percent > 0 && percent < 100 && !hasEnough(h.count + missing, percent)) {
        const needed = smallestCountFor(percent, CONFIDENCE) ?? Number.POSITIVE_INFINITY;
        const detail = `${rule}: p${percent} needs ${formatCount(needed)} samples, got ${formatCount(h.count + missing)}`;
        return { kind: 'none', doubt: { kind: 'tooFewSamples', rule, detail } };
      }
      const value = percentileWithMissing(h, percent, missing);
      return value === 'missing' || value === null ? { kind: 'missing' } : { kind: 'value', value };
    }
    case 'max':
      return missing > 0 ? { kind: 'missing' } : { kind: 'value', value: h.maxNs };
    case 'min':
      return h.count === 0 ? { kind: 'missing' } : { kind: 'value', value: h.minNs };
    case 'mean':
      return h.count === 0 ? { kind: 'missing' } : { kind: 'value', value: mean(h)! };
    case 'stdDev':
      if (h.count + missing < 2) return noSamples(rule, 'a standard deviation needs 2 samples, got 1');
      return h.count === 0 ? { kind: 'missing' } : { kind: 'value', value: stdDev(h)! };
  }
}

function noSamples(rule: string, what: string): Observation {
  return { kind: 'none', doubt: { kind: 'noSamples', rule, detail: `${rule}: ${what}` } };
}

function holds(value: number, { operator, limit }: Threshold): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '==':
      return value === limit;
    case '!=':
      return value !== limit;
    default:
      return unreachable(operator);
  }
}

/** How much of an observed time the generator's own lag may be before a breach is not the target's for sure. */
const LAG_SHARE = 0.1;

function doubtsFor(
  threshold: Threshold,
  observation: Observation,
  isKept: boolean,
  { tally, attempted }: Evidence,
  health: readonly HealthDoubt[],
): readonly Doubt[] {
  const { metric, expression } = threshold;
  const cast = [
    ...touching(health, subjectsOf(metric, observation.kind === 'missing'), isKept).filter(
      ({ kind }) =>
        isKept ||
        ((kind !== 'generatorLimits' || !isBrokenWithoutOwn(threshold, tally, attempted)) &&
          (kind !== 'standstill' || !isBrokenWithAllDelivered(threshold, tally))),
    ),
    // What is missing of the record may have the excuse.
    ...(isKept || isProven(threshold, observation) ? [] : damageOf(health)),
  ].map((doubt) => about(doubt, expression));
  if (cast.length > 0 || isKept || observation.kind !== 'value') return cast;
  if (metric.kind !== 'distribution' || metric.of !== 'response') return cast;
  const lag = observeStatistic(tally.histograms.sendLag, metric.statistic, 0, expression);
  if (lag.kind !== 'value' || lag.value <= LAG_SHARE * observation.value) return cast;
  const detail =
    `${expression}: the generator's own send lag may be ${formatDuration(lag.value)} of the ${formatDuration(observation.value)}; ` +
    'try pace: precise, more workers or less load';
  return [{ kind: 'sendLag', rule: expression, detail }];
}

/** Where facts are missing, that nothing was measured is not known either. */
function damageOf(health: readonly HealthDoubt[]): readonly HealthDoubt[] {
  return health.filter(({ kind }) => kind === 'damagedRecord');
}

function about({ kind, detail }: HealthDoubt, rule: string): Doubt {
  return { kind, rule, detail };
}

/** A message that came twice did so, whatever else was recorded. Losses and times may have an excuse that is missing. */
const PROVEN_BY_ONE: readonly string[] = [
  'duplicated',
  'reordered',
  'corrupted',
  'unexpected',
  'diverged',
  'totalOrderViolations',
];

/** Whether a broken rule would be broken with any further facts: a count that can only grow is above its limit. */
function isProven({ metric, unit, operator, limit, scope }: Threshold, observation: Observation): boolean {
  if (metric.kind !== 'messages' || unit !== 'count' || observation.kind !== 'value') return false;
  // When a fault began and ended is told by events, of which some may be missing.
  if (scope !== null && scope.kind !== 'stage') return false;
  const isUpperLimit = operator === '<' || operator === '<=' || (operator === '==' && observation.value > limit);
  return isUpperLimit && PROVEN_BY_ONE.includes(metric.of);
}

/** What the service rejected, or was never sent, did not come for want of a generator that runs. */
function isBrokenWithAllDelivered(threshold: Threshold, { messages }: Tally): boolean {
  const { metric, unit } = threshold;
  if (metric.kind !== 'messages' || metric.of !== 'delivered') return false;
  const delivered = messages.delivered + messages.lost + messages.unresolved;
  return !holds(unit === 'ratio' ? delivered / messages.sent : delivered, threshold);
}

/** Where more connections failed at the service alone than the rule allows. */
function isBrokenWithoutOwn(threshold: Threshold, { failed, failures }: Tally, attempted: number): boolean {
  const { metric, unit } = threshold;
  if (metric.kind !== 'connections' || metric.of !== 'failed') return false;
  const atService = failed - sumOf(OWN_LIMITS.map((kind) => failures[kind] ?? 0));
  return !holds(unit === 'ratio' ? atService / attempted : atService, threshold);
}

export function formatObserved(value: number, unit: Threshold['unit']): string {
  switch (unit) {
    case 'ns':
      return formatDuration(value);
    case 'count':
      return formatCount(value);
    case 'ratio':
      return formatPercent(value);
    case 'perSecond':
      return formatRate(value);
    default:
      return unreachable(unit);
  }
}

/** Where a rule about losses would not hold if all that is unresolved had been lost. */
function doubtsOfWorst(threshold: Threshold, { tally, fanout }: Evidence): readonly Doubt[] {
  const { metric, unit, expression } = threshold;
  const holdsFor = (count: number, of: number): boolean => holds(unit === 'ratio' ? count / of : count, threshold);
  if (metric.kind === 'messages' && metric.of === 'lost') {
    const { lost, unresolved, sent } = tally.messages;
    return holdsFor(lost + unresolved, sent) ? [] : unresolvedDoubts(expression, tally);
  }
  if (metric.kind === 'fanout' && metric.of === 'missed' && fanout !== null) {
    const { missed, unresolved, expected } = fanout;
    return holdsFor(missed + unresolved, expected) ? [] : unresolvedDeliveries(expression, fanout);
  }
  if (metric.kind === 'pushes' && metric.of === 'missed') {
    const { missed, unresolved, expected } = tally.pushes;
    return holdsFor(missed + unresolved, expected) ? [] : unresolvedPushes(expression, tally);
  }
  return [];
}

/** Where a broken rule would hold without what the generator did itself, or with what nobody can know at its best. */
function doubtsOfBest(
  threshold: Threshold,
  evidence: Evidence,
  whole: Tally,
  health: readonly HealthDoubt[],
): readonly Doubt[] {
  const { tally, fanout } = evidence;
  const { metric, unit, expression } = threshold;
  const doubt = (kind: Doubt['kind'], detail: string): readonly Doubt[] => [
    { kind, rule: expression, detail: `${expression}: ${detail}` },
  ];
  if (metric.kind === 'messages' && (metric.of === 'unsent' || metric.of === 'sent') && tally.unsent.overdue > 0) {
    const { overdue } = tally.unsent;
    const count = metric.of === 'sent' ? tally.messages.sent + overdue : sumOf(Object.values(tally.unsent)) - overdue;
    if (!holds(unit === 'ratio' ? count / tally.messages.due : count, threshold)) return [];
    return doubt(
      'unsentOverdue',
      `${plural(overdue, 'message')} ${wasOrWere(overdue)} not sent because the generator was behind`,
    );
  }
  const excuses = health.filter(({ kind }) => UNRESOLVED_BY.includes(kind));
  const [excuse] = touching(excuses, subjectsOf(metric), true);
  if (excuse !== undefined) {
    const best = withUnresolvedDelivered(evidence);
    const observation = observe(threshold, best, best);
    if (observation.kind === 'value' && holds(observation.value, threshold)) return [about(excuse, expression)];
  }
  const own = ownShare(whole);
  if (metric.kind === 'throughput') {
    const observation = observe(threshold, evidence, evidence);
    if (own.ratio === 0 || observation.kind !== 'value' || !holds(observation.value / (1 - own.ratio), threshold)) {
      return [];
    }
    return doubt(own.kind, own.text);
  }
  if (metric.kind !== 'distribution') return [];
  const histogram = tally.histograms[metric.of];
  const { offline } = tally.histograms;
  if (metric.of === 'outage' && offline.count > 0) {
    const atLeast = createHistogram();
    add(atLeast, histogram);
    add(atLeast, offline);
    const best = observeStatistic(atLeast, metric.statistic, tally.gaveUp, expression);
    if (best.kind === 'value' && holds(best.value, threshold)) {
      return doubt(
        'unresolved',
        `${plural(offline.count, 'client')} ${wasOrWere(offline.count)} still disconnected when sending ended, and may have come back in time`,
      );
    }
  }
  if (own.ratio === 0) return [];
  const best = withoutOwn(histogram, metric.statistic, missingFrom(metric.of, tally, fanout), own.ratio);
  return best !== null && !holds(best, threshold) ? [] : doubt(own.kind, own.text);
}

/** Messages are unresolved for these reasons that may have come, and in time: nobody could read them, or was there to. */
const UNRESOLVED_BY: readonly Doubt['kind'][] = ['unreadable', 'workerDied', 'incomplete'];

/** Of the time, the share in which the generator could not run: it stood still, or a quota of CPU held it back. */
function ownShare({ stall, throttledNs, elapsedNs }: Tally): {
  readonly ratio: number;
  readonly kind: 'standstill' | 'throttled';
  readonly text: string;
} {
  // A process that is held back for long stands still: the same time must not count twice.
  const ratio = elapsedNs === 0 ? 0 : Math.min(1, Math.max(stall.ns, throttledNs) / elapsedNs);
  return stall.ns >= throttledNs
    ? {
        ratio,
        kind: 'standstill',
        text: `the generator did not run for ${formatDuration(stall.ns)}; without that time the rule might pass`,
      }
    : {
        ratio,
        kind: 'throttled',
        text: `a CPU quota throttled the generator for ${formatPercent(ratio)} of the time; without that the rule might pass`,
      };
}

/** Of what is due while a process stands still everything is late, and so is what was in flight when it began: about as much again. */
const OWN_FACTOR = 2;

/** The least that a statistic can be where the largest values are the generator's own; null where nothing bounds it. */
function withoutOwn(h: Histogram, statistic: Statistic, missing: number, ownRatio: number): number | null {
  const share = Math.min(1, OWN_FACTOR * ownRatio);
  if (h.count === 0) return null;
  switch (statistic.kind) {
    case 'percentile':
      return percentileOf(h, statistic.percent * (1 - share), missing);
    case 'max':
      return percentileOf(h, 100 * (1 - share), missing);
    case 'min':
      return h.minNs;
    case 'mean':
      return share === 1 ? null : (mean(h)! - share * h.maxNs) / (1 - share);
    case 'stdDev':
      return null;
    default:
      return unreachable(statistic);
  }
}

function percentileOf(h: Histogram, percent: number, missing: number): number {
  const value = percentileWithMissing(h, percent, missing);
  return value === 'missing' || value === null ? Number.POSITIVE_INFINITY : value;
}

/** What is known of pushes by their numbers alone, and would not hold if there were more of what went wrong. */
function isUndoneByMore({ metric, operator }: Threshold): boolean {
  if (metric.kind === 'pushes' && metric.of === 'received') return operator === '>' || operator === '>=';
  const isOfPushes = metric.kind === 'pushes' || (metric.kind === 'messages' && NUMBERED.includes(metric.of));
  return isOfPushes && (operator === '<' || operator === '<=' || operator === '==');
}

const NUMBERED: readonly MessageCount[] = ['duplicated', 'reordered', 'late'];

/** Of clients that receive nothing at all: more than this are a doubt. */
const SILENT_RATIO = 0.01;

/** A client is expected what comes behind the first push that it receives: of one that receives none nobody knows what it missed. */
function silenceDoubts(rule: string, { pushes, opened, histograms }: Tally): readonly Doubt[] {
  const silent = opened - histograms.firstPush.count;
  if (pushes.expected === 0 || silent <= SILENT_RATIO * opened) return [];
  const detail = `${rule}: ${formatCount(silent)} of ${plural(opened, 'connection')} received no push, so it is unknown what ${silent === 1 ? 'it' : 'they'} missed`;
  return [{ kind: 'unresolved', rule, detail }];
}

/** A message of this run that came to another client than its own, where clients do not receive one another, was delivered once more. */
function misdeliveredDoubts(rule: string, { unexpected: { otherStream } }: Tally): readonly Doubt[] {
  if (otherStream === 0) return [];
  const detail = `${rule}: ${plural(otherStream, 'message')} arrived at a connection that had not sent ${otherStream === 1 ? 'it' : 'them'}: as extra copies, or instead of others`;
  return [{ kind: 'unresolved', rule, detail }];
}

/** How many were lost where the numbers began anew, and whether the service said all of it again, nobody here can know. */
function renumberedDoubts(rule: string, { pushes: { renumbered } }: Tally): readonly Doubt[] {
  if (renumbered === 0) return [];
  const detail =
    `${rule}: the sequence numbers of pushes started again ${renumbered === 1 ? 'once' : `${formatCount(renumbered)} times`} on an open connection: ` +
    'the service reset its numbers, or sent old pushes again';
  return [{ kind: 'renumbered', rule, detail }];
}

/** A mean is of those that came. Where others never did, it is at least that, and the deviation is anything. */
function doubtsOfMissing(threshold: Threshold, { tally, fanout }: Evidence, isKept: boolean): readonly Doubt[] {
  const { metric, expression } = threshold;
  if (metric.kind !== 'distribution') return [];
  const missing = missingFrom(metric.of, tally, fanout);
  const { count } = tally.histograms[metric.of];
  const isOpen =
    metric.statistic.kind === 'stdDev' ||
    (metric.statistic.kind === 'mean' && holds(Number.POSITIVE_INFINITY, threshold) !== isKept);
  if (missing === 0 || count === 0 || !isOpen) return [];
  const detail = `${expression}: ${formatCount(missing)} of ${plural(count + missing, 'sample')} never came; the observed value covers only the others`;
  return [{ kind: 'noSamples', rule: expression, detail }];
}

function withUnresolvedDelivered({ tally, fanout, ...rest }: Evidence): Evidence {
  const { messages, pushes, histograms } = tally;
  const best: Tally = {
    ...tally,
    messages: { ...messages, delivered: messages.delivered + messages.unresolved, unresolved: 0 },
    pushes: { ...pushes, received: pushes.received + pushes.unresolved, unresolved: 0 },
    fanoutReceived: tally.fanoutReceived + (fanout?.unresolved ?? 0),
    histograms: {
      ...histograms,
      response: withSoonest(histograms.response, messages.unresolved),
      service: withSoonest(histograms.service, messages.unresolved),
      fanout: withSoonest(histograms.fanout, fanout?.unresolved ?? 0),
    },
  };
  return { ...rest, tally: best, fanout: fanout === null ? null : { ...fanout, unresolved: 0 } };
}

/** With so many samples more, each as short as a time can be. */
function withSoonest(h: Histogram, count: number): Histogram {
  const copy = createHistogram();
  add(copy, h);
  if (count > 0) recordMany(copy, 0, count);
  return copy;
}

/** Each clause of the contract as a rule of its own. */
export function judgeContract(
  contract: Contract,
  { tally, fanout }: Judged,
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
function whyUnjudged(broken: readonly ClauseCount[], evidence: Judged): string | null {
  const { tally } = evidence;
  const { messages, pushes } = tally;
  if (messages.sent === 0 && pushes.received === 0) return 'no message was sent';
  if (messages.sent > 0 && messages.delivered === 0) return 'no message came back';
  if (broken.includes('offline')) return tally.reconnected === 0 ? 'no connection was opened again' : null;
  if (broken.includes('totalOrderViolations')) return whyNotCompared(evidence);
  if (broken.includes('reordered')) return whyNoOrder(evidence);
  if (broken.includes('corrupted')) return whyUnchecked(evidence);
  // Of pushes alone: what comes before the first that a client receives is expected by nobody.
  const isOfPushes = broken.includes('missed') && messages.sent === 0;
  return isOfPushes && pushes.expected <= pushes.accounts ? 'no client received two pushes of one channel' : null;
}

/** `1 message is unresolved: its connection dropped, or a message there could not be read`. */
function unresolvedText(count: number, noun: string, nouns: string): string {
  const whose = count === 1 ? 'its connection' : 'their connections';
  return `${plural(count, noun, nouns)} ${isOrAre(count)} unresolved: ${whose} dropped, or a message there could not be read`;
}

/** A message that was in flight when its connection dropped may have been lost or not. */
function unresolvedDoubts(rule: string, { messages }: Tally): readonly Doubt[] {
  if (messages.unresolved === 0) return [];
  const detail = `${rule}: ${unresolvedText(messages.unresolved, 'message', 'messages')}`;
  return [{ kind: 'unresolved', rule, detail }];
}

function unresolvedDeliveries(rule: string, fanout: Fanout | null): readonly Doubt[] {
  if (fanout === null || fanout.unresolved === 0) return [];
  const detail = `${rule}: ${unresolvedText(fanout.unresolved, 'delivery', 'deliveries')}`;
  return [{ kind: 'unresolved', rule, detail }];
}

function unresolvedPushes(rule: string, { pushes }: Tally): readonly Doubt[] {
  if (pushes.unresolved === 0) return [];
  const detail = `${rule}: ${unresolvedText(pushes.unresolved, 'push', 'pushes')}`;
  return [{ kind: 'unresolved', rule, detail }];
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

function contractClauses(contract: Contract): { readonly rule: string; readonly broken: readonly ClauseCount[] }[] {
  const clauses: { rule: string; broken: readonly ClauseCount[] }[] = [];
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

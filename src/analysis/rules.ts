// Thresholds and the contract against the facts. A rule is kept, broken, or cannot be judged: a pass
// needs samples, and on a percentile every message that never came back counts as over the limit.

import type { Breach, Doubt, ThresholdResult } from '../facts/result.ts';
import {
  add,
  createHistogram,
  type Histogram,
  mean,
  percentileWithMissing,
  recordMany,
  stdDev,
} from '../histogram/histogram.ts';
import { smallestCountFor } from '../histogram/interval.ts';
import type { Contract, Metric, Statistic, Threshold, Times } from '../plan/plan.ts';
import { formatDuration } from '../units/duration.ts';
import { formatCount, formatRate } from '../units/rate.ts';
import { formatPercent } from '../units/ratio.ts';
import { unreachable } from '../units/unreachable.ts';
import { type TypeTally, tallyAmong } from './by-type.ts';
import { CONFIDENCE, hasEnough } from './distribution.ts';
import type { Fanout } from './fanout.ts';
import type { HealthDoubt } from './health.ts';
import { createTally, type Tally } from './tally.ts';
import { sumOf } from './timeline.ts';

/** What rules are judged by. */
export interface Evidence {
  readonly tally: Tally;
  /** By type of message; empty where the plan has one. */
  readonly types: readonly TypeTally[];
  /** Null where the plan has no rooms. */
  readonly fanout: Fanout | null;
  /** How long messages were sent; null where none were. */
  readonly sendingSeconds: number | null;
}

/** An observation, or why there is none. `missing`: so many never came back that the statistic lies among them. */
type Observation =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'none'; readonly doubt: Doubt };

export interface RuleOutcome {
  readonly result: ThresholdResult;
  readonly breach: Breach | null;
  readonly doubts: readonly Doubt[];
}

export function judgeThreshold(threshold: Threshold, whole: Evidence, health: readonly HealthDoubt[]): RuleOutcome {
  const { expression } = threshold;
  const evidence = narrowed(threshold, whole);
  const observation = observe(threshold, evidence);
  if (observation.kind === 'none') {
    return outcome(expression, null, 'n/a', 'inconclusive', null, [observation.doubt]);
  }
  // What never came is over any limit: kept by `>`, broken by `<`.
  const isKept = holds(observation.kind === 'value' ? observation.value : Number.POSITIVE_INFINITY, threshold);
  const observed = observation.kind === 'value' ? observation.value : null;
  const observedText =
    observation.kind === 'value'
      ? formatObserved(observation.value, threshold.unit)
      : 'never (too many lost, unresolved or unsent)';
  const doubts = [
    ...doubtsFor(threshold, observation, isKept, evidence.tally, health),
    ...(isKept ? doubtsOfWorst(threshold, evidence) : doubtsOfBest(threshold, evidence, health)),
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
): RuleOutcome {
  const judged = judgeThreshold(threshold, certain, health);
  const { expression, metric } = threshold;
  const isLate = metric.kind === 'messages' || (metric.kind === 'distribution' && LATE_TIMES.includes(metric.of));
  if (judged.result.kind === 'inconclusive' || !isLate) return judged;
  if (judgeThreshold(threshold, withDrain, health).result.kind === judged.result.kind) return judged;
  const detail = `${expression}: what came only after the sending, or never, may be of that time, and it would come out otherwise`;
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
): RuleOutcome {
  return { result: { expression, observed, observedText, kind }, breach, doubts };
}

function observe({ metric, unit, expression }: Threshold, { tally, fanout, sendingSeconds }: Evidence): Observation {
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
      // In rooms a message arrives at many lanes, and may do so wrongly at each; and so may what nobody here sent.
      const isArrival = (fanout !== null || tally.pushes.received > 0) && ARRIVALS.includes(metric.of);
      const own = fanout === null || fanout.hearsItself ? messages.sent : 0;
      const arrivals = isArrival ? own + tally.fanoutReceived + tally.pushes.received : messages.sent;
      const of = isOfDue ? messages.due : arrivals;
      if (of === 0) return noSamples(expression, 'no message was sent');
      if (metric.of === 'diverged' && tally.states === 0) return noSamples(expression, 'no answer told a state');
      return { kind: 'value', value: unit === 'ratio' ? count / of : count };
    }
    case 'fanout': {
      if (fanout === null) {
        return noSamples(expression, 'the plan has no rooms, or not every worker lived to say what its lanes heard');
      }
      if (fanout.owed === 0) return noSamples(expression, 'no lane was owed a message of another');
      const count = metric.of === 'missed' ? fanout.missed : tally.fanoutReceived;
      return { kind: 'value', value: unit === 'ratio' ? count / fanout.owed : count };
    }
    case 'pushes': {
      const { pushes } = tally;
      if (pushes.owed === 0) return noSamples(expression, 'no lane heard a numbered push');
      const count = pushes[metric.of];
      return { kind: 'value', value: unit === 'ratio' ? count / pushes.owed : count };
    }
    case 'pings': {
      const { answered, unanswered } = tally.pings;
      if (answered + unanswered === 0) return noSamples(expression, 'no ping was answered or given up');
      const count = tally.pings[metric.of];
      return { kind: 'value', value: unit === 'ratio' ? count / (answered + unanswered) : count };
    }
    case 'connections': {
      const count = metric.of === 'dropped' ? tally.droppedByServer : tally[metric.of];
      if (tally.attempted === 0) return noSamples(expression, 'no connection was attempted');
      return { kind: 'value', value: unit === 'ratio' ? count / tally.attempted : count };
    }
    case 'throughput': {
      if (sendingSeconds === null || messages.due === 0) return noSamples(expression, 'no message was sent');
      const count = metric.of === 'offered' ? messages.due : messages[metric.of];
      return { kind: 'value', value: count / sendingSeconds };
    }
    default:
      return unreachable(metric);
  }
}

/** What is counted for each arrival. */
const ARRIVALS: readonly string[] = [
  'duplicated',
  'reordered',
  'disagreed',
  'corrupted',
  'unexpected',
  'unreadable',
  'belated',
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
      return tally.unsent.late;
    case 'outage':
      return tally.gaveUp;
    case 'ping':
      return tally.pings.unanswered;
    case 'firstPush':
      return Math.max(0, tally.opened - tally.histograms.firstPush.count);
    default:
      return unreachable(times);
  }
}

function observeStatistic(h: Histogram, statistic: Statistic, missing: number, rule: string): Observation {
  if (h.count + missing === 0) return noSamples(rule, 'there is no sample');
  switch (statistic.kind) {
    case 'percentile': {
      const { percent } = statistic;
      if (percent > 0 && percent < 100 && !hasEnough(h.count + missing, percent)) {
        const needed = smallestCountFor(percent, CONFIDENCE) ?? Number.POSITIVE_INFINITY;
        const detail = `${rule}: ${formatCount(h.count + missing)} samples cannot bound it, ${formatCount(needed)} are needed`;
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
  { metric, expression }: Threshold,
  observation: Observation,
  isKept: boolean,
  tally: Tally,
  health: readonly HealthDoubt[],
): readonly Doubt[] {
  const isTiming = metric.kind === 'distribution' || metric.kind === 'throughput';
  const isAboutCopies = metric.kind === 'messages' && (metric.of === 'duplicated' || metric.of === 'belated');
  const cast = health
    .filter(
      ({ casts, kind }) =>
        (casts === 'delivery' && isAboutDelivery(metric)) ||
        (casts === 'unread' && isKept && isAboutDelivery(metric)) ||
        (casts === 'timing' && isTiming) ||
        (casts === 'pass' && isKept) ||
        (kind === 'approximate' && isAboutCopies),
    )
    .map(({ kind, detail }): Doubt => ({ kind, rule: expression, detail }));
  if (cast.length > 0 || isKept || observation.kind !== 'value') return cast;
  if (metric.kind !== 'distribution' || metric.of !== 'response') return cast;
  const lag = observeStatistic(tally.histograms.sendLag, metric.statistic, 0, expression);
  if (lag.kind !== 'value' || lag.value <= LAG_SHARE * observation.value) return cast;
  const detail =
    `${expression}: ${formatDuration(lag.value)} of the ${formatDuration(observation.value)} may be the generator's own ` +
    'send lag; try pace: precise, more workers or less load';
  return [{ kind: 'sendLag', rule: expression, detail }];
}

/** What cannot be known of a service that is not understood; that it sent strangers, or what cannot be read, is known. */
function isAboutDelivery(metric: Metric): boolean {
  switch (metric.kind) {
    case 'distribution':
      return ['response', 'service', 'fanout', 'firstPush'].includes(metric.of);
    case 'messages':
      return !['sent', 'unsent', 'unexpected', 'unreadable'].includes(metric.of);
    case 'fanout':
    case 'pushes':
      return true;
    case 'throughput':
      return metric.of === 'delivered';
    case 'connections':
    case 'pings':
      return false;
    default:
      return unreachable(metric);
  }
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
    const { missed, unresolved, owed } = fanout;
    return holdsFor(missed + unresolved, owed) ? [] : unresolvedDeliveries(expression, fanout);
  }
  if (metric.kind === 'pushes' && metric.of === 'missed') {
    const { missed, unresolved, owed } = tally.pushes;
    return holdsFor(missed + unresolved, owed) ? [] : unresolvedPushes(expression, tally);
  }
  return [];
}

/** Where a broken rule would be kept if all that is unresolved had come, in time: it may have, and could not be read. */
function doubtsOfBest(threshold: Threshold, evidence: Evidence, health: readonly HealthDoubt[]): readonly Doubt[] {
  const unread = health.find(({ casts }) => casts === 'unread');
  if (unread === undefined || !isAboutDelivery(threshold.metric)) return [];
  const observation = observe(threshold, withUnresolvedDelivered(evidence));
  if (observation.kind !== 'value' || !holds(observation.value, threshold)) return [];
  return [{ kind: unread.kind, rule: threshold.expression, detail: unread.detail }];
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
  { tally, fanout }: Pick<Evidence, 'tally' | 'fanout'>,
  health: readonly HealthDoubt[],
): readonly RuleOutcome[] {
  const { messages, pushes } = tally;
  const countOf = (name: ClauseCount): number =>
    name === 'missed'
      ? (fanout?.missed ?? 0) + pushes.missed
      : name === 'away'
        ? (fanout?.away ?? 0) + pushes.away
        : messages[name];
  return contractClauses(contract).map(({ rule, broken }) => {
    const counts = broken.map((name) => [name, countOf(name)] as const).filter(([, count]) => count > 0);
    const text =
      counts.length === 0 ? 'kept' : counts.map(([name, count]) => `${formatCount(count)} ${name}`).join(', ');
    const total = sumOf(counts.map(([, count]) => count));
    const isOnlyDuplicates = counts.length > 0 && counts.every(([name]) => name === 'duplicated');
    const overturning = health.filter(
      ({ casts, kind }) => casts === 'delivery' || (kind === 'approximate' && isOnlyDuplicates),
    );
    if (overturning.length > 0) {
      const doubts = overturning.map(({ kind, detail }): Doubt => ({ kind, rule, detail }));
      return outcome(rule, total, text, 'inconclusive', null, doubts);
    }
    if (total > 0) return outcome(rule, total, text, 'fail', { rule, detail: text }, []);
    if (broken.includes('away') && tally.reconnected === 0) {
      const detail = `${rule}: no lane was opened again`;
      return outcome(rule, null, 'n/a', 'inconclusive', null, [{ kind: 'noSamples', rule, detail }]);
    }
    if (broken.includes('disagreed') && tally.fanoutCompared + (fanout?.compared ?? 0) === 0) {
      const detail = `${rule}: no two lanes could be compared in what they heard`;
      return outcome(rule, null, 'n/a', 'inconclusive', null, [{ kind: 'noSamples', rule, detail }]);
    }
    if (messages.sent === 0 && pushes.received === 0) {
      return outcome(rule, null, 'n/a', 'inconclusive', null, [
        { kind: 'noSamples', rule, detail: `${rule}: no message was sent` },
      ]);
    }
    if (messages.delivered === 0 && pushes.received === 0) {
      return outcome(rule, null, 'n/a', 'inconclusive', null, [
        { kind: 'noSamples', rule, detail: `${rule}: no message came back` },
      ]);
    }
    const doubts = [
      ...(broken.includes('lost')
        ? [...unresolvedDoubts(rule, tally), ...unresolvedDeliveries(rule, fanout), ...unresolvedPushes(rule, tally)]
        : []),
      ...health
        .filter(({ casts }) => casts === 'pass' || casts === 'unread')
        .map(({ kind, detail }): Doubt => ({ kind, rule, detail })),
    ];
    return outcome(rule, 0, text, doubts.length > 0 ? 'inconclusive' : 'pass', null, doubts);
  });
}

/** Whether a message was lost that was in flight when its connection died, nobody here can know. */
function unresolvedDoubts(rule: string, { messages }: Tally): readonly Doubt[] {
  if (messages.unresolved === 0) return [];
  const detail = `${rule}: ${formatCount(messages.unresolved)} messages are unresolved: their connections died under them, or what came there could not be read`;
  return [{ kind: 'unresolved', rule, detail }];
}

function unresolvedDeliveries(rule: string, fanout: Fanout | null): readonly Doubt[] {
  if (fanout === null || fanout.unresolved === 0) return [];
  const detail = `${rule}: ${formatCount(fanout.unresolved)} deliveries are unresolved: their receivers' connections died, or what came there could not be read`;
  return [{ kind: 'unresolved', rule, detail }];
}

function unresolvedPushes(rule: string, { pushes }: Tally): readonly Doubt[] {
  if (pushes.unresolved === 0) return [];
  const detail = `${rule}: ${formatCount(pushes.unresolved)} pushes are unresolved: the connections of their lanes died, or what came there could not be read`;
  return [{ kind: 'unresolved', rule, detail }];
}

/** `missed`: by a lane of the sender's room, or of what the service said of its own accord. */
type ClauseCount = 'lost' | 'missed' | 'away' | 'duplicated' | 'reordered' | 'disagreed' | 'corrupted';

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
      contract.order === 'per-channel' ? ['reordered', 'disagreed'] : ['reordered'];
    clauses.push({ rule: `order: ${contract.order}`, broken });
  }
  if (contract.replay !== 'none') clauses.push({ rule: `replay: ${contract.replay}`, broken: ['away'] });
  if (contract.integrity !== 'none') clauses.push({ rule: `integrity: ${contract.integrity}`, broken: ['corrupted'] });
  return clauses;
}

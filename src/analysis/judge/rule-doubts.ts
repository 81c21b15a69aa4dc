// Why the result of one rule cannot be trusted: a rule that holds only if the unknown went well, or fails only because of what the
// generator did itself, is undecided.

import { OWN_LIMITS } from '../../facts/failure.ts';
import type { Doubt } from '../../facts/result.ts';
import {
  add,
  createHistogram,
  type Histogram,
  mean,
  percentileWithMissing,
  recordMany,
} from '../../histogram/histogram.ts';
import type { MessageCount, Statistic, Threshold } from '../../plan/plan.ts';
import { formatDuration } from '../../units/duration.ts';
import { isOrAre, plural, wasOrWere } from '../../units/plural.ts';
import { formatCount } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { Fanout } from '../figures/fanout.ts';
import type { Tally } from '../figures/tally.ts';
import { sumOf } from '../figures/timeline.ts';
import type { Evidence } from './evidence.ts';
import { holds, missingFrom, observe, observeStatistic, type RuleObservation } from './observe.ts';
import { type HealthDoubt, subjectsOf, touching } from './touches.ts';

/** What a rule came to before anything casts doubt on it. `evidence`: of the messages that the rule is about; `whole`: of all. */
interface Judgement {
  readonly observation: RuleObservation;
  readonly isKept: boolean;
  readonly evidence: Evidence;
  readonly whole: Evidence;
}

export function doubtsAbout(
  threshold: Threshold,
  { observation, isKept, evidence, whole }: Judgement,
  health: readonly HealthDoubt[],
): readonly Doubt[] {
  const { expression, metric } = threshold;
  return [
    ...doubtsFor(threshold, observation, isKept, evidence, health),
    ...(isKept ? doubtsOfWorst(threshold, evidence) : doubtsOfBest(threshold, evidence, whole.tally, health)),
    ...doubtsOfMissing(threshold, evidence, isKept),
    ...(isKept && isUndoneByMore(threshold) ? renumberedDoubts(expression, evidence.tally) : []),
    ...(isKept && metric.kind === 'pushes' ? silenceDoubts(expression, evidence.tally) : []),
  ];
}

/** How much of an observed time the generator's own lag may be before a breach is not the target's for sure. */
const LAG_SHARE = 0.1;

function doubtsFor(
  threshold: Threshold,
  observation: RuleObservation,
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
export function damageOf(health: readonly HealthDoubt[]): readonly HealthDoubt[] {
  return health.filter(({ kind }) => kind === 'damagedRecord');
}

export function about({ kind, detail }: HealthDoubt, rule: string): Doubt {
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
function isProven({ metric, unit, operator, limit, scope }: Threshold, observation: RuleObservation): boolean {
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
function isBrokenWithoutOwn(
  threshold: Threshold,
  { connections: { failed, failures } }: Tally,
  attempted: number,
): boolean {
  const { metric, unit } = threshold;
  if (metric.kind !== 'connections' || metric.of !== 'failed') return false;
  const atService = failed - sumOf(OWN_LIMITS.map((kind) => failures[kind] ?? 0));
  return !holds(unit === 'ratio' ? atService / attempted : atService, threshold);
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
    const best = observeStatistic(atLeast, metric.statistic, tally.connections.gaveUp, expression);
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
function ownShare({ health: { stall, throttledNs, elapsedNs } }: Tally): {
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
export function silenceDoubts(rule: string, { pushes, connections, histograms }: Tally): readonly Doubt[] {
  const { opened } = connections;
  const silent = opened - histograms.firstPush.count;
  if (pushes.expected === 0 || silent <= SILENT_RATIO * opened) return [];
  const detail = `${rule}: ${formatCount(silent)} of ${plural(opened, 'connection')} received no push, so it is unknown what ${silent === 1 ? 'it' : 'they'} missed`;
  return [{ kind: 'unresolved', rule, detail }];
}

/** A message of this run that came to another client than its own, where clients do not receive one another, was delivered once more. */
export function misdeliveredDoubts(rule: string, { delivery }: Tally): readonly Doubt[] {
  const { otherStream } = delivery.unexpected;
  if (otherStream === 0) return [];
  const detail = `${rule}: ${plural(otherStream, 'message')} arrived at a connection that had not sent ${otherStream === 1 ? 'it' : 'them'}: as extra copies, or instead of others`;
  return [{ kind: 'unresolved', rule, detail }];
}

/** How many were lost where the numbers began anew, and whether the service said all of it again, nobody here can know. */
export function renumberedDoubts(rule: string, { pushes: { renumbered } }: Tally): readonly Doubt[] {
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
    fanout: { ...tally.fanout, received: tally.fanout.received + (fanout?.unresolved ?? 0) },
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

/** `1 message is unresolved: its connection dropped, or a message there could not be read`. */
function unresolvedText(count: number, noun: string, nouns: string): string {
  const whose = count === 1 ? 'its connection' : 'their connections';
  return `${plural(count, noun, nouns)} ${isOrAre(count)} unresolved: ${whose} dropped, or a message there could not be read`;
}

/** A message that was in flight when its connection dropped may have been lost or not. */
export function unresolvedDoubts(rule: string, { messages }: Tally): readonly Doubt[] {
  if (messages.unresolved === 0) return [];
  const detail = `${rule}: ${unresolvedText(messages.unresolved, 'message', 'messages')}`;
  return [{ kind: 'unresolved', rule, detail }];
}

export function unresolvedDeliveries(rule: string, fanout: Fanout | null): readonly Doubt[] {
  if (fanout === null || fanout.unresolved === 0) return [];
  const detail = `${rule}: ${unresolvedText(fanout.unresolved, 'delivery', 'deliveries')}`;
  return [{ kind: 'unresolved', rule, detail }];
}

export function unresolvedPushes(rule: string, { pushes }: Tally): readonly Doubt[] {
  if (pushes.unresolved === 0) return [];
  const detail = `${rule}: ${unresolvedText(pushes.unresolved, 'push', 'pushes')}`;
  return [{ kind: 'unresolved', rule, detail }];
}

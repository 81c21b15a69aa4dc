// The value that a rule is about, or why there is none. In a percentile every message that never came back counts as above any limit.

import type { Doubt } from '../../facts/result.ts';
import { type Histogram, mean, percentileWithMissing, stdDev } from '../../histogram/histogram.ts';
import { smallestCountFor } from '../../histogram/interval.ts';
import type { Statistic, Threshold, Times } from '../../plan/plan.ts';
import { formatDuration } from '../../units/duration.ts';
import { formatCount, formatRate } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { unreachable } from '../../units/unreachable.ts';
import { tallyAmong } from '../figures/by-type.ts';
import { CONFIDENCE, hasEnough } from '../figures/distribution.ts';
import type { Fanout } from '../figures/fanout.ts';
import { createTally, type Tally } from '../figures/tally.ts';
import { sumOf } from '../figures/timeline.ts';
import { type Evidence, whyUncounted } from './evidence.ts';

/** An observation, or why there is none. `missing`: so many never came back that the statistic lies among them. */
export type RuleObservation =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'none'; readonly doubt: Doubt };

/** Of a rule about some of the messages: what was counted of those. */
export function narrowed({ metric }: Threshold, evidence: Evidence): Evidence {
  const among = metric.kind === 'messages' || metric.kind === 'distribution' ? metric.among : null;
  // A class that the plan does not have was refused when the plan was read; of none there is nothing to judge by.
  return among === null ? evidence : { ...evidence, tally: tallyAmong(evidence.types, among) ?? createTally() };
}

export function observe(threshold: Threshold, evidence: Evidence, whole: Evidence): RuleObservation {
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
      const arrivals = isArrival ? own + tally.fanout.received + tally.pushes.received : messages.sent;
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
      const count = metric.of === 'missed' ? fanout.missed : tally.fanout.received;
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
      const count = metric.of === 'dropped' ? tally.connections.droppedByServer : tally.connections[metric.of];
      if (attempted === 0) return noSamples(expression, 'no connection was attempted');
      if (count === 0 && metric.of === 'failed' && tally.connections.attempted === 0) {
        return noSamples(expression, 'no connection was attempted in that time');
      }
      const isOfOpen = metric.of === 'dropped' || metric.of === 'gaveUp' || metric.of === 'reconnected';
      if (count === 0 && isOfOpen && tally.connections.opened === 0 && tally.connections.openNs === 0) {
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
export function missingFrom(times: Times, tally: Tally, fanout: Fanout | null): number {
  const { lost, unresolved } = tally.messages;
  switch (times) {
    case 'response':
      return lost + unresolved + sumOf(Object.values(tally.unsent));
    case 'service':
      return lost + unresolved;
    case 'handshake':
      return tally.connections.failed;
    case 'fanout':
      return fanout === null ? 0 : fanout.missed + fanout.unresolved;
    case 'sendLag':
      return tally.unsent.overdue;
    case 'outage':
      return tally.connections.gaveUp + tally.histograms.offline.count;
    case 'ping':
      return tally.pings.unanswered;
    case 'firstPush':
      return Math.max(0, tally.connections.opened - tally.histograms.firstPush.count);
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

/** What a percentile counts beside the times that were measured, which other figures of the run do not show. */
export function missingText({ metric }: Threshold, { tally, fanout }: Evidence): string {
  if (metric.kind !== 'distribution' || metric.statistic.kind !== 'percentile') return '';
  const missing = missingFrom(metric.of, tally, fanout);
  return missing === 0 ? '' : `, with ${formatCount(missing)} ${MISSING_WORDS[metric.of]}`;
}

const MISSING_WORDS: Readonly<Record<Times, string>> = {
  response: 'unanswered',
  service: 'unanswered',
  sendLag: 'overdue',
  handshake: 'failed',
  outage: 'not back',
  fanout: 'missed or unresolved',
  ping: 'unanswered',
  firstPush: 'without a push',
};

/** A time that lies among the samples that never came is above every limit. */
export function neverText({ metric }: Threshold, { tally, fanout }: Evidence): string {
  if (metric.kind !== 'distribution') return 'above the limit';
  const missing = missingFrom(metric.of, tally, fanout);
  const all = tally.histograms[metric.of].count + missing;
  const why = NEVER_TEXTS[metric.of].replace('{n}', `${formatCount(missing)} of ${formatCount(all)}`);
  return `above the limit: ${why}`;
}

export function observeStatistic(h: Histogram, statistic: Statistic, missing: number, rule: string): RuleObservation {
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

function noSamples(rule: string, what: string): RuleObservation {
  return { kind: 'none', doubt: { kind: 'noSamples', rule, detail: `${rule}: ${what}` } };
}

export function holds(value: number, { operator, limit }: Threshold): boolean {
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

// The grammar of a rule: `metric operator limit`, the limit in the metric's own unit.
//
//   response.p99 < 200ms      response | service | sendLag | handshake | fanout | firstPush . p<n> | mean | min | max | stdDev
//   delivered >= 99.9%        sent, lost, ...: a percentage, or a count: reordered == 0
//   lost{priority=high} == 0  response.p99{type=chat} < 50ms: of some of the messages, by type or priority
//   connections.failed == 0   connections.opened | failed | dropped: likewise
//   fanout.received >= 99.9%  fanout.received | missed, of what is expected; fanout.p99 < 50ms: until another client has it
//   pushes.missed == 0        pushes.received | missed, likewise of what is expected; firstPush.p99 < 1s: from the opening on
//   pings.unanswered == 0     pings.answered | unanswered, of those that are one or the other; ping.p99 < 50ms: until the pong
//   throughput.sent > 7900/s  throughput.offered | sent | delivered
//
//   … outside faults          of the seconds in which no fault of the plan lasts; during faults, during NAME, outside NAME
//   … in STAGE                of a stage of the plan

import { parseDuration } from '../../units/duration.ts';
import { parseRate } from '../../units/rate.ts';
import { parseRatio } from '../../units/ratio.ts';
import { unreachable } from '../../units/unreachable.ts';
import { MESSAGE_COUNTS, TYPE_COUNTS } from '../message-counts.ts';
import { didYouMean } from '../nearest.ts';
import type {
  ConnectionCount,
  DeliveryCount,
  MessageCount,
  Metric,
  PingCount,
  Scope,
  Statistic,
  Threshold,
  Times,
} from '../plan.ts';
import { quote } from '../problems.ts';

export interface ThresholdRefusal {
  readonly expected: string;
  readonly got: string;
  readonly hint: string | null;
}

const TIMES: readonly Times[] = [
  'response',
  'service',
  'sendLag',
  'handshake',
  'fanout',
  'firstPush',
  'outage',
  'ping',
];
const DELIVERY_COUNTS: readonly DeliveryCount[] = ['received', 'missed'];
const PING_COUNTS: readonly PingCount[] = ['answered', 'unanswered'];
const STATISTICS = ['mean', 'min', 'max', 'stdDev'] as const;
const USUAL_PERCENTILES = ['p50', 'p75', 'p90', 'p95', 'p99', 'p99.9', 'p99.99'];
const MESSAGE_METRICS: readonly MessageCount[] = ['unsent', ...MESSAGE_COUNTS];
const CONNECTION_COUNTS: readonly ConnectionCount[] = ['opened', 'failed', 'dropped', 'reconnected', 'gaveUp'];
const THROUGHPUTS = ['offered', 'sent', 'delivered'] as const;
const KNOWN_METRICS: readonly string[] = [
  ...TIMES.flatMap((of) => [...USUAL_PERCENTILES, ...STATISTICS].map((statistic) => `${of}.${statistic}`)),
  ...MESSAGE_METRICS,
  ...CONNECTION_COUNTS.map((of) => `connections.${of}`),
  ...DELIVERY_COUNTS.flatMap((of) => [`fanout.${of}`, `pushes.${of}`]),
  ...PING_COUNTS.map((of) => `pings.${of}`),
  ...THROUGHPUTS.map((of) => `throughput.${of}`),
];

/** Words that other tools use, and what they are here. */
const ELSEWHERE: readonly (readonly [word: RegExp, hint: string])[] = [
  [/^missed$/i, 'of other members of a room it is "fanout.missed", of pushes "pushes.missed"'],
  [/connecting/i, 'the time of the handshake is "handshake"'],
  [/msgs?_sent/i, 'write "sent"'],
  [/msgs?_received/i, 'write "delivered"'],
  [
    /session|lifetime/i,
    'the plan decides how long clients stay: write "connections.dropped == 0" or "connections.opened", or "response.p95" for the time of a reply',
  ],
  [/latency|duration|rtt|time/i, 'received - due is "response", received - sent is "service"'],
  [/error|fail/i, 'messages: "lost", "rejected", "corrupted"; connections: "connections.failed"'],
  [/^(rps|rate|qps|tps)/i, 'write "throughput.delivered > 7900/s"'],
];

const MAX_EXPRESSION_LENGTH = 200;
export const THRESHOLD_PATTERN = '^\\s*[A-Za-z][A-Za-z0-9.]*(\\{[^}]*\\})?\\s*(<=|>=|==|!=|<|>)\\s*\\S.*$';

export function parseThreshold(expression: string): Threshold | ThresholdRefusal {
  const short = expression.length <= MAX_EXPRESSION_LENGTH;
  const own = short ? ownForm(expression) : null;
  if (own !== null) return refuse('a rule such as "response.p99 < 200ms"', expression, own);
  const found = short ? /^\s*([A-Za-z][\w.]*)(?:\{([^}]*)\})?\s*([<>=!]+)\s*(\S.*?)\s*$/.exec(expression) : null;
  if (found === null) return refuse('a rule such as "response.p99 < 200ms"', expression, null);
  const [, name = '', among, operator = '', limit = ''] = found;
  const whole = parseMetric(name);
  if (!('kind' in whole)) return whole;
  const metric = among === undefined ? whole : narrow(whole, among);
  if (!('kind' in metric)) return metric;
  if (!isOperator(operator))
    return refuse('one of <, <=, >, >=, ==, !=', operator, operator === '=' ? 'write ==' : null);
  const [, bound = '', word, where] = /^(.*?)(?:\s+(during|outside|in)\s+(\S.*))?$/.exec(limit) ?? [];
  const read = readLimit(metric, bound);
  if ('expected' in read) return read;
  const pointless = pointlessRule(metric, operator, read, expression);
  if (pointless !== null) return pointless;
  const scope = word === undefined || where === undefined ? null : scopeOf(word, where);
  if (scope !== null && !hasTimes(metric)) {
    const expected = 'a rule about the whole run, because the outcome of a message may be known only later';
    return refuse(
      expected,
      expression,
      'only times, rates, connections, unsent, duplicated and reordered can be limited to a part of the run',
    );
  }
  return { expression: expression.trim(), metric, operator, ...read, scope };
}

const AGGREGATES: Readonly<Record<string, string>> = { avg: 'mean', med: 'p50', min: 'min', max: 'max' };

/** Of `p(95)<1000`, as k6 writes a limit in milliseconds: the rule that says so here. Null where it is no such text. */
function ownForm(expression: string): string | null {
  const [, percent, name, operator = '', limit = ''] =
    /^\s*(?:p\((\d+(?:\.\d+)?)\)|(avg|med|min|max))\s*([<>]=?)\s*(\d+(?:\.\d+)?)\s*$/.exec(expression) ?? [];
  if (limit === '') return null;
  const statistic = percent === undefined ? AGGREGATES[name!]! : `p${percent}`;
  return `did you mean ${quote(`response.${statistic} ${operator} ${limit}ms`)}?`;
}

/** Of these a share is a part of a whole; others, such as copies, may be more than all that was sent. */
const PARTS: readonly string[] = [
  ...['sent', 'unsent', 'delivered', 'rejected', 'lost', 'unresolved', 'acknowledged'],
  ...['opened', 'failed', 'received', 'missed', 'answered', 'unanswered'],
];

/** A rule that every run keeps, or none, whatever the service does: what the metric can be lies wholly on one side of the limit. */
function pointlessRule(
  metric: Metric,
  operator: Threshold['operator'],
  { limit, unit }: Pick<Threshold, 'limit' | 'unit'>,
  expression: string,
): ThresholdRefusal | null {
  const highest = unit === 'ratio' && 'of' in metric && PARTS.includes(metric.of) ? 1 : Number.POSITIVE_INFINITY;
  const holds = possibleOutcomes(operator, limit, highest);
  if (holds === 'either') return null;
  const [, left = '', right = ''] = /^([^{<>=!]*(?:\{[^}]*\})?)\s*[<>=!]+(.*)$/s.exec(expression) ?? [];
  const name = metricName(metric);
  const range = highest === 1 ? 'from 0 % to 100 %' : 'never below 0';
  const isTime = unit === 'ns' || unit === 'perSecond';
  const likely = isTime ? 'set a limit above 0' : `did you mean ${quote(`${left.trim()} == ${right.trim()}`)}?`;
  return refuse(
    'a rule that can pass and can fail',
    expression,
    `${name} is ${range}, so this holds ${holds}; ${likely}`,
  );
}

/** Whether `x operator limit` holds for all, for none or for some x from 0 to `highest`. */
function possibleOutcomes(
  operator: Threshold['operator'],
  limit: number,
  highest: number,
): 'always' | 'never' | 'either' {
  const isOutside = limit < 0 || limit > highest;
  switch (operator) {
    case '<':
      return limit <= 0 ? 'never' : limit > highest ? 'always' : 'either';
    case '<=':
      return limit < 0 ? 'never' : limit >= highest ? 'always' : 'either';
    case '>':
      return limit >= highest ? 'never' : limit < 0 ? 'always' : 'either';
    case '>=':
      return limit > highest ? 'never' : limit <= 0 ? 'always' : 'either';
    case '==':
      return isOutside ? 'never' : 'either';
    case '!=':
      return isOutside ? 'always' : 'either';
    default:
      return unreachable(operator);
  }
}

function scopeOf(word: string, where: string): Scope {
  if (word === 'in') return { kind: 'stage', name: where };
  return { kind: word === 'during' ? 'during' : 'outside', fault: where === 'faults' ? null : where };
}

/** Of these each sample is of the second in which it is counted; outcomes are settled when clients close. */
const COUNTED_AT_ONCE: readonly MessageCount[] = [
  'sent',
  'unsent',
  'rejected',
  'duplicated',
  'reordered',
  'corrupted',
  'unexpected',
  'late',
  'acknowledged',
  'resent',
  'deduplicated',
];

function hasTimes(metric: Metric): boolean {
  switch (metric.kind) {
    case 'distribution':
      // What other clients missed is known only when all are done.
      return metric.of !== 'fanout';
    case 'connections':
    case 'pings':
    case 'throughput':
      return true;
    case 'messages':
      return COUNTED_AT_ONCE.includes(metric.of);
    case 'fanout':
    case 'pushes':
      return false;
    default:
      return unreachable(metric);
  }
}

/** The canonical name: `response.p99.9`, `delivered`, `connections.failed`. */
export function metricName(metric: Metric): string {
  switch (metric.kind) {
    case 'distribution':
      return `${metric.of}.${metric.statistic.kind === 'percentile' ? `p${metric.statistic.percent}` : metric.statistic.kind}`;
    case 'messages':
      return metric.of;
    case 'connections':
    case 'fanout':
    case 'pushes':
    case 'pings':
    case 'throughput':
      return `${metric.kind}.${metric.of}`;
    default:
      return unreachable(metric);
  }
}

/** `response.p99{type=chat}`: the metric of some of the messages. */
function narrow(metric: Metric, text: string): Metric | ThresholdRefusal {
  const [, by, name] = /^\s*(type|priority)\s*=\s*(\S|\S.*\S)\s*$/.exec(text) ?? [];
  if ((by !== 'type' && by !== 'priority') || name === undefined) {
    return refuse('{type=NAME} or {priority=NAME}', `{${text}}`, null);
  }
  const isByType =
    (metric.kind === 'messages' && TYPE_COUNTS.some((of) => of === metric.of)) ||
    (metric.kind === 'distribution' && metric.of === 'response');
  if (isByType) return { ...metric, among: { by, name } };
  return refuse(`a metric that is counted by type: response, ${TYPE_COUNTS.join(', ')}`, metricName(metric), null);
}

function parseMetric(name: string): Metric | ThresholdRefusal {
  const messages = MESSAGE_METRICS.find((of) => of === name);
  if (messages !== undefined) return { kind: 'messages', of: messages, among: null };
  const dot = name.indexOf('.');
  const group = dot === -1 ? name : name.slice(0, dot);
  const rest = dot === -1 ? '' : name.slice(dot + 1);
  const connections = CONNECTION_COUNTS.find((of) => of === rest);
  if (group === 'connections' && connections !== undefined) return { kind: 'connections', of: connections };
  const reach = DELIVERY_COUNTS.find((of) => of === rest);
  if ((group === 'fanout' || group === 'pushes') && reach !== undefined) return { kind: group, of: reach };
  const pings = PING_COUNTS.find((of) => of === rest);
  if (group === 'pings' && pings !== undefined) return { kind: 'pings', of: pings };
  const throughput = THROUGHPUTS.find((of) => of === rest);
  if (group === 'throughput' && throughput !== undefined) return { kind: 'throughput', of: throughput };
  const times = TIMES.find((of) => of === group);
  if (times === undefined) return unknownMetric(name);
  const statistic = parseStatistic(rest);
  if (statistic !== null) return { kind: 'distribution', of: times, statistic, among: null };
  if (/^p\d/.test(rest)) return refuse('a percentile above p0 and below p100', name, `the largest is ${times}.max`);
  const hint = didYouMean(name, KNOWN_METRICS) ?? `write ${times}.p99 or ${times}.mean`;
  return refuse(`${times}.p<number>, .mean, .min, .max or .stdDev`, name, hint);
}

function parseStatistic(text: string): Statistic | null {
  const plain = STATISTICS.find((statistic) => statistic === text);
  if (plain !== undefined) return { kind: plain };
  const found = /^p(\d{1,2}(?:\.\d{1,10})?)$/.exec(text);
  const percent = Number(found?.[1] ?? 0);
  return percent > 0 ? { kind: 'percentile', percent } : null;
}

function unknownMetric(name: string): ThresholdRefusal {
  const hint = didYouMean(name, KNOWN_METRICS) ?? ELSEWHERE.find(([word]) => word.test(name))?.[1] ?? null;
  return refuse('a metric such as response.p99, delivered, connections.failed or throughput.sent', name, hint);
}

function readLimit(metric: Metric, text: string): Pick<Threshold, 'limit' | 'unit'> | ThresholdRefusal {
  const bare = /^\d+(\.\d+)?$/.test(text);
  switch (metric.kind) {
    case 'distribution': {
      const ns = parseDuration(text);
      if (ns !== null) return { limit: ns, unit: 'ns' };
      return refuse('a duration such as 200ms', text, bare ? `add a unit: ${text}ms` : null);
    }
    case 'throughput': {
      const perSecond = parseRate(text);
      if (perSecond !== null) return { limit: perSecond, unit: 'perSecond' };
      return refuse('a rate such as 7900/s', text, bare ? `add a unit: ${text}/s` : null);
    }
    case 'messages':
    case 'fanout':
    case 'pushes':
    case 'pings':
    case 'connections': {
      const ratio = parseRatio(text);
      if (ratio !== null && ratio <= 1) return { limit: ratio, unit: 'ratio' };
      const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (Number.isSafeInteger(count)) return { limit: count, unit: 'count' };
      const hint = bare ? 'write a share as a percentage: 99.9%' : null;
      return refuse('a count such as 0 or a percentage from 0% to 100%', text, hint);
    }
    default:
      return unreachable(metric);
  }
}

function isOperator(text: string): text is Threshold['operator'] {
  return /^([<>]=?|[=!]=)$/.test(text);
}

function refuse(expected: string, got: string, hint: string | null): ThresholdRefusal {
  return { expected, got: quote(got), hint };
}

// The charts over the time of a run, from its timeline: one point a second, thinned for the eye (`thin.ts`).

import type { RunResult, TimelinePoint } from '../../facts/result.ts';
import type { Threshold } from '../../plan/plan.ts';
import { nsToMs } from '../../units/duration.ts';
import { printable } from '../printable.ts';
import { bandsOf } from './bands.ts';
import type { Limit, LineChart, Series, Unit } from './chart.ts';
import { thin } from './thin.ts';

/** Of one chart, over all its series: more than a wide screen has columns. */
const MOST_POINTS = 2000;
const MOST_RESOURCE_SERIES = 8;

type Figure = Exclude<keyof TimelinePoint, 'second' | 'resources'>;

export function responseOverTime(result: RunResult): LineChart | null {
  if (result.response.count === 0) return null;
  return chartOf(result, {
    id: 'response-over-time',
    title: 'Response time over time',
    reading:
      'Of the answers that came in each second, from the moment each message was due. A rise that the service time does not ' +
      'share is the generator’s own lateness, which the send lag shows.',
    unit: 'ms',
    scale: 'logarithmic',
    series: seriesOf(result, [
      ['response p50', 'responseP50Ms'],
      ['response p99', 'responseP99Ms'],
      ['response max', 'responseMaxMs'],
      ['service p99', 'serviceP99Ms'],
      ['send lag p99', 'sendLagP99Ms'],
    ]),
    limits: timeLimits(result.plan.thresholds),
  });
}

export function throughputOverTime(result: RunResult): LineChart | null {
  if (result.messages.due === 0 && result.messages.sent === 0) return null;
  const others = result.fanout !== null || result.pushes !== null;
  return chartOf(result, {
    id: 'throughput-over-time',
    title: 'Messages each second',
    reading:
      'Offered is what the plan had due, sent what left the generator, delivered what came back. Sent below offered is the ' +
      'generator or back pressure; delivered below sent is work that piles up, or is lost.',
    unit: 'perSecond',
    scale: 'linear',
    series: seriesOf(result, [
      ['offered', 'due'],
      ['sent', 'sent'],
      ['delivered', 'delivered'],
      ...(others ? ([['heard by other lanes', 'received']] as const) : []),
    ]),
    limits: [],
  });
}

export function lanesOverTime(result: RunResult): LineChart | null {
  if (result.connections.attempted === 0) return null;
  return chartOf(result, {
    id: 'lanes-over-time',
    title: 'Open lanes',
    reading: 'Connections that were open at the end of each second.',
    unit: 'count',
    scale: 'linear',
    series: seriesOf(result, [['open lanes', 'lanesOpen']]),
    limits: [],
  });
}

export function troublesOverTime(result: RunResult): LineChart | null {
  const series = seriesOf(result, [
    ['lost', 'lost'],
    ['unresolved', 'unresolved'],
    ['not sent', 'unsent'],
    ['errors', 'errors'],
  ]).filter(({ y }) => y.some((value) => value !== null && value > 0));
  if (series.length === 0) return null;
  return chartOf(result, {
    id: 'troubles-over-time',
    title: 'What went wrong, each second',
    reading:
      'Messages in the second in which they were settled as lost or unresolved, messages that were due and not sent, and ' +
      'failures of connections of all kinds.',
    unit: 'count',
    scale: 'linear',
    series,
    limits: [],
  });
}

/** One chart for each unit that probes, and the generator itself, read. */
export function resourcesOverTime(result: RunResult): readonly LineChart[] {
  const own = seriesOf(result, [
    ['generator cpuRatio', 'cpuRatio'],
    ['generator rssBytes', 'rssBytes'],
  ]);
  const names = [...new Set(result.timeline.flatMap(({ resources }) => Object.keys(resources)))];
  const probed = names.map((name): Series => {
    return { name: printable(name, 80), y: result.timeline.map(({ resources }) => resources[name] ?? null) };
  });
  const all = [...own, ...probed];
  const units = [...new Set(all.map(({ name }) => unitOf(name)))];
  return units.map((unit) =>
    chartOf(result, {
      id: `resources-${unit.toLowerCase()}`,
      title: RESOURCE_TITLES[unit],
      reading: 'Read once a second. A gap in a line is a probe that could not read.',
      unit,
      scale: 'linear',
      series: all.filter(({ name }) => unitOf(name) === unit).slice(0, MOST_RESOURCE_SERIES),
      limits: [],
    }),
  );
}

const RESOURCE_TITLES: Readonly<Record<Unit, string>> = {
  ratio: 'CPU',
  bytes: 'Memory',
  perSecond: 'Rates',
  count: 'Counts',
  number: 'Other readings',
  ms: 'Times',
};

/** By the unit that its name carries. */
export function unitOf(series: string): Unit {
  const name = series.split('{')[0] ?? '';
  if (/ratio$/i.test(name)) return 'ratio';
  if (/bytes$/i.test(name)) return 'bytes';
  if (/persecond$/i.test(name)) return 'perSecond';
  if (/ms$/.test(name)) return 'ms';
  return 'number';
}

function seriesOf({ timeline }: RunResult, figures: readonly (readonly [name: string, figure: Figure])[]): Series[] {
  return figures.map(([name, figure]) => ({ name, y: timeline.map((point) => point[figure]) }));
}

type Parts = Omit<LineChart, 'kind' | 'axis' | 'x' | 'bands'>;

function chartOf(result: RunResult, parts: Parts): LineChart {
  const x = result.timeline.map(({ second }) => second);
  const thinned = thin({ x, series: parts.series }, MOST_POINTS);
  return { kind: 'lines', axis: { of: 'seconds' }, ...parts, ...thinned, bands: bandsOf(result) };
}

/** Upper limits of response times over the whole run. */
function timeLimits(thresholds: readonly Threshold[]): readonly Limit[] {
  return thresholds.flatMap(({ metric, operator, limit, unit, scope, expression }) => {
    const isShown = metric.kind === 'distribution' && metric.of === 'response' && metric.among === null;
    if (!isShown || scope !== null || unit !== 'ns' || !operator.startsWith('<')) return [];
    return [{ rule: expression, value: nsToMs(limit) }];
  });
}

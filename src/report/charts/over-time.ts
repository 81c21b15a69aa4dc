// The charts over the time of a run, from its timeline: one point a second, thinned for the eye (`thin.ts`).

import type { RunResult, TimelinePoint } from '../../facts/result.ts';
import type { Threshold } from '../../plan/plan.ts';
import { nsToMs } from '../../units/duration.ts';
import { printable } from '../../units/printable.ts';
import { formatCount } from '../../units/rate.ts';
import { seriesName } from '../words/series-names.ts';
import { bandsOf } from './bands.ts';
import type { Band, Limit, LineChart, Series, Unit } from './chart.ts';
import { secondText } from './labels.ts';
import { thin } from './thin.ts';

/** Of one chart, over all its series: more than a wide screen has columns. */
const MOST_POINTS = 2000;
const MOST_RESOURCE_SERIES = 8;

type Figure = Exclude<keyof TimelinePoint, 'second' | 'resources'>;

export function responseOverTime(result: RunResult): LineChart | null {
  if (result.response.count === 0) return null;
  const open = openWhereItVaries(result);
  return chartOf(result, {
    id: 'response-over-time',
    title: 'Response time over time',
    reading:
      'Time from due to received, for the replies that arrived in each second. A gap is a second without replies. If response ' +
      'time rises and service time does not, the generator sent late: see the send lag.' +
      (open === null
        ? ''
        : ' The area shows the fewest connections that were open in each second, by the axis on the right.') +
      ((result.timeline[0]?.second ?? 0) < 0 ? ' 0 s is when the first message was due.' : ''),
    unit: 'ms',
    scale: 'logarithmic',
    series: [
      ...seriesOf(result, [
        ['response p50', 'responseP50Ms'],
        ['response p99', 'responseP99Ms'],
        ['response max', 'responseMaxMs'],
        ['service p99', 'serviceP99Ms'],
        ['send lag p99', 'sendLagP99Ms'],
      ]),
      ...(open === null ? [] : [open]),
    ],
    limits: timeLimits(result.plan.thresholds),
  });
}

/** Of the most connections: fewer come and go in any run. */
const LEAST_VARIATION_RATIO = 0.01;

/** Null where as many were open all the time in which messages were sent. */
function openWhereItVaries({ timeline }: RunResult): Series | null {
  // Clients connect in the first of these seconds, and may close in the last.
  const inner = timeline.filter(({ sent }) => sent > 0).slice(1, -1);
  const counts = inner.map(({ connectionsOpenLowest }) => connectionsOpenLowest);
  const most = counts.reduce((greatest, count) => Math.max(greatest, count), 0);
  const least = counts.reduce((fewest, count) => Math.min(fewest, count), most);
  if (most - least <= LEAST_VARIATION_RATIO * most) return null;
  return {
    name: 'open connections',
    behind: 'count',
    y: timeline.map(({ connectionsOpenLowest }) => connectionsOpenLowest),
  };
}

export function throughputOverTime(result: RunResult): LineChart | null {
  if (result.messages.due === 0 && result.messages.sent === 0) return null;
  const others = result.fanout !== null || result.pushes !== null;
  return chartOf(result, {
    id: 'throughput-over-time',
    title: 'Messages per second',
    reading:
      'Offered: due by the plan. Sent: left the generator. Delivered: came back. Sent below offered means a slow generator or ' +
      'backpressure. Delivered below sent means that messages queue up or are lost.',
    unit: 'perSecond',
    scale: 'linear',
    series: seriesOf(result, [
      ['offered', 'due'],
      ['sent', 'sent'],
      ['delivered', 'delivered'],
      ...(others ? ([['received by other clients', 'received']] as const) : []),
    ]),
    limits: [],
  });
}

export function connectionsOverTime(result: RunResult): LineChart | null {
  if (result.connections.attempted === 0) return null;
  const [atEnd, lowest] = seriesOf(result, [
    ['at the end of the second', 'connectionsOpen'],
    ['fewest in the second', 'connectionsOpenLowest'],
  ]);
  return chartOf(result, {
    id: 'connections-over-time',
    title: 'Open connections',
    reading:
      'Connections open at the end of each second, and the fewest that were open at any time in it. Only the fewest shows an ' +
      `outage that was over within the second.${result.run.workerCount > 1 ? FEWEST_OF_SEVERAL : ''}`,
    unit: 'count',
    scale: 'linear',
    series: [{ ...atEnd!, drawnAtSeconds: 1 }, lowest!],
    limits: [],
  });
}

const FEWEST_OF_SEVERAL =
  ' It is the sum of what each worker counted; if workers had their fewest at different times, more were open at once.';

export function troublesOverTime(result: RunResult): LineChart | null {
  const series = seriesOf(result, [
    ['lost', 'lost'],
    ['unresolved', 'unresolved'],
    ['not sent', 'unsent'],
    ['connection failures', 'errors'],
  ]).filter(({ y }) => y.some((value) => value !== null && value > 0));
  if (series.length === 0) return null;
  return chartOf(result, {
    id: 'troubles-over-time',
    title: 'Problems per second',
    reading:
      'Messages counted as lost or unresolved in each second, messages that were due but not sent, and connection failures of ' +
      'all kinds.',
    unit: 'count',
    scale: 'linear',
    series,
    limits: [],
  });
}

/** For each monitor, and the generator itself, a chart for each unit that it read. */
export function resourcesOverTime(result: RunResult): readonly LineChart[] {
  const own = seriesOf(result, [
    ['generator.cpuRatio', 'cpuRatio'],
    ['generator.rssBytes', 'rssBytes'],
  ]);
  const names = [...new Set(result.timeline.flatMap(({ resources }) => Object.keys(resources)))];
  const monitored = names.map((name): Series => {
    return { name, y: result.timeline.map(({ resources }) => resources[name] ?? null) };
  });
  const groups = new Map<string, { readonly monitor: string; readonly unit: Unit; readonly series: Series[] }>();
  for (const { name, y } of [...own, ...monitored]) {
    const [monitor = '', ...rest] = name.split('.');
    const of = rest.join('.');
    const key = `${monitor} ${unitOf(of)}`;
    const group = groups.get(key) ?? { monitor, unit: unitOf(of), series: [] };
    group.series.push({ name: printable(seriesName(of), 80), y });
    groups.set(key, group);
  }
  return [...groups.values()].map(({ monitor, unit, series }, place) =>
    resourceChart(result, { monitor, unit, series, place }),
  );
}

interface ResourceParts {
  readonly monitor: string;
  readonly unit: Unit;
  readonly series: readonly Series[];
  readonly place: number;
}

function resourceChart(result: RunResult, { monitor, unit, series, place }: ResourceParts): LineChart {
  const more = series.length - MOST_RESOURCE_SERIES;
  const leftOut = more > 0 ? ` The result has ${formatCount(more)} more series.` : '';
  return chartOf(result, {
    id: `resources-${place + 1}`,
    title: `${series.length === 1 ? titled(series[0]!.name) : RESOURCE_TITLES[unit]} of ${printable(monitor, 40)}`,
    reading: `Read once a second. A gap is a second without a reading.${leftOut}`,
    unit,
    scale: 'linear',
    series: series.slice(0, MOST_RESOURCE_SERIES),
    limits: [],
  });
}

const RESOURCE_TITLES: Readonly<Record<Unit, string>> = {
  ratio: 'CPU',
  bytes: 'Memory',
  bytesPerSecond: 'Data rate',
  perSecond: 'Rates',
  count: 'Counts',
  number: 'Readings',
  ms: 'Times',
};

function titled(name: string): string {
  return name.replace(/^./, (character) => character.toUpperCase());
}

/** By the unit that its name carries. */
export function unitOf(series: string): Unit {
  const name = series.split('{')[0] ?? '';
  if (/ratio$/i.test(name)) return 'ratio';
  if (/bytes_?per_?second$/i.test(name)) return 'bytesPerSecond';
  if (/bytes$/i.test(name)) return 'bytes';
  if (/per_?second$/i.test(name)) return 'perSecond';
  if (/([a-z0-9]Ms|_ms|milliseconds)$/.test(name)) return 'ms';
  return 'number';
}

function seriesOf({ timeline }: RunResult, figures: readonly (readonly [name: string, figure: Figure])[]): Series[] {
  return figures.map(([name, figure]) => ({ name, y: timeline.map((point) => point[figure]) }));
}

type Parts = Omit<LineChart, 'kind' | 'axis' | 'x' | 'bands'>;

function chartOf(result: RunResult, parts: Parts): LineChart {
  const x = result.timeline.map(({ second }) => second);
  const thinned = thin({ x, series: parts.series }, MOST_POINTS);
  const bands = bandsOf(result);
  const reading = [parts.reading, ...(isFirst(result, parts.id) ? faultsText(bands) : [])].join(' ');
  return { kind: 'lines', axis: { of: 'seconds', drawnAtSeconds: 0.5 }, ...parts, reading, ...thinned, bands };
}

/** Of the charts over time in a report: what the shades are is said there, and not again. */
function isFirst({ response, messages, connections }: RunResult, id: string): boolean {
  if (response.count > 0) return id === 'response-over-time';
  if (messages.due > 0 || messages.sent > 0) return id === 'throughput-over-time';
  return id === (connections.attempted > 0 ? 'connections-over-time' : 'resources-1');
}

const MOST_NAMED_FAULTS = 12;

/** In words, for who does not see the shades; with the numbers that stand in place of names where these have no room. */
function faultsText(bands: readonly Band[]): readonly string[] {
  const faults = bands.filter(({ kind }) => kind === 'fault');
  if (faults.length === 0) return [];
  const numbered = (place: number): string => (faults.length === 1 ? '' : `${place + 1} `);
  const named = faults
    .slice(0, MOST_NAMED_FAULTS)
    .map(
      ({ name, from, to }, place) =>
        `${numbered(place)}${printable(name, 40)} (${secondText(from)} to ${secondText(to)})`,
    );
  const more = faults.length > named.length ? `, and ${formatCount(faults.length - named.length)} more` : '';
  return [`Shaded, here and in the other charts over time: ${named.join(', ')}${more}.`];
}

/** Upper limits of response times over the whole run. */
function timeLimits(thresholds: readonly Threshold[]): readonly Limit[] {
  return thresholds.flatMap(({ metric, operator, limit, unit, scope, expression }) => {
    const isShown = metric.kind === 'distribution' && metric.of === 'response' && metric.among === null;
    if (!isShown || scope !== null || unit !== 'ns' || !operator.startsWith('<')) return [];
    return [{ rule: expression, value: nsToMs(limit) }];
  });
}

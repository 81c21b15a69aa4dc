// Response time against load: each second of a run is a point. Where the load hardly varies there is nothing to see.

import type { RunResult, TimelinePoint } from '../../facts/result.ts';
import { bandsOf } from './bands.ts';
import type { LineChart } from './chart.ts';
import { thin } from './thin.ts';

const MOST_POINTS = 2000;
const LEAST_SECONDS = 10;
/** Between the tenth and the ninetieth percentile of the seconds. */
const LEAST_LOAD_RATIO = 1.5;
/** Arrivals of a Poisson process differ by 2.6 standard deviations between these percentiles, all by chance. */
const LEAST_DEVIATIONS = 4;

export function responseAgainstLoad(result: RunResult): LineChart | null {
  const seconds = comparableSeconds(result).toSorted((a, b) => a.sent - b.sent);
  if (!isVarying(seconds.map(({ sent }) => sent))) return null;
  const series = [
    { name: 'response p50', y: seconds.map(({ responseP50Ms }) => responseP50Ms) },
    { name: 'response p99', y: seconds.map(({ responseP99Ms }) => responseP99Ms) },
  ];
  const hasFaults = bandsOf(result).some(({ kind }) => kind === 'fault');
  return {
    kind: 'lines',
    id: 'response-against-load',
    title: 'Response time against load',
    reading: [
      'Each second of the run is two points: how many messages were sent in it, and how long the replies took that arrived in it. ' +
        'Points at one height mean that the service kept up with the load. Points that rise to the right mean that more load made it ' +
        'slower.',
      ...(hasFaults ? ['Seconds with a fault are left out.'] : []),
      ...(result.plan.load.messages.kind === 'closed'
        ? ['In this plan a client sends when a reply has come, so slow replies also lower the load.']
        : []),
    ].join(' '),
    axis: { of: 'load' },
    unit: 'ms',
    scale: 'logarithmic',
    ...thin({ x: seconds.map(({ sent }) => sent), series }, MOST_POINTS),
    bands: [],
    limits: [],
  };
}

/** Those in which messages were sent from beginning to end, and that no fault touches. */
function comparableSeconds(result: RunResult): readonly TimelinePoint[] {
  const faults = bandsOf(result).filter(({ kind }) => kind === 'fault');
  const isCalm = ({ second }: TimelinePoint): boolean =>
    faults.every(({ from, to }) => to <= second || from >= second + 1);
  const sending = result.timeline.filter(({ sent }) => sent > 0).slice(1, -1);
  return sending.filter((point) => point.responseP50Ms !== null && isCalm(point));
}

/** `sent` in ascending order. */
function isVarying(sent: readonly number[]): boolean {
  if (sent.length < LEAST_SECONDS) return false;
  const at = (ratio: number): number => sent[Math.round(ratio * (sent.length - 1))]!;
  const [low, middle, high] = [at(0.1), at(0.5), at(0.9)];
  return high >= LEAST_LOAD_RATIO * low && high - low >= LEAST_DEVIATIONS * Math.sqrt(middle);
}

// What can be said about growth: a leak of memory or descriptors, a drift of response times. Each finding rests on a
// climb that went on all through an even load (`trends.ts`), and on its size: what nobody would notice is not told.

import type { Finding, FindingEvidence, TimelinePoint } from '../../facts/result.ts';
import { NS_PER_MINUTE, nsToSeconds, secondsToNs } from '../../units/duration.ts';
import { createLowest } from '../figures/lowest.ts';
import type { SteadySeries } from '../figures/resources.ts';
import type { Stretch } from './steady.ts';
import { type Effect, type Point, steadyClimb, type TrendLine } from './trends.ts';

interface Growing {
  readonly what: RegExp;
  readonly effect: Effect;
  readonly unit: FindingEvidence['unit'];
}

/**
 * Series that a service should not need ever more of, by their names: ours, and those of Prometheus' client libraries.
 * Counters (`…_total`) grow by nature, and the memory of a machine is not one program's.
 */
const GROWING: readonly Growing[] = [
  {
    what: /^rssBytes$|(memory|memstats|heap|resident|rss)\w*_bytes$/i,
    effect: { leastShare: 0.05, least: 10e6 },
    unit: 'bytes',
  },
  {
    what: /^fileDescriptors$|^threads$|open_fds$|active_handles(_total)?$/i,
    effect: { leastShare: 0.05, least: 10 },
    unit: 'count',
  },
];

/** A fifth more, and a millisecond: what somebody who waits may come to notice. */
const DRIFT_EFFECT: Effect = { leastShare: 0.2, least: 1 };
/** A second with fewer answers has no percentile worth the name. */
const LEAST_ANSWERS = { responseP50Ms: 10, responseP99Ms: 100 } as const;

export function findLeaks(all: readonly SteadySeries[]): readonly Finding[] {
  return all.flatMap(({ monitor, series, points }) => {
    // Labels say which one it is, not what.
    const [name = ''] = series.split('{');
    const growing = GROWING.find(({ what }) => what.test(name));
    const line = growing === undefined ? null : steadyClimb(points, growing.effect);
    return growing === undefined || line === null
      ? []
      : [describe('leak', `${monitor}.${series}`, line, points, growing.unit)];
  });
}

export function findDrifts(timeline: readonly TimelinePoint[], steady: Stretch | null): readonly Finding[] {
  if (steady === null) return [];
  return (['responseP50Ms', 'responseP99Ms'] as const).flatMap((name) => {
    const lowest = createLowest(steady.fromNs);
    for (const point of timeline) {
      const value = point[name];
      const atNs = secondsToNs(point.second);
      const isWhole = atNs >= steady.fromNs && secondsToNs(point.second + 1) <= steady.toNs;
      if (isWhole && value !== null && point.delivered >= LEAST_ANSWERS[name]) lowest.add(atNs, value);
    }
    const points = lowest.points();
    const line = steadyClimb(points, DRIFT_EFFECT);
    const series = name === 'responseP50Ms' ? 'response.p50' : 'response.p99';
    return line === null ? [] : [describe('drift', series, line, points, 'ms')];
  });
}

function describe(
  kind: Finding['kind'],
  series: string,
  line: TrendLine,
  points: readonly Point[],
  unit: FindingEvidence['unit'],
): Finding {
  const perMinute = (perNs: number): number => perNs * NS_PER_MINUTE;
  const [low, high] = line.intervalPerNs;
  return {
    kind,
    series,
    fromSecond: nsToSeconds(points[0]!.atNs),
    toSecond: nsToSeconds(points.at(-1)!.atNs),
    confidence: 1 - line.pValue,
    evidence: [
      {
        kind: 'growth',
        unit,
        start: line.start,
        growth: line.growth,
        slopePerMinute: perMinute(line.slopePerNs),
        intervalPerMinute: [perMinute(low), perMinute(high)],
        pValue: line.pValue,
        points: line.points,
      },
    ],
  };
}

// Whether a series grew all through a stretch of time in which nothing asked it to. Built to be silent: noise, the
// saw-tooth of a garbage collector, a step and a warm-up that levels off are no trend, however significant a test finds
// them. What it says then is a slope with its interval.

import { hamedRaoInflation, mannKendall, robustDeviation, theilSen } from '../statistics/trend.ts';

export interface Point {
  readonly atNs: number;
  readonly value: number;
}

/** The line through a series: per nanosecond, with its 95 % interval. */
export interface TrendLine {
  readonly slopePerNs: number;
  readonly intervalPerNs: readonly [number, number];
  /** The line where the series begins, and what it gains until the end. */
  readonly start: number;
  readonly growth: number;
  /** Mann-Kendall, two-sided, with the correction for autocorrelation. */
  readonly pValue: number;
  readonly points: number;
}

/** What a growth must come to before it matters: both. */
export interface Effect {
  readonly leastShare: number;
  readonly least: number;
}

/** Fewer say nothing. */
export const LEAST_POINTS = 15;
const SIGNIFICANCE = 0.01;
/** A fall by this share of the whole range ends a cycle, and the rise by as much that follows begins one. */
const CYCLE_SHARE = 0.25;
/** With fewer than this the last climb may be all there is to a rise. */
const LEAST_CYCLES = 10;
/** What a series gains must be so many times what it strays from its line, as a standard deviation. */
const LEAST_SPREADS = 3;
/** Each third must climb at this share of the whole's slope: a step leaves two thirds flat, a warm-up its last. */
const STEADY_SHARE = 0.5;

/** Points in the order of time. Null where there are too few of them to speak of a slope. */
export function lineThrough(points: readonly Point[]): TrendLine | null {
  const [first] = points;
  if (first === undefined || points.length < LEAST_POINTS) return null;
  return fitLine(points);
}

function fitLine(points: readonly Point[]): TrendLine | null {
  const values = points.map(({ value }) => value);
  const times = points.map(({ atNs }) => atNs - points[0]!.atNs);
  const places = values.map((_, place) => place);
  const perPlace = theilSen(places, values);
  if (perPlace === null) return null;
  // Below 1 the correction would make a trend surer than independent values could: neighbors that repel each other,
  // as in a saw-tooth, are no evidence for it.
  const inflation = Math.max(1, hamedRaoInflation(values, perPlace.slope));
  const line = theilSen(times, values, inflation);
  if (line === null) return null;
  const lastsNs = times.at(-1)!;
  return {
    slopePerNs: line.slope,
    intervalPerNs: line.interval,
    start: line.intercept,
    growth: line.slope * lastsNs,
    pValue: mannKendall(values, inflation).pValue,
    points: points.length,
  };
}

/** The line of a series that climbed all the time and by as much as matters; null for everything else. */
export function steadyClimb(points: readonly Point[], { leastShare, least }: Effect): TrendLine | null {
  if (points.length < LEAST_POINTS) return null;
  const floor = withoutCycles(points);
  if (floor === null) return null;
  const line = fitLine(floor);
  // The lowest points alone are few, and can climb by chance: all points must climb too.
  if (!isRise(line) || (floor !== points && !isRise(fitLine(points)))) return null;
  if (line.growth < Math.max(leastShare * Math.abs(line.start), least)) return null;
  if (line.growth < LEAST_SPREADS * spreadAround(line, floor)) return null;
  return thirdsOf(floor).every((third) => slopeOf(third) >= STEADY_SHARE * line.slopePerNs) ? line : null;
}

function isRise(line: TrendLine | null): line is TrendLine {
  return line !== null && line.pValue < SIGNIFICANCE && line.intervalPerNs[0] > 0;
}

/** Where a series goes up and down, the lowest point of each cycle; null where the cycles are too few to see a trend in. */
function withoutCycles(points: readonly Point[]): readonly Point[] | null {
  const troughs = troughsOf(points);
  if (troughs.length === 0) return points;
  return troughs.length < LEAST_CYCLES ? null : troughs;
}

/** The lowest points between a fall and a rise, each by the share of the range. */
function troughsOf(points: readonly Point[]): readonly Point[] {
  const values = points.map(({ value }) => value);
  const least = CYCLE_SHARE * (Math.max(...values) - Math.min(...values));
  const troughs: Point[] = [];
  if (least === 0) return troughs;
  let peak = Number.NEGATIVE_INFINITY;
  let trough: Point | null = null;
  for (const point of points) {
    if (trough === null) {
      peak = Math.max(peak, point.value);
      if (peak - point.value >= least) trough = point;
    } else if (point.value < trough.value) {
      trough = point;
    } else if (point.value - trough.value >= least) {
      troughs.push(trough);
      trough = null;
      peak = point.value;
    }
  }
  // A fall that no rise has followed yet is a cycle too, though its lowest point may be to come.
  if (trough !== null) troughs.push(trough);
  return troughs;
}

function thirdsOf(points: readonly Point[]): readonly (readonly Point[])[] {
  const edge = (third: number): number => Math.round((third * points.length) / 3);
  return [0, 1, 2].map((third) => points.slice(edge(third), edge(third + 1)));
}

function spreadAround({ slopePerNs }: TrendLine, points: readonly Point[]): number {
  return robustDeviation(points.map(({ atNs, value }) => value - slopePerNs * (atNs - points[0]!.atNs)));
}

function slopeOf(points: readonly Point[]): number {
  const line = theilSen(
    points.map(({ atNs }) => atNs),
    points.map(({ value }) => value),
  );
  return line?.slope ?? 0;
}

// When a series of figures, one a run, went to another level and stayed there: Hunter (Fleming and others, ICPE 2023), which
// looks for changes of the mean by energy distance (E-divisive: Matteson and James, Journal of the American Statistical
// Association 109, 2014), within windows, and keeps those that a t test believes. Nothing is drawn at random: the same series
// has the same changes.

import { mean, studentTest, welchTest } from '../statistics/student.ts';

export interface ChangePoint {
  /** Of the first value of the new level. */
  readonly index: number;
  /** Means from the change before, and to the next one: geometric ones on a logarithmic scale. */
  readonly before: number;
  readonly after: number;
  /** That the two levels are one. */
  readonly pValue: number;
}

export interface ChangePointOptions {
  /** Changes are looked for among so many values at a time, so that time is linear in the length of the series. */
  readonly windowLength: number;
  readonly maxPValue: number;
  /** Of the level before: a smaller change is none. */
  readonly minChangeRatio: number;
  /** `logarithmic`: of positive values whose noise is a share of themselves, such as times: an outlier weighs less. */
  readonly scale: 'linear' | 'logarithmic';
}

export const HUNTER: ChangePointOptions = {
  windowLength: 50,
  maxPValue: 0.001,
  minChangeRatio: 0,
  scale: 'linear',
};

/** In the order of time. `values` are in it too. */
export function findChangePoints(
  values: readonly number[],
  options: ChangePointOptions = HUNTER,
): readonly ChangePoint[] {
  if (options.scale === 'linear') return changesOf(values, options, changeRatio);
  const found = changesOf(values.map(Math.log), options, ({ before, after }) => Math.abs(Math.expm1(after - before)));
  return found.map((point) => ({ ...point, before: Math.exp(point.before), after: Math.exp(point.after) }));
}

/** How large a change is. */
type SizeOf = (point: ChangePoint) => number;

function changesOf(values: readonly number[], options: ChangePointOptions, sizeOf: SizeOf): readonly ChangePoint[] {
  const { windowLength, maxPValue } = options;
  // Weak ones help to see strong ones beside them, and go afterwards.
  const weakPValue = Math.min(0.5, 10 * maxPValue);
  const indexes: number[] = [];
  for (let from = 0; from < values.length; ) {
    const found = splitsOf(values.slice(from, from + windowLength), weakPValue).map((index) => from + index);
    indexes.push(...found);
    from = Math.max(from + Math.floor(windowLength / 2), found.at(-1) ?? 0);
  }
  return merged(values, indexes, options, sizeOf);
}

/** Sorted indexes at which the window falls into parts that a test tells from each other. */
function splitsOf(values: readonly number[], maxPValue: number): readonly number[] {
  const split = strongestSplit(values);
  if (split === null) return [];
  if (pValueOf(values.slice(0, split.index), values.slice(split.index)) >= maxPValue) return [];
  const behind = splitsOf(values.slice(split.index), maxPValue).map((index) => split.index + index);
  return [...splitsOf(values.slice(0, split.index), maxPValue), split.index, ...behind];
}

export interface Split {
  readonly index: number;
  /** Where the second part ends that is furthest from the first. */
  readonly end: number;
  /** The energy distance of the two parts, weighted by their sizes. */
  readonly distance: number;
}

/**
 * The split whose parts are furthest apart: before `index`, and from there to `end`. With n and m values
 *   2/(m+n) ΣΣ|x−y| − 2m/((m+n)(n−1)) Σ|x−x'| − 2n/((m+n)(m−1)) Σ|y−y'|.
 * Null for fewer than two values a part.
 */
export function strongestSplit(values: readonly number[]): Split | null {
  const sums = distanceSums(values);
  const width = values.length + 1;
  const block = (fromRow: number, toRow: number, fromColumn: number, toColumn: number): number =>
    sums[toRow * width + toColumn]! -
    sums[fromRow * width + toColumn]! -
    sums[toRow * width + fromColumn]! +
    sums[fromRow * width + fromColumn]!;
  let best: Split | null = null;
  for (let index = 2; index <= values.length - 2; index++) {
    for (let end = index + 2; end <= values.length; end++) {
      const n = index;
      const m = end - index;
      const between = (2 / (m + n)) * block(0, index, index, end);
      // A block over itself has each pair twice.
      const within =
        (m / ((m + n) * (n - 1))) * block(0, index, 0, index) +
        (n / ((m + n) * (m - 1))) * block(index, end, index, end);
      const distance = between - within;
      if (best === null || distance > best.distance) best = { index, end, distance };
    }
  }
  return best;
}

/** At [i, j] the sum of |a − b| over all a before i and b before j: any block of distances is then four look-ups. */
function distanceSums(values: readonly number[]): Float64Array {
  const width = values.length + 1;
  const sums = new Float64Array(width * width);
  for (let row = 1; row < width; row++) {
    let inRow = 0;
    for (let column = 1; column < width; column++) {
      inRow += Math.abs(values[row - 1]! - values[column - 1]!);
      sums[row * width + column] = sums[(row - 1) * width + column]! + inRow;
    }
  }
  return sums;
}

/** Leaves out the weakest until all that are left are significant and large enough; its neighbors are looked at anew each time. */
function merged(
  values: readonly number[],
  indexes: readonly number[],
  options: ChangePointOptions,
  sizeOf: SizeOf,
): readonly ChangePoint[] {
  const left = [...indexes];
  const at = (place: number): ChangePoint =>
    describe(values, left[place - 1] ?? 0, left[place]!, left[place + 1] ?? values.length);
  const points = left.map((_, place) => at(place));
  for (;;) {
    const weakest = placeOfWorst(points, options, sizeOf);
    if (weakest === null) return points;
    left.splice(weakest, 1);
    points.splice(weakest, 1);
    for (const place of [weakest - 1, weakest]) if (points[place] !== undefined) points[place] = at(place);
  }
}

/** The least significant that is not significant; else the smallest that is too small; null where there is neither. */
function placeOfWorst(
  points: readonly ChangePoint[],
  { maxPValue, minChangeRatio }: ChangePointOptions,
  sizeOf: SizeOf,
): number | null {
  const worst = (badness: (point: ChangePoint) => number): number =>
    points.reduce((found, point, place) => (badness(point) > badness(points[found]!) ? place : found), 0);
  if (points.length === 0) return null;
  const unlikely = worst(({ pValue }) => pValue);
  if (points[unlikely]!.pValue >= maxPValue) return unlikely;
  const small = worst((point) => -sizeOf(point));
  return sizeOf(points[small]!) < minChangeRatio ? small : null;
}

function describe(values: readonly number[], from: number, index: number, to: number): ChangePoint {
  const before = values.slice(from, index);
  const after = values.slice(index, to);
  return { index, before: mean(before), after: mean(after), pValue: pValueOf(before, after) };
}

/**
 * The larger of Welch's and Student's: three values that happen to lie close together have next to no variance of their own,
 * and Welch's alone would find them far from anything.
 */
function pValueOf(before: readonly number[], after: readonly number[]): number {
  return Math.max(welchTest(before, after)?.pValue ?? 1, studentTest(before, after)?.pValue ?? 1);
}

/** Of the level before, without its sign; endless where that is zero. */
function changeRatio({ before, after }: ChangePoint): number {
  return after === before ? 0 : Math.abs(after - before) / Math.abs(before);
}

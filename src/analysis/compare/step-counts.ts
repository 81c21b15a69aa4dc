// Histograms of many steps of a run, one behind the other, and the percentile of any blocks of them: without adding up a
// single histogram, however often it is asked.
//
//   for each cell, how many values up to it there were before each step:
//
//     step        0    1    2    3    ...          values up to a cell within steps [s, e) = column[e] − column[s]
//     cell 0      0    4    9   11                 so a percentile of blocks is a search among the cells
//     cell 1      0   10   21   30
//     all         0   12   24   36
//
// Cells are the counters between the least and the greatest percentile that any step has by itself: that of a mixture lies
// between those of its parts.

import type { DecodedCounts } from '../../histogram/counts-codec.ts';
import { COUNTER_COUNT, highestEquivalent } from '../../histogram/layout.ts';
import type { Blocks } from '../statistics/blocks.ts';

/** Of one step: counters that are not empty, in rising order. */
export interface StepCounts {
  readonly indexes: Uint16Array;
  readonly counts: Float64Array;
}

export const NO_COUNTS: StepCounts = { indexes: new Uint16Array(), counts: new Float64Array() };

/** A figure of what was drawn; null where nothing is in it. */
export type BlockFigure = (blocks: Blocks) => number | null;

/** More of them lie closer together than matters beside the spread that they cover. */
const MOST_CELLS = 256;

export function addCounts(into: StepCounts, added: DecodedCounts): StepCounts {
  const indexes = new Uint16Array(into.indexes.length + added.length);
  const counts = new Float64Array(indexes.length);
  let length = 0;
  let left = 0;
  let right = 0;
  while (left < into.indexes.length || right < added.length) {
    const ofLeft = into.indexes[left] ?? Number.POSITIVE_INFINITY;
    const ofRight = right < added.length ? added.indexes[right]! : Number.POSITIVE_INFINITY;
    indexes[length] = Math.min(ofLeft, ofRight);
    if (ofLeft <= ofRight) counts[length]! += into.counts[left++]!;
    if (ofRight <= ofLeft) counts[length]! += added.counts[right++]!;
    length++;
  }
  return { indexes: indexes.slice(0, length), counts: counts.slice(0, length) };
}

export function countOf({ counts }: StepCounts): number {
  // A loop and not `reduce`, which takes ten times as long here: it is asked of every step for every metric.
  let sum = 0;
  for (let place = 0; place < counts.length; place++) sum += counts[place]!;
  return sum;
}

/** All steps as one. */
export function allCounts(steps: readonly StepCounts[]): StepCounts {
  const sums = new Float64Array(COUNTER_COUNT);
  for (const { indexes, counts } of steps) {
    for (let place = 0; place < indexes.length; place++) sums[indexes[place]!]! += counts[place]!;
  }
  const indexes = Uint16Array.from(sums.keys()).filter((index) => sums[index]! > 0);
  return { indexes, counts: Float64Array.from(indexes, (index) => sums[index]!) };
}

/** The counter of a percentile by nearest rank; null without values. */
export function percentileIndex(step: StepCounts, percent: number): number | null {
  const { indexes, counts } = step;
  const rank = rankOf(countOf(step), percent);
  let seen = 0;
  for (let place = 0; place < indexes.length; place++) {
    seen += counts[place]!;
    if (seen >= rank) return indexes[place]!;
  }
  return null;
}

/** In nanoseconds, of the blocks that were drawn. Null where no step has a value. */
export function percentileFigure(steps: readonly StepCounts[], percent: number): BlockFigure | null {
  const own = steps.map((step) => percentileIndex(step, percent)).filter((index) => index !== null);
  if (own.length === 0) return null;
  const low = own.reduce((least, index) => Math.min(least, index));
  const high = own.reduce((most, index) => Math.max(most, index));
  let shift = 0;
  while ((high >> shift) - (low >> shift) >= MOST_CELLS) shift++;
  const first = low >> shift;
  const cells = (high >> shift) - first + 1;
  const columns = cumulate(steps, cells, (index) => (index >> shift) - first);
  const within = (column: Float64Array, { starts, length, count }: Blocks): number => {
    let sum = 0;
    for (let block = 0; block < count; block++) sum += column[starts[block]! + length]! - column[starts[block]!]!;
    return sum;
  };
  return (blocks) => {
    const total = within(columns[cells]!, blocks);
    if (total === 0) return null;
    const rank = rankOf(total, percent);
    let from = 0;
    let to = cells - 1;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (within(columns[middle]!, blocks) >= rank) to = middle;
      else from = middle + 1;
    }
    return highestEquivalent(((first + from + 1) << shift) - 1);
  };
}

/** A column for each cell and one for all values; `cellOf` may lie on either side of the cells. */
function cumulate(
  steps: readonly StepCounts[],
  cells: number,
  cellOf: (index: number) => number,
): readonly Float64Array[] {
  const columns = Array.from({ length: cells + 1 }, () => new Float64Array(steps.length + 1));
  steps.forEach(({ indexes, counts }, step) => {
    let place = 0;
    let sum = 0;
    columns.forEach((column, cell) => {
      while (place < indexes.length && (cell === cells || cellOf(indexes[place]!) <= cell)) sum += counts[place++]!;
      column[step + 1] = column[step]! + sum;
    });
  });
  return columns;
}

/** The sum of one count over that of another. */
export function quotientFigure(above: readonly number[], below: readonly number[]): BlockFigure {
  const sums = [cumulated(above), cumulated(below)] as const;
  return ({ starts, length, count }) => {
    let [dividend, divisor] = [0, 0];
    for (let block = 0; block < count; block++) {
      const from = starts[block]!;
      dividend += sums[0][from + length]! - sums[0][from]!;
      divisor += sums[1][from + length]! - sums[1][from]!;
    }
    return divisor === 0 ? null : dividend / divisor;
  };
}

function cumulated(values: readonly number[]): Float64Array {
  const sums = new Float64Array(values.length + 1);
  values.forEach((value, place) => {
    sums[place + 1] = sums[place]! + value;
  });
  return sums;
}

/** As `histogram/histogram.ts` has it. */
function rankOf(count: number, percent: number): number {
  const exact = (percent * count) / 100;
  return Math.max(1, Math.ceil(exact - exact * 2 ** -51));
}

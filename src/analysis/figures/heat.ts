// How many answers took how long, over time: a picture of the whole distribution in each stretch of a run. Stretches get
// longer as the run does, so that there are never more than MOST_COLUMNS of them, and no answer is left out.

import type { HeatResult } from '../../facts/result.ts';
import type { Histogram } from '../../histogram/histogram.ts';
import { indexOf, medianEquivalent } from '../../histogram/layout.ts';
import { nsToMs } from '../../units/duration.ts';

export interface Heat {
  /** `second` from 0. Histograms of a second may come in parts, and seconds in any order. */
  add(second: number, histogram: Histogram): void;
  /** Null where nothing was answered. */
  finish(): HeatResult | null;
}

export const MOST_COLUMNS = 120;
/** An edge is the one before times 10^(1/8), which is 1.33. */
const ROWS_PER_DECADE = 8;
/** Below a microsecond nothing is told apart. */
const LOWEST_MS = 1e-3;

/** By row, from that of LOWEST_MS. */
type Column = Map<number, number>;

export function createHeat(): Heat {
  let columns: Column[] = [];
  let columnSeconds = 1;

  return {
    add(second, histogram) {
      if (histogram.count === 0) return;
      while (second >= columnSeconds * MOST_COLUMNS) {
        columns = inPairs(columns);
        columnSeconds *= 2;
      }
      const place = Math.floor(second / columnSeconds);
      while (columns.length <= place) columns.push(new Map());
      const column = columns[place]!;
      // Nothing lies outside of these two: a second uses a small part of the counters.
      for (let index = indexOf(histogram.minNs); index <= indexOf(histogram.maxNs); index++) {
        const count = histogram.counts[index]!;
        if (count > 0) addTo(column, rowOf(nsToMs(medianEquivalent(index))), count);
      }
    },

    finish() {
      const rows = columns.flatMap((column) => [...column.keys()]);
      if (rows.length === 0) return null;
      const lowest = rows.reduce((least, row) => Math.min(least, row));
      const highest = rows.reduce((most, row) => Math.max(most, row));
      const used = Array.from({ length: highest - lowest + 1 }, (_, index) => lowest + index);
      return {
        columnSeconds,
        edgesMs: [...used, highest + 1].map(edgeMs),
        columns: columns.map((column) => used.map((row) => column.get(row) ?? 0)),
      };
    },
  };
}

function inPairs(columns: readonly Column[]): Column[] {
  const pairs: Column[] = [];
  for (const [place, column] of columns.entries()) {
    const pair = pairs[place >> 1];
    if (pair === undefined) pairs.push(column);
    else for (const [row, count] of column) addTo(pair, row, count);
  }
  return pairs;
}

function addTo(column: Column, row: number, count: number): void {
  column.set(row, (column.get(row) ?? 0) + count);
}

function rowOf(ms: number): number {
  return ms <= LOWEST_MS ? 0 : Math.floor(ROWS_PER_DECADE * Math.log10(ms / LOWEST_MS));
}

/** To three digits, as a reader would write it. */
function edgeMs(row: number): number {
  return Number((LOWEST_MS * 10 ** (row / ROWS_PER_DECADE)).toPrecision(3));
}

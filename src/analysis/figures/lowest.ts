// The lowest value of each of at most 128 equal spans of a series, however long it gets: when there are more, spans are
// joined two by two. The lowest, because what a collector frees is no leak, and what is in use at a lowest point is.

import type { Point } from '../findings/trends.ts';

const MOST_SPANS = 128;
const FIRST_SPAN_NS = 1e9;

export interface Lowest {
  /** In any order of time from `fromNs` on. */
  add(atNs: number, value: number): void;
  /** In the order of time; a span without a value has none. */
  points(): readonly Point[];
}

export function createLowest(fromNs: number): Lowest {
  let spanNs = FIRST_SPAN_NS;
  let spans = new Map<number, Point>();

  function put(into: Map<number, Point>, point: Point): void {
    const span = Math.floor((point.atNs - fromNs) / spanNs);
    const known = into.get(span);
    if (known === undefined || point.value < known.value) into.set(span, point);
  }

  return {
    add(atNs, value) {
      put(spans, { atNs, value });
      while (spans.size > MOST_SPANS) {
        spanNs *= 2;
        const wider = new Map<number, Point>();
        for (const point of spans.values()) put(wider, point);
        spans = wider;
      }
    },
    points: () => [...spans.values()].sort((a, b) => a.atNs - b.atNs),
  };
}

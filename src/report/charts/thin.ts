// Fewer points for the eye, no peak lost and no gap bridged: of each stretch the least and the greatest value of every series
// stay, at the times at which they were, and where values begin and end to be missing. All series of a chart keep the same times.

import type { Series } from './chart.ts';

export interface Points {
  readonly x: readonly number[];
  readonly series: readonly Series[];
}

/** At most about `most` points, but for the edges of gaps; the first and the last stay as well. */
export function thin({ x, series }: Points, most: number): Points {
  if (x.length <= most) return { x, series };
  const stretches = Math.max(1, Math.floor(most / (2 * series.length)));
  const kept = new Set([0, x.length - 1]);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * x.length) / stretches);
    const to = Math.floor(((stretch + 1) * x.length) / stretches);
    for (const { y } of series) keepExtremes(y, from, to, kept);
  }
  for (const { y } of series) keepGaps(y, x.length, kept);
  const places = [...kept].sort((a, b) => a - b);
  return {
    x: places.map((place) => x[place]!),
    series: series.map((one) => ({ ...one, y: places.map((place) => one.y[place] ?? null) })),
  };
}

/** More of them are not kept: what is missing every other second is no gap that anybody could see. */
const MOST_GAPS = 200;

/** Of each gap its first and last place; values beside them are drawn up to it. */
function keepGaps(y: readonly (number | null)[], length: number, kept: Set<number>): void {
  let gaps = 0;
  for (let place = 0; place < length && gaps < MOST_GAPS; place++) {
    if ((y[place] ?? null) !== null) continue;
    const first = place;
    while (place + 1 < length && (y[place + 1] ?? null) === null) place++;
    for (const edge of [first - 1, first, place, place + 1]) if (edge >= 0 && edge < length) kept.add(edge);
    gaps++;
  }
}

function keepExtremes(y: readonly (number | null)[], from: number, to: number, kept: Set<number>): void {
  let least: number | null = null;
  let greatest: number | null = null;
  for (let place = from; place < to; place++) {
    const value = y[place] ?? null;
    if (value === null) continue;
    if (least === null || value < y[least]!) least = place;
    if (greatest === null || value > y[greatest]!) greatest = place;
  }
  if (least !== null) kept.add(least);
  if (greatest !== null) kept.add(greatest);
}

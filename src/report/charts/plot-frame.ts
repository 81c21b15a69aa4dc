// Where things stand in a chart of lines: the ends of its axis, the width of its plot, and where that has labels.

import { unreachable } from '../../units/unreachable.ts';
import type { Axis, LineChart, Series, Unit } from './chart.ts';
import { GRID, type Look, type ShownPart } from './look.ts';
import { secondTicks } from './ticks.ts';

export interface Frame {
  readonly chart: LineChart;
  readonly look: Look;
  readonly widthPx: number;
  readonly from: number;
  readonly to: number;
}

export function isOfPoints({ axis }: LineChart): boolean {
  return axis.of === 'load';
}

export function unitBehind({ series }: LineChart): Unit | null {
  return series.find(({ behind }) => behind !== undefined)?.behind ?? null;
}

export function frameOf(chart: LineChart, look: Look): Frame {
  return { chart, look, widthPx: plotWidthPx(chart, look.widthPx), ...extentOf(chart) };
}

/** From the left edge of the plot. */
export function toPx({ from, to, widthPx }: Frame, at: number): number {
  return (widthPx * (at - from)) / (to - from);
}

export function rightOf(chart: LineChart): number {
  return unitBehind(chart) === null ? GRID.right : GRID.rightWithAxis;
}

function plotWidthPx(chart: LineChart, widthPx: number): number {
  return Math.max(1, widthPx - GRID.left - rightOf(chart));
}

/** Where the axis has its labels, in a picture of that width; null where it is left to ECharts. */
export function ticksOf(chart: LineChart, { start, end }: ShownPart, widthPx: number): readonly number[] | null {
  if (chart.axis.of !== 'seconds') return null;
  const { from, to } = extentOf(chart);
  const at = (hundredths: number): number => from + ((to - from) * hundredths) / 100;
  return secondTicks(at(start), at(end), plotWidthPx(chart, widthPx));
}

/** A second lasts until the next; a fault may go on after the last that was recorded. */
function extentOf({ axis, x, bands }: LineChart): { readonly from: number; readonly to: number } {
  const last = x.at(-1) ?? 0;
  switch (axis.of) {
    case 'seconds':
      return { from: Math.min(0, x[0] ?? 0), to: Math.max(last + 1, ...bands.map(({ to }) => to)) };
    case 'rarity':
      return { from: 1, to: Math.max(10, last) };
    case 'load':
      return { from: 0, to: Math.max(1, last) };
    case 'runs':
      return { from: 1, to: Math.max(2, last) };
    default:
      return unreachable(axis);
  }
}

/** On the axis: a second is as wide as it lasts. */
export function drawnAt(axis: Axis, x: number, series?: Series): number {
  return axis.of === 'seconds' ? x + (series?.drawnAtSeconds ?? axis.drawnAtSeconds) : x;
}

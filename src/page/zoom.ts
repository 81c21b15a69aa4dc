// Zooming into the time of a run: by buttons and keys, by pinching, by the wheel with Ctrl held, by dragging where zoomed in.
// All charts of a run zoom together.

import type { EChartsType } from 'echarts/core';
import type { LineChart } from '../report/charts/chart.ts';
import { type ShownPart, WHOLE } from '../report/charts/look.ts';

/** Nothing but the time zooms: heights stay comparable. */
export const ZOOM = {
  type: 'inside',
  xAxisIndex: 0,
  filterMode: 'none',
  zoomOnMouseWheel: 'ctrl',
  moveOnMouseWheel: false,
  preventDefaultMouseMove: false,
} as const;

const FACTOR = 2;
const LEAST_SECONDS = 5;

export function addZoomButtons(chart: LineChart, controls: HTMLElement, instance: EChartsType): void {
  const gap = document.createElement('span');
  gap.className = 'gap';
  controls.append(
    gap,
    button('Zoom in', () => zoomBy(chart, instance, 1 / FACTOR)),
    button('Zoom out', () => zoomBy(chart, instance, FACTOR)),
    button('Whole run', () => instance.dispatchAction({ type: 'dataZoom', start: 0, end: 100 })),
  );
}

/** Of a chart that was not drawn yet, all of it. */
export function shownPart(instance: EChartsType): ShownPart {
  const option = instance.getOption() as { dataZoom?: readonly Partial<ShownPart>[] } | undefined;
  const { start = WHOLE.start, end = WHOLE.end } = option?.dataZoom?.[0] ?? {};
  return { start, end };
}

/** About the middle of what is shown. */
export function zoomBy({ x }: LineChart, instance: EChartsType, factor: number): void {
  const { start, end } = shownPart(instance);
  const wholeSeconds = Math.max(1, (x.at(-1) ?? 1) - (x[0] ?? 0));
  const least = Math.min(100, (100 * LEAST_SECONDS) / wholeSeconds);
  const width = Math.min(100, Math.max(least, (end - start) * factor));
  const from = Math.min(100 - width, Math.max(0, (start + end - width) / 2));
  instance.dispatchAction({ type: 'dataZoom', start: from, end: from + width });
}

function button(name: string, press: () => void): HTMLButtonElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.textContent = name;
  element.addEventListener('click', press);
  return element;
}

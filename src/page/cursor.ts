// A place in a chart that moves by keys, and what the chart says there. To assistive technology the chart is a slider over
// its time, whose value is the reading (WAI-ARIA 1.2, slider).

import type { EChartsType } from 'echarts/core';
import type { Chart } from '../report/charts/chart.ts';
import { drawnAt } from '../report/charts/plot-frame.ts';
import { placesOf, readingAt } from './readings.ts';
import { zoomBy } from './zoom.ts';

export interface Cursor {
  /** Reads again where it is. */
  show(): void;
}

const PAGE = 10;

export function addCursor(chart: Chart, place: HTMLElement, instance: EChartsType): Cursor {
  const last = placesOf(chart) - 1;
  const output = document.createElement('span');
  output.className = 'readout';
  output.textContent = 'Point at the chart, or move through it with the arrow keys.';
  place.after(output);
  let at = -1;

  place.tabIndex = 0;
  place.setAttribute('role', 'slider');
  place.setAttribute('aria-label', `${chart.title}: move with the arrow keys to read values`);
  place.setAttribute('aria-describedby', `${chart.id}-reading`);
  place.setAttribute('aria-valuemin', '0');
  place.setAttribute('aria-valuemax', String(Math.max(0, last)));
  place.setAttribute('aria-valuenow', '0');

  function show(): void {
    if (at < 0) return;
    const { at: where, values } = readingAt(chart, at, hiddenOf(instance));
    const text = `${where}: ${values.map((value) => `${value.name} ${value.text}`).join(', ')}`;
    output.textContent = text;
    place.setAttribute('aria-valuenow', String(at));
    place.setAttribute('aria-valuetext', text);
  }

  function move(to: number): void {
    at = Math.min(last, Math.max(0, to));
    show();
    point(chart, at, instance);
  }

  const KEYS: Readonly<Record<string, () => void>> = {
    ArrowRight: () => move(at + 1),
    ArrowUp: () => move(at + 1),
    ArrowLeft: () => move(at - 1),
    ArrowDown: () => move(at - 1),
    PageUp: () => move(at + PAGE),
    PageDown: () => move(at - PAGE),
    Home: () => move(0),
    End: () => move(last),
    Escape: () => instance.dispatchAction({ type: 'hideTip' }),
    ...(chart.kind === 'lines' && chart.axis.of === 'seconds'
      ? { '+': () => zoomBy(chart, instance, 0.5), '-': () => zoomBy(chart, instance, 2) }
      : {}),
  };
  place.addEventListener('keydown', (event) => {
    const press = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
    if (press === undefined) return;
    event.preventDefault();
    press();
  });
  place.addEventListener('blur', () => instance.dispatchAction({ type: 'hideTip' }));
  if (chart.kind === 'lines') {
    instance.on('updateAxisPointer', (event) => {
      const value = (event as { axesInfo?: { value: number }[] }).axesInfo?.[0]?.value;
      if (value === undefined) return;
      at = nearest(chart.x, value - drawnAt(chart.axis, 0));
      show();
    });
  }
  place.setAttribute('aria-valuetext', output.textContent);
  return { show };
}

/** Shows the tip there too. A place outside of what is zoomed to has none. */
function point(chart: Chart, at: number, instance: EChartsType): void {
  if (chart.kind === 'heat') return;
  const [x] = [instance.convertToPixel({ xAxisIndex: 0 }, drawnAt(chart.axis, chart.x[at] ?? 0))].flat();
  if (x !== undefined && Number.isFinite(x))
    instance.dispatchAction({ type: 'showTip', x, y: instance.getHeight() / 2 });
}

function hiddenOf(instance: EChartsType): ReadonlySet<string> {
  const [legend] = (instance.getOption().legend as { selected?: Record<string, boolean> }[] | undefined) ?? [];
  return new Set(Object.entries(legend?.selected ?? {}).flatMap(([name, isShown]) => (isShown ? [] : [name])));
}

/** The place of the value that is closest; `x` ascends. */
function nearest(x: readonly number[], value: number): number {
  let low = 0;
  let high = x.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle]! <= value) low = middle;
    else high = middle;
  }
  return value - x[low]! <= (x[high] ?? Number.POSITIVE_INFINITY) - value ? low : high;
}

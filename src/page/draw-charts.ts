// The charts of a page: drawn when they come into view, linked over the time of their run, redrawn for another theme or for paper.

import { HeatmapChart, LineChart as Lines } from 'echarts/charts';
import {
  AriaComponent,
  DataZoomInsideComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
} from 'echarts/components';
import { connect, type EChartsType, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Chart } from '../report/charts/chart.ts';
import { type Look, optionOf } from '../report/charts/option.ts';
import { LIGHT } from '../report/charts/palette.ts';
import { addCursor, type Cursor } from './cursor.ts';
import { addLineSwitches } from './line-switches.ts';
import type { Theme } from './theme.ts';
import { tipOf } from './tip.ts';
import { addZoomButtons, ZOOM } from './zoom.ts';

use([
  AriaComponent,
  DataZoomInsideComponent,
  GridComponent,
  HeatmapChart,
  LegendComponent,
  Lines,
  MarkAreaComponent,
  MarkLineComponent,
  SVGRenderer,
  TooltipComponent,
  VisualMapContinuousComponent,
]);

/** Before it is in view, so that a reader who scrolls does not wait. */
const DRAW_AHEAD = '600px';

interface Drawn {
  redraw(): void;
}

export function drawCharts(charts: readonly Chart[], theme: Theme): void {
  const drawn = new Map<Element, Drawn>();
  const places = charts.flatMap((chart) => {
    const place = document.querySelector<HTMLElement>(`[data-chart="${chart.id}"]`);
    return place === null ? [] : [{ chart, place }];
  });
  let isPrinting = false;
  const look = (): Look => ({
    palette: isPrinting ? LIGHT : theme.palette(),
    fontFamily: getComputedStyle(document.body).fontFamily,
    isPrinted: isPrinting,
  });
  const draw = ({ chart, place }: (typeof places)[number]): void => {
    if (!drawn.has(place)) drawn.set(place, drawChart(chart, place, look));
  };
  const redraw = (): void => {
    for (const { redraw: again } of drawn.values()) again();
  };

  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target } of entries.filter(({ isIntersecting }) => isIntersecting)) {
        observer.unobserve(target);
        draw(places.find(({ place }) => place === target)!);
      }
    },
    { rootMargin: DRAW_AHEAD },
  );
  for (const { place } of places) observer.observe(place);

  theme.onChange(redraw);
  addEventListener('beforeprint', () => {
    isPrinting = true;
    for (const each of places) draw(each);
    redraw();
  });
  addEventListener('afterprint', () => {
    isPrinting = false;
    redraw();
  });
}

function drawChart(chart: Chart, place: HTMLElement, look: () => Look): Drawn {
  place.replaceChildren();
  place.classList.toggle('heat', chart.kind === 'heat');
  const instance = init(place, null, { renderer: 'svg' });
  const hidden = new Set<string>();
  const redraw = (): void => {
    instance.setOption({ ...optionOf(chart, look()), ...interaction(chart, hidden, look()) }, { notMerge: true });
  };
  redraw();
  const cursor = addCursor(chart, place, instance);
  if (chart.kind === 'lines') addControls(chart, place, instance, { hidden, look, cursor });
  new ResizeObserver(() => instance.resize()).observe(place);
  place.dataset.drawn = 'true';
  return { redraw };
}

interface Parts {
  readonly hidden: Set<string>;
  readonly look: () => Look;
  readonly cursor: Cursor;
}

function addControls(
  chart: Extract<Chart, { kind: 'lines' }>,
  place: HTMLElement,
  instance: EChartsType,
  { hidden, look, cursor }: Parts,
): void {
  const controls = document.createElement('div');
  controls.className = 'controls';
  addLineSwitches(chart, controls, look().palette, (name, isShown) => {
    if (isShown) hidden.delete(name);
    else hidden.add(name);
    instance.dispatchAction({ type: isShown ? 'legendSelect' : 'legendUnSelect', name });
    cursor.show();
  });
  if (chart.axis.of === 'seconds') {
    // Charts of one run share their time; those of another have their own.
    const group = chart.id.replace(/[^/]*$/, '') + (/^run-\d+-/.exec(chart.id)?.[0] ?? '');
    instance.group = group === '' ? 'time' : group;
    connect(instance.group);
    addZoomButtons(chart, controls, instance);
  }
  place.before(controls);
}

function interaction(chart: Chart, hidden: ReadonlySet<string>, { isPrinted }: Look): Record<string, unknown> {
  if (isPrinted) return {};
  const base = optionOf(chart, { palette: LIGHT, fontFamily: '', isPrinted });
  return {
    tooltip: { ...base.tooltip, className: 'tip', formatter: (params: unknown) => tipOf(chart, hidden, params) },
    ...(chart.kind === 'lines'
      ? {
          legend: { ...base.legend, selected: Object.fromEntries([...hidden].map((name) => [name, false])) },
          ...(chart.axis.of === 'seconds' ? { dataZoom: [ZOOM] } : {}),
        }
      : {}),
  };
}

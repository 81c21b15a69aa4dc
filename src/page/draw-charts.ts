// The charts of a page: drawn when they come into view, linked over the time of their run, redrawn for another theme or for paper.

import { HeatmapChart, LineChart as Lines, ScatterChart } from 'echarts/charts';
import {
  AriaComponent,
  DataZoomInsideComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapPiecewiseComponent,
} from 'echarts/components';
import { connect, type EChartsCoreOption, type EChartsType, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { type Look, type ShownPart, ticksAt } from '../report/charts/look.ts';
import { optionOf } from '../report/charts/option.ts';
import { LIGHT } from '../report/charts/palette.ts';
import { ticksOf } from '../report/charts/plot-frame.ts';
import type { PageChart } from '../report/html/page.ts';
import { addCursor, type Cursor } from './cursor.ts';
import { addHeatLegend } from './heat-legend.ts';
import { addLineSwitches, type Legend } from './line-switches.ts';
import type { Theme } from './theme.ts';
import { tipOf } from './tip.ts';
import { addZoomButtons, shownPart, ZOOM } from './zoom.ts';

use([
  AriaComponent,
  DataZoomInsideComponent,
  GridComponent,
  HeatmapChart,
  LegendComponent,
  Lines,
  MarkAreaComponent,
  MarkLineComponent,
  ScatterChart,
  SVGRenderer,
  TooltipComponent,
  VisualMapPiecewiseComponent,
]);

/** Before it is in view, so that a reader who scrolls does not wait. */
const DRAW_AHEAD = '600px';

interface Drawn {
  redraw(): void;
}

export function drawCharts(charts: readonly PageChart[], theme: Theme): void {
  const drawn = new Map<Element, Drawn>();
  const places = charts.flatMap((chart) => {
    const place = document.querySelector<HTMLElement>(`[data-chart="${chart.id}"]`);
    return place === null ? [] : [{ chart, place }];
  });
  let isPrinting = false;
  const look = (widthPx: number): Look => ({
    palette: isPrinting ? LIGHT : theme.palette(),
    fontFamily: getComputedStyle(document.body).fontFamily,
    widthPx,
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

function drawChart(chart: PageChart, place: HTMLElement, lookAt: (widthPx: number) => Look): Drawn {
  place.replaceChildren();
  place.classList.toggle('heat', chart.kind === 'heat');
  const instance = init(place, null, { renderer: 'svg' });
  const hidden = new Set<string>();
  const look = (): Look => lookAt(instance.getWidth());
  const draw = (): void => {
    instance.setOption(interactive(chart, hidden, look(), shownPart(instance)), { notMerge: true });
  };
  draw();
  const cursor = addCursor(chart, place, instance);
  const legend =
    chart.kind === 'lines' ? addControls(chart, place, instance, { hidden, cursor }) : addHeatLegend(chart, place);
  legend.color(look().palette);
  let drawnPx = instance.getWidth();
  new ResizeObserver(() => {
    instance.resize();
    if (instance.getWidth() === drawnPx) return;
    drawnPx = instance.getWidth();
    // Names are placed by the width.
    draw();
  }).observe(place);
  place.dataset.drawn = 'true';
  return {
    redraw() {
      draw();
      legend.color(look().palette);
    },
  };
}

interface Parts {
  readonly hidden: Set<string>;
  readonly cursor: Cursor;
}

function addControls(
  chart: Extract<PageChart, { kind: 'lines' }>,
  place: HTMLElement,
  instance: EChartsType,
  { hidden, cursor }: Parts,
): Legend {
  const controls = document.createElement('div');
  controls.className = 'controls';
  const switches = addLineSwitches(chart, controls, (name, isShown) => {
    if (isShown) hidden.delete(name);
    else hidden.add(name);
    instance.dispatchAction({ type: isShown ? 'legendSelect' : 'legendUnSelect', name });
    cursor.show();
  });
  if (chart.axis.of === 'seconds') {
    instance.on('datazoom', () => {
      const ticks = ticksOf(chart, shownPart(instance), instance.getWidth());
      instance.setOption({ xAxis: ticksAt(ticks) });
    });
    instance.group = `time ${chart.group}`;
    connect(instance.group);
    addZoomButtons(chart, controls, instance);
  }
  place.before(controls);
  return switches;
}

/** What a reader of a screen can do beside looking. */
function interactive(chart: PageChart, hidden: ReadonlySet<string>, look: Look, part: ShownPart): EChartsCoreOption {
  if (look.isPrinted) return optionOf(chart, look);
  const option = optionOf(chart, { ...look, shown: part });
  const tooltip = { ...option.tooltip, className: 'tip', formatter: (params: unknown) => tipOf(chart, hidden, params) };
  if (chart.kind !== 'lines') return { ...option, tooltip };
  const selected = Object.fromEntries([...hidden].map((name) => [name, false]));
  return {
    ...option,
    tooltip,
    legend: { ...option.legend, selected },
    ...(chart.axis.of === 'seconds'
      ? {
          dataZoom: [{ ...ZOOM, ...part }],
        }
      : {}),
  };
}

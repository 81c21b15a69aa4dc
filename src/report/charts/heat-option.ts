// A heat map as ECharts draws it. Its cells need axes of categories, whose labels would stand at the edges of cells: what is
// shown are two axes of values over the same stretch, with round numbers.

import type { EChartsOption } from 'echarts';
import type { HeatMap } from './chart.ts';
import { countSteps } from './count-steps.ts';
import { secondText, valueText } from './labels.ts';
import { axisLook, common, GRID, type Look, TOP } from './look.ts';
import type { Palette } from './palette.ts';
import { secondTicks, timeTicksMs } from './ticks.ts';

export interface HeatStep {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly color: string;
}

export function heatOption(chart: HeatMap, look: Look): EChartsOption {
  const { palette, fontFamily, isPrinted, widthPx } = look;
  const { edgesMs, fromSecond, columnCount, columnSeconds } = chart;
  const toSecond = fromSecond + columnCount * columnSeconds;
  const [fromMs, toMs] = [edgesMs[0] ?? 1, edgesMs.at(-1) ?? 10];
  const seconds = secondTicks(fromSecond, toSecond, widthPx - GRID.left - GRID.right);
  const hidden = { type: 'category' as const, show: false };
  return {
    ...common(look),
    grid: { left: GRID.left, right: GRID.right, bottom: GRID.bottom, top: TOP.bare + (isPrinted ? TOP.namesRow : 0) },
    tooltip: { show: !isPrinted, trigger: 'item', confine: true },
    xAxis: [
      { ...hidden, data: Array.from({ length: columnCount }, (_, column) => column) },
      {
        type: 'value',
        position: 'bottom',
        min: fromSecond,
        max: toSecond,
        ...axisLook(look, secondText, seconds),
        splitLine: { show: false },
      },
    ],
    yAxis: [
      { ...hidden, data: edgesMs.slice(1) },
      {
        type: 'log',
        position: 'left',
        min: fromMs,
        max: toMs,
        ...axisLook(look, (ms) => valueText('ms', ms), timeTicksMs(fromMs, toMs)),
        splitLine: { show: false },
      },
    ],
    visualMap: {
      type: 'piecewise',
      show: isPrinted,
      selectedMode: false,
      dimension: 2,
      orient: 'horizontal',
      top: 0,
      left: 0,
      padding: 0,
      itemWidth: 12,
      itemHeight: 12,
      itemSymbol: 'rect',
      textStyle: { color: palette.text, fontFamily, fontSize: 11 },
      pieces: heatSteps(chart, palette).map(({ from, to, text, color }) => ({
        min: from,
        max: to,
        label: text,
        color,
      })),
    },
    series: {
      type: 'heatmap',
      data: chart.cells.map((cell) => [...cell]),
      emphasis: { disabled: true },
      progressive: 0,
    },
  };
}

/** What its colors mean, from few to many. */
export function heatSteps({ cells }: HeatMap, { heat }: Palette): readonly HeatStep[] {
  const most = cells.reduce((greatest, [, , count]) => Math.max(greatest, count), 1);
  const steps = countSteps(most, heat.length);
  return steps.map(({ from, to }, place) => {
    // All of the colors, however few steps there are: the most is always the strongest.
    const color = heat[Math.round(((place + 1) * heat.length) / steps.length) - 1]!;
    return { from, to, color, text: stepText(from, to, place === 0) };
  });
}

function stepText(from: number, to: number, isFirst: boolean): string {
  const count = valueText('count', from);
  const range = from === to ? count : `${count} to ${valueText('count', to)}`;
  return isFirst ? `${range} ${to === 1 ? 'reply' : 'replies'}` : range;
}

// From a chart to what ECharts draws, the same for the page and for the PDF.

import type { EChartsOption, HeatmapSeriesOption, LineSeriesOption } from 'echarts';
import { printable } from '../../units/printable.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { Axis, Band, Chart, HeatMap, Limit, LineChart } from './chart.ts';
import { axisText, secondText, valueText } from './labels.ts';
import { DASHES, type Palette } from './palette.ts';

export interface Look {
  readonly palette: Palette;
  readonly fontFamily: string;
  /** On paper: the names of the lines stand in the picture, and nothing answers to a pointer. */
  readonly isPrinted: boolean;
}

export function optionOf(chart: Chart, look: Look): EChartsOption {
  switch (chart.kind) {
    case 'lines':
      return lineOption(chart, look);
    case 'heat':
      return heatOption(chart, look);
    default:
      return unreachable(chart);
  }
}

/** Room for the labels of an axis; ECharts cannot measure text where there is no browser. */
const GRID = { left: 76, right: 20, bottom: 34 } as const;
const TOP = { bare: 22, withNames: 44 } as const;

function lineOption(chart: LineChart, look: Look): EChartsOption {
  const { palette, isPrinted } = look;
  const isLog = chart.scale === 'logarithmic';
  const lines = chart.series.map(({ name, y }, place): LineSeriesOption => {
    const color = palette.series[place % palette.series.length]!;
    const dash = DASHES[place % DASHES.length]!;
    return {
      type: 'line',
      name,
      data: chart.x.map((x, point) => [drawnAt(chart.axis, x), drawable(y[point] ?? null, isLog)]),
      showSymbol: chart.x.length === 1,
      symbolSize: 5,
      lineStyle: { color: color, width: 1.6, type: dash === 'solid' ? 'solid' : [...dash] },
      itemStyle: { color: color },
      connectNulls: false,
      emphasis: { disabled: true },
    };
  });
  return {
    ...common(look),
    grid: { ...GRID, top: isPrinted ? TOP.withNames : TOP.bare },
    legend: {
      show: isPrinted,
      top: 0,
      left: 0,
      itemWidth: 26,
      itemHeight: 8,
      textStyle: { color: palette.text, fontFamily: look.fontFamily, fontSize: 11 },
      data: chart.series.map(({ name }) => ({ name, itemStyle: { opacity: 0 } })),
    },
    tooltip: {
      show: !isPrinted,
      trigger: 'axis',
      confine: true,
      axisPointer: { type: 'line', lineStyle: { color: palette.quiet } },
    },
    xAxis: {
      ...xAxisOf(chart),
      ...axisLook(look, (value) => axisText(chart.axis, value)),
    },
    yAxis: {
      type: isLog ? 'log' : 'value',
      ...(isLog ? {} : { min: 0 }),
      ...(chart.unit === 'count' || chart.unit === 'perSecond' ? { minInterval: 1 } : {}),
      ...axisLook(look, (value) => valueText(chart.unit, value)),
    },
    series: [...lines, marks(chart, look)],
  };
}

/** A second lasts until the next; a fault may go on after the last that was recorded. */
function xAxisOf({ axis, x, bands }: LineChart) {
  const last = x.at(-1) ?? 0;
  switch (axis.of) {
    case 'seconds':
      return { type: 'value' as const, min: 0, max: Math.max(last + 1, ...bands.map(({ to }) => to)), minInterval: 1 };
    case 'rarity':
      return { type: 'log' as const, min: 1, max: Math.max(10, last) };
    case 'runs':
      return { type: 'value' as const, min: 1, max: Math.max(2, last), minInterval: 1 };
    default:
      return unreachable(axis);
  }
}

/** On the axis: a second is as wide as it lasts. */
export function drawnAt(axis: Axis, x: number): number {
  return axis.of === 'seconds' ? x + axis.drawnAtSeconds : x;
}

/** A logarithmic axis has no place for nothing. */
function drawable(value: number | null, isLog: boolean): number | null {
  return value === null || (isLog && value <= 0) ? null : value;
}

/** A stretch that is narrower than this share of the chart has no room for its name. */
const NAMED_FROM_SHARE = 0.07;

/** Bands and limits belong to a line of their own, which nobody can switch off. */
function marks({ bands, limits, x }: LineChart, { palette, fontFamily }: Look): LineSeriesOption {
  const length = (x.at(-1) ?? 0) - (x[0] ?? 0);
  const label = (color: string) => ({ color: color, fontSize: 10, fontFamily });
  const isShaded = ({ kind }: Band, place: number): boolean => kind === 'fault' || place % 2 === 0;
  return {
    type: 'line',
    data: [],
    silent: true,
    markArea: {
      silent: true,
      data: bands.map((band, place) => {
        const { kind, name, from, to } = band;
        const hasRoom = (to - from) / length >= NAMED_FROM_SHARE;
        return [
          {
            name: hasRoom ? printable(name, 18) : '',
            xAxis: from,
            itemStyle: { color: isShaded(band, place) ? palette[kind] : 'transparent' },
            label: { ...label(palette.quiet), position: kind === 'fault' ? 'insideBottom' : 'insideTop' },
          },
          { xAxis: to },
        ];
      }),
    },
    markLine: {
      silent: true,
      symbol: 'none',
      lineStyle: { color: palette.limit, type: 'dashed' },
      data: limits.map(({ rule, value }: Limit) => ({
        yAxis: value,
        label: { ...label(palette.limit), formatter: printable(rule, 60), position: 'insideEndTop' },
      })),
    },
  };
}

function heatOption(chart: HeatMap, look: Look): EChartsOption {
  const { palette, isPrinted } = look;
  const rows = chart.edgesMs.slice(0, -1);
  const series: HeatmapSeriesOption = {
    type: 'heatmap',
    data: chart.cells.map(([column, row, count]) => [column, row, Math.log10(1 + count)]),
    emphasis: { disabled: true },
    progressive: 0,
  };
  const most = chart.cells.reduce((greatest, [, , count]) => Math.max(greatest, count), 1);
  return {
    ...common(look),
    grid: { ...GRID, top: TOP.bare },
    tooltip: { show: !isPrinted, trigger: 'item', confine: true },
    xAxis: {
      type: 'category',
      data: Array.from({ length: chart.columnCount }, (_, column) => secondText(column * chart.columnSeconds)),
      ...axisLook(look, null),
      splitLine: { show: false },
    },
    yAxis: {
      type: 'category',
      data: rows.map((ms) => valueText('ms', ms)),
      ...axisLook(look, null),
      splitLine: { show: false },
    },
    visualMap: {
      show: false,
      min: 0,
      max: Math.log10(1 + most),
      dimension: 2,
      inRange: { color: [...palette.heat] },
    },
    series,
  };
}

function common({ palette, fontFamily }: Look): EChartsOption {
  return { animation: false, backgroundColor: 'transparent', textStyle: { color: palette.text, fontFamily } };
}

function axisLook({ palette, fontFamily }: Look, label: ((value: number) => string) | null) {
  return {
    axisLabel: {
      color: palette.quiet,
      fontFamily,
      fontSize: 11,
      hideOverlap: true,
      ...(label === null ? {} : { formatter: (value: number | string) => label(Number(value)) }),
    },
    axisLine: { lineStyle: { color: palette.quiet } },
    axisTick: { lineStyle: { color: palette.quiet } },
    splitLine: { lineStyle: { color: palette.grid } },
  };
}

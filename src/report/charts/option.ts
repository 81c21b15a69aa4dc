// From a chart to what ECharts draws, the same for the page and for the PDF.

import type { EChartsOption, LineSeriesOption, ScatterSeriesOption } from 'echarts';
import { printable } from '../../units/printable.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { Axis, Band, Chart, Limit, LineChart, Series, Unit } from './chart.ts';
import { type FaultLabel, faultLabels, fittingText, rowsOf, widthOfPx } from './fault-labels.ts';
import { heatOption } from './heat-option.ts';
import { axisText, valueText } from './labels.ts';
import { axisLook, common, GRID, type Look, type ShownPart, TOP, WHOLE } from './look.ts';
import { DASHES, POINTS } from './palette.ts';
import { secondTicks } from './ticks.ts';

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

function lineOption(chart: LineChart, look: Look): EChartsOption {
  const { palette, isPrinted, widthPx } = look;
  const isLog = chart.scale === 'logarithmic';
  const behind = unitBehind(chart);
  const frame: Frame = { chart, look, widthPx: plotWidthPx(chart, widthPx), ...extentOf(chart) };
  const faults = placeFaults(frame);
  const names = isPrinted ? nameRows(chart.series, widthPx) * TOP.namesRow : 0;
  return {
    ...common(look),
    grid: {
      left: GRID.left,
      right: rightOf(chart),
      bottom: GRID.bottom,
      top: TOP.bare + names + rowsOf([...faults.values()]) * TOP.faultsRow,
    },
    legend: {
      show: isPrinted,
      top: 0,
      left: 0,
      itemWidth: isOfPoints(chart) ? NAME.pointPx : NAME.samplePx,
      itemHeight: 8,
      itemGap: NAME.gapPx,
      textStyle: { color: palette.text, fontFamily: look.fontFamily, fontSize: 11 },
      data: chart.series.map(({ name }) => ({ name, ...(isOfPoints(chart) ? {} : { itemStyle: { opacity: 0 } }) })),
    },
    tooltip: {
      show: !isPrinted,
      trigger: 'axis',
      confine: true,
      axisPointer: { type: 'line', lineStyle: { color: palette.quiet } },
    },
    xAxis: {
      type: chart.axis.of === 'rarity' ? 'log' : 'value',
      min: frame.from,
      max: frame.to,
      ...(chart.axis.of === 'rarity' ? {} : { minInterval: 1 }),
      ...axisLook(look, (value) => axisText(chart.axis, value), ticksOf(chart, look.shown ?? WHOLE, widthPx)),
    },
    yAxis: [
      {
        type: isLog ? 'log' : 'value',
        ...(isLog ? (chart.valuesFrom === undefined ? {} : { min: chart.valuesFrom }) : { min: 0 }),
        ...wholeNumbers(chart.unit),
        ...axisLook(look, (value) => valueText(chart.unit, value)),
      },
      ...(behind === null
        ? []
        : [
            {
              type: 'value' as const,
              min: 0,
              position: 'right' as const,
              ...wholeNumbers(behind),
              ...axisLook(look, (value) => valueText(behind, value)),
              splitLine: { show: false },
            },
          ]),
    ],
    series: [...chart.series.map((series, place) => drawnSeries(frame, series, place)), marks(frame, faults)],
  };
}

/** Where things stand in the plot: its width, and the ends of its axis. */
interface Frame {
  readonly chart: LineChart;
  readonly look: Look;
  readonly widthPx: number;
  readonly from: number;
  readonly to: number;
}

export function isOfPoints({ axis }: LineChart): boolean {
  return axis.of === 'load';
}

function unitBehind({ series }: LineChart): Unit | null {
  return series.find(({ behind }) => behind !== undefined)?.behind ?? null;
}

function wholeNumbers(unit: Unit): { readonly minInterval?: number } {
  return unit === 'count' || unit === 'perSecond' ? { minInterval: 1 } : {};
}

function rightOf(chart: LineChart): number {
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
      return { from: 0, to: Math.max(last + 1, ...bands.map(({ to }) => to)) };
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

function drawnSeries(
  { chart, look: { palette } }: Frame,
  series: Series,
  place: number,
): LineSeriesOption | ScatterSeriesOption {
  const color = palette.series[place % palette.series.length]!;
  const isLog = chart.scale === 'logarithmic' && series.behind === undefined;
  const { name, y, behind } = series;
  const data = chart.x.map((x, point) => [drawnAt(chart.axis, x, series), drawable(y[point] ?? null, isLog)]);
  if (isOfPoints(chart)) {
    return {
      type: 'scatter',
      name,
      data: data as [number, number][],
      symbol: POINTS[place % POINTS.length]!,
      symbolSize: 6,
      itemStyle: { color, opacity: 0.75 },
      emphasis: { disabled: true },
    };
  }
  const dash = DASHES[place % DASHES.length]!;
  return {
    type: 'line',
    name,
    data,
    showSymbol: chart.x.length === 1,
    symbolSize: 5,
    lineStyle: { color, width: behind === undefined ? 1.6 : 1, type: dash === 'solid' ? 'solid' : [...dash] },
    itemStyle: { color },
    connectNulls: false,
    emphasis: { disabled: true },
    ...(behind === undefined ? {} : { yAxisIndex: 1, z: 1, areaStyle: { color, opacity: 0.07 } }),
  };
}

/** On the axis: a second is as wide as it lasts. */
export function drawnAt(axis: Axis, x: number, series?: Series): number {
  return axis.of === 'seconds' ? x + (series?.drawnAtSeconds ?? axis.drawnAtSeconds) : x;
}

/** A logarithmic axis has no place for nothing. */
function drawable(value: number | null, isLog: boolean): number | null {
  return value === null || (isLog && value <= 0) ? null : value;
}

/** Of the names of the lines, which stand behind one another in the picture. */
const NAME = { samplePx: 26, pointPx: 9, gapPx: 12, marginPx: 5 } as const;

function nameRows(series: readonly Series[], widthPx: number): number {
  let rows = 1;
  let usedPx = 0;
  for (const { name } of series) {
    const width = NAME.samplePx + NAME.marginPx + widthOfPx(name) + NAME.gapPx;
    if (usedPx > 0 && usedPx + width > widthPx) {
      rows++;
      usedPx = 0;
    }
    usedPx += width;
  }
  return rows;
}

function toPx({ from, to, widthPx }: Frame, at: number): number {
  return (widthPx * (at - from)) / (to - from);
}

function placeFaults(frame: Frame): ReadonlyMap<Band, FaultLabel> {
  const faults = frame.chart.bands.filter(({ kind }) => kind === 'fault');
  const spots = faults.map(({ name, from }) => ({ name: printable(name, 40), fromPx: toPx(frame, from) }));
  const labels = faultLabels(spots, frame.widthPx);
  return new Map(faults.map((band, place) => [band, labels[place]!]));
}

/** Bands and limits belong to a line of their own, which nobody can switch off. */
function marks(frame: Frame, faults: ReadonlyMap<Band, FaultLabel>): LineSeriesOption {
  const {
    chart: { bands, limits },
    look: { palette, fontFamily },
    widthPx,
  } = frame;
  const label = (color: string) => ({ color, fontSize: 10, fontFamily });
  return {
    type: 'line',
    data: [],
    silent: true,
    markArea: {
      silent: true,
      data: bands.map((band, place) => {
        const { kind, name, from, to } = band;
        const fault = faults.get(band);
        if (fault !== undefined) {
          return [
            {
              name: fault.text,
              xAxis: from,
              // However short it was, there is a line.
              itemStyle: { color: palette.fault, borderColor: palette.faultEdge, borderWidth: 0.8 },
              label: {
                ...label(palette.quiet),
                position: [fault.atPx - toPx(frame, from), -TOP.faultsRow * (fault.row + 1)],
                align: 'left',
                verticalAlign: 'top',
              },
            },
            { xAxis: to },
          ];
        }
        const isShaded = place % 2 === 0;
        return [
          {
            name: fittingText(printable(name, 40), toPx(frame, to) - toPx(frame, from) - LABEL_MARGIN_PX),
            xAxis: from,
            itemStyle: { color: isShaded ? palette[kind] : 'transparent' },
            label: { ...label(palette.quiet), position: 'insideTop' },
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
        label: {
          ...label(palette.limit),
          // Lines run behind it.
          backgroundColor: palette.ground,
          padding: [1, 3],
          formatter: fittingText(printable(rule, 60), widthPx - LABEL_MARGIN_PX),
          position: 'insideEndTop',
        },
      })),
    },
  };
}

const LABEL_MARGIN_PX = 8;

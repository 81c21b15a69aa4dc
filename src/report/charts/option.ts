// From a chart to what ECharts draws, the same for the page and for the PDF.

import type { EChartsOption, LineSeriesOption, ScatterSeriesOption } from 'echarts';
import { unreachable } from '../../units/unreachable.ts';
import type { Chart, LineChart, Series, Unit } from './chart.ts';
import { rowsOf, widthOfPx } from './fault-labels.ts';
import { heatOption } from './heat-option.ts';
import { axisText, valueText } from './labels.ts';
import { axisLook, common, GRID, type Look, TOP, WHOLE } from './look.ts';
import { marks, placeFaults } from './marks.ts';
import { DASHES, POINTS } from './palette.ts';
import { drawnAt, type Frame, frameOf, isOfPoints, rightOf, ticksOf, unitBehind } from './plot-frame.ts';

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
  const frame = frameOf(chart, look);
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

function wholeNumbers(unit: Unit): { readonly minInterval?: number } {
  return unit === 'count' || unit === 'perSecond' ? { minInterval: 1 } : {};
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

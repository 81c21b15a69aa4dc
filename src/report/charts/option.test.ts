import type { LineSeriesOption } from 'echarts';
import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../test/support/judged-run.ts';
import type { RunResult } from '../../facts/result.ts';
import { REPORT_TOOLS } from '../../outputs/report-tools.ts';
import type { Band, HeatMap, LineChart } from './chart.ts';
import { heatMap } from './heat-map.ts';
import { heatSteps } from './heat-option.ts';
import type { Look } from './look.ts';
import { optionOf } from './option.ts';
import { DARK, LIGHT } from './palette.ts';
import { spectrum } from './spectrum.ts';

const LOOK = { palette: LIGHT, fontFamily: 'sans-serif', widthPx: 800, isPrinted: true } as const;

const CHART: LineChart = {
  kind: 'lines',
  id: 'a',
  title: 'A',
  reading: '',
  axis: { of: 'seconds', drawnAtSeconds: 0.5 },
  unit: 'ms',
  scale: 'logarithmic',
  x: [0, 1, 2],
  series: [
    { name: 'response', y: [1, null, 0] },
    { name: 'at the end', y: [1, 2, 3], drawnAtSeconds: 1 },
  ],
  bands: [],
  limits: [],
};

interface Drawn {
  readonly yAxis: readonly { readonly min?: number; readonly type: string }[];
  readonly xAxis: { readonly axisLabel: { readonly customValues?: readonly number[] } };
  readonly grid: { readonly top: number; readonly right: number };
  readonly series: readonly LineSeriesOption[];
}
const drawn = (chart: LineChart, widthPx = 800): Drawn => optionOf(chart, { ...LOOK, widthPx }) as unknown as Drawn;

describe('a chart of lines', () => {
  test('draws each value where in its second it was, and nothing of what a logarithmic axis has no place for', () => {
    const [response, atEnd] = drawn(CHART).series;
    expect(response!.data).toEqual([
      [0.5, 1],
      [1.5, null],
      [2.5, null],
    ]);
    expect(atEnd!.data).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  test('has round seconds, minutes or hours on its axis, also where a part of the run is shown', () => {
    const long = { ...CHART, x: [0, 3599], series: [] };
    const ticks = (look: Partial<Look>): readonly number[] | undefined =>
      (optionOf(long, { ...LOOK, ...look }) as unknown as Drawn).xAxis.axisLabel.customValues;
    expect(ticks({})).toEqual([0, 600, 1200, 1800, 2400, 3000, 3600]);
    expect(ticks({ shown: { start: 50, end: 60 } })).toEqual([1800, 1860, 1920, 1980, 2040, 2100, 2160]);
    expect(ticks({ widthPx: 300 })).toEqual([0, 1200, 2400, 3600]);
    expect(drawn({ ...CHART, axis: { of: 'rarity' } }).xAxis.axisLabel.customValues).toBeUndefined();
  });

  test('has an axis on the right for what stands behind the lines, and only then', () => {
    const behind = { name: 'open', behind: 'count', y: [5, 0, 5] } as const;
    const { yAxis, series, grid } = drawn({ ...CHART, series: [...CHART.series, behind] });
    expect(yAxis.map(({ type }) => type)).toEqual(['log', 'value']);
    expect(series[2]).toMatchObject({
      yAxisIndex: 1,
      data: [
        [0.5, 5],
        [1.5, 0],
        [2.5, 5],
      ],
    });
    expect(drawn(CHART).yAxis).toHaveLength(1);
    expect(grid.right).toBeGreaterThan(drawn(CHART).grid.right);
  });

  test('has a label for a fault that is shorter than a pixel, and more room above for each row of them', () => {
    const fault = (name: string, from: number): Band => ({ kind: 'fault', name, from, to: from + 0.001 });
    const labels = (chart: LineChart, widthPx = 800) =>
      (drawn(chart, widthPx).series.at(-1)!.markArea!.data as readonly { readonly name: string }[][]).map(
        ([at]) => at!.name,
      );
    const one = { ...CHART, bands: [fault('down', 1)] };
    const two = { ...CHART, bands: [fault('down', 1), fault('latency', 1.01)] };
    const many = { ...CHART, bands: Array.from({ length: 5 }, (_, place) => fault('packet loss', 1 + place / 10)) };
    expect(labels(one)).toEqual(['down']);
    expect(labels(two)).toEqual(['down', 'latency']);
    expect(labels(many, 300)).toEqual(['1', '2', '3', '4', '5']);
    const tops = [CHART, one, two].map((chart) => drawn(chart).grid.top);
    expect(tops).toEqual([...new Set(tops)].sort((a, b) => a - b));
  });
});

describe('the spectrum', () => {
  const result = resultOf();
  const begin = (run: RunResult): number | undefined => drawn(spectrum(run, REPORT_TOOLS.inflate)!).yAxis[0]!.min;

  test('begins where replies are, however short the shortest send lag is', () => {
    expect(result.response.minMs).toBeCloseTo(1, 1);
    expect(begin({ ...result, sendLag: { ...result.sendLag, minMs: 0.0001 } })).toBe(1);
    expect(begin({ ...result, service: { ...result.service, minMs: 0.267 } })).toBe(0.2);
  });
});

describe('a heat map', () => {
  const chart: HeatMap = {
    ...heatMap(resultOf())!,
    edgesMs: [0.237, 1, 10, 56.2],
    columnCount: 2,
    columnSeconds: 16,
    cells: [
      [0, 0, 1],
      [1, 2, 93],
    ],
  };
  const option = optionOf(chart, LOOK) as {
    readonly xAxis: readonly object[];
    readonly yAxis: readonly { readonly axisLabel: { readonly customValues?: readonly number[] } }[];
    readonly visualMap: {
      readonly pieces: readonly { readonly min: number; readonly max: number; readonly label: string }[];
    };
  };

  test('has round times and seconds on its axes, from edge to edge', () => {
    expect(option.yAxis[1]).toMatchObject({ type: 'log', min: 0.237, max: 56.2 });
    expect(option.yAxis[1]!.axisLabel.customValues).toEqual([0.5, 1, 2, 5, 10, 20, 50]);
    expect(option.xAxis[1]).toMatchObject({ type: 'value', min: 0, max: 32 });
  });

  test('says which color is how many replies', () => {
    expect(option.visualMap.pieces.map(({ label }) => label)).toEqual([
      '1 reply',
      '2 to 4',
      '5 to 9',
      '10 to 19',
      '20 to 49',
      '50 to 93',
    ]);
    for (const palette of [LIGHT, DARK]) {
      const colors = heatSteps(chart, palette).map(({ color }) => color);
      expect(colors).toEqual(palette.heat);
    }
  });

  test('gives the strongest color to the most, however few they are', () => {
    const few: HeatMap = { ...chart, cells: [[0, 0, 3]] };
    expect(heatSteps(few, LIGHT).map(({ text, color }) => [text, color])).toEqual([
      ['1 reply', LIGHT.heat[2]],
      ['2 to 3', LIGHT.heat[5]],
    ]);
  });
});

// What all charts have in common when they are drawn: colors, font, room for the labels of their axes.

import type { EChartsOption } from 'echarts';
import type { Palette } from './palette.ts';

export interface Look {
  readonly palette: Palette;
  readonly fontFamily: string;
  /** Of the whole picture: names are placed by it. */
  readonly widthPx: number;
  /** On paper: the names of the lines stand in the picture, and nothing answers to a pointer. */
  readonly isPrinted: boolean;
  /** Of an axis of seconds; all of it where it is left out. */
  readonly shown?: ShownPart;
}

/** In hundredths of the axis. */
export interface ShownPart {
  readonly start: number;
  readonly end: number;
}

export const WHOLE: ShownPart = { start: 0, end: 100 };

/** Room for the labels of an axis; ECharts cannot measure text where there is no browser. */
export const GRID = { left: 76, right: 20, rightWithAxis: 60, bottom: 34 } as const;
/** Room above the plot: for the highest label of the axis, and for each row of names. */
export const TOP = { bare: 14, namesRow: 20, faultsRow: 13 } as const;

export function common({ palette, fontFamily }: Look): EChartsOption {
  return { animation: false, backgroundColor: 'transparent', textStyle: { color: palette.text, fontFamily } };
}

/** Labels stand at the `ticks`; where ECharts puts them without. */
export function axisLook(
  { palette, fontFamily }: Look,
  label: (value: number) => string,
  ticks: readonly number[] | null = null,
) {
  const at = ticksAt(ticks);
  return {
    axisLabel: {
      color: palette.quiet,
      fontFamily,
      fontSize: 11,
      hideOverlap: true,
      formatter: (value: number | string) => label(Number(value)),
      ...at.axisLabel,
    },
    axisLine: { lineStyle: { color: palette.quiet } },
    axisTick: { lineStyle: { color: palette.quiet }, ...at.axisTick },
    splitLine: { lineStyle: { color: palette.grid } },
  };
}

/** Lines of the grid are where ticks are. */
export function ticksAt(ticks: readonly number[] | null) {
  const customValues = ticks === null ? {} : { customValues: [...ticks] };
  return { axisTick: customValues, axisLabel: customValues };
}

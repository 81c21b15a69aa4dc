// What is marked in a chart of lines: faults, stages and levels as shades with their names, and limits of rules. Names of faults
// stand above the plot, all others in it.

import type { LineSeriesOption } from 'echarts';
import { printable } from '../../units/printable.ts';
import type { Band, Limit } from './chart.ts';
import { type FaultLabel, faultLabels, fittingText } from './fault-labels.ts';
import { TOP } from './look.ts';
import { type Frame, toPx } from './plot-frame.ts';

const LABEL_MARGIN_PX = 8;

export function placeFaults(frame: Frame): ReadonlyMap<Band, FaultLabel> {
  const faults = frame.chart.bands.filter(({ kind }) => kind === 'fault');
  const spots = faults.map(({ name, from }) => ({ name: printable(name, 40), fromPx: toPx(frame, from) }));
  const labels = faultLabels(spots, frame.widthPx);
  return new Map(faults.map((band, place) => [band, labels[place]!]));
}

/** Bands and limits belong to a line of their own, which nobody can switch off. */
export function marks(frame: Frame, faults: ReadonlyMap<Band, FaultLabel>): LineSeriesOption {
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

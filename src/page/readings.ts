// What a chart says at one place, in words and numbers: for the tip at the pointer, and for who reads with keys.

import type { Chart, HeatMap, LineChart } from '../report/charts/chart.ts';
import { placeText, secondText, valueText } from '../report/charts/labels.ts';

export interface ChartReading {
  readonly at: string;
  readonly values: readonly { readonly name: string; readonly text: string }[];
}

export function placesOf(chart: Chart): number {
  return chart.kind === 'lines' ? chart.x.length : chart.columnCount;
}

export function readingAt(chart: Chart, place: number, hidden: ReadonlySet<string>): ChartReading {
  return chart.kind === 'lines' ? lineReading(chart, place, hidden) : columnReading(chart, place);
}

function lineReading({ axis, unit, x, series }: LineChart, place: number, hidden: ReadonlySet<string>): ChartReading {
  const at = x[place] ?? 0;
  return {
    at: placeText(axis, at),
    values: series.flatMap(({ name, y, behind }) => {
      const value = y[place] ?? null;
      return hidden.has(name) ? [] : [{ name, text: value === null ? 'n/a' : valueText(behind ?? unit, value) }];
    }),
  };
}

/** Of a column: how many replies, and where most of them are. */
function columnReading(chart: HeatMap, column: number): ChartReading {
  const cells = chart.cells.filter(([at]) => at === column);
  const replies = cells.reduce((sum, [, , count]) => sum + count, 0);
  const [, row, most] = cells.reduce<readonly [number, number, number]>(
    (best, cell) => (cell[2] > best[2] ? cell : best),
    [0, 0, 0],
  );
  return {
    at: `${secondText(column * chart.columnSeconds)} to ${secondText((column + 1) * chart.columnSeconds)}`,
    values: [
      { name: 'replies', text: valueText('count', replies) },
      ...(most === 0 ? [] : [{ name: `most, ${valueText('count', most)}, took`, text: rowText(chart, row) }]),
    ],
  };
}

export function rowText({ edgesMs }: HeatMap, row: number): string {
  return `${valueText('ms', edgesMs[row] ?? 0)} to ${valueText('ms', edgesMs[row + 1] ?? 0)}`;
}

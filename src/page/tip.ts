// The tip at the pointer. It is built of text nodes: names of series may come from anywhere.

import type { Chart } from '../report/charts/chart.ts';
import { secondText, valueText } from '../report/charts/labels.ts';
import { type ChartReading, readingAt, rowText } from './readings.ts';

export function tipOf(chart: Chart, hidden: ReadonlySet<string>, params: unknown): HTMLElement {
  return elementOf(chart.kind === 'lines' ? lineTip(chart, hidden, params) : cellTip(chart, params));
}

function lineTip(chart: Extract<Chart, { kind: 'lines' }>, hidden: ReadonlySet<string>, params: unknown): ChartReading {
  const [first] = params as readonly { readonly dataIndex: number }[];
  return readingAt(chart, first?.dataIndex ?? 0, hidden);
}

function cellTip(chart: Extract<Chart, { kind: 'heat' }>, params: unknown): ChartReading {
  const { dataIndex } = params as { readonly dataIndex: number };
  const [column, row, count] = chart.cells[dataIndex] ?? [0, 0, 0];
  return {
    at: `${secondText(column * chart.columnSeconds)}, ${rowText(chart, row)}`,
    values: [{ name: 'replies', text: valueText('count', count) }],
  };
}

function elementOf({ at, values }: ChartReading): HTMLElement {
  const box = document.createElement('div');
  const head = document.createElement('div');
  head.textContent = at;
  box.append(head);
  for (const { name, text } of values) {
    const line = document.createElement('div');
    const strong = document.createElement('b');
    strong.textContent = text;
    line.append(`${name} `, strong);
    box.append(line);
  }
  return box;
}

// Charts for a terminal: response time and throughput over time, and the spectrum, in marks that any terminal has. A column
// shows the greatest value of the time that it stands for, so no peak is lost.

import type { RunResult } from '../../facts/result.ts';
import type { LineChart, Unit } from '../charts/chart.ts';
import { axisText, valueText } from '../charts/labels.ts';
import { responseOverTime, throughputOverTime } from '../charts/over-time.ts';
import { spectrum } from '../charts/spectrum.ts';
import { inPlanTime } from '../plan-time.ts';
import type { TextStyle } from './style.ts';

/** In characters, without the labels of the heights. */
const WIDTH = 64;
const HEIGHT = 10;
const LABEL_WIDTH = 9;

interface Shown {
  readonly chart: LineChart | null;
  readonly title: string;
  /** The second stands in front of the first where both are. */
  readonly series: readonly [back: string, front: string];
}

/** Empty where nothing was answered or sent. */
export function renderPlots(judged: RunResult, style: TextStyle, inflate: (bytes: Uint8Array) => Uint8Array): string {
  const result = inPlanTime(judged);
  const plots: readonly Shown[] = [
    { chart: responseOverTime(result), title: 'response time', series: ['response p50', 'response p99'] },
    { chart: throughputOverTime(result), title: 'messages each second', series: ['offered', 'delivered'] },
    { chart: spectrum(result, inflate), title: 'response time by percentile', series: ['service', 'response'] },
  ];
  return plots.flatMap((shown) => plotLines(shown, style)).join('\n');
}

function plotLines({ chart, title, series }: Shown, style: TextStyle): readonly string[] {
  if (chart === null) return [];
  const marks = style.unicode ? ['·', '•'] : ['.', '*'];
  const columns = series.map((name) => columnsOf(chart, name));
  const scale = scaleOf(chart, columns.flat());
  if (scale === null) return [];
  const key = series.map((name, place) => `${marks[place]} ${name}`).join('   ');
  const rows = Array.from({ length: HEIGHT }, (_, row) => {
    const cells = Array.from({ length: WIDTH }, (_unused, column) => {
      const drawn = columns.findLastIndex((values) => {
        const value = values[column] ?? null;
        return value !== null && scale.rowOf(value) === row;
      });
      return marks[drawn] ?? ' ';
    });
    const label =
      row === 0 || row === HEIGHT - 1 || row === HEIGHT >> 1 ? valueText(chart.unit, scale.valueOf(row)) : '';
    return `  ${label.padStart(LABEL_WIDTH)} ${style.unicode ? '│' : '|'}${cells.join('').trimEnd()}`;
  });
  const axis = `  ${' '.repeat(LABEL_WIDTH)} ${style.unicode ? `└${'─'.repeat(WIDTH)}` : `+${'-'.repeat(WIDTH)}`}`;
  return [`  ${style.bold(title)}   ${key}`, ...rows.toReversed(), axis, edgeLabels(chart), ''];
}

/** The greatest value in each column, which lasts until the next; null where there is none. */
function columnsOf({ x, series, axis }: LineChart, name: string): readonly (number | null)[] {
  const columns: (number | null)[] = Array.from({ length: WIDTH }, () => null);
  const y = series.find((one) => one.name === name)?.y ?? [];
  const place = (at: number): number => (axis.of === 'rarity' ? Math.log10(at) : at);
  const from = place(x[0] ?? 0);
  const width = Math.max(place(x.at(-1) ?? 0) - from, Number.EPSILON);
  const columnOf = (at: number): number => Math.min(WIDTH - 1, Math.floor(((place(at) - from) / width) * WIDTH));
  for (const [index, at] of x.entries()) {
    const value = y[index] ?? null;
    if (value === null) continue;
    const first = columnOf(at);
    const next = index + 1 < x.length ? columnOf(x[index + 1]!) : WIDTH;
    for (let column = first; column < Math.max(first + 1, next); column++) {
      columns[column] = Math.max(value, columns[column] ?? Number.NEGATIVE_INFINITY);
    }
  }
  return columns;
}

interface Scale {
  /** From 0, the lowest. */
  rowOf(value: number): number;
  valueOf(row: number): number;
}

/** Null where there is nothing to show. */
function scaleOf({ scale, unit }: LineChart, values: readonly (number | null)[]): Scale | null {
  const isLog = scale === 'logarithmic';
  const known = values.filter((value) => value !== null && (!isLog || value > 0)) as readonly number[];
  if (known.length === 0) return null;
  const forward = isLog ? Math.log10 : (value: number) => value;
  const back = isLog ? (value: number) => 10 ** value : (value: number) => value;
  const lowest = isLog ? Math.min(...known.map(forward)) : 0;
  const highest = Math.max(...known.map(forward));
  const height = highest - lowest || leastHeight(unit);
  return {
    rowOf: (value) => Math.round(((forward(value) - lowest) / height) * (HEIGHT - 1)),
    valueOf: (row) => back(lowest + (height * row) / (HEIGHT - 1)),
  };
}

/** Where all values are the same there is a line, at the bottom. */
function leastHeight(unit: Unit): number {
  return unit === 'ms' ? 0.1 : 1;
}

function edgeLabels({ axis, x }: LineChart): string {
  const [from, to] = [axisText(axis, x[0] ?? 0), axisText(axis, x.at(-1) ?? 0)];
  return `  ${' '.repeat(LABEL_WIDTH + 2)}${from}${to.padStart(Math.max(to.length + 1, WIDTH - from.length))}`;
}

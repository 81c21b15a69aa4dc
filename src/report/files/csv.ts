// The timeline and every figure of a result as CSV (RFC 4180). The columns are the names of `result.json`, which carry their
// units. A text that a spreadsheet would take for a formula has a quotation mark in front.

import { stringify } from 'csv-stringify/sync';
import type { HeatResult, RunResult, TimelinePoint } from '../../facts/result.ts';
import type { ReportFile } from './report-file.ts';

type Cell = string | number | null;

export function renderCsv(result: RunResult): readonly ReportFile[] {
  return [
    { name: 'timeline.csv', content: table(timelineRows(result.timeline)) },
    { name: 'summary.csv', content: table([['figure', 'value'], ...figures(result)]) },
    ...(result.responseHeat === null ? [] : [{ name: 'heat.csv', content: table(heatRows(result.responseHeat)) }]),
  ];
}

function table(rows: readonly (readonly Cell[])[]): string {
  // Numbers are none of a stranger's, and a minus in front of one is no formula.
  const written = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? harmless(cell) : cell)));
  return stringify(written as Cell[][]);
}

/** Such as no spreadsheet takes for a formula. */
export function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function timelineRows(timeline: readonly TimelinePoint[]): readonly (readonly Cell[])[] {
  const [first] = timeline;
  if (first === undefined) return [['second']];
  const names = Object.keys(first).filter((name) => name !== 'resources') as (keyof Omit<TimelinePoint, 'resources'>)[];
  const series = [...new Set(timeline.flatMap(({ resources }) => Object.keys(resources)))];
  return [
    [...names, ...series],
    ...timeline.map((point) => [
      ...names.map((name) => point[name]),
      ...series.map((name) => point.resources[name] ?? null),
    ]),
  ];
}

/** A row for each stretch of the run; the columns are named by the response times that they begin with. */
function heatRows({ columnSeconds, edgesMs, columns }: HeatResult): readonly (readonly Cell[])[] {
  return [
    ['second', ...edgesMs.slice(0, -1).map((ms) => `fromMs ${ms}`)],
    ...columns.map((counts, place) => [place * columnSeconds, ...counts]),
  ];
}

/** What is not a figure of the whole run, or stands in a file of its own. */
const LEFT_OUT: readonly string[] = ['schema', 'plan', 'timeline', 'responseHeat', 'violations', 'hdr'];

/** Every number, and every word, by its path in the result. */
function figures(result: RunResult): readonly (readonly [string, Cell])[] {
  const rows: [string, Cell][] = [];
  const walk = (path: string, value: unknown): void => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) walk(`${path}[${index}]`, item);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        if (!LEFT_OUT.includes(key)) walk(path === '' ? key : `${path}.${key}`, member);
      }
    } else if (typeof value === 'boolean') rows.push([path, String(value)]);
    else if (typeof value === 'string' || typeof value === 'number' || value === null) rows.push([path, value]);
  };
  walk('', result);
  return rows;
}

// Cells and tables of a report: a number is shown as the project's other reports show it, and sorted by what it is.

import type { Distribution } from '../facts/result.ts';
import { formatBytes } from '../units/bytes.ts';
import { printable } from '../units/printable.ts';
import { formatCount } from '../units/rate.ts';
import type { Cell, Column, TableBlock, Tone } from './document.ts';
import { formatMs, formatPerSecond, formatSeconds } from './words/figures.ts';

export function text(words: string, tone?: Tone): Cell {
  return { text: words, ...(tone === undefined ? {} : { tone }) };
}

/** Words from outside. */
export function said(words: string, maxCharacters?: number): Cell {
  return { text: printable(words, maxCharacters), isCode: true };
}

export function countCell(count: number, tone?: Tone): Cell {
  return { text: formatCount(count), value: count, ...(tone === undefined ? {} : { tone }) };
}

/** Bad as soon as there is one. */
export function troubleCell(count: number): Cell {
  return countCell(count, count === 0 ? undefined : 'bad');
}

export function msCell(ms: number | null): Cell {
  return { text: formatMs(ms), value: ms };
}

/** A moment of the run, exact enough to be found in a log. */
export function momentCell(second: number): Cell {
  return { text: `${second.toFixed(3)} s`, value: second };
}

export function secondsCell(seconds: number | null): Cell {
  return { text: formatSeconds(seconds), value: seconds };
}

export function rateCell(perSecond: number | null): Cell {
  return { text: formatPerSecond(perSecond), value: perSecond };
}

export function byteRateCell(bytesPerSecond: number | null): Cell {
  return {
    text: bytesPerSecond === null ? 'n/a' : `${formatBytes(Math.round(bytesPerSecond))}/s`,
    value: bytesPerSecond,
  };
}

export function words(...names: readonly string[]): readonly Column[] {
  return names.map((name) => ({ name, isNumber: false }));
}

export function numbers(...names: readonly string[]): readonly Column[] {
  return names.map((name) => ({ name, isNumber: true }));
}

export function table(
  title: string,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  note: string | null = null,
): TableBlock {
  return { kind: 'table', title, columns, rows, note };
}

export const TIME_COLUMNS = numbers('samples', 'min', 'mean', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'p99.99', 'max');

export function timeCells(times: Distribution): readonly Cell[] {
  const { count, minMs, meanMs, p50Ms, p90Ms, p95Ms, p99Ms, p999Ms, p9999Ms, maxMs } = times;
  return [countCell(count), ...[minMs, meanMs, p50Ms, p90Ms, p95Ms, p99Ms, p999Ms, p9999Ms, maxMs].map(msCell)];
}

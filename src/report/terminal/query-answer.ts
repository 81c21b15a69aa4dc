// Rows of an answer as text, CSV or JSON. Whatever a cell holds, it holds no escape sequence when it is printed.

import { stringify } from 'csv-stringify/sync';
import { printable, printableJson } from '../../units/printable.ts';
import { harmless } from '../files/csv.ts';
import { alignColumns } from './columns.ts';

export interface QueriedRows {
  readonly columns: readonly string[];
  /** Texts, numbers, truth values, null, and lists and objects of these. */
  readonly rows: readonly (readonly unknown[])[];
}

const MOST_CHARACTERS = 120;

export function renderAnswer({ columns, rows }: QueriedRows): string {
  const isNumeric = (place: number): boolean =>
    rows.every((row) => row[place] === null || typeof row[place] === 'number') &&
    rows.some((row) => row[place] !== null);
  const titles = columns.map((title, place) => ({
    title: printable(title, MOST_CHARACTERS),
    align: isNumeric(place) ? ('right' as const) : ('left' as const),
  }));
  const texts = rows.map((row) => row.map((cell) => printable(textOf(cell), MOST_CHARACTERS)));
  return `${alignColumns(titles, texts).join('\n')}\n`;
}

export function renderAnswerCsv({ columns, rows }: QueriedRows): string {
  const texts = rows.map((row) =>
    row.map((cell) =>
      typeof cell === 'number' ? String(cell) : harmless(printable(textOf(cell), Number.MAX_SAFE_INTEGER)),
    ),
  );
  return stringify([columns.map((title) => harmless(printable(title))), ...texts]);
}

export function renderAnswerJson({ columns, rows }: QueriedRows): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map((name, place) => [name, row[place]])));
  return `${printableJson(objects)}\n`;
}

function textOf(cell: unknown): string {
  if (cell === null) return '';
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

// What the terminal at the other end can show: https://no-color.org, CI, TERM=dumb, the locale's charset, its width.

import type { WriteStream } from 'node:tty';
import { ansiStyle, plainStyle, type TextStyle } from '../report/terminal/style.ts';
import { wrapText } from '../report/terminal/wrap.ts';

type Stream = Pick<WriteStream, 'isTTY' | 'columns'> | NodeJS.WriteStream;

/** Of a terminal that does not say. */
const DEFAULT_COLUMNS = 80;

export function styleFor(stream: Stream): TextStyle {
  const { NO_COLOR, TERM } = process.env;
  const isTerminal = stream.isTTY === true;
  const hasColor = isTerminal && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
  const columns = isTerminal ? stream.columns || DEFAULT_COLUMNS : null;
  return hasColor ? ansiStyle(hasUnicode(), columns) : plainStyle(hasUnicode(), columns);
}

/** A line of its own on stderr, broken at the terminal's width. */
export function printNote(text: string): void {
  process.stderr.write(`${wrapText(text, 2, styleFor(process.stderr).columns)}\n`);
}

/** Whether a block of lines can be refreshed in place. */
export function canRefresh(stream: Stream): boolean {
  return stream.isTTY === true && process.env.CI !== 'true' && process.env.TERM !== 'dumb';
}

function hasUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}

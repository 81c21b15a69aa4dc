// What the terminal at the other end can show: https://no-color.org, CI, TERM=dumb, the locale's charset.

import type { WriteStream } from 'node:tty';
import { ansiStyle, plainStyle, type TextStyle } from '../report/terminal/style.ts';

type Stream = Pick<WriteStream, 'isTTY'> | NodeJS.WriteStream;

export function styleFor(stream: Stream): TextStyle {
  const { NO_COLOR, TERM } = process.env;
  const hasColor = stream.isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
  return hasColor ? ansiStyle(hasUnicode()) : plainStyle(hasUnicode());
}

/** Whether a block of lines can be refreshed in place. */
export function canRefresh(stream: Stream): boolean {
  return stream.isTTY === true && process.env.CI !== 'true' && process.env.TERM !== 'dumb';
}

function hasUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}

// Progress on stderr: one block that refreshes itself on a terminal, a line every few seconds elsewhere.

import type { LiveFigures } from '../facts/live-figures.ts';
import { renderProgressBlock, renderProgressLine } from '../report/terminal/progress.ts';
import { wrapText } from '../report/terminal/wrap.ts';
import { canRefresh, styleFor } from './terminal.ts';

export interface ProgressView {
  show(figures: LiveFigures): void;
  /** A message that stays. */
  say(text: string): void;
  /** Takes the block away; may be called again. */
  close(): void;
}

const SECONDS_BETWEEN_LINES = 5;
/** Of a terminal that does not say; many are higher. */
const DEFAULT_ROWS = 24;

export function createProgressView(stream: NodeJS.WriteStream): ProgressView {
  return canRefresh(stream) ? refreshingBlock(stream) : plainLines(stream);
}

function refreshingBlock(stream: NodeJS.WriteStream): ProgressView {
  let shownLines = 0;
  const clear = (): void => {
    // ECMA-48: cursor up n lines, then erase to the end of the screen.
    if (shownLines > 0) stream.write(`\u001b[${shownLines}A\u001b[0J`);
    shownLines = 0;
  };
  return {
    show(figures) {
      // The terminal may have another size by now. What scrolled out of it could not be cleared, so one row is left free.
      const lines = renderProgressBlock(figures, styleFor(stream), (stream.rows || DEFAULT_ROWS) - 1);
      clear();
      stream.write(`${lines.join('\n')}\n`);
      shownLines = lines.length;
    },
    say(text) {
      clear();
      stream.write(`${wrapText(text, 2, styleFor(stream).columns)}\n`);
    },
    close: clear,
  };
}

function plainLines(stream: NodeJS.WriteStream): ProgressView {
  let lastShownSecond = Number.NEGATIVE_INFINITY;
  return {
    show(figures) {
      if (figures.elapsedSeconds - lastShownSecond < SECONDS_BETWEEN_LINES) return;
      lastShownSecond = figures.elapsedSeconds;
      stream.write(`${renderProgressLine(figures)}\n`);
    },
    say: (text) => void stream.write(`${text}\n`),
    close: () => {},
  };
}

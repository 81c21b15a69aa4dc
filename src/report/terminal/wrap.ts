// Lines broken between words at the width of the terminal. Short parts that stand apart by two blanks or more stay whole
// where they can. A word that is longer than a line, such as a path, is left to the terminal.
//
//   messages    due 1,010   sent 1,000   delivered 990
//               lost 6   unresolved 4
//   |<- hang ->|

import { widthOf } from './columns.ts';

export interface HangingLine {
  readonly text: string;
  /** The column at which what does not fit goes on. */
  readonly hang: number;
}

/** Fewer characters than these beside the hang, and lines go on near the left edge instead. */
const LEAST_TEXT = 24;
const SMALL_HANG = 4;
/** A longer part is prose: it is broken where the line ends, and not kept whole in the next. */
const MAX_WHOLE_PART = 40;

/** `columns`: null where nothing is to be broken, as in a file or a pipe. */
export function wrapLines(lines: readonly HangingLine[], columns: number | null): readonly string[] {
  return columns === null ? lines.map(({ text }) => text) : lines.flatMap((line) => wrapLine(line, columns));
}

/** A text of one or more lines, each of which goes on at `hang`. */
export function wrapText(text: string, hang: number, columns: number | null): string {
  const lines = text.split('\n').map((line) => ({ text: line, hang }));
  return wrapLines(lines, columns).join('\n');
}

/** A word as a shell reads it: blanks within quotation marks belong to it. */
const SHELL_WORD = /(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g;

/**
 * A command that goes on in the next line, so that all of it can be copied. It is broken before its flags, and between other
 * words only where that is not enough.
 */
export function wrapCommand(text: string, lead: string, columns: number | null): readonly string[] {
  if (columns === null || widthOf(lead + text) <= columns) return [lead + text];
  const indent = ' '.repeat(widthOf(lead) + 2);
  const lines: string[] = [];
  let line = lead;
  // Room for the backslash that continues a line.
  const fits = (more: string): boolean => widthOf(`${line}${more} \\`) <= columns;
  const isBegun = (): boolean => line.trim() !== lead.trim() && line !== indent;
  const put = (words: string): void => {
    if (isBegun() && !fits(` ${words}`)) {
      lines.push(`${line} \\`);
      line = indent;
    }
    line += isBegun() ? ` ${words}` : words;
  };
  for (const group of flagGroups(text.match(SHELL_WORD) ?? [])) {
    const whole = group.join(' ');
    const isTooLong = widthOf(`${indent}${whole} \\`) > columns;
    for (const words of isTooLong ? group : [whole]) put(words);
  }
  return [...lines, line];
}

/** Each flag with its values. */
function flagGroups(words: readonly string[]): readonly (readonly string[])[] {
  const groups: string[][] = [];
  for (const word of words) {
    if (groups.length === 0 || word.startsWith('-')) groups.push([word]);
    else groups.at(-1)!.push(word);
  }
  return groups;
}

function wrapLine({ text, hang }: HangingLine, columns: number): readonly string[] {
  if (widthOf(text) <= columns) return [text];
  const indent = ' '.repeat(columns - hang < LEAST_TEXT ? Math.min(hang, SMALL_HANG) : hang);
  const lines: string[] = [];
  let line = /^ */.exec(text)![0];
  const fits = (more: string): boolean => widthOf(line + more) <= columns;
  /** Nothing but a label stands there: breaking would win nothing. */
  const isBegun = (gap: string): boolean => widthOf(line + gap) > indent.length;
  const breakLine = (): void => {
    lines.push(line);
    line = indent;
  };
  let gap = '';
  // Parts and the gaps between them, by turns.
  for (const [place, part] of text
    .trim()
    .split(/( {2,})/)
    .entries()) {
    if (place % 2 === 1) {
      gap = part;
      continue;
    }
    const isWhole = widthOf(part) <= MAX_WHOLE_PART && widthOf(indent + part) <= columns;
    if (!fits(gap + part) && isBegun(gap) && isWhole) {
      breakLine();
      line += part;
      continue;
    }
    for (const [index, word] of part.split(' ').entries()) {
      const before = index === 0 ? gap : ' ';
      if (fits(before + word) || !isBegun(before)) {
        line += before + word;
        continue;
      }
      breakLine();
      line += word;
    }
  }
  return [...lines, line];
}

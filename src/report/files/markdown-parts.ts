// What reports in Markdown are made of, in the form that GitHub and GitLab have in common.

import { printable } from '../../units/printable.ts';

/** In a cell `|` is escaped, in code as well (GFM §4.10). */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** A code span whose fence is longer than any in the text (CommonMark §6.1). */
export function code(text: string, maxCharacters = 300): string {
  const safe = printable(text, maxCharacters);
  const longest = Math.max(0, ...[...safe.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const padding = longest > 0 || safe === '' ? ' ' : '';
  return `${fence}${padding}${safe}${padding}${fence}`;
}

/** With an empty line between them; one without lines is left out. */
export function paragraphs(all: readonly (readonly string[])[]): string {
  const texts = all.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${texts.join('\n\n')}\n`;
}

// Rows of text under one another. Every cell has been made printable before.

export interface TextColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** A title and then a line a row, without blanks at the end. */
export function alignColumns(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): readonly string[] {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, place) => lines.reduce((width, line) => Math.max(width, widthOf(line[place]!)), 0));
  return lines.map((line) =>
    columns
      .map(({ align }, place) => {
        const cell = line[place]!;
        const blanks = ' '.repeat(widths[place]! - widthOf(cell));
        return align === 'right' ? blanks + cell : cell + blanks;
      })
      .join('   ')
      .trimEnd(),
  );
}

/** In characters as people count them; colors take no place. */
export function widthOf(cell: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: SGR sequences are what is left out.
  return [...cell.replaceAll(/\u001b\[\d+m/g, '')].length;
}

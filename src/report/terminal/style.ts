// Colors, glyphs and width of a terminal, or none: a renderer is given a style and asks nothing of the world.

export interface TextStyle {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  /** Where the terminal can show more than ASCII. */
  readonly unicode: boolean;
  /** Lines are broken at this width; null where they are not, as in a file or a pipe, so that each fact stays on its line. */
  readonly columns: number | null;
}

const plain = (text: string): string => text;

export function plainStyle(unicode: boolean, columns: number | null = null): TextStyle {
  return { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, unicode, columns };
}

/** ECMA-48 SGR sequences. */
export function ansiStyle(unicode: boolean, columns: number | null = null): TextStyle {
  const sgr = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    red: sgr(31, 39),
    green: sgr(32, 39),
    yellow: sgr(33, 39),
    unicode,
    columns,
  };
}

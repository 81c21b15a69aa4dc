// Where the names of faults stand: above the plot, each from the left edge of its shade, in as many rows as it takes that no two
// of them touch. Where names do not fit, each fault has its number, which the text of the first chart explains.
//
//        latency                     row 1
//      down      drop                row 0
//      ├─┤ ├────┤├──┤                shades

/** Of a character in 10 px; ECharts cannot measure text where there is no browser. */
const CHARACTER_PX = 6;
const GAP_PX = 6;
const MOST_ROWS = 3;
const LONGEST_NAME = 18;

export interface FaultSpot {
  readonly name: string;
  readonly fromPx: number;
}

export interface FaultLabel {
  /** Empty where nothing fits. */
  readonly text: string;
  /** Its left edge. */
  readonly atPx: number;
  /** From 0, next to the plot. */
  readonly row: number;
}

/** `spots` from left to right. */
export function faultLabels(spots: readonly FaultSpot[], widthPx: number): readonly FaultLabel[] {
  const named = placed(
    spots.map(({ name, fromPx }) => ({ text: shortened(name, LONGEST_NAME), fromPx })),
    widthPx,
  );
  const isWhole = named.every(({ text }) => text !== '');
  return isWhole
    ? named
    : placed(
        spots.map(({ fromPx }, place) => ({ text: String(place + 1), fromPx })),
        widthPx,
      );
}

export function rowsOf(labels: readonly FaultLabel[]): number {
  return labels.reduce((rows, { row, text }) => (text === '' ? rows : Math.max(rows, row + 1)), 0);
}

export function widthOfPx(text: string): number {
  return CHARACTER_PX * text.length;
}

/** The text, or as much of it as there is room for; empty where that is next to nothing. */
export function fittingText(text: string, widthPx: number): string {
  const room = Math.floor(widthPx / CHARACTER_PX);
  return text.length <= room || room >= 4 ? shortened(text, room) : '';
}

function shortened(text: string, mostCharacters: number): string {
  return text.length <= mostCharacters ? text : `${[...text].slice(0, mostCharacters - 1).join('')}…`;
}

/** Each in the lowest row that has room for it. */
function placed(
  wanted: readonly { readonly text: string; readonly fromPx: number }[],
  widthPx: number,
): readonly FaultLabel[] {
  const ends: number[] = [];
  return wanted.map(({ text, fromPx }) => {
    const width = widthOfPx(text);
    // At the right edge it ends there, and begins to the left of its shade.
    const atPx = Math.max(0, Math.min(fromPx, widthPx - width));
    for (let row = 0; row < MOST_ROWS; row++) {
      if ((ends[row] ?? Number.NEGATIVE_INFINITY) + GAP_PX > atPx) continue;
      ends[row] = atPx + width;
      return { text, atPx, row };
    }
    return { text: '', atPx, row: 0 };
  });
}

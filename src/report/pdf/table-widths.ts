// How wide the columns of a table are on paper. A page does not scroll: columns get what their texts need, words share what is left
// and wrap, numbers do not. Widths are estimated from the letters, as a layout that measures would give each part of a table its own.

import type { TableBlock } from '../document.ts';

/** Of a cell, on each side. */
export const CELL_PADDING_PT = 4;
export const CELL_FONT_PT = 8;

/** What a character of Roboto takes, in its font size; rather too much than too little. */
const NARROW_EM = 0.36;
const USUAL_EM = 0.575;
const UPPER_EM = 0.68;
const WIDE_EM = 0.92;

/** A longer word is broken. */
const LONGEST_WORD_PT = 90;
/** Columns of a table that needs less than the page come no further apart than this. */
const MOST_SPARE_PT = 40;

/** In points, without padding; null where the columns do not fit beside one another. */
export function columnWidths({ columns, rows }: TableBlock, pageWidthPt: number): readonly number[] | null {
  const roomPt = pageWidthPt - 2 * CELL_PADDING_PT * columns.length;
  const needs = columns.map(({ name, isNumber }, at) => {
    const texts = rows.map((cells) => cells[at]?.text ?? '');
    const widestPt = Math.max(0, ...texts.map(textWidthPt));
    const wordPt = isNumber ? widestPt : Math.min(LONGEST_WORD_PT, widestWordPt(texts));
    return { leastPt: Math.max(widestWordPt([name]), wordPt), wantedPt: Math.max(textWidthPt(name), widestPt) };
  });
  const leastPt = sumOf(needs.map((need) => need.leastPt));
  if (leastPt > roomPt) return null;
  const wantedPt = sumOf(needs.map((need) => need.wantedPt));
  if (wantedPt <= roomPt) {
    const sparePt = Math.min(MOST_SPARE_PT, (roomPt - wantedPt) / columns.length);
    return needs.map((need) => need.wantedPt + sparePt);
  }
  const ratio = (roomPt - leastPt) / (wantedPt - leastPt);
  return needs.map((need) => need.leastPt + ratio * (need.wantedPt - need.leastPt));
}

export function textWidthPt(text: string): number {
  let em = 0;
  for (const character of text) em += characterEm(character);
  return em * CELL_FONT_PT;
}

function characterEm(character: string): number {
  if (/[mwMW@%]/.test(character)) return WIDE_EM;
  if (/[fijlrtI.,:;'|!()[\]{}\-/ ]/.test(character)) return NARROW_EM;
  return /\p{Lu}/u.test(character) ? UPPER_EM : USUAL_EM;
}

function widestWordPt(texts: readonly string[]): number {
  return Math.max(0, ...texts.flatMap((text) => text.split(/\s+/)).map(textWidthPt));
}

function sumOf(widthsPt: readonly number[]): number {
  return widthsPt.reduce((sum, widthPt) => sum + widthPt, 0);
}

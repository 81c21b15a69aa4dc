// Text as the PDF's font can show it. Roboto has Latin, Greek and Cyrillic characters; any other character stands as its
// number in Unicode, so that none is left out in silence. Long words may break anywhere: a column is only so wide.

const SHOWN =
  /[\n\u{20}-\u{7e}\u{a0}-\u{17f}\u{1c0}-\u{24f}\u{370}-\u{3ff}\u{400}-\u{4ff}\u{1e00}-\u{1eff}\u{2010}-\u{2026}\u{20ac}\u{2212}]/u;

export function inFont(text: string): string {
  return [...text].map((character) => (SHOWN.test(character) ? character : asNumber(character))).join('');
}

function asNumber(character: string): string {
  return `[U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`;
}

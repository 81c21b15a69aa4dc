// Text from outside (a service's words, a plan's name) made safe for one line of a terminal: no control
// characters, no escape sequences, no marks that turn the direction of writing.

const MAX_CHARACTERS = 300;

export function printable(text: string, maxCharacters = MAX_CHARACTERS): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' || character === '\t' || character === '\r' ? ' ' : `\\u${hexOf(character.codePointAt(0)!)}`,
  );
  return safe.length <= maxCharacters ? safe : `${safe.slice(0, maxCharacters)}... (${text.length} characters)`;
}

/** JSON on one line that shows nothing of the kind either, and still means the same. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, unit) => `\\u${hexOf(character.charCodeAt(unit))}`).join(''),
  );
}

/** Of a character or half of one: `202e`. */
export function hexOf(code: number): string {
  return code.toString(16).padStart(4, '0');
}

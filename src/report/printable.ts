// Text from outside (a service's words, a plan's name) made safe for one line of a terminal: no control
// characters, no escape sequences, no marks that turn the direction of writing.

const MAX_CHARACTERS = 300;

export function printable(text: string, maxCharacters = MAX_CHARACTERS): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' || character === '\t' || character === '\r' ? ' ' : `\\u${hex(character)}`,
  );
  return safe.length <= maxCharacters ? safe : `${safe.slice(0, maxCharacters)}... (${text.length} characters)`;
}

function hex(character: string): string {
  return character.codePointAt(0)!.toString(16).padStart(4, '0');
}

// Text in HTML (WHATWG HTML, 13.1.2): what could begin or end markup becomes a character reference, in contents and in
// attributes with quotation marks alike. What has no shape, such as marks that turn the direction of writing, is shown by
// its number.

import { hexOf } from '../../units/printable.ts';

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) =>
      character === '\n' ? character : `\\u${hexOf(character.codePointAt(0)!)}`,
    )
    .replace(/[&<>"']/g, (character) => REFERENCES[character]!);
}

/** A value of JSON inside `<script>`: no `<` can end it, and no line separator can break it. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(/[<\u2028\u2029]/g, (character) => `\\u${hexOf(character.charCodeAt(0))}`);
}

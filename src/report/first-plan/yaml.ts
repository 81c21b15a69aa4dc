// The little YAML that a written plan needs: scalars, lists and maps in one line, comments. What could be read as anything but
// the text that it is gets quotation marks, and no character in them can end a line or turn a terminal's writing.

import { printable } from '../../units/printable.ts';

const MAX_COMMENT = 240;
const NOTES_AT = 40;
const RESERVED = /^(?:true|false|null|~)$/i;
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_./% -]*$/;
const PLAIN_URL = /^wss?:\/\/[A-Za-z0-9_.:/-]*[A-Za-z0-9_/-]$/;
const PLAIN_RULE =
  /^[A-Za-z.0-9]+ (?:<|<=|>|>=|==|!=) [A-Za-z0-9.%/]+(?: (?:in|during|outside) [A-Za-z0-9_ -]*[A-Za-z0-9_])?$/;
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;

export function yamlText(text: string): string {
  const isPlain = PLAIN.test(text) && text === text.trim() && !RESERVED.test(text) && Number.isNaN(Number(text));
  return isPlain || PLAIN_URL.test(text) || PLAIN_RULE.test(text) ? text : quoted(text);
}

/** JSON's strings are YAML's. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** A value of JSON in one line: `{ type: echo, id: "${id}" }`. */
export function yamlFlow(value: unknown): string {
  // In a list or map in brackets a comma, and a placeholder's brace, would end a plain text.
  if (typeof value === 'string') return PLAIN.test(value) ? yamlText(value) : quoted(value);
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.map(yamlFlow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${yamlKey(key)}: ${yamlFlow(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

export function yamlKey(key: string): string {
  return PLAIN_KEY.test(key) && !RESERVED.test(key) ? key : quoted(key);
}

/** A line, and beside it what it means. */
export function noted(line: string, why: string): string {
  return `${line.padEnd(NOTES_AT - 1)} # ${why}`;
}

export function comment(text: string, indent = ''): string {
  return `${indent}# ${printable(text, MAX_COMMENT)}`;
}

// What is wrong with a plan, as data: where, what was expected, what was found, and what to do. Whatever the plan holds
// (megabytes, line breaks, escape codes), a problem prints as one short line.

export interface PlanProblem {
  /** `load.connections[1].hold`; or a line and a column, where the text could not be read at all. */
  readonly path: string;
  readonly expected: string;
  readonly got: string;
  readonly hint: string | null;
}

/** The keys and indexes from the document's root to a place in it. */
export type PlanPath = readonly PropertyKey[];

/** A problem while its place still has to be looked up in the document. */
export interface PlacedProblem {
  readonly at: PlanPath;
  readonly expected: string;
  readonly got: string;
  readonly hint: string | null;
}

const MAX_GOT_LENGTH = 60;
const MAX_KEY_LENGTH = 40;
const PLAIN_KEY = /^[\w$-]+$/;
/** Controls, line separators, bidirectional overrides, zero-width characters: what can forge a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export function formatProblem({ path, expected, got, hint }: PlanProblem): string {
  const line = `${path}: expected ${expected}, got ${got}`;
  return hint === null ? line : `${line} (${hint})`;
}

export function pathText(path: PlanPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (PLAIN_KEY.test(String(key)) && String(key).length <= MAX_KEY_LENGTH)
      text += text === '' ? String(key) : `.${String(key)}`;
    else text += `[${quote(String(key), MAX_KEY_LENGTH)}]`;
  }
  return text === '' ? 'plan' : text;
}

/** What was found, for the end of a sentence: `"fast"`, `12`, `a list`, `nothing`. */
export function gotText(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return quote(value, MAX_GOT_LENGTH);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** In double quotes, on one line, at most about so long. */
export function quote(text: string, maxLength: number = MAX_GOT_LENGTH): string {
  const shown = text.length <= maxLength ? text : `${text.slice(0, maxLength)}...`;
  return JSON.stringify(shown).replace(UNPRINTABLE, escapeCharacter);
}

/** The value at a place, or undefined where there is none; never an inherited one. */
export function valueAt(document: unknown, path: PlanPath): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return value;
}

function escapeCharacter(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}

// YAML or JSON text as a document. Only data: no merge keys, no tags of other types, a bounded number of aliases, so
// that a small file cannot grow into a large one. A mistake is placed by its line and column.

import { LineCounter, parseDocument } from 'yaml';
import type { NonEmpty } from '../units/non-empty.ts';
import { isNonEmpty } from '../units/non-empty.ts';
import { jsonMistakeOffset } from './json-mistake.ts';
import { type PlanProblem, quote } from './problems.ts';

export type PlanFormat = 'yaml' | 'json';

export type PlanText = { readonly document: unknown } | { readonly problems: NonEmpty<PlanProblem> };

/** A plan is written by hand: this is far more than anybody writes. */
const MAX_TEXT_LENGTH = 1024 ** 2;
const MAX_ALIASES = 100;

export function readPlanText(text: string, format: PlanFormat): PlanText {
  if (text.length > MAX_TEXT_LENGTH) {
    return failed('plan', `a text of at most ${MAX_TEXT_LENGTH} characters`, `${text.length}`);
  }
  try {
    return format === 'yaml' ? readYaml(text) : readJson(text);
  } catch (error) {
    // Aliases beyond the bound, an alias without an anchor, nesting beyond the stack: all reported by throwing.
    const got = error instanceof RangeError ? 'one that is nested too deeply' : firstWords(error);
    return failed('plan', `a readable ${format === 'yaml' ? 'YAML' : 'JSON'} document`, got);
  }
}

function readYaml(text: string): PlanText {
  const { document, errors } = parseText(text);
  return isNonEmpty(errors)
    ? { problems: errors.map(({ problem }) => problem) as [PlanProblem] }
    : { document: document() };
}

function readJson(text: string): PlanText {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return failed(placeOf(text, jsonMistakeOffset(text)), 'valid JSON', firstWords(error));
  }
  // JSON.parse keeps the last of two equal keys without a word; the YAML reader, for which JSON is YAML, notices.
  const [duplicate] = parseText(text).errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  return duplicate === undefined ? { document } : { problems: [duplicate.problem] };
}

interface TextError {
  readonly code: string;
  readonly problem: PlanProblem;
}

function parseText(text: string): { readonly document: () => unknown; readonly errors: readonly TextError[] } {
  const lineCounter = new LineCounter();
  const parsed = parseDocument(text, {
    lineCounter,
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: true,
    stringKeys: true,
    // The pretty form quotes the source, in which a password may stand.
    prettyErrors: false,
    // Not 'silent', which also keeps quiet about a second document.
    logLevel: 'error',
  });
  const found = [...parsed.errors, ...parsed.warnings].map((error) => {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    const isDuplicate = error.code === 'DUPLICATE_KEY';
    const problem = {
      path: `line ${line}, column ${col}`,
      expected: isDuplicate ? 'each key once' : 'valid YAML',
      got: isDuplicate ? 'a repeated key' : firstWords(error),
      hint: isDuplicate ? null : braceHint(text.split('\n', line)[line - 1] ?? '', col),
    };
    return { code: error.code, line, problem };
  });
  // What follows a mistake on its line is mostly the same mistake.
  const errors = found.filter((error, place) => place === 0 || found[place - 1]!.line !== error.line);
  return { document: () => parsed.toJS({ maxAliasCount: MAX_ALIASES }), errors };
}

/** In a list or a map on one line a brace within a text begins a map: rules and placeholders have such braces. */
function braceHint(line: string, column: number): string | null {
  const before = line.slice(0, column);
  const [rule] = /[A-Za-z][\w.]*\{(?:type|priority)[^}]*\}[^,\]}]*/.exec(line) ?? [];
  if (rule !== undefined && /\w\{/.test(before)) return `put the rule in quotes: ${quote(rule.trim())}`;
  return /\$\{/.test(before) ? 'put a text with a placeholder in quotes' : null;
}

/** The start of a parser's message, up to where it quotes the text. */
function firstWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const words = message.split(/[\n\r"]|, '|\.\.\./)[0] ?? '';
  return (
    words
      .replace(/\p{Cc}/gu, ' ')
      .slice(0, 100)
      .replace(/[\s,:]+$/, '') || 'another value'
  );
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')}`;
}

function failed(path: string, expected: string, got: string): PlanText {
  return { problems: [{ path, expected, got, hint: null }] };
}

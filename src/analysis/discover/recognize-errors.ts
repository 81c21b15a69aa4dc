// How a JSON service says that it refuses a message: at a path where only errors have something, or in a way that a plan
// cannot look for, which is then said.

import type { Answer } from './answers.ts';
import { pathText } from './json-values.ts';

export type KeyPath = readonly string[];

/** Where a word says that a document is an error, one of these may be only in those. */
const REASON_KEYS = ['error', 'err', 'errors', 'reason', 'errorCode', 'error_code', 'code', 'detail', 'message'];

/** Errors that no path tells from other answers. */
export function errorCaveats(refusals: readonly Answer[], error: { readonly path: KeyPath } | null): readonly string[] {
  const [first] = refusals;
  if (error !== null || first?.failure?.kind !== 'word') return [];
  const { path, word } = first.failure;
  return [
    `errors are marked by ${word} at ${pathText(path)}; set error to a field that only errors have. Example: ${first.received.text}`,
  ];
}

/** An error is matched by its id like any answer. */
export function strayErrorCaveats([first]: readonly Answer[]): readonly string[] {
  if (first === undefined) return [];
  const where = first.idPaths.map(pathText).join(', ');
  return [
    `errors have the id at ${where}, which the plan does not read, so a rejected message counts as lost. Example: ${first.received.text}`,
  ];
}

/** What only errors have something at. */
export function errorPath(
  refusals: readonly Answer[],
  good: readonly Answer[],
): { readonly path: KeyPath; readonly evidence: string } | null {
  for (const { failure, received } of refusals) {
    if (failure?.kind !== 'path') continue;
    return { path: failure.path, evidence: `it reports errors at ${pathText(failure.path)}: ${received.text}` };
  }
  const inGood = (key: string): boolean =>
    good.some(({ values }) => values.some(({ path }) => path.length === 1 && path[0] === key));
  for (const { values, received } of refusals) {
    const key = REASON_KEYS.find(
      (name) => good.length > 0 && !inGood(name) && values.some(({ path }) => path.length === 1 && path[0] === name),
    );
    if (key !== undefined) return { path: [key], evidence: `only its errors have the field ${key}: ${received.text}` };
  }
  return null;
}

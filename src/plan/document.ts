// A plan before it is one: a document as YAML, JSON or a module gave it. It is copied once into plain data of bounded
// size, so that everything after it may walk it without fear of cycles, depth, getters or prototypes.

import { gotText, type PlacedProblem, type PlanPath } from './problems.ts';

/** Deeper than any plan can mean something. */
const MAX_DEPTH = 32;
const MAX_VALUES = 100_000;

export interface PlainDocument {
  readonly document: unknown;
  readonly problems: readonly PlacedProblem[];
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same data in fresh plain objects and lists, with a problem for each part that is not data. */
export function plainDocument(source: unknown): PlainDocument {
  const problems: PlacedProblem[] = [];
  let values = 0;

  const refuse = (at: PlanPath, expected: string, got: string, hint: string | null = null): undefined => {
    problems.push({ at, expected, got, hint });
    return undefined;
  };

  const copy = (value: unknown, at: PlanPath): unknown => {
    values += 1;
    if (values > MAX_VALUES) return undefined;
    if (value === null || ['undefined', 'string', 'number', 'boolean'].includes(typeof value)) return value;
    // Not the constructor: a document may come from another realm.
    const tag = Object.prototype.toString.call(value);
    if (tag !== '[object Object]' && !Array.isArray(value)) {
      return refuse(at, 'plain data', tag === '[object Function]' ? 'a function' : gotText(value));
    }
    if (at.length >= MAX_DEPTH) return refuse(at.slice(0, 3), `at most ${MAX_DEPTH} levels`, 'a deeper document');
    if (Array.isArray(value)) return value.map((item, index) => copy(item, [...at, index]));
    return Object.fromEntries(
      Object.entries(value as object).flatMap(([key, member]) => {
        if (key !== '__proto__') return [[key, copy(member, [...at, key])]];
        refuse([...at, key], 'a key of a plan', 'the key "__proto__"');
        return [];
      }),
    );
  };

  const document = copy(source, []);
  if (values > MAX_VALUES) refuse([], `at most ${MAX_VALUES} values`, 'a larger document');
  return { document, problems };
}

/**
 * Without the members that are null or undefined: `thresholds:` with nothing behind it is as good as not written, and
 * a profile takes something back by setting it to null.
 */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null && member !== undefined)
      .map(([key, member]) => [key, withoutNulls(member)]),
  );
}

// The faults of the proxy as a file has them, and what is wrong with such a file: every problem at once, each with its place.
// What one fault is, its definition says; here is what the list as a whole must be.

import * as z from 'zod';
import { isObject } from '../plan/document.ts';
import { objectField, wholeField } from '../plan/fields.ts';
import { problemsOfIssues } from '../plan/issues.ts';
import { didYouMean } from '../plan/nearest.ts';
import { gotText, type PlacedProblem, type PlanProblem, pathText } from '../plan/problems.ts';
import { isNonEmpty, type NonEmpty } from '../units/non-empty.ts';
import { FAULTS } from './catalogue.ts';
import type { Excludes, ProxyFault } from './fault.ts';

const MAX_FAULTS = 255;
const NAMES = Object.keys(FAULTS);

const fileSchema = objectField(
  {
    seed: wholeField('a whole number', 'Chooses connections and messages. Default 1.').optional(),
    faults: z
      .array(z.unknown(), { error: () => 'a list of faults: { fault: latency, latency: 100ms }' })
      .max(MAX_FAULTS, { error: () => `at most ${MAX_FAULTS} faults` })
      .optional(),
  },
  'a list of faults: { seed, faults }',
  'What the proxy does wrong.',
);

export type ParsedFaults =
  | { readonly ok: true; readonly seed: number | null; readonly faults: readonly ProxyFault[] }
  | { readonly ok: false; readonly problems: NonEmpty<PlanProblem> };

export function parseFaults(document: unknown): ParsedFaults {
  const parsed = fileSchema.safeParse(document ?? {});
  const listed = isObject(document) && Array.isArray(document.faults) ? (document.faults as readonly unknown[]) : [];
  const read = listed.map((written, index) => readFault(written, index, document));
  const problems = [
    ...(parsed.success ? [] : problemsOfIssues(parsed.error.issues, document, [])),
    ...read.flatMap((found) => ('problems' in found ? found.problems : [])),
    ...exclusions(read.flatMap((found, index) => ('fault' in found ? [{ fault: found.fault, index }] : []))),
  ].map(({ at, ...problem }) => ({ ...problem, path: at.length === 0 ? 'faults' : pathText(at) }));
  if (isNonEmpty(problems)) return { ok: false, problems };
  return {
    ok: true,
    seed: parsed.success ? (parsed.data.seed ?? null) : null,
    faults: read.flatMap((found) => ('fault' in found ? [found.fault] : [])),
  };
}

type ReadFault = { readonly fault: ProxyFault } | { readonly problems: readonly PlacedProblem[] };

function readFault(written: unknown, index: number, document: unknown): ReadFault {
  const at = ['faults', index];
  const name = isObject(written) ? written.fault : undefined;
  const definition = typeof name === 'string' && Object.hasOwn(FAULTS, name) ? FAULTS[name] : undefined;
  if (typeof name !== 'string' || definition === undefined) {
    const hint = typeof name === 'string' ? didYouMean(name, NAMES) : null;
    const place = isObject(written) ? [...at, 'fault'] : at;
    const got = gotText(isObject(written) ? name : written);
    return { problems: [{ at: place, expected: `one of ${NAMES.join(', ')}`, got, hint }] };
  }
  const parsed = definition.schema(name).safeParse(written);
  if (parsed.success) return { fault: definition.resolve(name, parsed.data) };
  return { problems: problemsOfIssues(parsed.error.issues, document, at) };
}

interface Placed {
  readonly fault: ProxyFault;
  readonly index: number;
}

/** Each fault that cannot be on beside one before it. */
function exclusions(placed: readonly Placed[]): readonly PlacedProblem[] {
  return placed.flatMap((later, at) =>
    placed
      .slice(0, at)
      .filter((earlier) => exclude(earlier.fault, later.fault))
      .map((earlier) => ({
        at: ['faults', later.index],
        expected: `no ${later.fault.name} while faults[${earlier.index}] is on, a ${earlier.fault.name}`,
        got: 'times that overlap',
        hint: 'set from and for',
      })),
  );
}

function exclude(one: ProxyFault, other: ProxyFault): boolean {
  if (one.fromNs >= other.untilNs || other.fromNs >= one.untilNs) return false;
  if ([one, other].some(({ name }) => excludesOf(name) === 'everything')) return true;
  return one.name === other.name && one.way === other.way && excludesOf(one.name) === 'itself';
}

function excludesOf(name: string): Excludes {
  return FAULTS[name]?.excludes ?? 'nothing';
}

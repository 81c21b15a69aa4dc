// The faults of the proxy as a file has them, and what is wrong with such a file: every problem at once, each with its place.
// What one fault is, its definition says; here is what the list as a whole must be.

import * as z from 'zod';
import { isObject } from '../plan/document.ts';
import { excludeEachOther } from '../plan/network-faults.ts';
import { type PlacedProblem, type PlanProblem, pathText } from '../plan/problems.ts';
import { durationField, KNOWN_KEYS, objectField, wholeField } from '../plan/schema/fields.ts';
import { problemsOfIssues } from '../plan/schema/issues.ts';
import { isNonEmpty, type NonEmpty } from '../units/non-empty.ts';
import { FAULTS } from './catalog.ts';
import type { OnTimes, ProxyFault } from './fault.ts';

const MAX_FAULTS = 255;

const times = {
  from: durationField('When the fault starts, measured from the start of the proxy. Default 0s.').optional(),
  for: durationField('How long the fault lasts. Default: until the end.', { min: 1 }).optional(),
};
type Times = z.output<z.ZodObject<typeof times>>;

const known = `${KNOWN_KEYS}${Object.keys(FAULTS).join(', ')}`;
const [first, ...others] = Object.entries(FAULTS).map(([name, { schema }]) => schema(name, times));
const faultSchema = z.discriminatedUnion('fault', [first!, ...others], {
  error: ({ code }) => (code === 'invalid_union' ? known : 'a fault: { fault: latency, latency: 100ms }'),
});
const listSchema = z
  .array(faultSchema, { error: () => 'a list of faults: { fault: latency, latency: 100ms }' })
  .max(MAX_FAULTS, { error: () => `at most ${MAX_FAULTS} faults` });

const fileSchema = objectField(
  {
    seed: wholeField('a whole number', 'The seed that selects connections and messages. Default 1.').optional(),
    faults: listSchema.optional(),
  },
  'a list of faults: { seed, faults }',
  'The faults that the proxy injects.',
);

export type ParsedFaults =
  | { readonly ok: true; readonly seed: number | null; readonly faults: readonly ProxyFault[] }
  | { readonly ok: false; readonly problems: NonEmpty<PlanProblem> };

export function parseFaults(document: unknown): ParsedFaults {
  const parsed = fileSchema.safeParse(document ?? {});
  const listed = isObject(document) && Array.isArray(document.faults) ? (document.faults as readonly unknown[]) : [];
  // One by one: where one is wrong, what the others must not be together is said all the same.
  const faults = listed.map((each) => {
    const read = faultSchema.safeParse(each);
    return read.success ? resolveFault(read.data) : null;
  });
  const problems = [
    ...(parsed.success ? [] : problemsOfIssues(parsed.error.issues, document, [])),
    ...exclusions(faults),
  ].map(({ at, ...problem }) => ({ ...problem, path: at.length === 0 ? 'faults' : pathText(at) }));
  if (isNonEmpty(problems)) return { ok: false, problems };
  return { ok: true, seed: parsed.data?.seed ?? null, faults: faults.filter((fault) => fault !== null) };
}

function resolveFault(written: Readonly<Record<string, unknown>>): ProxyFault {
  const name = String(written.fault);
  return FAULTS[name]!.resolve(name, written, timesOf(written as Times));
}

function timesOf({ from: fromNs = 0, for: forNs }: Times): OnTimes {
  return { fromNs, untilNs: forNs === undefined ? Number.POSITIVE_INFINITY : fromNs + forNs };
}

/** Each fault that cannot be on beside one before it. */
function exclusions(faults: readonly (ProxyFault | null)[]): readonly PlacedProblem[] {
  return faults.flatMap((later, index) =>
    faults.slice(0, index).flatMap((earlier, earlierIndex) =>
      earlier !== null && later !== null && excludeEachOther(FAULTS, earlier, later)
        ? [
            {
              at: ['faults', index],
              expected: `no overlap with faults[${earlierIndex}] (${earlier.name}), which cannot be active at the same time`,
              got: later.name,
              hint: 'change from or for',
            },
          ]
        : [],
    ),
  );
}

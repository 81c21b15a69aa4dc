// The one way to a `Plan`: copy the document, put the profile over it, put the environment in, check it against the
// schema, resolve it. Every problem is reported at once, no document makes it throw, and no problem quotes a secret.

import { isNonEmpty, type NonEmpty } from '../units/non-empty.ts';
import { isObject, plainDocument, withoutNulls } from './document.ts';
import type { Plan } from './plan.ts';
import { formatProblem, type PlacedProblem, type PlanProblem, pathText, valueAt } from './problems.ts';
import { collectSecrets } from './redact.ts';
import { type Environment, interpolate } from './resolve/interpolate.ts';
import { applyProfile, mergeDocuments, type ProfileChoice, type Profiled } from './resolve/profiles.ts';
import { checkDocument } from './resolve/resolve.ts';
import { PLAIN_FORM, type PlanForm } from './schema/schema.ts';
import { type PlanFormat, readPlanText } from './text.ts';

export interface ParseContext extends ProfileChoice {
  readonly env: Environment;
  /** What a plan may say; where left out, it knows no network faults between clients and service. */
  readonly form?: PlanForm;
  /** What goes over the plan and its profile: the command line's flags. */
  readonly override?: (document: Readonly<Record<string, unknown>>) => unknown;
}

export type ParseResult =
  | {
      readonly ok: true;
      readonly plan: Plan;
      /** What to hide in every text about this run: see `collectSecrets`. */
      readonly secrets: readonly string[];
    }
  | { readonly ok: false; readonly problems: NonEmpty<PlanProblem> };

/** More problems than anybody reads are one mistake made many times. */
const MAX_PROBLEMS = 100;

export function parsePlanText(text: string, format: PlanFormat, context: ParseContext): ParseResult {
  const read = readPlanText(text, format);
  return 'problems' in read ? { ok: false, problems: read.problems } : parsePlan(read.document, context);
}

export function parsePlan(source: unknown, context: ParseContext): ParseResult {
  const plain = plainDocument(source);
  const profiled = applyProfile(plain.document, context);
  const document = isObject(profiled.document)
    ? (context.override?.(profiled.document) ?? profiled.document)
    : profiled.document;
  const checked = checkInterpolated(document, profiled.name, context);
  const problems = [...plain.problems, ...profiled.problems, ...checked.problems];
  const located = [
    ...problems.map((problem) => locate(problem, profiled)),
    ...otherProfilesProblems(profiled, problems, context),
  ];
  if (isNonEmpty(located)) return { ok: false, problems: presentable(located) };
  if (checked.plan === null) throw new Error('a plan without problems was not resolved');
  return { ok: true, plan: checked.plan, secrets: collectSecrets(checked.plan, checked.secrets) };
}

interface Checked {
  readonly plan: Plan | null;
  readonly secrets: readonly string[];
  readonly missing: readonly string[];
  readonly problems: readonly PlacedProblem[];
}

function checkInterpolated(source: unknown, profile: string | null, { env, form = PLAIN_FORM }: ParseContext): Checked {
  const { document, secrets, missing, problems } = interpolate(withoutNulls(source), env);
  const checked = checkDocument(document, profile, secrets, form);
  // What is left of a placeholder that could not be replaced is no second problem.
  const known = new Set(problems.map(({ at }) => pathText(at)));
  const others = checked.problems.filter(({ at }) => !known.has(pathText(at)));
  return { plan: checked.plan, secrets, missing, problems: [...problems, ...others] };
}

/** A value that the profile in force brought is a problem of the profile. */
function locate({ at, ...problem }: PlacedProblem, { name, overlay }: Profiled): PlanProblem {
  const inProfile = name !== null && overlay !== null && valueAt(overlay, at) !== undefined;
  return { ...problem, path: pathText(inProfile ? ['profiles', name, ...at] : at) };
}

/**
 * A mistake in a profile should show before the profile is first used. A variable that only another profile needs may
 * be missing, and then there is nothing to say about that profile.
 */
function otherProfilesProblems(
  { base, others }: Profiled,
  known: readonly PlacedProblem[],
  context: ParseContext,
): readonly PlanProblem[] {
  const knownPaths = new Set(known.map(({ at }) => pathText(at)));
  return [...others].flatMap(([name, overlay]) => {
    const { problems, missing } = checkInterpolated(mergeDocuments(base, overlay), name, context);
    if (missing.length > 0) return [];
    return problems
      .filter(({ at }) => !knownPaths.has(pathText(at)))
      .map(({ at, ...problem }) => ({ ...problem, path: pathText(['profiles', name, ...at]) }));
  });
}

function presentable(problems: NonEmpty<PlanProblem>): NonEmpty<PlanProblem> {
  const unique = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  const [first, ...rest] = unique.values();
  if (rest.length < MAX_PROBLEMS) return [first ?? problems[0], ...rest];
  const more = rest.length + 1 - MAX_PROBLEMS;
  const last = { path: 'plan', expected: `at most ${MAX_PROBLEMS} problems`, got: `${more} more`, hint: null };
  return [first ?? problems[0], ...rest.slice(0, MAX_PROBLEMS - 1), last];
}

// From zod's issues to problems with a plan. The schema words every message as what was expected; what was found is
// looked up in the document here, and of a union's branches only the one that was meant is reported.

import type * as z from 'zod';
import { didYouMean, nearest } from '../nearest.ts';
import { gotText, type PlacedProblem, type PlanPath, quote, valueAt } from '../problems.ts';
import { KNOWN_KEYS } from './fields.ts';

type Issue = z.core.$ZodIssue;

/** More than a nested issue can weigh: the value is not even of the branch's kind. */
const WRONG_KIND = 1000;
const MISSING_KEY = 10;
const UNKNOWN_KEY = 5;
const MISTYPED_KEY = 1;
/** What decides the kind of a segment. */
const SEGMENT_KEYS = ['to', 'hold', 'burst', 'rate'];

export function problemsOfIssues(
  issues: readonly Issue[],
  document: unknown,
  root: PlanPath,
): readonly PlacedProblem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, document, root));
}

function problemsOfIssue(issue: Issue, document: unknown, root: PlanPath): readonly PlacedProblem[] {
  const at = [...root, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...at, key], key, issue.message));
    case 'invalid_union': {
      const meant = meantBranch(issue.errors, document, at);
      return meant === null ? [problem(issue, document, at)] : problemsOfIssues(meant, document, at);
    }
    case 'invalid_key': {
      const got = quote(String(issue.path.at(-1)));
      return issue.issues.map((inner) => ({ at, expected: inner.message, got, hint: param(inner, 'hint') }));
    }
    default:
      return [problem(issue, document, at)];
  }
}

function problem(issue: Issue, document: unknown, at: PlanPath): PlacedProblem {
  const value = valueAt(document, at);
  const got = param(issue, 'got') ?? gotText(value);
  const nearestName = typeof value === 'string' ? didYouMean(value, knownNames(issue.message)) : null;
  return { at, expected: issue.message, got, hint: param(issue, 'hint') ?? nearestName };
}

function unknownKey(at: PlanPath, key: string, expected: string): PlacedProblem {
  const inSegment = at[0] === 'load' && SEGMENT_KEYS.includes(key);
  const hint =
    didYouMean(key, knownNames(expected)) ?? (inSegment ? 'a segment does one thing; write a list of segments' : null);
  return { at, expected, got: `the unknown key ${quote(key)}`, hint };
}

function knownNames(expected: string): readonly string[] {
  return expected.startsWith(KNOWN_KEYS) ? expected.slice(KNOWN_KEYS.length).split(', ') : [];
}

/** The issues of the branch that fits best, or null where the value is of no branch's kind. */
function meantBranch(
  branches: readonly (readonly Issue[])[],
  document: unknown,
  at: PlanPath,
): readonly Issue[] | null {
  let best: readonly Issue[] | null = null;
  let bestWeight = WRONG_KIND;
  for (const issues of branches) {
    const weight = weigh(issues, document, at);
    if (weight < bestWeight) {
      best = issues;
      bestWeight = weight;
    }
  }
  return best;
}

/** How far a value is from what a branch wants. */
function weigh(issues: readonly Issue[], document: unknown, root: PlanPath): number {
  return issues.reduce((sum, issue) => sum + weighOne(issue, document, [...root, ...issue.path]), 0);
}

function weighOne(issue: Issue, document: unknown, at: PlanPath): number {
  if (issue.code === 'unrecognized_keys') {
    const known = knownNames(issue.message);
    return issue.keys.reduce((sum, key) => sum + (nearest(key, known) === null ? UNKNOWN_KEY : MISTYPED_KEY), 0);
  }
  if (issue.code === 'invalid_union') {
    const weights = issue.errors.map((branch) => weigh(branch, document, at));
    const least = Math.min(WRONG_KIND, ...weights);
    return issue.path.length === 0 || least < WRONG_KIND ? least : missingOrWrong(document, at);
  }
  if (issue.code === 'invalid_type' || issue.code === 'invalid_value') {
    return issue.path.length === 0 ? WRONG_KIND : missingOrWrong(document, at);
  }
  return 1;
}

function missingOrWrong(document: unknown, at: PlanPath): number {
  return valueAt(document, at) === undefined ? MISSING_KEY : 1;
}

function param(issue: Issue, name: 'hint' | 'got'): string | null {
  const value: unknown = issue.code === 'custom' ? issue.params?.[name] : null;
  return typeof value === 'string' ? value : null;
}

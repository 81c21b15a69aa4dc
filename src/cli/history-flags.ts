// What was typed after `history`, `baseline` and `query`, checked: ages, dates, counts, tags.

import { HighwaterError } from '../facts/error.ts';
import { tagProblem } from '../facts/tag.ts';

const MS_PER_UNIT: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** ms of `30d`, `12h` or `2w`; null for anything else. */
export function parseAge(text: string): number | null {
  const found = /^(\d{1,6})(h|d|w)$/.exec(text.trim());
  return found === null ? null : Number(found[1]) * MS_PER_UNIT[found[2]!]!;
}

/** ms since 1970, of an age before `nowMs` or a date (`2026-11-21`, in UTC; with a time as ISO 8601 has it). Throws ARGUMENTS_INVALID. */
export function sinceOf(flag: string, text: string, nowMs: number): number {
  const ageMs = parseAge(text);
  if (ageMs !== null) return nowMs - ageMs;
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text);
  const atMs = isDate ? Date.parse(text) : Number.NaN;
  // The thirtieth of February is the second of March to the parser.
  const [day] = text.split('T');
  if (Number.isFinite(atMs) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day ?? '')) return atMs;
  throw argumentsInvalid(
    `${flag}: expected an age such as 7d or 12h, or a date such as 2026-11-21, got ${JSON.stringify(text)}`,
  );
}

/** Throws ARGUMENTS_INVALID. */
export function countOf(flag: string, text: string, least: number, most = 9_999_999): number {
  if (/^\d{1,7}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw argumentsInvalid(`${flag}: expected a whole number of ${least} to ${most}, got ${JSON.stringify(text)}`);
}

/** Throws ARGUMENTS_INVALID with all that is wrong. */
export function checkTags(flag: string, tags: readonly string[]): void {
  const problems = tags.flatMap((tag) => tagProblem(tag) ?? []).map((problem) => `${flag}: ${problem}`);
  if (problems.length > 0) throw new HighwaterError('ARGUMENTS_INVALID', problems);
}

export function argumentsInvalid(problem: string): HighwaterError {
  return new HighwaterError('ARGUMENTS_INVALID', [problem]);
}

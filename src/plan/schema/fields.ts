// The building blocks of the schema. One definition of a field is its validation, its type, its place in the JSON
// Schema, and the words of its error: in every zod issue made here, the message is what was *expected*, worded so that
// it follows that word, and `params.hint` is what to do.

import * as z from 'zod';
import { BYTES_PATTERN, parseByteRate, parseBytes } from '../../units/bytes.ts';
import { DURATION_PATTERN, parseDuration } from '../../units/duration.ts';
import { parseRate, RATE_PATTERN } from '../../units/rate.ts';
import { parseRatio } from '../../units/ratio.ts';
import { isObject } from '../document.ts';

export interface Refused {
  readonly refused: true;
  readonly expected: string;
  readonly hint: string | null;
}

export function refuse(expected: string, hint: string | null = null): Refused {
  return { refused: true, expected, hint };
}

/** What the message of an unknown key begins with, before the known ones. */
export const KNOWN_KEYS = 'one of ';

/** Whatever a field must look like, it may come from the environment. */
const ENV_PATTERN = '\\$\\{env\\.[A-Za-z_]';

interface TextField<T> {
  readonly expected: string;
  readonly description: string;
  readonly examples: readonly unknown[];
  readonly pattern?: string;
  /** That a number is no such thing: said in the JSON Schema, and here only by `read`, which knows the hint. */
  readonly textOnly?: boolean;
  /** `refused` where the value is no such thing. */
  readonly read: (value: string | number) => T | Refused;
}

/** A field that is written as text or as a number and read into something else. */
export function textField<T>({ expected, description, examples, pattern, textOnly, read }: TextField<T>) {
  return z
    .union([z.string(), z.number()], { error: () => expected })
    .transform((value, context): T => {
      const result = read(value);
      if (!isRefused(result)) return result;
      context.issues.push({ code: 'custom', message: result.expected, params: { hint: result.hint }, input: value });
      return z.NEVER;
    })
    .meta({
      description,
      examples: [...examples],
      ...(textOnly ? { type: 'string' } : {}),
      ...(pattern === undefined ? {} : { pattern: `${pattern}|${ENV_PATTERN}` }),
    });
}

export function durationField(description: string, { min = 0, example = '10s' } = {}) {
  const expected = min > 0 ? `a duration above 0 such as ${example}` : `a duration such as ${example}`;
  return textField({
    expected,
    description,
    examples: [example],
    pattern: DURATION_PATTERN,
    textOnly: true,
    read: (value) => {
      const ns = parseDuration(String(value));
      if (ns !== null && ns >= min) return ns;
      return refuse(expected, ns === null ? unitHint(value, (text) => `${text}s`) : null);
    },
  });
}

/** A duration, or a range to draw from evenly. */
export function durationRangeField(description: string, example: string) {
  const expected = `a duration or a range such as ${example}`;
  return textField({
    expected,
    description,
    examples: ['500ms', example],
    read: (value) => {
      const [min = '', max = min, ...rest] = String(value).split('..');
      const minNs = parseDuration(min);
      const maxNs = parseDuration(max);
      const isRange = minNs !== null && maxNs !== null && minNs <= maxNs && rest.length === 0;
      return isRange ? { minNs, maxNs } : refuse(expected);
    },
  });
}

/** A share of a whole, 0 to 1, written as a percentage. */
export function ratioField(description: string) {
  const expected = 'a percentage from 0% to 100%';
  return textField({
    expected,
    description,
    examples: ['0.1%'],
    textOnly: true,
    read: (value) => {
      const ratio = parseRatio(String(value));
      return ratio !== null && ratio <= 1 ? ratio : refuse(expected);
    },
  });
}

/** Bytes, at least one. */
export function sizeField(description: string, max: number, maxText: string, example: string) {
  const expected = `a size from 1 B to ${maxText}`;
  return textField({
    expected,
    description,
    examples: [100, example],
    pattern: BYTES_PATTERN,
    read: (value) => {
      const bytes = parseBytes(value);
      return bytes !== null && bytes >= 1 && bytes <= max ? bytes : refuse(expected);
    },
  });
}

/** Messages per second. */
export function rateField(description: string) {
  const maxPerSecond = 1e9;
  const expected = 'a rate such as 500/s';
  return textField({
    expected,
    description,
    examples: ['500/s', '120/min'],
    pattern: RATE_PATTERN,
    textOnly: true,
    read: (value) => {
      const perSecond = parseRate(String(value));
      if (perSecond === null)
        return refuse(
          expected,
          unitHint(value, (text) => `${text}/s`),
        );
      return perSecond <= maxPerSecond ? perSecond : refuse('a rate of at most 1e9/s');
    },
  });
}

const MAX_BYTES_PER_SECOND = 64 * 1024 ** 3;

/** Bytes a second. */
export function byteRateField(description: string, example: string) {
  const expected = `bytes per second such as ${example}`;
  return textField({
    expected,
    description,
    examples: [example],
    read: (value) => {
      const perSecond = parseByteRate(String(value));
      return perSecond !== null && perSecond >= 1 && perSecond <= MAX_BYTES_PER_SECOND ? perSecond : refuse(expected);
    },
  });
}

/** A whole number, also as digits, which is what an environment variable gives. */
export function wholeField(expected: string, description: string, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
  return textField({
    expected,
    description,
    examples: [Math.max(min, 1)],
    pattern: '^\\d{1,16}$',
    read: (value) => {
      const number = typeof value === 'number' ? value : /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
      return Number.isSafeInteger(number) && number >= min && number <= max ? number : refuse(expected);
    },
  });
}

/** A name that is printed: short, on one line. */
export function nameField(description: string, { max = 100, example = 'warm-up' } = {}) {
  const expected = `a name of 1 to ${max} characters on one line`;
  return textField({
    expected,
    description,
    examples: [example],
    read: (value) => {
      const name = String(value).trim();
      return name.length > 0 && name.length <= max && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name) ? name : refuse(expected);
    },
  });
}

export function choiceField<const T extends readonly [string, ...string[]]>(choices: T, description: string) {
  return z.enum(choices, { error: () => `${KNOWN_KEYS}${choices.join(', ')}` }).describe(description);
}

export function flagField(description: string) {
  return z.boolean({ error: () => 'true or false' }).describe(description);
}

/** An object in which every key is known. */
export function objectField<T extends z.core.$ZodLooseShape>(shape: T, expected: string, description: string) {
  const known = `${KNOWN_KEYS}${Object.keys(shape).join(', ')}`;
  return z
    .strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? known : expected) })
    .describe(description);
}

/** A rule that looks only at which keys are there holds also where a value beside them is wrong: all problems at once. */
export const present = { when: ({ value }: { value: unknown }): boolean => isObject(value) };

export function isRefused(value: unknown): value is Refused {
  return typeof value === 'object' && value !== null && 'refused' in value;
}

/** A number without a unit is the usual mistake, and its remedy is known. */
function unitHint(value: string | number, withUnit: (text: string) => string): string | null {
  const text = String(value).trim();
  return /^\d{1,15}(\.\d{1,9})?$/.test(text) ? `add a unit: ${withUnit(text)}` : null;
}

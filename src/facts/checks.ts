// Whether a value that was read from a record is of the shape that is expected: small checks, and an object's fields by them.

export type Check = (value: unknown) => boolean;

export const isText: Check = (value) => typeof value === 'string';
/** Finite, as JSON has no other. */
export const isNumber: Check = (value) => Number.isFinite(value);
export const isFlag: Check = (value) => typeof value === 'boolean';

export function isOneOf(values: readonly string[]): Check {
  return (value) => typeof value === 'string' && values.includes(value);
}

export function orNull(check: Check): Check {
  return (value) => value === null || check(value);
}

/** Further fields do no harm. */
export function hasFields(value: unknown, fields: Readonly<Record<string, Check>>): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(fields).every(([name, isRight]) => isRight((value as Record<string, unknown>)[name]));
}

// A count with its noun, in the number that English wants.

import { formatCount } from './rate.ts';

/** `1 client`, `2,000 clients`, `2 copies`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : nouns}`;
}

/** The verb for so many: `is` for one, `are` for any other number. */
export function isOrAre(count: number): string {
  return count === 1 ? 'is' : 'are';
}

/** `was` for one, `were` for any other number. */
export function wasOrWere(count: number): string {
  return count === 1 ? 'was' : 'were';
}

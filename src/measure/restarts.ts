// Whether a source that gives out numbers has begun anew. A single low number is a copy of an old one; many of them, one
// after the other, without one of the old numbering between them, are a numbering that began again.
//
//   … 518 519 520 | 0 1 2 3 4 5 6 7          a restart: 8 low numbers in a row, most one more than the one before
//   … 518 519 520 | 0 1 2 | 521 …            copies: the old numbering goes on
//
// Until it is known the low numbers are held. What goes on by one from its beginning up to the old numbering looks the same
// where a service says all of it again: then it is taken for a restart, which says less against the service.

/** So many different low numbers decide. */
export const RESTART_LENGTH = 8;
/** Copies among them are held too, up to so many numbers in all. */
const MOST_HELD = 2 * RESTART_LENGTH;
/** Of the steps between them so many go on by one; the others are losses, copies or disorder of the new numbering. */
const LEAST_STEPS = 5;
/** A numbering begins at most here, or where the source began before. */
const LATEST_BEGINNING = 16;

/** By pair: low numbers in the order in which they came. */
export type LowNumbers = Map<number, number[]>;

/** `held`: more low numbers may follow. `restarted`: those held so far are a numbering of their own. `not`: no low number. */
export type Restarting = 'held' | 'restarted' | 'not';

/**
 * `expected`: the next number of the old numbering. `first`: the number with which the source began; NaN where that may be
 * any. The caller has seen that the number fills no hole of the old numbering.
 */
export function holdLow(held: LowNumbers, pair: number, sequence: number, expected: number, first: number): Restarting {
  const before = held.get(pair);
  const isFar = sequence + RESTART_LENGTH <= expected;
  if (before === undefined) {
    if (!isFar || !isBeginning(sequence, first)) return 'not';
    held.set(pair, [sequence]);
    return 'held';
  }
  const goesOn = sequence < expected && Math.abs(sequence - before.at(-1)!) <= RESTART_LENGTH;
  if (!goesOn || before.length >= MOST_HELD) return 'not';
  const numbers = [...before, sequence];
  const isLong = new Set(numbers).size >= RESTART_LENGTH;
  if (isLong && !isRun(numbers, LEAST_STEPS)) return 'not';
  before.push(sequence);
  return isLong ? 'restarted' : 'held';
}

/** The end has come: those that are held are a numbering of their own where they are several that go on by one. */
export function isRestart(held: readonly number[]): boolean {
  return held.length > 1 && isRun(held, held.length - 1);
}

function isBeginning(sequence: number, first: number): boolean {
  return Number.isNaN(first) || sequence <= LATEST_BEGINNING || Math.abs(sequence - first) <= 1;
}

function isRun(numbers: readonly number[], leastSteps: number): boolean {
  let steps = 0;
  for (let index = 1; index < numbers.length; index++) if (numbers[index]! - numbers[index - 1]! === 1) steps++;
  return steps >= leastSteps;
}

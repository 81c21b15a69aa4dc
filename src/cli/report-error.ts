// An error as the user sees it: its code, every problem on a line, where to read on. A bug shows its stack.

import { EXIT_CODES, HighwaterError } from '../facts/error.ts';
import { printable } from '../report/printable.ts';

const MAX_PROBLEM_CHARACTERS = 1_000;

/** Prints to stderr and returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof HighwaterError) {
    for (const problem of error.problems) {
      process.stderr.write(`${error.code}  ${printable(problem, MAX_PROBLEM_CHARACTERS)}\n`);
    }
    process.stderr.write(`See docs/errors.md#${error.code.toLowerCase()}\n`);
    return error.exitCode;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`INTERNAL  this is a bug in Highwater; please report it with the lines below\n${stack}\n`);
  return EXIT_CODES.internal;
}

// An error as the user sees it: its code, every problem on a line, where to read on. A bug shows its stack.

import { EXIT_CODES, HighwaterError } from '../facts/error.ts';
import { printable } from '../units/printable.ts';
import { printNote } from './terminal.ts';

const MAX_PROBLEM_CHARACTERS = 1_000;

/** Prints to stderr and returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof HighwaterError) {
    for (const problem of error.problems) {
      printNote(`${error.code}  ${printable(problem, MAX_PROBLEM_CHARACTERS)}`);
    }
    printNote(`See docs/reference/errors.md#${error.code.toLowerCase()}`);
    return error.exitCode;
  }
  const limit = limitOf(error);
  if (limit !== null) return reportError(new HighwaterError('MACHINE_LIMIT', [limit]));
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`INTERNAL  this is a bug in Highwater; please report it with the lines below\n${stack}\n`);
  return EXIT_CODES.internal;
}

/** What a call to the system says where the machine has no more of something. */
const MORE_OF: Readonly<Record<string, string>> = {
  EMFILE: 'a file that this process may open; raise the limit (ulimit -n)',
  ENFILE: 'a file that this machine may open; raise fs.file-max, or stop other programs',
  EAGAIN: 'another process or thread; raise the limit (ulimit -u, pids.max of the cgroup)',
  ENOMEM: 'memory; raise the limit of this process or its cgroup, or use less load',
  ENOBUFS: 'memory for a socket; raise net.ipv4.tcp_mem, or use fewer connections',
};

/** Null where it is not the machine that is at its limit. */
function limitOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const wanted = MORE_OF[(error as NodeJS.ErrnoException).code ?? ''];
  return wanted === undefined ? null : `${error.message}: expected ${wanted}`;
}

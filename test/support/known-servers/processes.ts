// Which processes there are, from /proc: whether a run leaves any behind is asked of the kernel, not of the run.

import { existsSync, readdirSync, readFileSync } from 'node:fs';

export const hasProc = existsSync('/proc/self/stat');

export interface ChildFacts {
  readonly pid: number;
  readonly commandLine: string;
}

export function childrenOf(parent: number): readonly ChildFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statOf(pid)?.parent === parent)
    .map((pid) => ({ pid, commandLine: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }));
}

/** A process that has ended and was not yet asked for by its parent is gone too. */
export function isGone(pid: number): boolean {
  const state = statOf(pid)?.state;
  return state === undefined || state === 'Z' || state === 'X';
}

/** What the process has in memory, and not in the kernel's promises; 0 where it is gone. */
export function residentBytesOf(pid: number): number {
  return 1024 * Number(/^VmRSS:\s*(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** proc(5): `pid (name) state ppid ...`; the name may hold anything, so read from its last bracket. */
function statOf(pid: number): { readonly state: string; readonly parent: number } | null {
  const text = read(`/proc/${pid}/stat`);
  const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return text === '' || state === undefined ? null : { state, parent: Number(parent) };
}

/** Empty where the process is gone in the meantime. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const LOOK_EVERY_MS = 50;

/** Waits for something that must come, however busy the machine; throws when it has not come after a long time. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 45_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`expected within ${limitMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

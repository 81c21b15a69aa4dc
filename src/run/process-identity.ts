// Which process a number stands for: numbers of processes are given again.

import { readFileSync } from 'node:fs';

/** When the process was started, in the kernel's ticks since boot (proc(5), field 22); empty where that cannot be known. */
export function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** A process of the same number that was started at another time is another. */
export function isAlive(pid: number, startedAt: string): boolean {
  try {
    process.kill(pid, 0);
    return startOf(pid) === startedAt;
  } catch {
    return false;
  }
}

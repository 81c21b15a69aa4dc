// The limits under which this process was started (`ulimit`), and whether it can work at all under them. Loaded before anything
// else: each module is a file, and many are open at once while they are loaded.

import { readFileSync } from 'node:fs';

/**
 * Modules are loaded side by side. On 2026-11-28 `run` with reports needed 110 files at once; where a disk is slow it can be all
 * modules of a command, 371 of `check` (`strace -f -e trace=openat`).
 */
const LEAST_FILES = 512;
/** Of addresses, not of memory: Node maps 1.1 GB as it starts (`VmPeak` in /proc/PID/status), and a report takes its part. */
const LEAST_ADDRESS_KIB = 1_500_000;

export const LIMITS_FILE = '/proc/self/limits';

/** Of what /proc/PID/limits says. Node raises its soft limit of files to the hard one when it starts, so that one counts. */
export function filesPerProcess(limits: string | null): number {
  return limitOf(/^Max open files\s+\S+\s+(\S+)/m.exec(limits ?? '')?.[1]);
}

/** Infinity where there is none, or none is known. */
function limitOf(text: string | undefined): number {
  return text === undefined || text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}

/** Whole sentences; empty where the command can be loaded. */
export function startProblems(limits: string | null): readonly string[] {
  const files = filesPerProcess(limits);
  const addressBytes = limitOf(/^Max address space\s+(\S+)/m.exec(limits ?? '')?.[1]);
  return [
    ...(files >= LEAST_FILES
      ? []
      : [`ulimit -n: expected at least ${LEAST_FILES} open files per process, got ${files}. Raise the limit`]),
    ...(addressBytes >= LEAST_ADDRESS_KIB * 1024
      ? []
      : [
          `ulimit -v: expected at least ${LEAST_ADDRESS_KIB} KiB of address space per process, ` +
            `got ${Math.floor(addressBytes / 1024)} KiB. Raise the limit; it does not limit the memory in use`,
        ]),
  ];
}

/** Null where there is no such file, or it cannot be read. */
export type ReadSystemFile = (file: string) => string | null;

/** Not every system has /proc. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

// What a process may use of its machine, in words: of a machine that lets it use all of it, only that.

import { formatBytes } from '../../units/bytes.ts';
import { formatCores } from '../../units/cores.ts';
import { formatCount } from '../../units/rate.ts';

interface Cores {
  readonly cores: number;
  readonly allowedCores: number;
}

interface Memory {
  readonly memoryBytes: number;
  readonly allowedMemoryBytes: number;
}

/** `2 cores`, `0.4 of 2 cores`. */
export function coresText({ cores, allowedCores }: Cores): string {
  return allowedCores < cores ? `${shortCount(allowedCores)} of ${formatCores(cores)}` : formatCores(cores);
}

/** `25.3 GB`, `419 MB of 25.3 GB (cgroup limit)`. */
export function memoryText({ memoryBytes, allowedMemoryBytes }: Memory): string {
  if (allowedMemoryBytes >= memoryBytes) return formatBytes(memoryBytes);
  return `${formatBytes(allowedMemoryBytes)} of ${formatBytes(memoryBytes)} (cgroup limit)`;
}

function shortCount(count: number): string {
  return Number.isInteger(count) ? formatCount(count) : String(Number(count.toPrecision(3)));
}

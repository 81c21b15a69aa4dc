// Groups of processes with a limit, made for one test and taken away with it. That needs root and a cgroup file system that may
// be written, of version 1 or 2; `mayLimit` says whether this machine has that.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WhenOver } from './highwater.ts';

type Controller = 'cpu' | 'memory';

const ROOT = '/sys/fs/cgroup';
const isVersion2 = existsSync(path.join(ROOT, 'cgroup.controllers'));

/** Where the groups of a controller are made. */
function parentOf(controller: Controller): string {
  return isVersion2 ? ROOT : path.join(ROOT, controller);
}

export interface LimitedGroup {
  /** A shell line that puts the shell, and all that it starts, into the group. */
  readonly enter: string;
}

/** `cores`: of CPU time, such as 0.4. `memoryBytes`: with what has more of the kernel's own. */
export function limitedGroup(
  limit: { readonly cores: number } | { readonly memoryBytes: number },
  whenOver: WhenOver,
): LimitedGroup {
  const controller: Controller = 'cores' in limit ? 'cpu' : 'memory';
  const directory = path.join(parentOf(controller), `highwater-test-${process.pid}-${counter++}`);
  const write = (name: string, value: string): void => writeFileSync(path.join(directory, name), value);
  if (isVersion2) writeFileSync(path.join(ROOT, 'cgroup.subtree_control'), `+${controller}`);
  mkdirSync(directory);
  whenOver(() => removeWhenEmpty(directory));
  if ('cores' in limit) {
    const quotaUs = Math.round(limit.cores * 100_000);
    if (isVersion2) write('cpu.max', `${quotaUs} 100000`);
    else write('cpu.cfs_quota_us', String(quotaUs));
  } else write(isVersion2 ? 'memory.max' : 'memory.limit_in_bytes', String(limit.memoryBytes));
  return { enter: `echo $$ > ${directory}/cgroup.procs` };
}

let counter = 0;

/** Workers end with their coordinator, a moment after it. */
async function removeWhenEmpty(directory: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (readFileSync(path.join(directory, 'cgroup.procs'), 'utf8') === '') break;
    await new Promise<void>((resolve) => void setTimeout(resolve, 50));
  }
  rmdirSync(directory);
}

export function mayLimit(controller: Controller): boolean {
  const directory = path.join(parentOf(controller), `highwater-test-${process.pid}-try`);
  try {
    if (isVersion2) writeFileSync(path.join(ROOT, 'cgroup.subtree_control'), `+${controller}`);
    mkdirSync(directory);
    const file = isVersion2
      ? { cpu: 'cpu.max', memory: 'memory.max' }[controller]
      : { cpu: 'cpu.cfs_quota_us', memory: 'memory.limit_in_bytes' }[controller];
    const isThere = existsSync(path.join(directory, file));
    rmdirSync(directory);
    return isThere;
  } catch {
    return false;
  }
}

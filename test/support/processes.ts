// What is done to the processes of a run from outside. Linux; what needs more than that says so.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The worker processes of a command. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return parent === pid ? [Number(name)] : [];
    } catch {
      return []; // gone meanwhile
    }
  });
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** So many more descriptors than the process has open now. */
export function limitDescriptors(pid: number, left: number): void {
  const open = readdirSync(`/proc/${pid}/fd`).length;
  execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${open + left}:${open + left}`], { stdio: 'ignore' });
}

/** Of the network namespace that the process is in: so many local ports. */
export function limitPorts(pid: number, left: number): void {
  const range = `net.ipv4.ip_local_port_range=40000 ${40_000 + left - 1}`;
  execFileSync('nsenter', ['-t', String(pid), '-n', 'sysctl', '-q', '-w', range], { stdio: 'ignore' });
}

const V1 = '/sys/fs/cgroup/cpu';
const V2 = '/sys/fs/cgroup';

export interface CpuGroup {
  /** A shell line that puts the shell into the group. */
  readonly join: string;
  remove(): void;
}

/** A group whose processes have so much of one core together; null where this machine does not let us. */
export function createCpuGroup(name: string, coreShare: number): CpuGroup | null {
  const isV2 = existsSync(path.join(V2, 'cgroup.controllers'));
  const directory = path.join(isV2 ? V2 : V1, name);
  const quotaUs = Math.round(coreShare * 100_000);
  try {
    if (isV2) writeFileSync(path.join(V2, 'cgroup.subtree_control'), '+cpu');
    mkdirSync(directory, { recursive: true });
    if (isV2) writeFileSync(path.join(directory, 'cpu.max'), `${quotaUs} 100000`);
    else writeFileSync(path.join(directory, 'cpu.cfs_quota_us'), String(quotaUs));
  } catch {
    return null;
  }
  return {
    join: `echo $$ > ${directory}/cgroup.procs`,
    remove() {
      try {
        rmdirSync(directory);
      } catch {
        // A process of it is still ending; an empty group costs nothing.
      }
    },
  };
}

/** Whether this process may make network namespaces. */
export function canUnshareNetwork(): boolean {
  try {
    execFileSync('unshare', ['--net', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

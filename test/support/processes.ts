// What is done to the processes of a run from outside. Linux; what needs more than that says so.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

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

/** Whether this process may make network namespaces. */
export function canUnshareNetwork(): boolean {
  try {
    execFileSync('unshare', ['--net', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

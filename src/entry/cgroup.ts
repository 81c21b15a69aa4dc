// What the control groups of this process (Linux, versions 1 and 2) allow it, and how often they held it back. A limit of any
// group on the way up counts for all below it, so every group is asked up to the highest that can be seen from here:
//
//   /proc/self/cgroup      4:cpu,cpuacct:/pods/a     which group this process is in, by controller; version 2 has one line, 0::/…
//   /proc/self/mountinfo   … /pods /sys/fs/cgroup/cpu … - cgroup cgroup rw,cpu     where the groups below /pods can be read
//
// In a container the mount may begin at a group of its own (the second column here), or the path may lie outside of what is
// mounted: then only the top of the mount can be read. See cgroups(7).

import type { ReadSystemFile } from './process-limits.ts';

export interface CpuQuota {
  /** Of all processes in the group together, such as 0.4; infinity where there is no quota. */
  readonly cores: number;
  /** `cpu.stat` of each group that has a quota. */
  readonly statFiles: readonly string[];
}

type Controller = 'cpu' | 'memory';

interface Group {
  readonly directory: string;
  readonly version: 1 | 2;
}

interface Mount {
  readonly root: string;
  readonly directory: string;
  readonly version: 1 | 2;
  /** Of version 1. */
  readonly controllers: readonly string[];
}

export function cpuQuota(read: ReadSystemFile): CpuQuota {
  let cores = Number.POSITIVE_INFINITY;
  const statFiles: string[] = [];
  for (const { directory, version } of groupsOf('cpu', read)) {
    const quota =
      version === 2
        ? quotaOf(...words(read(`${directory}/cpu.max`)))
        : quotaOf(read(`${directory}/cpu.cfs_quota_us`), read(`${directory}/cpu.cfs_period_us`));
    if (quota === null) continue;
    cores = Math.min(cores, quota);
    statFiles.push(`${directory}/cpu.stat`);
  }
  return { cores, statFiles };
}

/** Infinity where there is no limit. Version 1 has a very large number then, which is more than any machine has. */
export function memoryLimitBytes(read: ReadSystemFile): number {
  const limits = groupsOf('memory', read).map(({ directory, version }) =>
    countOf(read(`${directory}/${version === 2 ? 'memory.max' : 'memory.limit_in_bytes'}`)),
  );
  return Math.min(Number.POSITIVE_INFINITY, ...limits.filter((limit) => limit !== null));
}

/** How many processes the kernel has killed so far because a group of this process had used up its memory. */
export function memoryKills(read: ReadSystemFile): number {
  const kills = groupsOf('memory', read).map(({ directory, version }) =>
    statOf(read(`${directory}/${version === 2 ? 'memory.events' : 'memory.oom_control'}`), 'oom_kill'),
  );
  // A kill in a group counts, in version 2, in those above it too.
  return Math.max(0, ...kills);
}

/**
 * For how long so far the processes of the groups wanted to run and were not let, as their quota was used up. The kernel adds
 * this up over the cores, and when a group is let on.
 */
export function throttledNs(statFiles: readonly string[], read: ReadSystemFile): number {
  let ns = 0;
  for (const file of statFiles) {
    const text = read(file);
    ns += statOf(text, 'throttled_time') + statOf(text, 'throttled_usec') * 1e3;
  }
  return ns;
}

/** The groups of this process for a controller, its own first. */
function groupsOf(controller: Controller, read: ReadSystemFile): readonly Group[] {
  const mounts = (read('/proc/self/mountinfo') ?? '').split('\n').flatMap(mountOf);
  return (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, number, names = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (number === undefined) return [];
    const version = number === '0' && names === '' ? 2 : 1;
    if (version === 1 && !names.split(',').includes(controller)) return [];
    const fitting = mounts.filter(
      (mount) => mount.version === version && (version === 2 || mount.controllers.includes(controller)),
    );
    const mount = fitting.find(({ root }) => isBelow(path, root)) ?? fitting[0];
    return mount === undefined ? [] : upwards(mount, path);
  });
}

function mountOf(line: string): readonly Mount[] {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root, directory] = before.split(' ');
  const [type, , options = ''] = after.split(' ');
  if (root === undefined || directory === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
  const version = type === 'cgroup2' ? 2 : 1;
  return [{ root: unescaped(root), directory: unescaped(directory), version, controllers: options.split(',') }];
}

/** proc(5): space, tab, newline and backslash stand as octal numbers. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function isBelow(path: string, root: string): boolean {
  return root === '/' || path === root || path.startsWith(`${root}/`);
}

function upwards({ root, directory, version }: Mount, path: string): readonly Group[] {
  const below = isBelow(path, root) && root !== '/' ? path.slice(root.length) : path;
  const parts = below.split('/').filter((part) => part !== '');
  // Outside of what is mounted, or above the namespace of the process (`/..`).
  const seen = isBelow(path, root) && !parts.includes('..') ? parts : [];
  return Array.from({ length: seen.length + 1 }, (_, steps) => ({
    directory: [directory, ...seen.slice(0, seen.length - steps)].join('/'),
    version,
  }));
}

function words(text: string | null): [string | null, string | null] {
  const [first = null, second = null] = text?.trim().split(/\s+/) ?? [];
  return [first, second];
}

function quotaOf(quota: string | null, period: string | null): number | null {
  const quotaUs = countOf(quota);
  const periodUs = countOf(period);
  return quotaUs === null || periodUs === null || periodUs === 0 ? null : quotaUs / periodUs;
}

/** Null for `max`, -1 and what is no number. */
function countOf(text: string | null): number | null {
  return text !== null && /^\s*\d+\s*$/.test(text) ? Number(text) : null;
}

/** 0 where it has no such line. */
function statOf(text: string | null, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1] ?? 0);
}

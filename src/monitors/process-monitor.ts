// A process and all that it has started: CPU, memory, threads, open files, added up. CPU is what each used since the tick
// before, so that a child that ends takes nothing back. A number that another process has now is not taken for the one
// that was meant.

import type { Monitor } from '../run/ports.ts';
import { type ProcessFacts, readChildren, readFileCount, readProcess } from './proc.ts';

const PROC = '/proc';
/** A family that is larger would take more than the tick is worth. */
const MOST_PROCESSES = 1000;

export interface ProcessMonitorParts {
  readonly root?: string;
  nowNs?(): number;
}

export function createProcessMonitor(pid: number, parts: ProcessMonitorParts = {}): Monitor {
  const { root = PROC, nowNs = () => Number(process.hrtime.bigint()) } = parts;
  let startedTicks = readProcess(root, pid)?.startedTicks ?? null;
  let before: { readonly atNs: number; readonly cpuNs: ReadonlyMap<string, number> } | null = null;

  return {
    async read() {
      const atNs = nowNs();
      const first = readProcess(root, pid);
      if (first === null || first.isZombie) throw new Error(`process ${pid} is gone`);
      startedTicks ??= first.startedTicks;
      if (first.startedTicks !== startedTicks)
        throw new Error(`process ${pid} is gone, and another process has its id`);
      const family = familyOf(root, pid, first);
      const cpuNs = new Map(family.map(({ id, facts }) => [`${id} ${facts.startedTicks}`, facts.cpuNs]));
      const files = family.map(({ id }) => readFileCount(root, id));
      const cpuRatio = before === null ? null : usedNs(cpuNs, before.cpuNs) / (atNs - before.atNs);
      before = { atNs, cpuNs };
      return {
        values: {
          ...(cpuRatio === null ? {} : { cpuRatio }),
          rssBytes: sumOver(family, ({ facts }) => facts.rssBytes),
          threads: sumOver(family, ({ facts }) => facts.threads),
          processes: family.length,
          // Of a process that is not ours they are hidden, and the sum would be of the others.
          ...(files.includes(null)
            ? {}
            : { fileDescriptors: files.reduce<number>((sum, count) => sum + (count ?? 0), 0) }),
        },
        gap: family.length < MOST_PROCESSES ? null : `only ${MOST_PROCESSES} of its processes were read`,
      };
    },
  };
}

/** Null where it is there. */
export function processProblem(pid: number, root: string = PROC): string | null {
  const facts = readProcess(root, pid);
  if (facts !== null && !facts.isZombie) return null;
  return readProcess(root, process.pid) === null
    ? 'expected Linux with /proc, got a system without it'
    : `expected a running process, got ${pid}, which does not run`;
}

interface Member {
  readonly id: number;
  readonly facts: ProcessFacts;
}

function familyOf(root: string, pid: number, facts: ProcessFacts): readonly Member[] {
  const family: Member[] = [{ id: pid, facts }];
  for (let next = 0; next < family.length; next++) {
    for (const id of readChildren(root, family[next]!.id)) {
      if (family.length >= MOST_PROCESSES) return family;
      const child = readProcess(root, id);
      if (child !== null && !child.isZombie) family.push({ id, facts: child });
    }
  }
  return family;
}

/** A process that is new has used all of its time since the tick before. */
function usedNs(now: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [member, cpuNs] of now) sum += cpuNs - (before.get(member) ?? 0);
  return sum;
}

function sumOver(family: readonly Member[], count: (member: Member) => number): number {
  return family.reduce((sum, member) => sum + count(member), 0);
}

// The network namespace in which the run goes, and those of other processes, as /proc shows them (namespaces(7)).

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Whether nobody else is in it: all its processes descend from the one that made it, as far as they can be seen. */
export function isOwnNamespace(): boolean {
  const own = namespaceOf('self');
  const inside = new Set(pids().filter((pid) => namespaceOf(pid) === own));
  if (inside.has('1')) return false;
  const maker = (pid: string): string => {
    const parent = parentOf(pid);
    return parent !== null && inside.has(parent) ? maker(parent) : pid;
  };
  const ours = maker(String(process.pid));
  return [...inside].every((pid) => maker(pid) === ours);
}

function pids(): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** Null where it cannot be seen. */
function namespaceOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null;
  }
}

function parentOf(pid: string): string | null {
  try {
    return /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** The namespace of this process, known again by later runs: since which start of the machine, and its number. */
export function ownPlace(): string {
  return placeOf(bootId(), namespaceOf('self'));
}

/** A process in the namespace; null where there is none. */
export function holderOf(place: string): 'self' | number | null {
  const boot = bootId();
  if (placeOf(boot, namespaceOf('self')) === place) return 'self';
  const found = pids().find((pid) => placeOf(boot, namespaceOf(pid)) === place);
  return found === undefined ? null : Number(found);
}

/** Numbers of namespaces are given again after a start of the machine. */
function placeOf(boot: string, namespace: string | null): string {
  return `${boot} ${namespace ?? ''}`;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

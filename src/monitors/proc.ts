// What Linux tells in /proc, as numbers. Reading is synchronous: the kernel makes these files up as they are read, without
// waiting for a disk, and a promise for each would cost more than the reading.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** The kernel tells CPU time in ticks of USER_HZ, which is 100 on every architecture that Node runs on (proc(5)). */
const NS_PER_TICK = 1e7;
const BYTES_PER_KB = 1024;

export interface ProcessFacts {
  /** In ticks since the machine started: tells a process from a later one with the same number. */
  readonly startedTicks: number;
  readonly cpuNs: number;
  readonly rssBytes: number;
  readonly threads: number;
  readonly isZombie: boolean;
}

/** Null where there is no such process. */
export function readProcess(root: string, pid: number): ProcessFacts | null {
  const stat = read(path.join(root, String(pid), 'stat'));
  const status = read(path.join(root, String(pid), 'status'));
  if (stat === null || status === null) return null;
  // The name stands in brackets and may hold anything, brackets too; the third field of proc(5) is the first behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  // A process that is ending has no memory any more, and no such line.
  const rssKb = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  return {
    startedTicks: field(22),
    cpuNs: (field(14) + field(15)) * NS_PER_TICK,
    rssBytes: rssKb * BYTES_PER_KB,
    threads: field(20),
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
  };
}

/** How many files a process has open; null where we may not know. */
export function readFileCount(root: string, pid: number): number | null {
  const directory = path.join(root, String(pid), 'fd');
  try {
    // Since Linux 6.2 the directory says it by its size; counting ten thousand entries takes milliseconds.
    return statSync(directory).size || readdirSync(directory).length;
  } catch {
    return null;
  }
}

/** The processes that this one has started and that are its own; empty where the kernel does not tell. */
export function readChildren(root: string, pid: number): readonly number[] {
  const tasks = path.join(root, String(pid), 'task');
  try {
    return readdirSync(tasks).flatMap((task) =>
      (read(path.join(tasks, task, 'children')) ?? '').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** What a machine has counted since it started, and what it has of memory now. */
export interface MachineFacts {
  readonly busyTicks: number;
  readonly allTicks: number;
  readonly memoryUsedBytes: number;
  readonly loopbackBytes: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly retransmits: number;
  readonly resets: number;
  readonly resetsSent: number;
}

/** Throws where one of the files is not there. */
export function readMachine(root: string): MachineFacts {
  const file = (name: string): string => readFileSync(path.join(root, name), 'utf8');
  const memory = file('meminfo');
  const kb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(memory)?.[1] ?? Number.NaN);
  return {
    ...cpuTicks(file('stat')),
    memoryUsedBytes: (kb('MemTotal') - kb('MemAvailable')) * BYTES_PER_KB,
    ...networkBytes(file('net/dev')),
    ...tcpCounts(file('net/snmp')),
  };
}

/** The line of all cores together; waiting for a disk is idle. Time in guests is in user time already. */
function cpuTicks(stat: string): Pick<MachineFacts, 'busyTicks' | 'allTicks'> {
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softIrq = 0, stolen = 0] = stat
    .slice(0, stat.indexOf('\n'))
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busyTicks = user + nice + system + irq + softIrq + stolen;
  return { busyTicks, allTicks: busyTicks + idle + waiting };
}

/** Of each interface: bytes received come first, bytes sent ninth. */
function networkBytes(devices: string): Pick<MachineFacts, 'loopbackBytes' | 'receivedBytes' | 'sentBytes'> {
  const bytes = { loopbackBytes: 0, receivedBytes: 0, sentBytes: 0 };
  for (const line of devices.split('\n').slice(2)) {
    const colon = line.indexOf(':');
    if (colon === -1) continue;
    const counts = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    if (line.slice(0, colon).trim() === 'lo') bytes.loopbackBytes += counts[8] ?? 0;
    else {
      bytes.receivedBytes += counts[0] ?? 0;
      bytes.sentBytes += counts[8] ?? 0;
    }
  }
  return bytes;
}

/** Two lines that begin with `Tcp:`: names, then numbers (RFC 4022 has their meaning). */
function tcpCounts(snmp: string): Pick<MachineFacts, 'retransmits' | 'resets' | 'resetsSent'> {
  const [names = [], numbers = []] = snmp
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  const count = (name: string): number => Number(numbers[names.indexOf(name)] ?? Number.NaN);
  return { retransmits: count('RetransSegs'), resets: count('EstabResets'), resetsSent: count('OutRsts') };
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

// What this process may use of this machine, read from the system before a run. Infinity where it cannot be known.

import dgram from 'node:dgram';
import net from 'node:net';
import os from 'node:os';
import type { MachineLimits } from '../run/ports.ts';
import { formatBytes } from '../units/bytes.ts';
import { cpuQuota, memoryKills, memoryLimitBytes, throttledNs } from './cgroup.ts';
import { filesPerProcess, LIMITS_FILE, readText } from './process-limits.ts';

export function localMachine(): MachineLimits {
  const processors = os.cpus();
  const cores = processors.length;
  const affinityCores = listedCount(/^Cpus_allowed_list:\s*(\S+)/m.exec(readText('/proc/self/status') ?? '')?.[1]);
  const { cores: quotaCores } = cpuQuota(readText);
  const freeCores = Math.min(cores, affinityCores);
  return {
    cores,
    allowedCores: Math.min(freeCores, quotaCores),
    coresBoundBy: quotaCores < freeCores ? 'quota' : freeCores < cores ? 'affinity' : 'machine',
    memoryBytes: os.totalmem(),
    allowedMemoryBytes: Math.min(os.totalmem(), memoryLimitBytes(readText)),
    filesPerProcess: filesPerProcess(readText(LIMITS_FILE)),
    portsPerAddress: portCount(
      readText('/proc/sys/net/ipv4/ip_local_port_range'),
      readText('/proc/sys/net/ipv4/ip_local_reserved_ports'),
    ),
    platform: `${os.platform()} ${os.release()} ${os.arch()}`,
    cpuModel: processors[0]?.model ?? 'unknown',
    hostname: os.hostname(),
    nodeVersion: process.version,
  };
}

/** For how long so far a quota has held this process and its neighbors back; nothing is read where there is none. */
export function throttleMeter(): () => number {
  const { statFiles } = cpuQuota(readText);
  if (statFiles.length === 0) return () => 0;
  let knownNs = 0;
  // It never goes back, but for a moment in which no file can be opened.
  return () => {
    knownNs = Math.max(knownNs, throttledNs(statFiles, readText));
    return knownNs;
  };
}

/** Node opens a file to know it: where this process may open no more, it is what it was. */
export function residentMeter(): () => number {
  let knownBytes = 0;
  return () => {
    try {
      knownBytes = process.memoryUsage.rss();
    } catch {}
    return knownBytes;
  };
}

/**
 * Remembers how many processes the kernel has killed for want of memory. The function that comes back says whether it has killed
 * more since, and whose limit that was; null where it has not.
 */
export function watchMemory(): () => string | null {
  const before = { group: memoryKills(readText), machine: machineKills() };
  return () => {
    if (memoryKills(readText) > before.group) {
      return `out of memory: the limit of its cgroup is ${formatBytes(memoryLimitBytes(readText))}`;
    }
    return machineKills() > before.machine ? 'probably out of memory: the kernel killed a process for that' : null;
  };
}

function machineKills(): number {
  return Number(/^oom_kill (\d+)$/m.exec(readText('/proc/vmstat') ?? '')?.[1] ?? 0);
}

/** Whether a connection can come from this address: no list of interfaces has all of 127.0.0.0/8. */
export function isLocalAddress(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket(net.isIPv6(address) ? 'udp6' : 'udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      // Whatever else keeps it from being bound is not that it is somewhere else.
      resolve(error.code !== 'EADDRNOTAVAIL');
    });
    socket.bind({ address, port: 0, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

/** Of the range from which the kernel takes ports, less what is reserved in it. */
export function portCount(range: string | null, reserved: string | null): number {
  const [low, high] = (range ?? '').trim().split(/\s+/).map(Number);
  if (low === undefined || high === undefined) return Number.POSITIVE_INFINITY;
  const kept = spansOf((reserved ?? '').trim()).map(([from, to]) => Math.min(high, to) - Math.max(low, from) + 1);
  return high - low + 1 - kept.reduce((sum, count) => sum + Math.max(0, count), 0);
}

/** How many a list such as `0-3,6` has; infinity where there is none. */
export function listedCount(list: string | undefined): number {
  if (list === undefined) return Number.POSITIVE_INFINITY;
  return spansOf(list).reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

function spansOf(list: string): readonly (readonly [from: number, to: number])[] {
  return list
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return [from, to];
    });
}

// The machine as a whole. What it counts from its start on is told as a rate since the tick before, so the first tick has
// only its memory.

import type { Monitor } from '../run/ports.ts';
import { type MachineFacts, readMachine } from './proc.ts';

const PROC = '/proc';

export interface MachineMonitorParts {
  readonly root?: string;
  nowNs?(): number;
}

export function createMachineMonitor({
  root = PROC,
  nowNs = () => Number(process.hrtime.bigint()),
}: MachineMonitorParts = {}): Monitor {
  let before: { readonly atNs: number; readonly facts: MachineFacts } | null = null;

  return {
    async read() {
      const atNs = nowNs();
      const facts = readMachine(root);
      const values: Record<string, number> = { memoryUsedBytes: facts.memoryUsedBytes };
      if (before !== null) Object.assign(values, ratesOf(facts, before.facts, (atNs - before.atNs) / 1e9));
      before = { atNs, facts };
      const known = Object.entries(values).filter(([, value]) => Number.isFinite(value));
      const unknown = Object.keys(values).filter((name) => !Number.isFinite(values[name]));
      return {
        values: Object.fromEntries(known),
        gap: unknown.length === 0 ? null : `this kernel does not report ${unknown.join(', ')}`,
      };
    },
  };
}

function ratesOf(now: MachineFacts, before: MachineFacts, seconds: number): Readonly<Record<string, number>> {
  const perSecond = (name: keyof MachineFacts): number => (now[name] - before[name]) / seconds;
  const ticks = now.allTicks - before.allTicks;
  return {
    cpuRatio: ticks === 0 ? 0 : (now.busyTicks - before.busyTicks) / ticks,
    receivedBytesPerSecond: perSecond('receivedBytes'),
    sentBytesPerSecond: perSecond('sentBytes'),
    loopbackBytesPerSecond: perSecond('loopbackBytes'),
    tcpRetransmitsPerSecond: perSecond('retransmits'),
    tcpResetsPerSecond: perSecond('resets'),
    tcpResetsSentPerSecond: perSecond('resetsSent'),
  };
}

/** Null where it can be read. */
export function machineProblem(root: string = PROC): string | null {
  try {
    readMachine(root);
    return null;
  } catch (error) {
    return `expected Linux with /proc, got: ${(error as Error).message}`;
  }
}

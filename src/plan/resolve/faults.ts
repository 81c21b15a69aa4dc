// Faults from as written to resolved: each with what it needs and nothing else, and no two at a time that exclude each other.

import { isNonEmpty, type NonEmpty } from '../../units/non-empty.ts';
import { excludeEachOther, type NetworkFaultForms, type TimedNetworkFault } from '../network-faults.ts';
import type { Fault, Target } from '../plan.ts';
import { REFERENCE_TARGET } from '../plan.ts';
import type { PlanPath } from '../problems.ts';
import type { WrittenFault, WrittenNetworkFault, WrittenPacketFault, WrittenProcessFault } from '../schema/faults.ts';
import type { ReportProblem } from './target.ts';

/** What rules call all of them. */
const ALL_FAULTS = 'faults';

type ProcessKind = WrittenProcessFault['fault'];
type Key = 'for' | 'process' | 'run' | 'undo';

/** What each kind must have, and what it may have. */
const KEYS: Readonly<Record<ProcessKind, { readonly needs: readonly Key[]; readonly may: readonly Key[] }>> = {
  stop: { needs: ['for', 'process'], may: [] },
  kill: { needs: ['process'], may: [] },
  restart: { needs: ['process'], may: ['for'] },
  command: { needs: ['run'], may: ['for', 'undo'] },
};
const ALL_KEYS: readonly Key[] = ['for', 'process', 'run', 'undo'];
const WHAT: Readonly<Record<Key, string>> = {
  for: 'its duration, such as for: 5s',
  process: 'the process that it affects: reference, or a process id',
  run: 'a command, such as run: [systemctl, restart, chat]',
  undo: 'a command',
};

export function resolveFaults(
  written: readonly WrittenFault[],
  target: Target,
  networkFaults: NetworkFaultForms,
  report: ReportProblem,
): readonly Fault[] {
  const faults = written.map((each, index) => resolveFault(each, ['faults', index], target, report));
  for (const [index, { name }] of written.entries()) {
    if (name === ALL_FAULTS)
      report(['faults', index, 'name'], `another name, because rules use this one for all faults`, ALL_FAULTS);
  }
  for (const [index, fault] of faults.entries()) {
    const other = faults
      .slice(0, index)
      .find((earlier) => fault !== null && earlier !== null && exclude(networkFaults, earlier, fault));
    if (other === undefined || other === null) continue;
    report(['faults', index], expectedApart(other), `${fault?.name} during ${other.name}`, 'change at or for');
  }
  return faults.filter((fault) => fault !== null);
}

function resolveFault(written: WrittenFault, at: PlanPath, target: Target, report: ReportProblem): Fault | null {
  if (isProcessFault(written)) return resolveProcessFault(written, at, target, report);
  const timing = { name: written.name ?? written.fault, atNs: written.at, forNs: written.for ?? null };
  if (timing.forNs === 0) report([...at, 'for'], 'a time above 0', '0', 'leave it out to keep the fault until the end');
  if (isPacketFault(written)) {
    if (target.urls.length > 1) report(at, 'one target', 'several', `${written.fault} works with a single target`);
    switch (written.fault) {
      case 'packet_loss':
        return { ...timing, kind: 'packet_loss', lossRatio: written.rate };
      case 'partition':
        return { ...timing, kind: 'partition' };
      case 'link_rate':
        return { ...timing, kind: 'link_rate', bytesPerSecond: written.rate };
    }
  }
  const { fault, name: _name, at: _at, for: _for, ...settings } = written;
  return { ...timing, kind: 'way', fault, settings };
}

function isProcessFault(written: WrittenFault): written is WrittenProcessFault {
  return Object.hasOwn(KEYS, written.fault);
}

function isPacketFault(written: WrittenPacketFault | WrittenNetworkFault): written is WrittenPacketFault {
  return ['packet_loss', 'partition', 'link_rate'].includes(written.fault);
}

function resolveProcessFault(
  written: WrittenProcessFault,
  at: PlanPath,
  target: Target,
  report: ReportProblem,
): Fault | null {
  const { fault: kind } = written;
  const { needs, may } = KEYS[kind];
  for (const key of needs) if (written[key] === undefined) report([...at, key], WHAT[key], 'nothing');
  for (const key of ALL_KEYS) {
    if (written[key] === undefined || needs.includes(key) || may.includes(key)) continue;
    report([...at, key], `no ${key} with ${kind}`, key);
  }
  if (needs.some((key) => written[key] === undefined)) return null;
  const process = processOf(written, at, target, report);
  const timing = { name: written.name ?? nameOf(written), atNs: written.at, forNs: written.for ?? 0 };
  switch (kind) {
    case 'stop':
      if (timing.forNs === 0) report([...at, 'for'], 'a time above 0', '0', 'to end the process for good, use kill');
      return { ...timing, kind, process };
    case 'kill':
      return { ...timing, kind, process };
    case 'restart':
      if (process === 'reference') return { ...timing, kind };
      report([...at, 'process'], 'reference', String(process), 'use the command fault to restart another process');
      return null;
    case 'command':
      return {
        ...timing,
        kind,
        run: words(written.run),
        undo: written.undo === undefined ? null : words(written.undo),
        directory: null,
      };
  }
}

function processOf(
  written: WrittenProcessFault,
  at: PlanPath,
  target: Target,
  report: ReportProblem,
): 'reference' | number {
  if (written.process !== 'reference') return Number(written.process);
  if (!target.urls.includes(REFERENCE_TARGET)) {
    report([...at, 'process'], 'a process id, because the run does not start the reference target', 'reference');
  }
  return 'reference';
}

function words(written: readonly string[] = []): NonEmpty<string> {
  if (!isNonEmpty(written)) throw new Error('the schema let an empty command through');
  return written;
}

function nameOf({ fault, process, run }: WrittenProcessFault): string {
  return run === undefined ? `${fault} ${process}` : `command ${run[0]}`;
}

function exclude(networkFaults: NetworkFaultForms, a: Fault, b: Fault): boolean {
  if (a.kind === 'way' && b.kind === 'way') return excludeEachOther(networkFaults, timedOf(a), timedOf(b));
  const [one, other] = [affects(a), affects(b)];
  return one !== null && one === other && a.atNs < endNs(b) && b.atNs < endNs(a);
}

/** What only one fault at a time can affect; null where nothing is. */
function affects(fault: Fault): string | null {
  switch (fault.kind) {
    case 'stop':
    case 'kill':
      return `process ${fault.process}`;
    case 'restart':
      return 'process reference';
    case 'packet_loss':
    case 'partition':
    case 'link_rate':
      return fault.kind;
    case 'command':
    case 'way':
      return null;
  }
}

function expectedApart(fault: Fault): string {
  const isOfProcess = fault.kind === 'stop' || fault.kind === 'kill' || fault.kind === 'restart';
  return isOfProcess
    ? 'one fault at a time for each process'
    : `no overlap with ${fault.name}, which cannot be active at the same time`;
}

function timedOf(fault: Extract<Fault, { kind: 'way' }>): TimedNetworkFault {
  const way = fault.settings.stream === 'up' ? 'up' : 'down';
  return { name: fault.fault, way, fromNs: fault.atNs, untilNs: endNs(fault) };
}

function endNs({ atNs, forNs }: Fault): number {
  return forNs === null ? Number.POSITIVE_INFINITY : atNs + forNs;
}

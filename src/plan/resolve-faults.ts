// Faults from as written to resolved: each with what it needs and nothing else, and no two on one process at a time.

import { isNonEmpty, type NonEmpty } from '../units/non-empty.ts';
import type { Fault, Target } from './plan.ts';
import { REFERENCE_TARGET } from './plan.ts';
import type { Path } from './problems.ts';
import type { Report } from './resolve-target.ts';
import type { WrittenFault } from './schema-faults.ts';

type Kind = WrittenFault['fault'];
type Key = 'for' | 'process' | 'run' | 'undo';

/** What each kind must have, and what it may have. */
const KEYS: Readonly<Record<Kind, { readonly needs: readonly Key[]; readonly may: readonly Key[] }>> = {
  stop: { needs: ['for', 'process'], may: [] },
  kill: { needs: ['process'], may: [] },
  restart: { needs: ['process'], may: ['for'] },
  command: { needs: ['run'], may: ['for', 'undo'] },
};
const ALL_KEYS: readonly Key[] = ['for', 'process', 'run', 'undo'];
const WHAT: Readonly<Record<Key, string>> = {
  for: 'how long it lasts, such as for: 5s',
  process: 'whom it befalls: process: reference, or the number of a process',
  run: 'a command, such as run: [systemctl, restart, chat]',
  undo: 'a command',
};

export function resolveFaults(written: readonly WrittenFault[], target: Target, report: Report): readonly Fault[] {
  const faults = written.map((each, index) => resolveFault(each, ['faults', index], target, report));
  for (const [index, fault] of faults.entries()) {
    const other = faults
      .slice(0, index)
      .find((earlier) => fault !== null && earlier !== null && exclude(earlier, fault));
    if (other === undefined || other === null) continue;
    report(['faults', index], `one fault at a time on one process`, `${fault?.name} while ${other.name} lasts`);
  }
  return faults.filter((fault) => fault !== null);
}

function resolveFault(written: WrittenFault, at: Path, target: Target, report: Report): Fault | null {
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
      if (timing.forNs === 0) report([...at, 'for'], 'a time', 'nothing', 'a process that never goes on is kill');
      return { ...timing, kind, process };
    case 'kill':
      return { ...timing, kind, process };
    case 'restart':
      if (process === 'reference') return { ...timing, kind };
      report([...at, 'process'], 'reference', String(process), 'another process is restarted by a command of yours');
      return null;
    case 'command':
      return {
        ...timing,
        kind,
        run: words(written.run),
        undo: written.undo === undefined ? null : words(written.undo),
      };
  }
}

function processOf(written: WrittenFault, at: Path, target: Target, report: Report): 'reference' | number {
  if (written.process !== 'reference') return Number(written.process);
  if (!target.urls.includes(REFERENCE_TARGET)) {
    report([...at, 'process'], 'a process by its number, as the run starts no reference target', 'reference');
  }
  return 'reference';
}

function words(written: readonly string[] = []): NonEmpty<string> {
  if (!isNonEmpty(written)) throw new Error('the schema let an empty command through');
  return written;
}

function nameOf({ fault, process, run }: WrittenFault): string {
  return run === undefined ? `${fault} ${process}` : `command ${run[0]}`;
}

function exclude(a: Fault, b: Fault): boolean {
  const of = (fault: Fault): string | number | null =>
    fault.kind === 'command' ? null : fault.kind === 'restart' ? 'reference' : fault.process;
  if (of(a) === null || of(a) !== of(b)) return false;
  return a.atNs <= b.atNs + b.forNs && b.atNs <= a.atNs + a.forNs;
}

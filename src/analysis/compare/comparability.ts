// Whether figures of two runs may be held against each other at all: the same load, on the same machine, by a generator that
// kept up, to its end. What is being compared may differ: the service and where it is, and what is asked of it.

import type { Difference } from '../../facts/comparison.ts';
import type { RunFacts, RunResult } from '../../facts/result.ts';
import type { Plan } from '../../plan/plan.ts';
import { planWords } from '../../plan/resolve/plan-words.ts';
import { HEALTHY_DOUBTS } from '../judge/health.ts';

const MOST_DIFFERENCES = 20;
const MOST_TEXT = 120;

/** Of a plan, what does not shape the load; of its target, where it is and who may come in. */
const FREE_OF_PLAN: readonly string[] = ['name', 'profile', 'seed', 'thresholds', 'abort', 'monitors'];
const FREE_OF_TARGET: readonly string[] = ['urls', 'headers', 'tls', 'sourceAddresses'];

type LoadDifference = Extract<Difference, { readonly where: string }>;

/** All of it; empty where every run may be compared with every other. The first is what the others are held against. */
export function differencesOf(first: RunResult, others: readonly RunResult[]): readonly Difference[] {
  const between = others.flatMap((other) => [
    ...planDifferences(first.plan, other.plan, other.run.id),
    ...machineDifferences(first.run, other.run),
  ]);
  const places = between.map(({ where }) => where);
  const once = between.filter(({ where }, place) => places.indexOf(where) === place);
  return [...[first, ...others].flatMap(flawsOf), ...once].slice(0, MOST_DIFFERENCES);
}

/** Doubts about a whole run that say nothing of what the generator did. */
const BESIDE_GENERATOR: readonly string[] = ['noRules', 'noSamples', 'unresolved', ...HEALTHY_DOUBTS];

/** What a run is not fit to be compared for, whatever with. */
export function flawsOf({ run, generator, verdict }: RunResult): readonly Difference[] {
  const flaws: Difference[] = [];
  if (run.end !== 'completed') {
    const detail = run.endedBecause === null ? run.end : `${run.end}: ${run.endedBecause}`;
    flaws.push({ kind: 'outcome', run: run.id, detail });
  }
  if (!generator.healthy) {
    const doubt = verdict.doubts.find(({ kind, rule }) => rule === null && !BESIDE_GENERATOR.includes(kind));
    flaws.push({ kind: 'generator', run: run.id, detail: doubt?.detail ?? 'in doubt' });
  }
  return flaws;
}

/** Where two plans ask for another load. `otherRun`: whose plan the second is. Both as stored: redacted. */
export function planDifferences(baseline: Plan, other: Plan, otherRun: string): readonly LoadDifference[] {
  return leavesThatDiffer(planWords(loadOf(baseline)), planWords(loadOf(other)), '').map(
    ({ where, baseline: before, other: now }) => ({
      kind: 'plan',
      where,
      baseline: before,
      other: now,
      otherRun,
    }),
  );
}

type MachineFacts = { readonly machine: Pick<RunFacts['machine'], 'cpuModel' | 'cores' | 'allowedCores'> };

export function machineDifferences(
  baseline: MachineFacts,
  other: MachineFacts & { readonly id: string },
): readonly LoadDifference[] {
  return (['cpuModel', 'cores', 'allowedCores'] as const).flatMap((name): LoadDifference[] =>
    baseline.machine[name] === other.machine[name]
      ? []
      : [
          {
            kind: 'machine',
            where: `machine.${name}`,
            baseline: String(baseline.machine[name]),
            other: String(other.machine[name]),
            otherRun: other.id,
          },
        ],
  );
}

type Json = unknown;

function loadOf(plan: Plan): Plan {
  const without = <T extends object>(value: T, names: readonly string[]): T =>
    Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))) as T;
  const { target, protocol, faults, load } = plan;
  // A checkout lies elsewhere, and a process has another number, each time: neither is another load.
  return {
    ...without(plan, FREE_OF_PLAN),
    target: { ...without(target, FREE_OF_TARGET), rowsFile: fileName(target.rowsFile) },
    protocol: protocol.kind === 'module' ? { ...protocol, file: fileName(protocol.file) } : protocol,
    faults: faults.map((fault) => without(fault, ['process', 'directory'])),
    load: { ...load, feeder: load.feeder === null ? null : { ...load.feeder, file: fileName(load.feeder.file) } },
  };
}

function fileName<T extends string | null>(path: T): T {
  return path === null ? path : (path.slice(path.lastIndexOf('/') + 1) as T);
}

interface Leaf {
  readonly where: string;
  readonly baseline: string;
  readonly other: string;
}

function leavesThatDiffer(baseline: Json, other: Json, where: string): readonly Leaf[] {
  if (!isObject(baseline) || !isObject(other) || Array.isArray(baseline) !== Array.isArray(other)) {
    return textOf(baseline) === textOf(other) ? [] : [{ where, baseline: shorten(baseline), other: shorten(other) }];
  }
  const names = [...new Set([...Object.keys(baseline), ...Object.keys(other)])];
  const isList = Array.isArray(baseline);
  return names.flatMap((name) =>
    leavesThatDiffer(
      baseline[name],
      other[name],
      isList ? `${where}[${name}]` : where === '' ? name : `${where}.${name}`,
    ),
  );
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null;
}

/** What a stored plan says: JSON has no `undefined`, and null for what is infinite. */
function textOf(value: Json): string {
  if (value === undefined || value === null) return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shorten(value: Json): string {
  const text = textOf(value);
  return text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT)}…`;
}

// The use case: hold one group of stored runs against another. A run is read back second by second, never as a whole.

import { differencesOf, machineDifferences, planDifferences } from '../analysis/compare/comparability.ts';
import { compare, countsRuns, type SampledSide } from '../analysis/compare/compare.ts';
import {
  comparableParts,
  comparedPart,
  createSampler,
  type RunSample,
  type SamplerParts,
  stepSecondsOf,
} from '../analysis/compare/run-sample.ts';
import { createRecordAccount } from '../analysis/judge/record-account.ts';
import type { Comparison, Difference } from '../facts/comparison.ts';
import { HighwaterError } from '../facts/error.ts';
import type { RunResult } from '../facts/result.ts';
import type { Plan } from '../plan/plan.ts';
import { redactPlan } from '../plan/redact.ts';
import type { NonEmpty } from '../units/non-empty.ts';
import { plural } from '../units/plural.ts';
import type { Archive, MachineLimits, StoredRun } from './ports.ts';
import { judgeStoredRun } from './run-plan.ts';

/** Runs under the reference by which they were asked for. */
export interface RunGroup {
  readonly reference: string;
  readonly runs: NonEmpty<OpenedRun>;
}

export interface OpenedRun {
  readonly stored: StoredRun;
  readonly result: RunResult;
}

/** Throws RUN_NOT_FOUND, RUN_UNREADABLE, and ARGUMENTS_INVALID where a run is named twice. */
export async function openGroup(archive: Archive, reference: string, planName?: string): Promise<RunGroup> {
  const [first, ...others] = await archive.find(reference, planName);
  const group: RunGroup = { reference, runs: [await openRun(first), ...(await Promise.all(others.map(openRun)))] };
  refuseTwice(group.runs);
  return group;
}

/** Its seconds are looked at, and not only its result. */
async function openRun(stored: StoredRun): Promise<OpenedRun> {
  if (stored.unjudgeable !== null) {
    throw new HighwaterError('RUN_UNREADABLE', [
      `${stored.path}: expected the record of a run, got: ${stored.unjudgeable}`,
    ]);
  }
  return { stored, result: (await stored.result()) ?? (await judgeStoredRun(stored)).result };
}

/**
 * Why the runs are not comparable; empty where they are. Whether they are compared all the same is the caller's decision.
 * Throws ARGUMENTS_INVALID where a run is on both sides.
 */
export function differencesBetween(baseline: RunGroup, candidate: RunGroup): readonly Difference[] {
  const runs = [...baseline.runs, ...candidate.runs];
  refuseTwice(runs);
  const [first, ...others] = runs.map(({ result }) => result);
  return differencesOf(first!, others);
}

/** The result says how the runs differ. Throws ARGUMENTS_INVALID where a run is on both sides. */
export async function compareGroups(baseline: RunGroup, candidate: RunGroup, marginRatio: number): Promise<Comparison> {
  const differences = differencesBetween(baseline, candidate);
  const runs = [...baseline.runs, ...candidate.runs];
  const { part, stretches } = comparedPart(
    await Promise.all(
      runs.map(async ({ stored }) =>
        comparableParts(stored.plan, createRecordAccount(await stored.events(), false).events),
      ),
    ),
  );
  // Where runs are what is counted, nobody looks inside them.
  const stepSeconds = countsRuns(baseline.runs.length, candidate.runs.length)
    ? Number.POSITIVE_INFINITY
    : stepSecondsOf(stretches);
  const samples: RunSample[] = [];
  for (const [place, run] of runs.entries()) {
    samples.push(await sample(run, { stretch: stretches[place]!, kind: part.kind, stepSeconds }));
  }
  const before = samples.slice(0, baseline.runs.length);
  const now = samples.slice(baseline.runs.length);
  return compare({
    baseline: sideOf(baseline.reference, before),
    candidate: sideOf(candidate.reference, now),
    part,
    marginRatio,
    differences,
    notes: notesOn(before, now),
  });
}

/** Before a run is made, why it could not be compared afterwards; empty where it could. */
export function differencesFrom(
  baseline: RunGroup,
  plan: Plan,
  secrets: readonly string[],
  machine: MachineLimits,
): readonly Difference[] {
  const [first, ...others] = baseline.runs.map(({ result }) => result);
  const coming = 'the new run';
  return [
    ...differencesOf(first!, others),
    ...planDifferences(first!.plan, redactPlan(plan, secrets), coming),
    ...machineDifferences(first!.run, { machine, id: coming }),
  ];
}

/** Rejects with RUN_UNREADABLE where the record has not all any more that the result was made from. */
async function sample({ stored, result }: OpenedRun, parts: Omit<SamplerParts, 'workers'>): Promise<RunSample> {
  const sampler = createSampler({ ...parts, workers: result.run.workerCount });
  const account = createRecordAccount([], false);
  for await (const window of stored.windows()) if (account.window(window)) sampler.add(window);
  const { read } = account.finish().windows;
  if (read < result.record.windows.read) {
    throw new HighwaterError('RUN_UNREADABLE', [
      `${stored.path}: expected ${plural(result.record.windows.read, 'window')}, as in its result, got ${read}. ` +
        'Restore windows.ndjson, or compare other runs',
    ]);
  }
  return { result, steps: sampler.finish(), stepSeconds: parts.stepSeconds };
}

function sideOf(reference: string, samples: readonly RunSample[]): SampledSide {
  const [first, ...others] = samples;
  return { reference, runs: [first!, ...others] };
}

function refuseTwice(runs: readonly OpenedRun[]): void {
  const ids = runs.map(({ result }) => result.run.id);
  const twice = ids.find((id, place) => ids.indexOf(id) < place);
  if (twice === undefined) return;
  throw new HighwaterError('ARGUMENTS_INVALID', [
    `expected each run once, got ${twice} more than once. Name each run once`,
  ]);
}

/** Differences that may look like a change of the service. */
function notesOn(before: readonly RunSample[], now: readonly RunSample[]): readonly string[] {
  const all = [...before, ...now].map(({ result }) => result.run);
  const notes: string[] = [];
  const differ = (of: (run: RunResult['run']) => string): string | null => {
    const values = [...new Set(all.map(of))];
    return values.length < 2 ? null : values.join(', ');
  };
  const versions = differ((run) => run.highwaterVersion);
  if (versions !== null) notes.push(`the runs used different versions of Highwater: ${versions}`);
  const nodes = differ((run) => run.nodeVersion);
  if (nodes !== null) notes.push(`the runs used different versions of Node: ${nodes}`);
  const hosts = differ((run) => run.machine.hostname);
  if (hosts !== null) notes.push(`the runs used different machines of the same kind: ${hosts}`);
  const times = (runs: readonly RunSample[]): readonly string[] =>
    runs.map(({ result }) => result.run.startedAt).sort();
  const [earlier, later] = [times(before), times(now)].sort((a, b) => (a[0]! < b[0]! ? -1 : 1));
  if (all.length > 2 && earlier!.at(-1)! < later![0]!) {
    notes.push(
      'all runs of one side came before all runs of the other: a change of the machine in between would look like a change of the service',
    );
  }
  return notes;
}

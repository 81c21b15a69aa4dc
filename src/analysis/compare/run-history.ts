// Runs over time: which of them are meant, and for each plan its key figures in the order of time, which is what trends and
// change points are looked for in.

import type { Verdict } from '../../facts/result.ts';
import type { JudgedEntry, RunEntry } from '../../facts/run-entry.ts';
import type { NonEmpty } from '../../units/non-empty.ts';
import { type PlanTrend, planTrend, type TooFewRuns } from './plan-trend.ts';

/** Null leaves out no run. */
export interface RunFilter {
  /** Of the plan, exactly. */
  readonly name: string | null;
  readonly tag: string | null;
  readonly verdict: Verdict['kind'] | 'unjudged' | null;
  /** ms since 1970; runs of which nobody knows when they were are left out. */
  readonly sinceMs: number | null;
}

export function filterRuns(
  entries: readonly RunEntry[],
  { name, tag, verdict, sinceMs }: RunFilter,
): readonly RunEntry[] {
  return entries.filter(
    (entry) =>
      (name === null || entry.name === name) &&
      (tag === null || entry.tags?.includes(tag) === true) &&
      (verdict === null || (entry.summary?.verdict ?? 'unjudged') === verdict) &&
      (sinceMs === null || (entry.startedAt !== null && Date.parse(entry.startedAt) >= sinceMs)),
  );
}

export type HistoryFigure = 'responseP50Ms' | 'responseP99Ms' | 'deliveredPerSecond' | 'lost';

export interface PlanHistory {
  /** Null for runs of which nobody knows the plan. */
  readonly name: string | null;
  /** As they were given. */
  readonly runs: NonEmpty<RunEntry>;
  /** In the order of time. */
  readonly judged: readonly JudgedEntry[];
  /** A value for each of the judged, in their order; null where it cannot be known. */
  readonly series: Readonly<Record<HistoryFigure, readonly (number | null)[]>>;
  /** Null for runs of which nobody knows the plan. */
  readonly trend: PlanTrend | TooFewRuns | null;
}

/** `entries`: the newest first. Plans come in the order of their newest run. */
export function historyByPlan(entries: readonly RunEntry[]): readonly PlanHistory[] {
  const byName = new Map<string | null, [RunEntry, ...RunEntry[]]>();
  for (const entry of entries) {
    const runs = byName.get(entry.name);
    if (runs === undefined) byName.set(entry.name, [entry]);
    else runs.push(entry);
  }
  return [...byName].map(([name, runs]) => {
    const judged = runs.flatMap((entry) => (entry.state === 'judged' ? [entry] : [])).toReversed();
    const trend = name === null ? null : planTrend(judged.map(({ summary }) => summary));
    return { name, runs, judged, series: seriesOf(judged), trend };
  });
}

function seriesOf(judged: readonly JudgedEntry[]): PlanHistory['series'] {
  const of = (figure: HistoryFigure): readonly (number | null)[] => judged.map(({ summary }) => summary[figure]);
  return {
    responseP50Ms: of('responseP50Ms'),
    responseP99Ms: of('responseP99Ms'),
    deliveredPerSecond: of('deliveredPerSecond'),
    lost: of('lost'),
  };
}

/** One run as an object without levels but `git`: what is not known is null. */
export function flatRun(entry: RunEntry) {
  const { id, path, state, name, tags, startedAt, durationSeconds, git, summary } = entry;
  return {
    id,
    path,
    state,
    name,
    tags,
    startedAt,
    durationSeconds,
    profile: summary?.profile ?? null,
    end: summary?.end ?? null,
    verdict: summary?.verdict ?? null,
    responseP50Ms: summary?.responseP50Ms ?? null,
    responseP99Ms: summary?.responseP99Ms ?? null,
    deliveredPerSecond: summary?.deliveredPerSecond ?? null,
    sent: summary?.sent ?? null,
    delivered: summary?.delivered ?? null,
    lost: summary?.lost ?? null,
    unresolved: summary?.unresolved ?? null,
    duplicated: summary?.duplicated ?? null,
    reordered: summary?.reordered ?? null,
    peakOpen: summary?.peakOpen ?? null,
    highwaterVersion: summary?.highwaterVersion ?? null,
    git,
  };
}

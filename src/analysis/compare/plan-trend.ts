// Where the figures of a plan went to another level over its runs, and stayed there: change points (`change-points.ts`) in the
// runs that can be held against the latest. A run that cannot is left out and counted, so that no change is one of the instrument.

import type { GitState } from '../../facts/event.ts';
import type { RunSummary } from '../../facts/run-summary.ts';
import { type ChangePointOptions, findChangePoints, HUNTER } from './change-points.ts';
import { withoutLoneOutliers } from './lone-outliers.ts';

/** With fewer nothing can be told from noise. */
export const LEAST_RUNS = 10;

export type TrendFigure = 'responseP50Ms' | 'responseP99Ms' | 'deliveredPerSecond' | 'deliveredRatio';

export interface TrendRun {
  readonly id: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly git: GitState | null;
  /** Null where a figure cannot be known. */
  readonly figures: Readonly<Record<TrendFigure, number | null>>;
}

export interface TrendChange {
  readonly figure: TrendFigure;
  /** The first run of the new level. */
  readonly run: TrendRun;
  /** Of that run, among those of the trend, from 0. */
  readonly place: number;
  /** Means from the change before, and to the next one; of times geometric ones. */
  readonly before: number;
  readonly after: number;
  /** Of the level before: 0.5 is half as much again. Null where that is nothing. */
  readonly changeRatio: number | null;
  /** That the two levels are one. */
  readonly pValue: number;
  readonly direction: 'worse' | 'better';
}

/** Why runs cannot be held against the latest, and how many: each counts once, under the first that holds. */
export interface LeftOut {
  /** Did not go to their end. */
  readonly notCompleted: number;
  /** The generator was in doubt. */
  readonly inDoubt: number;
  readonly otherProfile: number;
  readonly otherMachine: number;
}

export interface PlanTrend {
  readonly kind: 'trend';
  /** In the order of time. */
  readonly runs: readonly TrendRun[];
  readonly leftOut: LeftOut;
  /** The latest first; those of one run in the order of `FIGURES`. */
  readonly changes: readonly TrendChange[];
}

export interface TooFewRuns {
  readonly kind: 'tooFew';
  /** How many there are that can be held against the latest. */
  readonly count: number;
  readonly leftOut: LeftOut;
}

interface FigureOptions {
  readonly isBetterHigher: boolean;
  readonly options: ChangePointOptions;
}

/** The margins are those of a comparison of runs. Hunter's window and p are kept: for how often it is wrong see ADR 0029. */
const TIMES: FigureOptions = {
  isBetterHigher: false,
  options: { ...HUNTER, minChangeRatio: 0.05, scale: 'logarithmic' },
};
const FIGURE_OPTIONS: Readonly<Record<TrendFigure, FigureOptions>> = {
  responseP50Ms: TIMES,
  responseP99Ms: TIMES,
  deliveredPerSecond: { isBetterHigher: true, options: { ...HUNTER, minChangeRatio: 0.05 } },
  deliveredRatio: { isBetterHigher: true, options: { ...HUNTER, minChangeRatio: 0.001 } },
};
const FIGURES = Object.keys(FIGURE_OPTIONS) as readonly TrendFigure[];

/** Of the judged runs of one plan, in the order of time: the last is what the others are held against. */
export function planTrend(summaries: readonly RunSummary[]): PlanTrend | TooFewRuns {
  const latest = summaries.at(-1);
  const leftOut = { notCompleted: 0, inDoubt: 0, otherProfile: 0, otherMachine: 0 };
  const runs = summaries.flatMap((summary) => {
    const reason = latest === undefined ? null : flawOf(summary, latest);
    if (reason === null) return [trendRun(summary)];
    leftOut[reason]++;
    return [];
  });
  if (runs.length < LEAST_RUNS) return { kind: 'tooFew', count: runs.length, leftOut };
  const changes = FIGURES.flatMap((figure) => changesOf(figure, runs)).sort((a, b) => b.place - a.place);
  return { kind: 'trend', runs, leftOut, changes };
}

/** Why it cannot be held against the latest; null where it can. */
function flawOf({ end, generatorHealthy, profile, machine }: RunSummary, latest: RunSummary): keyof LeftOut | null {
  if (end !== 'completed') return 'notCompleted';
  if (!generatorHealthy) return 'inDoubt';
  if (profile !== latest.profile) return 'otherProfile';
  const isSame = (['cpuModel', 'cores', 'allowedCores'] as const).every(
    (name) => machine[name] === latest.machine[name],
  );
  return isSame ? null : 'otherMachine';
}

function trendRun(summary: RunSummary): TrendRun {
  const { id, startedAt, git, responseP50Ms, responseP99Ms, deliveredPerSecond, sent, delivered } = summary;
  const deliveredRatio = sent === 0 ? null : delivered / sent;
  return { id, startedAt, git, figures: { responseP50Ms, responseP99Ms, deliveredPerSecond, deliveredRatio } };
}

function changesOf(figure: TrendFigure, runs: readonly TrendRun[]): readonly TrendChange[] {
  const { isBetterHigher, options } = FIGURE_OPTIONS[figure];
  const known = runs.flatMap((run, place) => {
    const value = run.figures[figure];
    const isKnown = value !== null && (options.scale === 'linear' || value > 0);
    return isKnown ? [{ run, place, value }] : [];
  });
  if (known.length < LEAST_RUNS) return [];
  const values = known.map(({ value }) => value);
  const points = findChangePoints(options.scale === 'linear' ? values : withoutLoneOutliers(values), options);
  return points.map(({ index, before, after, pValue }): TrendChange => {
    const { run, place } = known[index]!;
    const changeRatio = before === 0 ? null : (after - before) / before;
    const direction = after > before === isBetterHigher ? 'better' : 'worse';
    return { figure, run, place, before, after, changeRatio, pValue, direction };
  });
}

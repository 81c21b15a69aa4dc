// Changes over the runs of a plan as text, the same in every format.

import {
  LEAST_RUNS,
  type LeftOut,
  type PlanTrend,
  type TooFewRuns,
  type TrendChange,
  type TrendFigure,
} from '../../analysis/compare/plan-trend.ts';
import type { GitState } from '../../facts/event.ts';
import { plural } from '../../units/plural.ts';
import { formatRate } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { formatEffect } from './comparison-figures.ts';
import { formatMs } from './figures.ts';

export const FIGURE_NAMES: Readonly<Record<TrendFigure, string>> = {
  responseP50Ms: 'response p50',
  responseP99Ms: 'response p99',
  deliveredPerSecond: 'delivered/s',
  deliveredRatio: 'delivered of sent',
};

export function figureText(figure: TrendFigure, value: number): string {
  if (figure === 'deliveredRatio') return formatPercent(value);
  return figure === 'deliveredPerSecond' ? formatRate(value) : formatMs(value);
}

/** `12 ms -> 18 ms (+50.0 %)`. */
export function levelsText(change: TrendChange): string {
  const { figure, before, after } = change;
  const effect = effectText(change);
  const levels = `${figureText(figure, before)} -> ${figureText(figure, after)}`;
  return effect === null ? levels : `${levels} (${effect})`;
}

/** Of shares the difference in points, as in a comparison. Null for a share of nothing. */
export function effectText({ figure, before, after, changeRatio }: TrendChange): string | null {
  if (figure === 'deliveredRatio') return formatEffect(after - before, 'share');
  return changeRatio === null ? null : formatEffect(changeRatio, 'ms');
}

/** `abc12345`, with `+` where a file differed from it; null where nothing is known of it. */
export function commitText({ git }: { readonly git: GitState | null }): string | null {
  return git === null ? null : `${git.commit.slice(0, 8)}${git.isDirty ? '+' : ''}`;
}

/** `50 runs, 3 left out: 2 with the generator in doubt, 1 under another profile`. */
export function runsText({ runs, leftOut }: PlanTrend): string {
  return `${plural(runs.length, 'run')}${leftOutText(leftOut)}`;
}

export function tooFewText({ count, leftOut }: TooFewRuns): string {
  const needed = `detecting changes needs at least ${LEAST_RUNS} runs that are comparable to the latest`;
  return `${needed}; there are ${count}${leftOutText(leftOut)}`;
}

const REASONS: Readonly<Record<keyof LeftOut, string>> = {
  notCompleted: 'not completed',
  inDoubt: 'with the generator in doubt',
  otherProfile: 'under another profile',
  otherMachine: 'on another machine',
};

function leftOutText(leftOut: LeftOut): string {
  const reasons = (Object.keys(REASONS) as (keyof LeftOut)[]).filter((reason) => leftOut[reason] > 0);
  if (reasons.length === 0) return '';
  const total = reasons.reduce((sum, reason) => sum + leftOut[reason], 0);
  return `, ${total} left out: ${reasons.map((reason) => `${leftOut[reason]} ${REASONS[reason]}`).join(', ')}`;
}

// Two groups of runs by ranks: a run is one value, as what happens within a run hangs together. Needs four runs a side, as
// with fewer no order of the values is unlikely enough.

import { hodgesLehmann, mannWhitney } from '../statistics/ranks.ts';
import { studentQuantile, variance } from '../statistics/student.ts';
import { median } from '../statistics/trend.ts';
import type { MetricKind } from './compared-metrics.ts';
import { CONFIDENCE, type Estimate, POWER, RANKS_NEED } from './estimate.ts';
import { figureOfRuns } from './run-figures.ts';
import type { RunSample } from './run-sample.ts';

export function estimateByRanks(
  kind: MetricKind,
  baselineRuns: readonly RunSample[],
  candidateRuns: readonly RunSample[],
): Estimate {
  const valuesOf = (runs: readonly RunSample[]): readonly number[] =>
    runs.map((run) => figureOfRuns(kind.source, [run])).filter((value) => value !== null);
  return estimateOfValues(
    kind,
    [valuesOf(baselineRuns), baselineRuns.length],
    [valuesOf(candidateRuns), candidateRuns.length],
  );
}

type Values = readonly [known: readonly number[], of: number];

/** The same of values that are known already: one a run, and how many runs there are. */
export function estimateOfValues({ unit }: Pick<MetricKind, 'unit'>, baseline: Values, candidate: Values): Estimate {
  const [before, now] = [baseline[0], candidate[0]];
  const missing = baseline[1] - before.length + candidate[1] - now.length;
  const middles = { baseline: middleOf(before), candidate: middleOf(now) };
  if (missing > 0 || middles.baseline === null || middles.candidate === null) {
    const runs = baseline[1] + candidate[1];
    return { kind: 'noData', ...middles, reason: `${missing} of ${runs} runs have too few samples` };
  }
  if (unit !== 'share' && ![...before, ...now].every((value) => value > 0)) {
    return { kind: 'noData', ...middles, reason: 'a run has the value zero, so a ratio is undefined' };
  }
  // Ratios are weighed by their logarithm, in which twice and half are equally far; differences of shares as they are.
  const scaled = (values: readonly number[]): readonly number[] => (unit === 'share' ? values : values.map(Math.log));
  const shown = (effect: number): number => (unit === 'share' ? effect : Math.expm1(effect));
  const { shift, interval } = hodgesLehmann(scaled(before), scaled(now), CONFIDENCE);
  const deviation = pooledDeviation(scaled(before), scaled(now));
  const degrees = before.length + now.length - 2;
  const needed = studentQuantile((1 + CONFIDENCE) / 2, degrees) + studentQuantile(POWER, degrees);
  return {
    kind: 'estimated',
    isApart: false,
    baseline: middles.baseline,
    candidate: middles.candidate,
    effect: shown(shift),
    interval: [shown(interval[0]), shown(interval[1])],
    pValue: mannWhitney(before, now)?.pValue ?? null,
    smallestVisible: shown(needed * deviation * Math.sqrt(RANKS_NEED * (1 / before.length + 1 / now.length))),
    deviation,
  };
}

function middleOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : median(values);
}

function pooledDeviation(before: readonly number[], now: readonly number[]): number {
  const degrees = before.length + now.length - 2;
  return Math.sqrt(((before.length - 1) * variance(before) + (now.length - 1) * variance(now)) / degrees);
}

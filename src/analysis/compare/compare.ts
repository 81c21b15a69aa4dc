// Whether one group of runs is worse than another: each metric by itself, then all of them together.

import {
  COMPARED_METRICS,
  COMPARISON_SCHEMA,
  type ComparedMetric,
  type ComparedPart,
  type ComparedRun,
  type ComparedSide,
  type Comparison,
  type ComparisonMethod,
  type Difference,
  type Margin,
  type MetricComparison,
} from '../../facts/comparison.ts';
import type { NonEmpty } from '../../units/non-empty.ts';
import { benjaminiHochberg } from '../statistics/many.ts';
import { estimateByBlocks, RESAMPLES, SEED } from './by-blocks.ts';
import { estimateByRanks } from './by-ranks.ts';
import { METRIC_KINDS, type MetricKind } from './compared-metrics.ts';
import { CONFIDENCE, type Estimate, runsFor } from './estimate.ts';
import { responsePercentiles } from './response-percentiles.ts';
import type { RunSample } from './run-sample.ts';

/** With as many a side, runs themselves are what is counted. */
export const LEAST_RUNS = 4;
export const DEFAULT_MARGIN_RATIO = 0.05;
/** One message in a thousand. Shares that matter lie so close to all or nothing that a share of them says little. */
export const SHARE_MARGIN = 0.001;
const SIGNIFICANT = 1 - CONFIDENCE;

export interface SampledSide {
  readonly reference: string;
  readonly runs: NonEmpty<RunSample>;
}

export interface CompareParts {
  readonly baseline: SampledSide;
  readonly candidate: SampledSide;
  readonly part: ComparedPart;
  readonly marginRatio: number;
  readonly differences: readonly Difference[];
  readonly notes: readonly string[];
}

export function compare(parts: CompareParts): Comparison {
  const { baseline, candidate } = parts;
  const margin: Margin = { ratio: parts.marginRatio, shareDifference: SHARE_MARGIN };
  const { plan } = baseline.runs[0].result;
  const absences = COMPARED_METRICS.map((metric) => ({ metric, reason: METRIC_KINDS[metric].absence(plan) }));
  const present = absences.filter(({ reason }) => reason === null).map(({ metric }) => metric);
  const byRanks = countsRuns(baseline.runs.length, candidate.runs.length);
  const found = present.map((metric) => {
    const kind = METRIC_KINDS[metric];
    return byRanks
      ? { metric, estimate: estimateByRanks(kind, baseline.runs, candidate.runs), blockSeconds: null }
      : { metric, ...estimateByBlocks(kind, baseline.runs, candidate.runs) };
  });
  const metrics = judgeMetrics(found, margin, Math.min(baseline.runs.length, candidate.runs.length));
  const blockSeconds = found.flatMap((each) => each.blockSeconds ?? []);
  const method: ComparisonMethod = byRanks
    ? { kind: 'ranks' }
    : {
        kind: 'blocks',
        weakness:
          baseline.runs.length + candidate.runs.length === 2 ? 'one run per side' : 'fewer than four runs per side',
        resamples: RESAMPLES,
        seed: SEED,
        blockSeconds: blockSeconds.length === 0 ? null : Math.max(...blockSeconds),
      };
  return {
    schema: COMPARISON_SCHEMA,
    change: overallChange(metrics),
    baseline: describeSide(baseline),
    candidate: describeSide(candidate),
    method,
    part: parts.part,
    margin,
    metrics,
    responsePercentiles: responsePercentiles(baseline.runs, candidate.runs),
    leftOut: absences.flatMap(({ metric, reason }) => (reason === null ? [] : [{ metric, reason }])),
    differences: parts.differences,
    notes:
      byRanks && Math.min(baseline.runs.length, candidate.runs.length) < RUNS_FOR_ONE
        ? [...parts.notes, FEW]
        : parts.notes,
  };
}

/** With so many a side the least p that ranks can have is still one after it was corrected for half a dozen metrics. */
const RUNS_FOR_ONE = 5;
const FEW = 'four runs per side can prove only changes of several metrics together; five can prove a change of one';

export function countsRuns(baselineRuns: number, candidateRuns: number): boolean {
  return Math.min(baselineRuns, candidateRuns) >= LEAST_RUNS;
}

/** `runs`: of the smaller side. */
export function judgeMetrics(
  found: readonly { readonly metric: ComparedMetric; readonly estimate: Estimate }[],
  margin: Margin,
  runs: number,
): readonly MetricComparison[] {
  const tested = found.flatMap(({ metric, estimate }) =>
    estimate.kind === 'estimated' && estimate.pValue !== null ? [{ metric, pValue: estimate.pValue }] : [],
  );
  const corrected = benjaminiHochberg(tested.map(({ pValue }) => pValue));
  const pValues = new Map(tested.map(({ metric }, place) => [metric, corrected[place]!]));
  return found.map(({ metric, estimate }) =>
    judgeMetric(metric, METRIC_KINDS[metric], estimate, pValues.get(metric) ?? null, margin, runs),
  );
}

function judgeMetric(
  metric: ComparedMetric,
  { unit, better }: MetricKind,
  estimate: Estimate,
  pValue: number | null,
  { ratio, shareDifference }: Margin,
  runs: number,
): MetricComparison {
  const { baseline, candidate } = estimate;
  const known = { metric, unit, better, baseline, candidate } as const;
  const unknown = {
    effect: null,
    interval: null,
    pValue: null,
    smallestVisible: null,
    isApart: false,
    runsNeeded: null,
  };
  if (estimate.kind === 'noData') return { ...known, ...unknown, change: 'noData', reason: estimate.reason };
  if (estimate.kind === 'unweighed') {
    const { effect, reason } = estimate;
    return { ...known, ...unknown, effect, change: 'inconclusive', runsNeeded: RUNS_FOR_ONE, reason };
  }
  const { effect, interval, smallestVisible, deviation, isApart } = estimate;
  const margin = unit === 'share' ? shareDifference : ratio;
  const tested = changeOf(effect, interval, pValue, margin, better);
  const isDecidedApart = tested === 'inconclusive' && isApart;
  const change = isDecidedApart ? directionOf(effect, better) : tested;
  const isOpen = change === 'inconclusive';
  return {
    ...known,
    change,
    effect,
    interval,
    pValue,
    smallestVisible,
    isApart: isDecidedApart,
    runsNeeded: isOpen ? neededFor(effect, margin, deviation, runs) : null,
    reason: isOpen ? openReason(effect, interval, margin) : null,
  };
}

/** Significant and large enough, or small for certain, or neither. */
function changeOf(
  effect: number,
  [low, high]: readonly [number, number],
  pValue: number | null,
  margin: number,
  better: MetricKind['better'],
): MetricComparison['change'] {
  const isReal = pValue !== null && pValue <= SIGNIFICANT && (low > 0 || high < 0);
  if (isReal && Math.abs(effect) >= margin) return directionOf(effect, better);
  return low > -margin && high < margin ? 'same' : 'inconclusive';
}

function directionOf(effect: number, better: MetricKind['better']): 'better' | 'worse' {
  return effect > 0 === (better === 'higher') ? 'better' : 'worse';
}

function openReason(effect: number, [low, high]: readonly [number, number], margin: number): string {
  if (low <= 0 && high >= 0) return 'the interval covers both no change and a change above the margin';
  return Math.abs(effect) < margin
    ? 'there is a change, but it may be smaller or larger than the margin'
    : 'the change may be chance, given the number of metrics';
}

/**
 * To see a change of that size, or that a smaller one is below the margin. Deviations are those of logarithms, so sizes are as
 * well; small as shares are, it makes no difference to them.
 */
function neededFor(effect: number, margin: number, deviation: number | null, runs: number): number | null {
  if (deviation === null) return RUNS_FOR_ONE;
  const size = Math.log1p(Math.abs(effect) >= margin ? Math.abs(effect) : margin - Math.abs(effect));
  const needed = runsFor(size, deviation);
  return needed === null ? null : Math.max(needed, runs + 1, RUNS_FOR_ONE);
}

/**
 * What is equal to the last digit in all runs, as no failed connections are, decides nothing by itself. Nor do shares and rates
 * where there are times: a schedule holds them up however slow a service is.
 */
function overallChange(metrics: readonly MetricComparison[]): Comparison['change'] {
  const varying = metrics.filter(({ pValue }) => pValue !== null);
  if (varying.some(({ change }) => change === 'worse')) return 'worse';
  if (varying.some(({ change }) => change === 'better')) return 'better';
  const hasTimes = metrics.some(({ unit, change }) => unit === 'ms' && change !== 'noData');
  const decides = ({ unit, change }: MetricComparison): boolean => change === 'same' && (!hasTimes || unit === 'ms');
  if (!varying.some(decides)) return 'inconclusive';
  return metrics.every(({ change, interval }) => change === 'same' || interval === null) ? 'same' : 'sameInPart';
}

function describeSide({ reference, runs }: SampledSide): ComparedSide {
  const [first, ...others] = runs;
  return { reference, runs: [describeRun(first), ...others.map(describeRun)] };
}

function describeRun({ result: { run, plan } }: RunSample): ComparedRun {
  const { id, name, startedAt, durationSeconds } = run;
  return { id, name, startedAt, durationSeconds, targets: plan.target.urls };
}

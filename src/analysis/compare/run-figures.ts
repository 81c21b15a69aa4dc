// The figures that are compared, of one run or of several together, and of any steps drawn from them.

import { highestEquivalent } from '../../histogram/layout.ts';
import { nsToMs } from '../../units/duration.ts';
import { unreachable } from '../../units/unreachable.ts';
import { hasEnough } from '../figures/distribution.ts';
import type { Blocks } from '../statistics/blocks.ts';
import type { MetricSource } from './compared-metrics.ts';
import type { RunSample, SampleStep } from './run-sample.ts';
import {
  allCounts,
  type BlockFigure,
  countOf,
  percentileFigure,
  percentileIndex,
  quotientFigure,
} from './step-counts.ts';

/** What can be looked at step by step. */
export type SteppedSource = Exclude<MetricSource, { kind: 'run' }>;

/** In the unit of the metric; null where the samples do not bound it. */
export function figureOfRuns(source: MetricSource, runs: readonly RunSample[]): number | null {
  const steps = runs.flatMap((run) => run.steps);
  switch (source.kind) {
    case 'times': {
      const counts = allCounts(steps.map((step) => step.counts[source.of]));
      const index = percentileIndex(counts, source.percent);
      return index === null || !hasEnough(countOf(counts), source.percent) ? null : nsToMs(highestEquivalent(index));
    }
    case 'rate':
      return blockFigure(source, steps)?.(allOf(steps)) ?? null;
    case 'books': {
      const total = (of: 'delivered' | 'sent'): number =>
        runs.reduce((sum, { result }) => sum + result.messages[of], 0);
      return total('sent') === 0 ? null : total('delivered') / total('sent');
    }
    case 'run': {
      const known = runs.map(({ result }) => source.of(result)).filter((value) => value !== null);
      return known.length < runs.length ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
    }
    default:
      return unreachable(source);
  }
}

export function allOf(steps: readonly SampleStep[]): Blocks {
  return { starts: Int32Array.of(0), length: steps.length, count: 1 };
}

/** Times in nanoseconds. Null where there is not one sample. */
export function blockFigure(source: SteppedSource, steps: readonly SampleStep[]): BlockFigure | null {
  if (source.kind === 'times') {
    return percentileFigure(
      steps.map((step) => step.counts[source.of]),
      source.percent,
    );
  }
  return quotientFigure(
    steps.map((step) => step.delivered),
    steps.map((step) => (source.kind === 'rate' ? step.seconds : step.sent)),
  );
}

/** Of a step by itself, to see how steps depend on each other. Counters of times are a logarithmic scale already. */
export function figureOfStep(source: SteppedSource, step: SampleStep): number {
  if (source.kind === 'times') return percentileIndex(step.counts[source.of], source.percent) ?? 0;
  const below = source.kind === 'rate' ? step.seconds : step.sent;
  return below === 0 ? 0 : step.delivered / below;
}

/** The same as a logarithm, in which factors are distances; NaN where the step has none, as one without samples. */
export function logarithmOfStep(source: SteppedSource, step: SampleStep): number {
  if (source.kind !== 'times') return Math.log(figureOfStep(source, step) || Number.NaN);
  const index = percentileIndex(step.counts[source.of], source.percent);
  return index === null ? Number.NaN : Math.log(highestEquivalent(index));
}

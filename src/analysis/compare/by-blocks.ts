// Two groups of runs by blocks of seconds, where there are too few runs to be counted themselves: weak, as it cannot see what
// differs from run to run. The same runs come to the same figures: what is drawn follows from a seed.

import { createRandom } from '../../random/generator.ts';
import {
  blockLength,
  createBlocks,
  drawBlocks,
  type Insight,
  insightOf,
  persistenceOf,
  type Span,
  spreadOf,
} from '../statistics/blocks.ts';
import { studentQuantile } from '../statistics/student.ts';
import type { MetricKind } from './compared-metrics.ts';
import { CONFIDENCE, type Estimate, POWER } from './estimate.ts';
import { allOf, blockFigure, figureOfRuns, figureOfStep, logarithmOfStep, type SteppedSource } from './run-figures.ts';
import type { RunSample, SampleStep } from './run-sample.ts';

export const RESAMPLES = 2_000;
export const SEED = 1;
/** Seconds this close to each other are taken to depend on each other even where that does not show. */
const LEAST_BLOCK_SECONDS = 10;
/** With fewer blocks a run nobody knows how they vary. */
const LEAST_BLOCKS = 4;

/** The runs of a side behind one another. */
interface Side {
  readonly runs: readonly RunSample[];
  readonly steps: readonly SampleStep[];
  readonly spans: readonly Span[];
}

export interface BlockEstimate {
  readonly estimate: Estimate;
  /** Null where none could be cut. */
  readonly blockSeconds: number | null;
}

export function estimateByBlocks(
  kind: MetricKind,
  baselineRuns: readonly RunSample[],
  candidateRuns: readonly RunSample[],
): BlockEstimate {
  const { source, unit } = kind;
  const baseline = figureOfRuns(source, baselineRuns);
  const candidate = figureOfRuns(source, candidateRuns);
  const without = (estimate: Estimate): BlockEstimate => ({ estimate, blockSeconds: null });
  if (baseline === null || candidate === null) {
    return without({ kind: 'noData', baseline, candidate, reason: 'one side has too few samples' });
  }
  const effect = effectOf(kind, baseline, candidate);
  if (effect === null) {
    const reason = 'one side is zero, so a ratio is undefined';
    return without({ kind: 'noData', baseline, candidate, reason });
  }
  const unweighed = (reason: string): BlockEstimate =>
    without({ kind: 'unweighed', baseline, candidate, effect: shown(kind, effect), reason });
  if (source.kind === 'run') return unweighed(ONCE);
  const sides = [sideOf(baselineRuns), sideOf(candidateRuns)] as const;
  const cut = cutBlocks(source, sides);
  if (cut.kind === 'uncut') return unweighed(cut.reason);
  const { length, insight } = cut;
  const drawn = differencesOf(kind, source, sides, length).map((difference) => effect + difference);
  const { interval, pValue, standardError } = spreadOf(effect, drawn, insight, CONFIDENCE);
  const degrees = insight.blocks - 1;
  const needed = studentQuantile((1 + CONFIDENCE) / 2, degrees) + studentQuantile(POWER, degrees);
  return {
    blockSeconds: length * baselineRuns[0]!.stepSeconds,
    estimate: {
      kind: 'estimated',
      baseline,
      candidate,
      effect: shown(kind, effect),
      interval: [shown(kind, interval[0]), shown(kind, interval[1])],
      pValue: standardError === 0 && effect === 0 ? null : pValue,
      smallestVisible: shown(kind, needed * standardError),
      isApart: unit !== 'share' && areApart(source, sides[0].steps, sides[1].steps),
      deviation: null,
    },
  };
}

function sideOf(runs: readonly RunSample[]): Side {
  let from = 0;
  const spans = runs.map(({ steps }) => {
    const span = { from, to: from + steps.length };
    from = span.to;
    return span;
  });
  return { runs, steps: runs.flatMap(({ steps }) => steps), spans };
}

/** Ratios are weighed by their logarithm, in which twice and half are equally far; differences of shares as they are. */
function effectOf({ unit }: MetricKind, baseline: number, candidate: number): number | null {
  if (unit === 'share') return candidate - baseline;
  return baseline > 0 && candidate > 0 ? Math.log(candidate / baseline) : null;
}

/** What nobody can tell from more: the interval of a few loud seconds has no other end. */
const MOST_EFFECT = 1e6;

function shown({ unit }: MetricKind, effect: number): number {
  return unit === 'share' ? effect : Math.min(MOST_EFFECT, Math.expm1(effect));
}

/** Runs of one service on one machine come to levels less far from each other than this, as a factor. */
const KNOWN_NOISE = 3;

/**
 * Whether each second of one side lies beyond each of the other: the nearest two by more than a factor of `KNOWN_NOISE`, and by
 * more than the seconds of either side differ among themselves. Few seconds make wide intervals; a change of this size needs none.
 */
export function areApart(
  source: SteppedSource,
  baseline: readonly SampleStep[],
  candidate: readonly SampleStep[],
): boolean {
  const first = rangeOf(source, baseline);
  const second = rangeOf(source, candidate);
  const gap = Math.max(first.low - second.high, second.low - first.high);
  return gap > Math.max(Math.log(KNOWN_NOISE), first.high - first.low, second.high - second.low);
}

/** Both NaN where a step has no figure. */
function rangeOf(source: SteppedSource, steps: readonly SampleStep[]): { readonly low: number; readonly high: number } {
  const logarithms = steps.map((step) => logarithmOfStep(source, step));
  return { low: Math.min(...logarithms), high: Math.max(...logarithms) };
}

/** A run connects once, and its books close once: one run says nothing of how that varies. */
const ONCE = 'each run has only one value of it, so its variation is unknown';

type Cut =
  | { readonly kind: 'cut'; readonly length: number; readonly insight: Insight }
  | { readonly kind: 'uncut'; readonly reason: string };

function cutBlocks(source: SteppedSource, sides: readonly [Side, Side]): Cut {
  const runs = sides.flatMap((side) => side.runs);
  const { stepSeconds } = runs[0]!;
  const shortest = Math.min(...runs.map(({ steps }) => steps.length));
  const longest = Math.floor(shortest / LEAST_BLOCKS);
  if (longest < 1) {
    const seconds = shortest * stepSeconds;
    return {
      kind: 'uncut',
      reason: `${seconds} s are too short for ${LEAST_BLOCKS} blocks of at least 1 s`,
    };
  }
  // What is too short for blocks of ten seconds has shorter ones: what depends on each other for longer is then missed.
  const least = Math.min(Math.ceil(LEAST_BLOCK_SECONDS / stepSeconds), longest);
  const series = runs.map(({ steps }) => steps.map((step) => figureOfStep(source, step)));
  // What lasts for longer than a quarter of the run is made up for by how persistent it is.
  const length = Math.min(longest, Math.max(...series.map((values) => blockLength(values, least))));
  const persistence = Math.max(...series.map(persistenceOf));
  const fewest = Math.min(...sides.map((side) => side.runs.length));
  return { kind: 'cut', length, insight: insightOf(persistence, length, shortest, fewest) };
}

/** By how much effects of drawn samples lie beside that of all there is. */
function differencesOf(
  kind: MetricKind,
  source: SteppedSource,
  [baseline, candidate]: readonly [Side, Side],
  length: number,
): readonly number[] {
  const before = drawFigures(source, baseline, length, 1);
  const now = drawFigures(source, candidate, length, 2);
  const center = effectOf(kind, before.whole, now.whole) ?? 0;
  return before.drawn.flatMap((value, place) => {
    const effect = effectOf(kind, value, now.drawn[place]!);
    return effect === null ? [] : [effect - center];
  });
}

function drawFigures(
  source: SteppedSource,
  { steps, spans }: Side,
  length: number,
  stream: number,
): { readonly whole: number; readonly drawn: readonly number[] } {
  const figure = blockFigure(source, steps);
  const blocks = createBlocks(spans, length);
  const random = createRandom(SEED, stream);
  const drawn = Array.from({ length: RESAMPLES }, () => {
    drawBlocks(blocks, spans, random);
    return figure?.(blocks) ?? 0;
  });
  return { whole: figure?.(allOf(steps)) ?? 0, drawn };
}

// How far a figure of a series may be trusted whose values depend on the ones before: blocks of neighbors are drawn instead
// of single values, so that what depends on each other stays together (moving-block bootstrap: Künsch, Annals of Statistics
// 17, 1989). What is drawn follows from the seed.

import type { Random } from '../../random/generator.ts';
import { normalQuantile } from './normal.ts';
import { mean, studentQuantile, studentUpperTail, variance } from './student.ts';

/** Values so far apart that they correlate less than this count as independent. */
const SMALL_CORRELATION = 0.1;

/** Of values with those `lag` places later; 0 where nothing varies. */
export function autocorrelation(values: readonly number[], lag: number): number {
  const middle = mean(values);
  let whole = 0;
  let lagged = 0;
  values.forEach((value, place) => {
    whole += (value - middle) ** 2;
    const later = values[place + lag];
    if (later !== undefined) lagged += (value - middle) * (later - middle);
  });
  return whole === 0 ? 0 : lagged / whole;
}

/** How many neighbors a block must have: up to the first lag at which values hardly correlate, and at least `least`. */
export function blockLength(values: readonly number[], least: number): number {
  let length = Math.max(1, least);
  while (length < values.length && autocorrelation(values, length) >= SMALL_CORRELATION) length++;
  return length;
}

/** Places of a series that belong together, from one to before another: of one run where several lie one behind the other. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A sample of the same size: blocks of `length` places, by where they start; the first `count` places of `starts` are in use. */
export interface Blocks {
  readonly starts: Int32Array;
  readonly length: number;
  count: number;
}

export function createBlocks(spans: readonly Span[], length: number): Blocks {
  const most = Math.max(...spans.map((span) => blocksIn(span, length)));
  return { starts: new Int32Array(spans.length * most), length, count: 0 };
}

/**
 * Draws as many spans as there are, each as likely as the others every time, and fills each with blocks from within it. Each is
 * at least as long as a block.
 */
export function drawBlocks(blocks: Blocks, spans: readonly Span[], random: Random): void {
  const { length, starts } = blocks;
  blocks.count = 0;
  for (let drawn = 0; drawn < spans.length; drawn++) {
    const span = spans[Math.floor(random() * spans.length)]!;
    const places = span.to - span.from - length + 1;
    for (let left = blocksIn(span, length); left > 0; left--) {
      starts[blocks.count++] = span.from + Math.floor(random() * places);
    }
  }
}

export function blocksIn({ from, to }: Span, length: number): number {
  return Math.max(1, Math.round((to - from) / length));
}

/**
 * Which share of a value stays for the next one, at most: the correlation of neighbors, with what a short series makes it lose
 * (Marriott and Pope, Biometrika 41, 1954) and two standard errors more. From 0 to `MOST_PERSISTENT`.
 */
export function persistenceOf(values: readonly number[]): number {
  const { length } = values;
  if (length <= 3 || values.every((value) => value === values[0])) return 0;
  const neighbors = autocorrelation(values, 1);
  const unbiased = (length * neighbors + 1) / (length - 3);
  const standardError = Math.sqrt(Math.max(0, 1 - unbiased ** 2) / length);
  return Math.min(MOST_PERSISTENT, Math.max(0, unbiased + 2 * standardError));
}

const MOST_PERSISTENT = 0.97;

/** How much the blocks of a series can tell of how its figures vary. */
export interface Insight {
  /** How many independent ones they are worth. */
  readonly blocks: number;
  /** By how much the figure of the whole varies more than what is drawn. */
  readonly inflation: number;
}

/**
 * Of `series` runs of `count` values each, in blocks of `length`, where that share of each value stays for the next. A mean of n such
 * values varies g(n) times as much as one of independent ones; blocks, which are drawn as if they did not depend on each
 * other, and vary about the mean of their own run, show only g(length) − length/count · g(count) of it.
 */
export function insightOf(persistence: number, length: number, count: number, series: number): Insight {
  const g = (n: number): number => {
    const rest = 1 - persistence;
    return (1 + persistence) / rest - (2 * persistence * (1 - persistence ** n)) / (n * rest ** 2);
  };
  const inflation = Math.sqrt(g(count) / (g(length) - (length / count) * g(count)));
  const worth = series * Math.min(Math.round(count / length), count / g(count));
  return { blocks: Math.max(LEAST_WORTH, worth), inflation };
}

/** One degree of freedom: with less, nothing would ever be said. */
const LEAST_WORTH = 2;

export interface BlockSpread {
  readonly interval: readonly [number, number];
  /** Two-sided, that the figure is truly zero. */
  readonly pValue: number;
  readonly standardError: number;
}

/**
 * What the figures of drawn samples say about `estimate`, the figure of the real one. They are moved away from it by as much as
 * they vary too little, and as Student's quantiles lie beyond the normal ones where few blocks show it.
 */
export function spreadOf(
  estimate: number,
  drawn: readonly number[],
  insight: Insight,
  confidence: number,
): BlockSpread {
  const { blocks, inflation } = insight;
  const sorted = [...drawn].sort((a, b) => a - b);
  const tail = (1 - confidence) / 2;
  const degrees = blocks - 1;
  const widening = (inflation * studentQuantile(1 - tail, degrees)) / normalQuantile(1 - tail);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  const moved = (quantile: number): number => estimate + widening * (quantile - estimate);
  const standardError = inflation * Math.sqrt(variance(drawn));
  const pValue =
    standardError === 0 ? Number(estimate === 0) : 2 * studentUpperTail(Math.abs(estimate) / standardError, degrees);
  return { interval: [moved(at(tail)), moved(at(1 - tail))], pValue, standardError };
}

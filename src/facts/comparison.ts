// What comparing two groups of runs came to: `comparison.json`. Names are fixed; a field may be added, none renamed.
// Times are in milliseconds here, because this is an edge; a number that cannot be known is null.

import type { NonEmpty } from '../units/non-empty.ts';

export const COMPARISON_SCHEMA = 'highwater/comparison/1';

export interface Comparison {
  readonly schema: typeof COMPARISON_SCHEMA;
  /**
   * `worse` where any metric is; else `better` where any is; `same` where all are that could be weighed, `sameInPart` where only
   * some are; `inconclusive` where nothing can be said.
   */
  readonly change: 'worse' | 'better' | 'same' | 'sameInPart' | 'inconclusive';
  readonly baseline: ComparedSide;
  /** What is held against the baseline. */
  readonly candidate: ComparedSide;
  readonly method: ComparisonMethod;
  readonly part: ComparedPart;
  readonly margin: Margin;
  readonly metrics: readonly MetricComparison[];
  /** From all replies to the slowest; empty where there were none. */
  readonly responsePercentiles: readonly PercentilePair[];
  readonly leftOut: readonly { readonly metric: ComparedMetric; readonly reason: string }[];
  /** Empty unless the runs were compared all the same, by force. */
  readonly differences: readonly Difference[];
  /** What is no reason not to compare and yet may be one of a change; a sentence each. */
  readonly notes: readonly string[];
}

/** Response times of both sides at one percentile, over all replies in the compared part of all runs of a side. */
export interface PercentilePair {
  /** 1/(1−p): at 100, one reply in a hundred was slower. */
  readonly rarity: number;
  /** Null where the side has fewer replies than that. */
  readonly baselineMs: number | null;
  readonly candidateMs: number | null;
}

export interface ComparedSide {
  /** As it was asked for. */
  readonly reference: string;
  readonly runs: NonEmpty<ComparedRun>;
}

export interface ComparedRun {
  readonly id: string;
  readonly name: string;
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly targets: readonly string[];
}

export type ComparisonMethod =
  /** Runs are what is counted: Mann-Whitney, Hodges-Lehmann. */
  | { readonly kind: 'ranks' }
  /** Seconds are, in blocks: what differs from run to run does not show. */
  | {
      readonly kind: 'blocks';
      /** Why that is weak, in a few words. */
      readonly weakness: string;
      readonly resamples: number;
      readonly seed: number;
      /** The longest of all metrics; null where none could be cut. */
      readonly blockSeconds: number | null;
    };

/** What of each run counts: while the load was even and everything had warmed up, or all the time in which messages were due. */
export interface ComparedPart {
  readonly kind: 'steady' | 'sending';
  /** Of the shortest. */
  readonly seconds: number;
}

/** A smaller change is none in practice. */
export interface Margin {
  /** Of the baseline. */
  readonly ratio: number;
  /** Of metrics that are shares themselves: the difference of the two. */
  readonly shareDifference: number;
}

export const COMPARED_METRICS = [
  'response.p50',
  'response.p90',
  'response.p99',
  'response.p99.9',
  'service.p99',
  'throughput.delivered',
  'delivered',
  'fanout.p99',
  'fanout.received',
  'firstPush.p99',
  'pushes.received',
  'handshake.p99',
  'connections.failed',
] as const;
/** Named as rules name them; `delivered` is of the sent, `connections.failed` of the attempted, `received` of the expected. */
export type ComparedMetric = (typeof COMPARED_METRICS)[number];

export interface MetricComparison {
  readonly metric: ComparedMetric;
  readonly unit: 'ms' | 'perSecond' | 'share';
  readonly better: 'lower' | 'higher';
  /** The median run's; with the weak method all seconds of the side together. */
  readonly baseline: number | null;
  readonly candidate: number | null;
  readonly change: 'worse' | 'better' | 'same' | 'inconclusive' | 'noData';
  /** By how much the candidate lies above the baseline: of the baseline, and of shares the difference of the two. */
  readonly effect: number | null;
  /** 95 %, or as much as so few runs give. */
  readonly interval: readonly [number, number] | null;
  /** That nothing changed, corrected for the number of metrics; null where there was nothing to test. */
  readonly pValue: number | null;
  /** The least effect that four of five such comparisons would have noticed. */
  readonly smallestVisible: number | null;
  /** Decided though p does not: each second of one side lies beyond each of the other by more than chance can do. */
  readonly isApart: boolean;
  /** A side, where it is inconclusive and so many would do. */
  readonly runsNeeded: number | null;
  /** Why nothing can be said, or not enough; null where something is. */
  readonly reason: string | null;
}

/** Why runs are not comparable. */
export type Difference =
  | {
      readonly kind: 'plan' | 'machine';
      /** Such as `load.messages.open[0].to`. */
      readonly where: string;
      readonly baseline: string;
      /** Of the first run that differs, which may be one of the baseline's own. */
      readonly other: string;
      readonly otherRun: string;
    }
  | { readonly kind: 'generator' | 'outcome'; readonly run: string; readonly detail: string };

// The part of a run that is compared, step by step: made from its windows, in any order, in bounded memory.

import type { ComparedPart } from '../../facts/comparison.ts';
import type { RunEvent } from '../../facts/event.ts';
import type { RunResult } from '../../facts/result.ts';
import type { Window } from '../../facts/window.ts';
import { sparseCounters } from '../../histogram/sparse-codec.ts';
import type { Plan } from '../../plan/plan.ts';
import { planStages } from '../../plan/schedule/stages.ts';
import { nsToSeconds, secondsToNs } from '../../units/duration.ts';
import { runTimes, type Stretch, steadyStretch } from '../findings/steady.ts';
import { SAMPLED_TIMES, type SampledTimes } from './compared-metrics.ts';
import { addCounts, NO_COUNTS, type StepCounts } from './step-counts.ts';

/** A longer run has longer steps: memory does not grow with it. */
const MOST_STEPS = 3_600;
/** A shorter even stretch is too little of a run to stand for it. */
const LEAST_STEADY_SECONDS = 4;

export interface RunSample {
  readonly result: RunResult;
  /** Behind one another. */
  readonly steps: readonly SampleStep[];
  readonly stepSeconds: number;
}

export interface SampleStep {
  readonly counts: Readonly<Record<SampledTimes, StepCounts>>;
  readonly delivered: number;
  readonly sent: number;
  /** That the windows in it cover. */
  readonly seconds: number;
}

/** What of a run could be compared; `steady` is null where its load was never even for long enough. */
export interface ComparableParts {
  readonly steady: Stretch | null;
  readonly sending: Stretch;
}

export function comparableParts(plan: Plan, events: readonly RunEvent[]): ComparableParts {
  const times = runTimes(events);
  const steady = steadyStretch(plan, times);
  const endNs = times.stoppingNs ?? times.endedNs ?? Number.POSITIVE_INFINITY;
  const fromNs = times.messagesStartedNs ?? 0;
  const plannedNs = planStages(plan).at(-1)?.toNs ?? 0;
  const isLong = steady !== null && steady.toNs - steady.fromNs >= secondsToNs(LEAST_STEADY_SECONDS);
  return { steady: isLong ? steady : null, sending: { fromNs, toNs: Math.min(endNs, fromNs + plannedNs) } };
}

/** The same part of each run: the steady one where all have it. */
export function comparedPart(runs: readonly ComparableParts[]): {
  readonly part: ComparedPart;
  readonly stretches: readonly Stretch[];
} {
  const steady = runs.flatMap((run) => (run.steady === null ? [] : [run.steady]));
  const isSteady = steady.length === runs.length;
  const stretches = isSteady ? steady : runs.map((run) => run.sending);
  const seconds = Math.max(0, Math.min(...stretches.map(({ fromNs, toNs }) => nsToSeconds(toNs - fromNs))));
  return { part: { kind: isSteady ? 'steady' : 'sending', seconds }, stretches };
}

export interface Sampler {
  add(window: Window): void;
  finish(): readonly SampleStep[];
}

/** The length of a step with which no run has more of them than are kept. */
export function stepSecondsOf(stretches: readonly Stretch[]): number {
  return Math.max(1, ...stretches.map(({ fromNs, toNs }) => Math.ceil(nsToSeconds(toNs - fromNs) / MOST_STEPS)));
}

export interface SamplerParts {
  readonly stretch: Stretch;
  /** Where that is the time of sending, what came in the drain belongs to its last step: the slowest answers are among it. */
  readonly kind: ComparedPart['kind'];
  /** May be infinite: then all of it is one step. */
  readonly stepSeconds: number;
  readonly workers: number;
}

/** Of the clients that behave as they should. */
export function createSampler({ stretch: { fromNs, toNs }, kind, stepSeconds, workers }: SamplerParts): Sampler {
  const steps: SampleStep[] = [];
  const placeOf = (ns: number): number => Math.floor(nsToSeconds(ns - fromNs) / stepSeconds);
  return {
    add(window) {
      const { health, untilNs, messages, histograms } = window;
      const middleNs = untilNs - health.elapsedNs / 2;
      const isAfter = middleNs >= toNs;
      if (window.group > 0 || middleNs < fromNs || (isAfter && kind === 'steady')) return;
      const place = placeOf(isAfter ? Math.max(fromNs, toNs - 1) : middleNs);
      while (steps.length <= place) steps.push(emptyStep());
      const step = steps[place]!;
      steps[place] = {
        counts: countsOf((name) => {
          const counters = sparseCounters(histograms[name]);
          return counters === null || counters.length === 0
            ? step.counts[name]
            : addCounts(step.counts[name], counters);
        }),
        delivered: step.delivered + messages.delivered,
        sent: step.sent + messages.sent,
        seconds: step.seconds + (isAfter ? 0 : nsToSeconds(health.elapsedNs) / workers),
      };
    },
    finish: () => steps,
  };
}

function emptyStep(): SampleStep {
  return { counts: countsOf(() => NO_COUNTS), delivered: 0, sent: 0, seconds: 0 };
}

function countsOf(of: (name: SampledTimes) => StepCounts): SampleStep['counts'] {
  const [response, service, fanout] = SAMPLED_TIMES;
  return { response: of(response), service: of(service), fanout: of(fanout) };
}

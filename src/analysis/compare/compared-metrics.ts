// What is compared of two groups of runs: few figures, each with the side on which it is better, and with the reason why a
// plan may not have it.

import type { ComparedMetric, MetricComparison } from '../../facts/comparison.ts';
import type { RunResult } from '../../facts/result.ts';
import type { Plan } from '../../plan/plan.ts';
import { numberingOf } from '../../plan/protocols.ts';

export const SAMPLED_TIMES = ['response', 'service', 'fanout'] as const;
export type SampledTimes = (typeof SAMPLED_TIMES)[number];

export type MetricSource =
  | { readonly kind: 'times'; readonly of: SampledTimes; readonly percent: number }
  /** Delivered messages per second. */
  | { readonly kind: 'rate' }
  /** Delivered of sent: of the whole run, as its books have it; how it varies is seen second by second. */
  | { readonly kind: 'books' }
  /** A run has one such figure, and nothing to see it vary by. */
  | { readonly kind: 'run'; readonly of: (result: RunResult) => number | null };

export interface MetricKind extends Pick<MetricComparison, 'unit' | 'better'> {
  readonly source: MetricSource;
  /** Null where the plan has it. */
  readonly absence: (plan: Plan) => string | null;
}

/** In the order in which they are told. */
export const METRIC_KINDS: Readonly<Record<ComparedMetric, MetricKind>> = {
  'response.p50': times('response', 50, ownMessages),
  'response.p90': times('response', 90, ownMessages),
  'response.p99': times('response', 99, ownMessages),
  'response.p99.9': times('response', 99.9, ownMessages),
  'service.p99': times('service', 99, ownMessages),
  'throughput.delivered': { unit: 'perSecond', better: 'higher', source: { kind: 'rate' }, absence: ownMessages },
  delivered: { unit: 'share', better: 'higher', source: { kind: 'books' }, absence: ownMessages },
  'fanout.p99': times('fanout', 99, rooms),
  'fanout.received': share('higher', ({ fanout }) => fanout?.receivedRatio ?? null, rooms),
  'firstPush.p99': wholeRun(({ pushes }) => pushes?.firstPush.p99Ms ?? null, pushes),
  'pushes.received': share('higher', ({ pushes: found }) => found?.receivedRatio ?? null, pushes),
  'handshake.p99': wholeRun(({ connections }) => connections.handshake.p99Ms, always),
  'connections.failed': share(
    'lower',
    ({ connections }) => (connections.attempted === 0 ? null : connections.failed / connections.attempted),
    always,
  ),
};

type Absence = MetricKind['absence'];

function times(of: SampledTimes, percent: number, absence: Absence): MetricKind {
  return { unit: 'ms', better: 'lower', source: { kind: 'times', of, percent }, absence };
}

function wholeRun(of: (result: RunResult) => number | null, absence: Absence): MetricKind {
  return { unit: 'ms', better: 'lower', source: { kind: 'run', of }, absence };
}

function share(better: MetricKind['better'], of: (result: RunResult) => number | null, absence: Absence): MetricKind {
  return { unit: 'share', better, source: { kind: 'run', of }, absence };
}

function always(): null {
  return null;
}

function ownMessages({ load }: Plan): string | null {
  if (load.messages.kind === 'none') return 'the plan sends no messages';
  return load.rooms !== null && !load.rooms.self ? 'senders do not receive their own messages' : null;
}

function rooms({ load }: Plan): string | null {
  return load.rooms === null ? 'the plan has no rooms' : null;
}

function pushes({ protocol }: Plan): string | null {
  return numberingOf(protocol) === null ? 'the plan does not check pushes' : null;
}

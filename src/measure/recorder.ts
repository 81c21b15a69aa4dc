// What one worker counts and times between two window cuts. Plain numbers and typed arrays, made once
// and cleared at every cut; `cutWindow` is the only place that allocates.

import type { FailureKind } from '../facts/failure.ts';
import { createCounters, takeCounters } from '../facts/merge-rules.ts';
import type { UnreadableKind } from '../facts/unreadable.ts';
import {
  type DamageKind,
  type NegotiatedFacts,
  type PushFacts,
  type UnexpectedKind,
  WINDOW_FIELDS,
  WINDOW_SCHEMA,
  type Window,
  type WindowCounters,
} from '../facts/window.ts';
import { nsToSeconds } from '../units/duration.ts';

/** The counters of a window, and what goes on from one window to the next. */
export interface Recorder extends WindowCounters {
  /** Clients that are wanted, and those of them that are open, or have lost their connection: their time. */
  readonly openTime: Gauge;
  readonly wantedTime: Gauge;
  readonly downTime: Gauge;
  open: number;
  peakOpen: number;
  lowestOpen: number;
  inFlight: number;
  inFlightSinceNs: number;
}

export function createRecorder(): Recorder {
  return {
    ...createCounters(WINDOW_FIELDS),
    openTime: { value: 0, sinceNs: 0, integralNs: 0 },
    wantedTime: { value: 0, sinceNs: 0, integralNs: 0 },
    downTime: { value: 0, sinceNs: 0, integralNs: 0 },
    open: 0,
    peakOpen: 0,
    lowestOpen: 0,
    inFlight: 0,
    inFlightSinceNs: 0,
  };
}

/** Moves the number of messages in flight and carries its integral over time forward. */
export function changeInFlight(recorder: Recorder, nowNs: number, change: number): void {
  recorder.health.inFlightNs += recorder.inFlight * (nowNs - recorder.inFlightSinceNs);
  recorder.inFlightSinceNs = nowNs;
  recorder.inFlight += change;
}

/** A number and its integral over time. */
interface Gauge {
  value: number;
  sinceNs: number;
  integralNs: number;
}

export function changeGauge(gauge: Gauge, nowNs: number, change: number): void {
  gauge.integralNs += gauge.value * (nowNs - gauge.sinceNs);
  gauge.sinceNs = nowNs;
  gauge.value += change;
}

/** `extent` 0 where it is not known. */
export function countReordered(recorder: Recorder, extent: number): void {
  recorder.messages.reordered++;
  if (extent === 0) return;
  const facts = recorder.delivery.extent;
  facts.count++;
  facts.sum += extent;
  facts.max = Math.max(facts.max, extent);
}

/** `sent`: after which moment; null where that is not known, so that it is of the second in which it was found lost. */
export function countLostBySecond({ delivery }: Recorder, sent: { readonly fromNs: number } | null): void {
  if (sent === null) return;
  const { bySecondSent } = delivery.loss;
  const second = Math.floor(nsToSeconds(sent.fromNs));
  bySecondSent.set(second, (bySecondSent.get(second) ?? 0) + 1);
}

/** Of a client that closes. */
export function countJitter({ delivery: { jitter } }: Recorder, ns: number): void {
  jitter.clients++;
  jitter.sumNs += ns;
  jitter.maxNs = Math.max(jitter.maxNs, ns);
}

/** The process did not get to its work for `ns`, and used `cpuNs` of the processor meanwhile. */
export function countStall({ health: { stall } }: Recorder, ns: number, cpuNs: number): void {
  stall.ns += ns;
  stall.longestNs = Math.max(stall.longestNs, ns);
  stall.cpuNs += cpuNs;
}

export function countCorrupted(recorder: Recorder, kind: DamageKind): void {
  recorder.messages.corrupted++;
  recorder.delivery.damage[kind]++;
}

export function countUnexpected(recorder: Recorder, kind: UnexpectedKind): void {
  recorder.messages.unexpected++;
  recorder.delivery.unexpected[kind]++;
}

export function countUnreadable(recorder: Recorder, kind: UnreadableKind, count: number): void {
  recorder.messages.unreadable += count;
  recorder.delivery.unreadable[kind] += count;
}

export function countFailure(recorder: Recorder, kind: FailureKind): void {
  const { failures } = recorder.connections;
  failures[kind] = (failures[kind] ?? 0) + 1;
}

export function countCloseCode(recorder: Recorder, code: number): void {
  const { closeCodes } = recorder.connections;
  closeCodes[code] = (closeCodes[code] ?? 0) + 1;
}

/** `none` for what was not agreed on. */
export function countNegotiated(
  { connections: { negotiated } }: Recorder,
  agreed: Readonly<Record<keyof NegotiatedFacts, string | null>>,
): void {
  countName(negotiated.subprotocol, agreed.subprotocol);
  countName(negotiated.compression, agreed.compression);
}

function countName(counts: Map<string, number>, name: string | null): void {
  const key = name ?? 'none';
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** What the recorder cannot know: whose window it is, how its process fared, and what is counted elsewhere. */
export interface WindowContext extends Pick<Window, 'worker' | 'group' | 'number' | 'second' | 'stage' | 'untilNs'> {
  readonly health: Omit<Window['health'], 'inFlight' | 'inFlightNs' | 'rejectedNs' | 'untimed' | 'stall'>;
  readonly density: Window['delivery']['density'];
  /** So far; 0 where no arrival has jumped over others. */
  readonly smallestBacklog: number;
  readonly spread: Window['fanout']['spread'];
  /** Null where none are judged. */
  readonly pushes: PushFacts | null;
  readonly types: Window['types'];
}

/** Everything since the last cut, as a value; the recorder starts again from zero. */
export function cutWindow(recorder: Recorder, context: WindowContext): Window {
  const { worker, group, number, second, stage, untilNs, types } = context;
  changeInFlight(recorder, untilNs, 0);
  recorder.connections.openNs = takeIntegral(recorder.openTime, untilNs);
  recorder.connections.wantedNs = takeIntegral(recorder.wantedTime, untilNs);
  recorder.connections.downNs = takeIntegral(recorder.downTime, untilNs);
  const { open, peakOpen, lowestOpen, inFlight } = recorder;
  const { delivery, fanout, pushes, connections, health, ...counted } = takeCounters(WINDOW_FIELDS, recorder);
  recorder.peakOpen = open;
  recorder.lowestOpen = open;
  return {
    schema: WINDOW_SCHEMA,
    worker,
    group,
    number,
    second,
    stage,
    untilNs,
    ...counted,
    delivery: {
      ...delivery,
      density: context.density,
      loss: { ...delivery.loss, smallestBacklog: context.smallestBacklog },
    },
    fanout: { ...fanout, spread: context.spread },
    pushes: context.pushes ?? { ...pushes, spread: [] },
    types,
    connections: { ...connections, open, peakOpen, lowestOpen },
    health: { ...health, inFlight, ...context.health },
  };
}

function takeIntegral(gauge: Gauge, untilNs: number): number {
  changeGauge(gauge, untilNs, 0);
  const { integralNs } = gauge;
  gauge.integralNs = 0;
  return integralNs;
}

// What each fault did and how long the way back was. A fault's account goes from where it began to where the next one did,
// or to the end. Faults that are on at the same time cannot be told apart by what came of them: they have one account.
//
//   A ├──────────────────┤             account of A: from its beginning to that of B
//   B          ├────┤                  account of B, together with A: from its beginning on
//
// The way back is measured against the seconds before it:
//
//   response p99 ──┐  band: median + max(3 · 1.4826 · MAD, half the median, 1 ms)
//   of a second    └▁▁▁▁▁▁█████▃▃▁▁▁▁▁        back: the first of three seconds in a row inside it
//                         ▲began    ▲back
//
// Pure.

import type { RunEvent } from '../../facts/event.ts';
import type { Distribution, IncidentResult, RecoveryResult, TimelinePoint } from '../../facts/result.ts';
import type { Window } from '../../facts/window.ts';
import type { Histogram } from '../../histogram/histogram.ts';
import { faultKind } from '../../plan/fault-kind.ts';
import type { Plan } from '../../plan/plan.ts';
import { NS_PER_SECOND, nsToSeconds } from '../../units/duration.ts';
import { median, robustDeviation } from '../statistics/trend.ts';
import { type FaultSpan, faultSpans } from './fault-spans.ts';
import { addWindow, createTally, type Tally } from './tally.ts';
import { sumOf } from './timeline.ts';

/** Seconds before a fault that it is compared with, at most and at least. */
const BASELINE_SECONDS = 30;
const LEAST_BASELINE_SECONDS = 3;
/** The first second of a run opens clients and warms up. */
const WARM_UP_SECONDS = 1;
const BACK_SECONDS = 3;
const SIGMAS = 3;

export interface RecoveryJudge {
  add(window: Window): void;
  /** Null where the plan breaks nothing and opens no client again. */
  finish(timeline: readonly TimelinePoint[]): RecoveryResult | null;
}

/** What was counted from the beginning of one fault, or of several in one second, to that of the next. */
interface Account {
  /** What was counted is of all of these: those that began, and those that were still on then. */
  readonly began: readonly FaultSpan[];
  readonly stillOn: readonly FaultSpan[];
  readonly fromNs: number;
  readonly tally: Tally;
  readonly moments: { firstDropNs: number; firstReopenNs: number; lastReopenNs: number };
  readonly openedBySecond: Map<number, number>;
}

export function createRecoveryJudge(
  plan: Pick<Plan, 'faults' | 'reconnect'>,
  events: readonly RunEvent[],
  describe: (histogram: Histogram) => Distribution,
): RecoveryJudge {
  const told = [...faultSpans(plan, events)].sort((a, b) => a.fromNs - b.fromNs);
  const accounts = accountsOf(told);
  const whole = { openNs: 0, wantedNs: 0, downNs: 0, drops: 0 };
  /** By the second in which they were sent: a loss is found when its client closes, long after the fault that it is of. */
  const lostBySecond = new Map<number, number>();

  function addLosses({ messages, delivery, second }: Window): void {
    let unknown = messages.lost;
    for (const [sentSecond, count] of delivery.loss.bySecondSent) {
      lostBySecond.set(sentSecond, (lostBySecond.get(sentSecond) ?? 0) + count);
      unknown -= count;
    }
    lostBySecond.set(second, (lostBySecond.get(second) ?? 0) + Math.max(0, unknown));
  }

  /** Sent from its beginning on, and before that of the next; a second in which one begins is wholly its own. */
  function lostDuring(index: number): number {
    const from = secondOf(accounts[index]?.fromNs ?? Number.POSITIVE_INFINITY);
    const to = secondOf(accounts[index + 1]?.fromNs ?? Number.POSITIVE_INFINITY);
    return sumOf([...lostBySecond].flatMap(([second, count]) => (second >= from && second < to ? [count] : [])));
  }

  return {
    add(window) {
      const { connections, second } = window;
      whole.openNs += connections.openNs;
      whole.wantedNs += connections.wantedNs;
      whole.downNs += connections.downNs;
      whole.drops += connections.droppedByServer;
      addLosses(window);
      // A second may hold the end of one account: what was dropped, or came back, says whose it is.
      const momentNs = connections.firstDropNs ?? connections.firstReopenNs ?? window.untilNs - 1;
      const account =
        accounts.findLast(({ fromNs }) => fromNs <= momentNs) ?? accounts.find(({ fromNs }) => fromNs < window.untilNs);
      if (account === undefined) return;
      addWindow(account.tally, window);
      const { moments, openedBySecond, fromNs } = account;
      const { firstDropNs, firstReopenNs, lastReopenNs } = connections;
      if (firstDropNs !== null && firstDropNs >= fromNs) {
        moments.firstDropNs = Math.min(moments.firstDropNs, firstDropNs);
      }
      if (firstReopenNs !== null && lastReopenNs !== null && lastReopenNs >= fromNs) {
        moments.firstReopenNs = Math.min(moments.firstReopenNs, Math.max(firstReopenNs, fromNs));
        moments.lastReopenNs = Math.max(moments.lastReopenNs, lastReopenNs);
      }
      openedBySecond.set(second, (openedBySecond.get(second) ?? 0) + connections.opened);
    },

    finish(timeline) {
      if (plan.faults.length === 0 && plan.reconnect === null) return null;
      const { openNs, wantedNs, downNs, drops } = whole;
      const points = timeline.map((point) => ({ ...point, lost: lostBySecond.get(point.second) ?? 0 }));
      return {
        availabilityRatio: wantedNs === 0 ? null : openNs / wantedNs,
        drops,
        meanSecondsBetweenDrops: drops === 0 ? null : nsToSeconds(openNs / drops),
        meanSecondsDown: drops === 0 ? null : nsToSeconds(downNs / drops),
        incidents: told.map((span) => {
          const index = accounts.findIndex(({ began }) => began.includes(span));
          const account = accounts[index] ?? createAccount([span], []);
          const usual = baseline((accounts[0] ?? span).fromNs, points);
          const nextNs = (index === -1 ? undefined : accounts[index + 1])?.fromNs ?? Number.POSITIVE_INFINITY;
          return describeIncident(span, account, lostDuring(index), usual, points, nextNs, describe);
        }),
      };
    },
  };
}

/** Of the faults that were done, in the order in which they began: what could not be done has done nothing. */
function accountsOf(told: readonly FaultSpan[]): readonly Account[] {
  const done = told.filter(({ isDone }) => isDone);
  const seconds = [...new Set(done.map(({ fromNs }) => secondOf(fromNs)))];
  return seconds.map((second) => {
    const began = done.filter(({ fromNs }) => secondOf(fromNs) === second);
    const { fromNs } = began[0]!;
    const stillOn = done.filter((span) => secondOf(span.fromNs) < second && (span.toNs === null || span.toNs > fromNs));
    return createAccount(began, stillOn);
  });
}

function createAccount(began: readonly FaultSpan[], stillOn: readonly FaultSpan[]): Account {
  return {
    began,
    stillOn,
    fromNs: began[0]!.fromNs,
    tally: createTally(),
    moments: {
      firstDropNs: Number.POSITIVE_INFINITY,
      firstReopenNs: Number.POSITIVE_INFINITY,
      lastReopenNs: Number.NEGATIVE_INFINITY,
    },
    openedBySecond: new Map(),
  };
}

function secondOf(ns: number): number {
  return Math.floor(nsToSeconds(ns));
}

/** The seconds before the first fault: what comes later may still suffer from it. Empty where they are too few. */
function baseline(firstNs: number, timeline: readonly TimelinePoint[]): readonly TimelinePoint[] {
  const sending = timeline.filter(({ due, second }) => due > 0 && second < secondOf(firstNs));
  const usual = sending.slice(WARM_UP_SECONDS).slice(-BASELINE_SECONDS);
  return usual.length >= LEAST_BASELINE_SECONDS ? usual : [];
}

function describeIncident(
  span: FaultSpan,
  account: Account,
  lost: number,
  usual: readonly TimelinePoint[],
  timeline: readonly TimelinePoint[],
  untilNs: number,
  describe: (histogram: Histogram) => Distribution,
): IncidentResult {
  const { fault, toNs, reason, counts } = span;
  const { began, stillOn, fromNs, tally, moments, openedBySecond } = account;
  const { messages } = tally;
  const sinceSeconds = (ns: number): number | null => (Number.isFinite(ns) ? nsToSeconds(ns - fromNs) : null);
  const after = timeline.filter(
    ({ second, due }) => second >= secondOf(fromNs) && (second + 1) * NS_PER_SECOND <= untilNs && due > 0,
  );
  const backAfter = (isBack: ((point: TimelinePoint) => boolean) | null): number | null => {
    if (isBack === null) return null;
    const second = firstBack(after, isBack);
    return second === null ? null : Math.max(0, second - nsToSeconds(fromNs));
  };
  return {
    name: fault.name,
    kind: faultKind(fault),
    fromSecond: nsToSeconds(span.fromNs),
    toSecond: toNs === null ? null : nsToSeconds(toNs),
    failedBecause: reason,
    did: counts,
    together: [...began, ...stillOn].filter((other) => other !== span).map((other) => other.fault.name),
    dropped: tally.connections.droppedByServer,
    reconnected: tally.connections.reconnected,
    gaveUp: tally.connections.gaveUp,
    firstDropSeconds: sinceSeconds(moments.firstDropNs),
    firstReconnectSeconds: sinceSeconds(moments.firstReopenNs),
    lastReconnectSeconds: sinceSeconds(moments.lastReopenNs),
    outage: describe(tally.histograms.outage),
    mostOpenedInASecond: [...openedBySecond.values()].reduce((most, opened) => Math.max(most, opened), 0),
    messages: {
      lost,
      unresolved: messages.unresolved,
      duplicated: messages.duplicated,
      resent: messages.resent,
      unsent: sumOf(Object.values(tally.unsent)),
    },
    responseBackSeconds: backAfter(inResponseBand(usual)),
    throughputBackSeconds: backAfter(inThroughputBand(usual)),
    isCompared: usual.length > 0,
  };
}

/** The first of so many seconds in a row, or of all that are left. */
function firstBack(points: readonly TimelinePoint[], isBack: (point: TimelinePoint) => boolean): number | null {
  // Where nothing ever went wrong there is no way back: the first second counts.
  for (let index = 0; index < points.length; index++) {
    const run = points.slice(index, index + BACK_SECONDS);
    if (run.every(isBack)) return points[index]!.second;
  }
  return null;
}

function inResponseBand(usual: readonly TimelinePoint[]): ((point: TimelinePoint) => boolean) | null {
  const known = usual.flatMap(({ responseP99Ms }) => (responseP99Ms === null ? [] : [responseP99Ms]));
  if (known.length === 0) return null;
  const middle = median(known);
  const mostMs = middle + Math.max(SIGMAS * robustDeviation(known), middle / 2, 1);
  return (point) => hasP99(point) && point.responseP99Ms !== null && point.responseP99Ms <= mostMs;
}

/** What was due and never came is over any limit: of more than one in a hundred the 99th percentile lies among those. */
function hasP99({ due, unsent, lost, unresolved }: TimelinePoint): boolean {
  return unsent + lost + unresolved <= due / 100;
}

/** What was asked for may change from second to second: what came of it must not. */
function inThroughputBand(usual: readonly TimelinePoint[]): ((point: TimelinePoint) => boolean) | null {
  if (usual.length === 0) return null;
  const ratio = ({ delivered, received, due }: TimelinePoint): number => Math.max(delivered, received) / due;
  const known = usual.map(ratio);
  const middle = median(known);
  const least = middle - Math.max(SIGMAS * robustDeviation(known), middle / 10);
  return (point) => ratio(point) >= least;
}

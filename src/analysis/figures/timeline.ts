// Windows of one second from all workers, merged into one point. Windows of a second arrive within a few
// seconds of each other; a second is closed when that has passed, so memory does not grow with the run.

import type { TimelinePoint } from '../../facts/result.ts';
import type { Window } from '../../facts/window.ts';
import { type Histogram, percentile } from '../../histogram/histogram.ts';
import { nsToMs } from '../../units/duration.ts';
import { addWindow, createTally, resetTally, type Tally } from './tally.ts';

/** A worker that falls further behind than this is dead: its later windows would not be merged in order. */
export const TIMELINE_SLACK_SECONDS = 25;

export interface Second {
  readonly tally: Tally;
  /** By worker: the last window's view of what does not add up over time, and when that was. */
  readonly open: Map<number, number>;
  readonly untilNs: Map<number, number>;
  readonly peakOpen: Map<number, number>;
  readonly lowestOpen: Map<number, number>;
  readonly rssBytes: Map<number, number>;
  readonly idleRssBytes: Map<number, number>;
  cpuRatioMax: number | null;
}

export interface Timeline {
  add(window: Window): void;
  /** Closes every second that is left. */
  finish(): void;
}

/** `onSecond` must keep nothing of the tally: it serves another second afterwards. */
export function createTimeline(onSecond: (second: number, facts: Second) => void): Timeline {
  const pending = new Map<number, Second>();
  // Of closed seconds, to serve again: a tally has eleven histograms of 270 KB. To judge 1,500 s took 2.7 to 3.6 s of CPU with a
  // new tally for each, and 0.6 to 0.7 s with these.
  const spare: Tally[] = [];
  let latest = -1;

  function close(before: number): void {
    for (const second of [...pending.keys()].filter((key) => key < before).sort((a, b) => a - b)) {
      const facts = pending.get(second)!;
      onSecond(second, facts);
      pending.delete(second);
      resetTally(facts.tally);
      spare.push(facts.tally);
    }
  }

  return {
    add(window) {
      latest = Math.max(latest, window.second);
      // A window older than the slack joins the oldest second that is still open: counted, a little misplaced.
      const second = Math.max(window.second, latest - TIMELINE_SLACK_SECONDS);
      let facts = pending.get(second);
      if (facts === undefined) {
        facts = {
          tally: spare.pop() ?? createTally(),
          open: new Map(),
          untilNs: new Map(),
          peakOpen: new Map(),
          lowestOpen: new Map(),
          rssBytes: new Map(),
          idleRssBytes: new Map(),
          cpuRatioMax: null,
        };
        pending.set(second, facts);
      }
      addToSecond(facts, window);
      close(latest - TIMELINE_SLACK_SECONDS);
    },
    finish: () => close(Number.POSITIVE_INFINITY),
  };
}

/** Shorter windows (cut at the edge of a stage) say nothing about a process's CPU. */
const SHORTEST_CPU_WINDOW_NS = 0.25e9;

function addToSecond(facts: Second, window: Window): void {
  addWindow(facts.tally, window);
  const { worker, untilNs, connections, health } = window;
  if (untilNs >= (facts.untilNs.get(worker) ?? 0)) {
    facts.open.set(worker, connections.open);
    facts.untilNs.set(worker, untilNs);
  }
  facts.peakOpen.set(worker, Math.max(connections.peakOpen, facts.peakOpen.get(worker) ?? 0));
  facts.lowestOpen.set(
    worker,
    Math.min(connections.lowestOpen, facts.lowestOpen.get(worker) ?? Number.POSITIVE_INFINITY),
  );
  facts.rssBytes.set(worker, Math.max(health.rssBytes, facts.rssBytes.get(worker) ?? 0));
  facts.idleRssBytes.set(worker, Math.max(health.idleRssBytes, facts.idleRssBytes.get(worker) ?? 0));
  const ratio = cpuRatio(window);
  if (ratio !== null) facts.cpuRatioMax = Math.max(ratio, facts.cpuRatioMax ?? 0);
}

/** CPU time over elapsed time of one worker; null where the window is too short to say. */
export function cpuRatio(window: Window): number | null {
  const { cpuNs, elapsedNs } = window.health;
  return elapsedNs < SHORTEST_CPU_WINDOW_NS ? null : cpuNs / elapsedNs;
}

export function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** `openByWorker`: at the end of this second, also of workers that said nothing in it. */
export function timelinePoint(second: number, facts: Second, openByWorker: ReadonlyMap<number, number>): TimelinePoint {
  const { tally } = facts;
  const { messages, histograms } = tally;
  return {
    second,
    connectionsOpen: sumOf(openByWorker.values()),
    connectionsOpenLowest: sumOf(new Map([...openByWorker, ...facts.lowestOpen]).values()),
    due: messages.due,
    sent: messages.sent,
    unsent: sumOf(Object.values(tally.unsent)),
    delivered: messages.delivered,
    received: tally.fanout.received + tally.pushes.received,
    lost: messages.lost,
    unresolved: messages.unresolved,
    errors: sumOf(Object.values(tally.connections.failures)),
    responseP50Ms: percentileMs(histograms.response, 50),
    responseP99Ms: percentileMs(histograms.response, 99),
    responseMaxMs: percentileMs(histograms.response, 100),
    serviceP99Ms: percentileMs(histograms.service, 99),
    sendLagP99Ms: percentileMs(histograms.sendLag, 99),
    cpuRatio: facts.cpuRatioMax,
    rssBytes: sumOf(facts.rssBytes.values()),
    resources: {},
  };
}

function percentileMs(h: Histogram, percent: number): number | null {
  const ns = percentile(h, percent);
  return ns === null ? null : nsToMs(ns);
}

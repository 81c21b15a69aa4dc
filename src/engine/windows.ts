// Cuts the recorder into windows: at every whole second of the run and at every edge between stages, so
// that each window belongs to one second and one stage and workers' windows line up. A cut that comes
// late (the event loop was busy) still belongs to the span that it was due for.

import type { Window } from '../facts/window.ts';
import { type ByType, cutByType } from '../measure/by-type.ts';
import { cutDensity } from '../measure/density.ts';
import type { Ledger } from '../measure/ledger.ts';
import { cutPushes, isApproximate, type Pushes } from '../measure/pushes.ts';
import { cutWindow, type Recorder } from '../measure/recorder.ts';
import { cutSpread, type Spread } from '../measure/spread.ts';
import { type Stage, stageAt } from '../plan/schedule/stages.ts';
import type { Clock, Timer } from './clock.ts';

const WINDOW_NS = 1e9;

/** How the process fares: read at every cut. */
export interface ProcessMeter {
  cpuNs(): number;
  /** So far, as `cpuNs` is. */
  throttledNs(): number;
  rssBytes(): number;
  /** Since the machine was started, with the time that it slept; null where that cannot be known. */
  bootNs(): number | null;
}

export interface WindowCutter {
  start(atNs: number): void;
  /** The stages count from here. */
  setOrigin(originNs: number): void;
  /** Cuts what is left; nothing follows. */
  finish(): void;
}

export interface WindowParts {
  readonly worker: number;
  readonly group: number;
  readonly stages: readonly Stage[];
  readonly recorder: Recorder;
  /** The clients' own, which counts the places of all arrivals; and what clients received of one another. */
  readonly ledger: Ledger;
  readonly roomTracking: Ledger | null;
  /** Null where the plan has no rooms. */
  readonly spread: Spread | null;
  /** Null where the service says nothing of its own accord that is judged. */
  readonly pushes: Pushes | null;
  /** Null where the plan has one type of message. */
  readonly byType: ByType | null;
  readonly clock: Clock;
  readonly meter: ProcessMeter;
  readonly spinning: boolean;
  /** What must be counted in the window that is about to be cut. */
  beforeCut(nowNs: number): void;
  emit(window: Window): void;
}

/** The two clocks are read one after the other, and one of them counts in hundredths. */
const LEAST_SLEEP_NS = 0.5e9;

function sleptNs(differenceNs: number): number {
  return differenceNs >= LEAST_SLEEP_NS ? differenceNs : 0;
}

export function createWindowCutter(parts: WindowParts): WindowCutter {
  const { clock, meter, stages } = parts;
  let originNs = Number.POSITIVE_INFINITY;
  /** Where the current window nominally began, and where it really did. */
  let fromNs = 0;
  let cutNs = 0;
  let cpuNs = 0;
  let bootNs: number | null = null;
  let number = 0;
  let throttledNs = 0;
  const idleRssBytes = meter.rssBytes();
  let timer: Timer | null = null;

  function schedule(): void {
    timer?.cancel();
    timer = clock.after(nextEdgeNs(fromNs) - clock.nowNs(), () => {
      const nowNs = clock.nowNs();
      // A timer may fire a little early; the window must reach its edge.
      if (nowNs >= nextEdgeNs(fromNs)) cut(nowNs);
      schedule();
    });
  }

  function nextEdgeNs(afterNs: number): number {
    let edgeNs = (Math.floor(afterNs / WINDOW_NS) + 1) * WINDOW_NS;
    if (originNs > afterNs) edgeNs = Math.min(edgeNs, originNs);
    for (const stage of stages) {
      const endNs = originNs + stage.toNs;
      if (endNs > afterNs) edgeNs = Math.min(edgeNs, endNs);
    }
    return edgeNs;
  }

  /** The last edge at or before `nowNs`: after a long stall several have passed. */
  function lastEdgeNs(nowNs: number): number {
    let edgeNs = fromNs;
    for (let next = nextEdgeNs(edgeNs); next <= nowNs; next = nextEdgeNs(next)) edgeNs = next;
    return edgeNs;
  }

  function cut(nowNs: number): void {
    parts.beforeCut(nowNs);
    const usedNs = meter.cpuNs();
    const upNs = meter.bootNs();
    const heldNs = meter.throttledNs();
    parts.emit(
      cutWindow(parts.recorder, {
        worker: parts.worker,
        group: parts.group,
        number: number++,
        second: Math.floor(fromNs / WINDOW_NS),
        stage: stageAt(stages, fromNs - originNs),
        untilNs: nowNs,
        health: {
          elapsedNs: nowNs - cutNs,
          suspendedNs: upNs === null || bootNs === null ? 0 : sleptNs(upNs - bootNs - (nowNs - cutNs)),
          cpuNs: usedNs - cpuNs,
          // Added up over cores by the kernel, it can be more than the time that has passed.
          throttledNs: Math.min(heldNs - throttledNs, nowNs - cutNs),
          rssBytes: meter.rssBytes(),
          idleRssBytes,
          approximate:
            parts.ledger.approximate ||
            parts.roomTracking?.approximate === true ||
            (parts.pushes !== null && isApproximate(parts.pushes)),
          spinning: parts.spinning,
        },
        density: cutDensity(parts.ledger.density),
        smallestBacklog: Number.isFinite(parts.ledger.smallestBacklog) ? parts.ledger.smallestBacklog : 0,
        spread: parts.spread === null ? [] : cutSpread(parts.spread),
        pushes: parts.pushes === null ? null : cutPushes(parts.pushes),
        types: parts.byType === null ? [] : cutByType(parts.byType),
      }),
    );
    fromNs = lastEdgeNs(nowNs);
    cutNs = nowNs;
    cpuNs = usedNs;
    bootNs = upNs;
    throttledNs = heldNs;
  }

  return {
    start(atNs) {
      fromNs = atNs;
      cutNs = atNs;
      cpuNs = meter.cpuNs();
      bootNs = meter.bootNs();
      throttledNs = meter.throttledNs();
      schedule();
    },
    setOrigin(atNs) {
      originNs = atNs;
      schedule();
    },
    finish() {
      timer?.cancel();
      cut(clock.nowNs());
    },
  };
}

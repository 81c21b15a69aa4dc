// Opens lanes again that lost their connection, each after a pause that doubles with every attempt that fails:
//
//   pause of attempt n = random(0 … min(to, from · 2^n))        full jitter (Brooker, Exponential Backoff And Jitter, 2015)
//
// Without jitter all lanes that were dropped together come back together: the herd that a service must survive.

import { record } from '../histogram/histogram.ts';
import type { Recorder } from '../measure/recorder.ts';
import type { Reconnect } from '../plan/plan.ts';
import { createRandom } from '../random/generator.ts';
import type { Clock, Timer } from './clock.ts';
import type { Lane } from './lane.ts';
import { createMinHeap, peekKey, pop, push, removeValue } from './min-heap.ts';

/** Keeps pauses apart from the other random choices that one seed makes. */
const PAUSE_STREAM = 0x5000;
/** The doubling goes no further: 2^60 times anything is beyond every bound. */
const MAX_DOUBLINGS = 60;

export interface Reconnector {
  /** The lane's connection is gone, as `lane.droppedNs` says, and it was wanted. */
  dropped(lane: Lane): void;
  /** Any lane has opened. */
  opened(lane: Lane): void;
  /** Any lane could not be opened. */
  failed(lane: Lane): void;
  /** The lane is not wanted any more. */
  forget(lane: Lane): void;
  /** No lane is wanted any more: those that are not back are counted as away. */
  stop(): void;
}

export interface ReconnectorParts {
  readonly reconnect: Reconnect;
  readonly seed: number;
  readonly shard: number;
  /** Of this process. */
  readonly lanes: readonly Lane[];
  readonly recorder: Recorder;
  readonly clock: Clock;
  open(lane: Lane): void;
  /** The lane has made all the attempts that it may. */
  gaveUp(lane: Lane): void;
}

export function createReconnector(parts: ReconnectorParts): Reconnector {
  const { reconnect, lanes, recorder, clock } = parts;
  const random = createRandom(parts.seed, PAUSE_STREAM + parts.shard);
  const pauses = createMinHeap(lanes.length);
  /** By lane: when it lost its connection, NaN while it has one or none is wanted; and the attempts since. */
  const droppedNs = new Float64Array(lanes.length).fill(Number.NaN);
  const attempts = new Uint32Array(lanes.length);
  /** By lane, 1: it stands among the pauses. */
  const isPausing = new Uint8Array(lanes.length);
  let timer: Timer | null = null;

  function pause(lane: Lane): void {
    const { index } = lane;
    if (attempts[index]! >= reconnect.atMost) {
      droppedNs[index] = Number.NaN;
      recorder.gaveUp++;
      parts.gaveUp(lane);
      return;
    }
    attempts[index]!++;
    if (isPausing[index] === 1) return;
    isPausing[index] = 1;
    push(pauses, clock.nowNs() + pauseNs(attempts[index]! - 1), index);
    wake();
  }

  function pauseNs(failedBefore: number): number {
    const doublings = reconnect.backoff === 'constant' ? 0 : Math.min(failedBefore, MAX_DOUBLINGS);
    const mostNs = Math.min(reconnect.toNs, reconnect.fromNs * 2 ** doublings);
    return reconnect.jitter === 'full' ? random() * mostNs : mostNs;
  }

  function wake(): void {
    timer?.cancel();
    if (pauses.size > 0) timer = clock.after(Math.max(0, peekKey(pauses) - clock.nowNs()), openThoseDue);
  }

  function openThoseDue(): void {
    const nowNs = clock.nowNs();
    while (peekKey(pauses) <= nowNs) {
      const lane = lanes[pop(pauses)]!;
      isPausing[lane.index] = 0;
      if (!Number.isNaN(droppedNs[lane.index]!) && lane.state === 'idle') parts.open(lane);
    }
    wake();
  }

  return {
    dropped(lane) {
      if (!Number.isNaN(droppedNs[lane.index]!)) return;
      droppedNs[lane.index] = lane.droppedNs;
      // A connection that does not outlive the longest pause is one more attempt that failed.
      if (lane.droppedNs - lane.openedNs >= reconnect.toNs) attempts[lane.index] = 0;
      pause(lane);
    },
    opened({ index }) {
      if (Number.isNaN(droppedNs[index]!)) return;
      record(recorder.histograms.outage, clock.nowNs() - droppedNs[index]!);
      droppedNs[index] = Number.NaN;
    },
    failed(lane) {
      if (!Number.isNaN(droppedNs[lane.index]!)) pause(lane);
    },
    forget({ index }) {
      droppedNs[index] = Number.NaN;
      if (isPausing[index] === 0) return;
      isPausing[index] = 0;
      removeValue(pauses, index);
    },
    stop() {
      timer?.cancel();
      const nowNs = clock.nowNs();
      for (const lostNs of droppedNs) if (!Number.isNaN(lostNs)) record(recorder.histograms.away, nowNs - lostNs);
      droppedNs.fill(Number.NaN);
    },
  };
}

// Opens clients again that lost their connection, each after a pause that doubles with every attempt that fails:
//
//   pause of attempt n = random(0 … min(to, from · 2^n))        full jitter (Brooker, Exponential Backoff And Jitter, 2015)
//
// Without jitter all clients that were dropped together come back together: the herd that a service must survive.

import { record } from '../../histogram/histogram.ts';
import type { Recorder } from '../../measure/recorder.ts';
import type { Reconnect } from '../../plan/plan.ts';
import { createRandom } from '../../random/generator.ts';
import type { Clock, Timer } from '../clock.ts';
import { createMinHeap, peekKey, pop, push, removeValue } from '../load/min-heap.ts';
import type { Client } from './client.ts';

/** Keeps pauses apart from the other random choices that one seed makes. */
const PAUSE_STREAM = 0x5000;
/** The doubling goes no further: 2^60 times anything is beyond every bound. */
const MAX_DOUBLINGS = 60;

export interface Reconnector {
  /** The client's connection is gone, as `client.droppedNs` says, and it was wanted. */
  dropped(client: Client): void;
  /** Any client has opened. */
  opened(client: Client): void;
  /** Any client could not be opened. */
  failed(client: Client): void;
  /** The client is not wanted any more. */
  forget(client: Client): void;
  /** No client is wanted any more: those that are not back are counted as away. */
  stop(): void;
}

export interface ReconnectorParts {
  readonly reconnect: Reconnect;
  readonly seed: number;
  readonly shard: number;
  /** Of this process. */
  readonly clients: readonly Client[];
  readonly recorder: Recorder;
  readonly clock: Clock;
  open(client: Client): void;
  /** The client has made all the attempts that it may. */
  gaveUp(client: Client): void;
}

export function createReconnector(parts: ReconnectorParts): Reconnector {
  const { reconnect, clients, recorder, clock } = parts;
  const random = createRandom(parts.seed, PAUSE_STREAM + parts.shard);
  const pauses = createMinHeap(clients.length);
  /** By client: when it lost its connection, NaN while it has one or none is wanted; and the attempts since. */
  const droppedNs = new Float64Array(clients.length).fill(Number.NaN);
  const attempts = new Uint32Array(clients.length);
  /** By client, 1: it stands among the pauses. */
  const isPausing = new Uint8Array(clients.length);
  let timer: Timer | null = null;

  function pause(client: Client): void {
    const { index } = client;
    if (attempts[index]! >= reconnect.atMost) {
      droppedNs[index] = Number.NaN;
      recorder.connections.gaveUp++;
      parts.gaveUp(client);
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
      const client = clients[pop(pauses)]!;
      isPausing[client.index] = 0;
      if (!Number.isNaN(droppedNs[client.index]!) && client.state === 'idle') parts.open(client);
    }
    wake();
  }

  return {
    dropped(client) {
      if (!Number.isNaN(droppedNs[client.index]!)) return;
      droppedNs[client.index] = client.droppedNs;
      // A connection that does not outlive the longest pause is one more attempt that failed.
      if (client.droppedNs - client.openedNs >= reconnect.toNs) attempts[client.index] = 0;
      pause(client);
    },
    opened({ index }) {
      if (Number.isNaN(droppedNs[index]!)) return;
      record(recorder.histograms.outage, clock.nowNs() - droppedNs[index]!);
      droppedNs[index] = Number.NaN;
    },
    failed(client) {
      if (!Number.isNaN(droppedNs[client.index]!)) pause(client);
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
      for (const lostNs of droppedNs) if (!Number.isNaN(lostNs)) record(recorder.histograms.offline, nowNs - lostNs);
      droppedNs.fill(Number.NaN);
    },
  };
}

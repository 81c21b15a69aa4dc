// Windows added up: of the whole run, of a stage, of one second. Adding is associative and commutative,
// so windows may come from any worker in any order.

import type { FailureKind } from '../facts/failure.ts';
import {
  HISTOGRAM_NAMES,
  type HistogramName,
  MESSAGE_FACTS,
  type MessageFacts,
  UNSENT_REASONS,
  type UnsentReason,
  type Window,
  zeroMessages,
  zeroUnsent,
} from '../facts/window.ts';
import { createHistogram, type Histogram, reset } from '../histogram/histogram.ts';
import { addSparse } from '../histogram/sparse-codec.ts';

export interface Tally {
  readonly histograms: Readonly<Record<HistogramName, Histogram>>;
  messages: MessageFacts;
  unsent: Record<UnsentReason, number>;
  failures: Partial<Record<FailureKind, number>>;
  closeCodes: Record<string, number>;
  attempted: number;
  opened: number;
  failed: number;
  droppedByServer: number;
  bytesSent: number;
  bytesReceived: number;
  cpuNs: number;
  inFlightNs: number;
  windows: number;
  approximate: boolean;
  spinning: boolean;
}

export function createTally(): Tally {
  return {
    ...zeroCounts(),
    histograms: {
      response: createHistogram(),
      service: createHistogram(),
      sendLag: createHistogram(),
      handshake: createHistogram(),
      eventLoopDelay: createHistogram(),
    },
  };
}

function zeroCounts(): Omit<Tally, 'histograms'> {
  return {
    messages: zeroMessages(),
    unsent: zeroUnsent(),
    failures: {},
    closeCodes: {},
    attempted: 0,
    opened: 0,
    failed: 0,
    droppedByServer: 0,
    bytesSent: 0,
    bytesReceived: 0,
    cpuNs: 0,
    inFlightNs: 0,
    windows: 0,
    approximate: false,
    spinning: false,
  };
}

/** Back to nothing, to serve again: the histograms are large and stay. */
export function resetTally(tally: Tally): void {
  Object.assign(tally, zeroCounts());
  for (const name of HISTOGRAM_NAMES) reset(tally.histograms[name]);
}

export function addWindow(tally: Tally, window: Window): void {
  for (const name of HISTOGRAM_NAMES) addSparse(tally.histograms[name], window.histograms[name]);
  for (const name of MESSAGE_FACTS) tally.messages[name] += window.messages[name];
  for (const reason of UNSENT_REASONS) tally.unsent[reason] += window.unsent[reason];
  const { connections } = window;
  for (const [kind, count] of Object.entries(connections.failures)) {
    tally.failures[kind as FailureKind] = (tally.failures[kind as FailureKind] ?? 0) + count;
  }
  for (const [code, count] of Object.entries(connections.closeCodes)) {
    tally.closeCodes[code] = (tally.closeCodes[code] ?? 0) + count;
  }
  tally.attempted += connections.attempted;
  tally.opened += connections.opened;
  tally.failed += connections.failed;
  tally.droppedByServer += connections.droppedByServer;
  tally.bytesSent += window.bytes.sent;
  tally.bytesReceived += window.bytes.received;
  tally.cpuNs += window.health.cpuNs;
  tally.inFlightNs += window.health.inFlightNs;
  tally.windows++;
  tally.approximate ||= window.health.approximate;
  tally.spinning ||= window.health.spinning;
}

// Windows for tests of what is made of them: empty ones with a few facts in, and random ones.

import fc from 'fast-check';
import type { RunEvent, WindowCount } from '../../../src/facts/event.ts';
import { FAILURE_KINDS } from '../../../src/facts/failure.ts';
import type { UnreadableKind } from '../../../src/facts/unreadable.ts';
import {
  type DamageKind,
  type DeliveryFacts,
  type HistogramName,
  type MessageFacts,
  type PingCounts,
  type PushCounts,
  type UnexpectedKind,
  type UnsentReason,
  WINDOW_SCHEMA,
  type Window,
  zeroCloses,
  zeroDamage,
  zeroExtent,
  zeroLoss,
  zeroMessages,
  zeroPings,
  zeroPushes,
  zeroUnexpected,
  zeroUnreadable,
  zeroUnsent,
} from '../../../src/facts/window.ts';
import { createHistogram, record, reset } from '../../../src/histogram/histogram.ts';
import { encodeSparse, type SparseHistogram } from '../../../src/histogram/sparse-codec.ts';

export interface WindowParts {
  readonly worker?: number;
  /** The second where left out, as in a run without stages. */
  readonly number?: number;
  readonly second?: number;
  readonly stage?: number;
  readonly messages?: Partial<MessageFacts>;
  readonly unsent?: Partial<Record<UnsentReason, number>>;
  readonly damage?: Partial<Record<DamageKind, number>>;
  readonly unexpected?: Partial<Record<UnexpectedKind, number>>;
  readonly unreadable?: Partial<Record<UnreadableKind, number>>;
  readonly extent?: Partial<DeliveryFacts['extent']>;
  readonly density?: Partial<DeliveryFacts['density']>;
  readonly loss?: Partial<DeliveryFacts['loss']>;
  readonly pushes?: Partial<PushCounts>;
  readonly pings?: Partial<PingCounts>;
  readonly connections?: Partial<Window['connections']>;
  /** Arrivals whose content could not be checked. */
  readonly unchecked?: number;
  readonly group?: number;
  readonly bytes?: Partial<Window['bytes']>;
  /** Values in nanoseconds. */
  readonly times?: Partial<Record<HistogramName, readonly number[]>>;
  readonly health?: Partial<Window['health']>;
}

// Scratch, not state: written and read within one call. A window has eleven histograms of 270 KB, most of them empty, and a
// test may make thousands of windows.
const scratch = createHistogram();

function sparseOf(values: readonly number[]): SparseHistogram {
  reset(scratch);
  for (const value of values) record(scratch, value);
  return encodeSparse(scratch);
}

export function makeWindow(parts: WindowParts = {}): Window {
  const { second = 0, times = {} } = parts;
  const histogram = (name: HistogramName) => sparseOf(times[name] ?? []);
  return {
    schema: WINDOW_SCHEMA,
    worker: parts.worker ?? 0,
    group: parts.group ?? 0,
    number: parts.number ?? second,
    second,
    stage: parts.stage ?? 0,
    untilNs: (second + 1) * 1e9,
    messages: { ...zeroMessages(), ...parts.messages },
    unsent: { ...zeroUnsent(), ...parts.unsent },
    delivery: {
      damage: { ...zeroDamage(), ...parts.damage },
      unexpected: { ...zeroUnexpected(), ...parts.unexpected },
      unreadable: { ...zeroUnreadable(), ...parts.unreadable },
      acknowledgements: { lost: 0, recovered: 0 },
      states: 0,
      unchecked: parts.unchecked ?? 0,
      jitter: { clients: 0, sumNs: 0, maxNs: 0 },
      extent: { ...zeroExtent(), ...parts.extent },
      density: { displaced: [], mostHeld: 0, ...parts.density },
      loss: { ...zeroLoss(), ...parts.loss },
    },
    fanout: { received: 0, compared: 0, spread: [] },
    pushes: { ...zeroPushes(), spread: [], ...parts.pushes },
    pings: { ...zeroPings(), ...parts.pings },
    types: [],
    connections: {
      attempted: 0,
      opened: 0,
      reconnected: 0,
      failed: 0,
      gaveUp: 0,
      openNs: 0,
      wantedNs: 0,
      downNs: 0,
      firstDropNs: null,
      firstReopenNs: null,
      lastReopenNs: null,
      open: 0,
      peakOpen: 0,
      lowestOpen: 0,
      droppedByServer: 0,
      failures: {},
      closeCodes: {},
      closes: zeroCloses(),
      negotiated: { subprotocol: {}, compression: {} },
      ...parts.connections,
    },
    bytes: { sent: 0, received: 0, ...parts.bytes },
    histograms: {
      response: histogram('response'),
      service: histogram('service'),
      sendLag: histogram('sendLag'),
      handshake: histogram('handshake'),
      eventLoopDelay: histogram('eventLoopDelay'),
      fanout: histogram('fanout'),
      firstPush: histogram('firstPush'),
      outage: histogram('outage'),
      offline: histogram('offline'),
      lifetime: histogram('lifetime'),
      ping: histogram('ping'),
    },
    health: {
      cpuNs: 1e8,
      throttledNs: 0,
      rssBytes: 5e7,
      idleRssBytes: 4e7,
      elapsedNs: 1e9,
      inFlightNs: 0,
      inFlight: 0,
      rejectedNs: 0,
      untimed: 0,
      approximate: false,
      stall: { ns: 0, longestNs: 0, cpuNs: 0 },
      suspendedNs: 0,
      spinning: false,
      ...parts.health,
    },
  };
}

const count = fc.nat(1000);
const times = fc.array(fc.integer({ min: 0, max: 5e9 }), { maxLength: 8 });

/** Windows of any worker, second and stage, with any facts. */
export const anyWindow: fc.Arbitrary<Window> = fc
  .record({
    worker: fc.nat(3),
    second: fc.nat(8),
    stage: fc.integer({ min: -1, max: 3 }),
    messages: fc.record({
      due: count,
      sent: count,
      delivered: count,
      rejected: count,
      lost: count,
      unresolved: count,
      duplicated: count,
      reordered: count,
      corrupted: count,
      unexpected: count,
    }),
    unsent: fc.record({ overdue: count, backpressure: count, windowFull: count, socketClosed: count }),
    connections: fc.record({
      attempted: count,
      opened: count,
      failed: count,
      open: count,
      peakOpen: count,
      lowestOpen: count,
      droppedByServer: count,
      failures: fc.dictionary(fc.constantFrom(...FAILURE_KINDS), count, { maxKeys: 4 }),
      closeCodes: fc.dictionary(fc.constantFrom('1000', '1001', '1006', '4000'), count, { maxKeys: 3 }),
      closes: fc.record({ sent: count, unanswered: count, waitedOut: count }),
      negotiated: fc.record({
        subprotocol: fc.dictionary(fc.constantFrom('none', 'chat.v2'), count, { maxKeys: 2 }),
        compression: fc.dictionary(fc.constantFrom('none', 'permessage-deflate'), count, { maxKeys: 2 }),
      }),
    }),
    bytes: fc.record({ sent: count, received: count }),
    times: fc.record({ response: times, service: times, sendLag: times, handshake: times, eventLoopDelay: times }),
    health: fc.record({
      cpuNs: fc.nat(1e9),
      throttledNs: fc.nat(1e9),
      rssBytes: fc.nat(1e9),
      idleRssBytes: fc.constant(4e7),
      elapsedNs: fc.integer({ min: 1, max: 1e9 }),
      inFlightNs: fc.nat(1e9),
      inFlight: count,
      approximate: fc.boolean(),
      stall: fc.record({ ns: fc.nat(1e9), longestNs: fc.nat(1e9), cpuNs: fc.nat(1e9) }),
      suspendedNs: fc.nat(1e9),
      spinning: fc.boolean(),
    }),
  })
  .map(makeWindow);

export const MANIFEST = {
  id: '20261121-120000-test-abcd',
  startedAt: '2026-11-21T12:00:00.000Z',
  highwaterVersion: '0.1.0',
  nodeVersion: 'v20.20.2',
  workerCount: 2,
  machine: {
    platform: 'linux',
    cpuModel: 'test',
    cores: 2,
    allowedCores: 2,
    memoryBytes: 8e9,
    allowedMemoryBytes: 8e9,
    hostname: 'here',
  },
  git: null,
  unusedProxy: null,
} as const;

/** The events of a run that went its way. */
export function completedRun(
  messagesStartedNs: number | null,
  endedNs: number,
  windows: readonly WindowCount[] = [],
): RunEvent[] {
  return [
    { kind: 'runStarted', atNs: 0, manifest: MANIFEST },
    ...(messagesStartedNs === null ? [] : [{ kind: 'messagesStarted' as const, atNs: messagesStartedNs }]),
    { kind: 'runEnded', atNs: endedNs, end: 'completed', windows },
  ];
}

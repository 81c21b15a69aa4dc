// Windows for tests of what is made of them: empty ones with a few facts in, and random ones.

import fc from 'fast-check';
import type { RunEvent, WindowCount } from '../../../src/facts/event.ts';
import { FAILURE_KINDS } from '../../../src/facts/failure.ts';
import {
  createCounters,
  type Facts,
  type Fields,
  type MergeRule,
  readCounters,
  type SpreadFacts,
} from '../../../src/facts/merge-rules.ts';
import { TYPE_FIELDS, WINDOW_FIELDS, WINDOW_SCHEMA, type Window } from '../../../src/facts/window.ts';
import { createHistogram, type Histogram, record } from '../../../src/histogram/histogram.ts';
import { encodeSparse } from '../../../src/histogram/sparse-codec.ts';

type Delivery = Window['delivery'];

export interface WindowParts {
  readonly worker?: number;
  /** The second where left out, as in a run without stages. */
  readonly number?: number;
  readonly second?: number;
  readonly stage?: number;
  readonly messages?: Partial<Window['messages']>;
  readonly unsent?: Partial<Window['unsent']>;
  readonly damage?: Partial<Delivery['damage']>;
  readonly unexpected?: Partial<Delivery['unexpected']>;
  readonly unreadable?: Partial<Delivery['unreadable']>;
  readonly extent?: Partial<Delivery['extent']>;
  readonly density?: Partial<Delivery['density']>;
  readonly loss?: Partial<Delivery['loss']>;
  readonly pushes?: Partial<Window['pushes']>;
  readonly pings?: Partial<Window['pings']>;
  readonly connections?: Partial<Window['connections']>;
  /** Arrivals whose content could not be checked. */
  readonly unchecked?: number;
  readonly group?: number;
  readonly bytes?: Partial<Window['bytes']>;
  /** Values in nanoseconds. */
  readonly times?: Partial<Record<keyof Window['histograms'], readonly number[]>>;
  readonly health?: Partial<Window['health']>;
}

export function histogramOf(values: readonly number[]): Histogram {
  const histogram = createHistogram();
  for (const value of values) record(histogram, value);
  return histogram;
}

const NOTHING = readCounters(WINDOW_FIELDS, createCounters(WINDOW_FIELDS));

export function makeWindow(parts: WindowParts = {}): Window {
  const { second = 0, times = {} } = parts;
  const { delivery, fanout, pushes, connections, health } = NOTHING;
  const timed = Object.entries(times).map(([name, values]) => [name, encodeSparse(histogramOf(values))]);
  return {
    schema: WINDOW_SCHEMA,
    ...NOTHING,
    worker: parts.worker ?? 0,
    group: parts.group ?? 0,
    number: parts.number ?? second,
    second,
    stage: parts.stage ?? 0,
    untilNs: (second + 1) * 1e9,
    messages: { ...NOTHING.messages, ...parts.messages },
    unsent: { ...NOTHING.unsent, ...parts.unsent },
    delivery: {
      ...delivery,
      damage: { ...delivery.damage, ...parts.damage },
      unexpected: { ...delivery.unexpected, ...parts.unexpected },
      unreadable: { ...delivery.unreadable, ...parts.unreadable },
      unchecked: parts.unchecked ?? 0,
      extent: { ...delivery.extent, ...parts.extent },
      density: { ...delivery.density, ...parts.density },
      loss: { ...delivery.loss, ...parts.loss },
    },
    fanout: { ...fanout, spread: [] },
    pushes: { ...pushes, spread: [], ...parts.pushes },
    pings: { ...NOTHING.pings, ...parts.pings },
    types: [],
    connections: { ...connections, open: 0, peakOpen: 0, lowestOpen: 0, ...parts.connections },
    bytes: { ...NOTHING.bytes, ...parts.bytes },
    histograms: { ...NOTHING.histograms, ...Object.fromEntries(timed) },
    health: {
      ...health,
      cpuNs: 1e8,
      rssBytes: 5e7,
      idleRssBytes: 4e7,
      elapsedNs: 1e9,
      inFlight: 0,
      ...parts.health,
    },
  };
}

const count = fc.nat(1000);
const counts = (...keys: readonly string[]) => fc.dictionary(fc.constantFrom(...keys), count, { maxKeys: 4 });
const moment = fc.option(fc.nat(1e9), { nil: null });

/** What may stand in a window, by rule. */
const ANY: { readonly [R in MergeRule]: fc.Arbitrary<unknown> } = {
  sum: count,
  max: count,
  leastAboveZero: count,
  either: fc.boolean(),
  earliest: moment,
  latest: moment,
  byFailure: counts(...FAILURE_KINDS),
  byCode: counts('1000', '1001', '1006', '4000'),
  byName: counts('none', 'chat.v2', '__proto__'),
  byNumber: fc.uniqueArray(fc.tuple(fc.integer({ min: -64, max: 64 }), count), { maxLength: 4, selector: ([n]) => n }),
  histogram: fc
    .array(fc.integer({ min: 0, max: 5e9 }), { maxLength: 4 })
    .map((values) => encodeSparse(histogramOf(values))),
  level: count,
  samples: fc.array(
    fc.tuple(fc.nat(9), fc.nat(9), fc.nat(1e9), fc.nat(1e9)).map((facts): SpreadFacts => facts),
    { maxLength: 2 },
  ),
};

/** Any values of a tree of rules. */
export function anyFacts<F extends Fields>(fields: F): fc.Arbitrary<Facts<F>> {
  const members = Object.entries(fields).map(([name, rule]) => [
    name,
    typeof rule === 'string' ? ANY[rule] : anyFacts(rule),
  ]);
  return fc.record(Object.fromEntries(members)) as fc.Arbitrary<Facts<F>>;
}

/** Windows of any worker, second and stage, with any facts. */
export const anyWindow: fc.Arbitrary<Window> = fc
  .tuple(
    fc.record({
      schema: fc.constant(WINDOW_SCHEMA),
      worker: fc.nat(3),
      group: fc.nat(1),
      number: fc.nat(8),
      second: fc.nat(8),
      stage: fc.integer({ min: -1, max: 3 }),
      untilNs: fc.nat(9e9),
      types: fc.array(anyFacts(TYPE_FIELDS), { maxLength: 2 }),
    }),
    anyFacts(WINDOW_FIELDS),
  )
  .map(([whose, facts]) => ({ ...whose, ...facts }));

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

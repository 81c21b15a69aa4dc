import { describe, expect, test } from 'vitest';
import { curve, makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import { completedRun, makeWindow, type WindowParts } from '../../../test/support/engine/windows.ts';
import type { RunEvent } from '../../facts/event.ts';
import type { Fault, Plan } from '../../plan/plan.ts';
import { addWindow, createTally } from '../figures/tally.ts';
import { createLoadPresence } from './load-presence.ts';
import type { HealthDoubt } from './touches.ts';

const CLIENTS = 20;
const RECONNECT = {
  backoff: 'exponential',
  fromNs: 0.1 * SECOND,
  toNs: 1 * SECOND,
  jitter: 'full',
  atMost: 1000,
} as const;

interface Facts {
  /** Clients that are connected in each second. */
  readonly connected: readonly number[];
  /** Messages sent in each second, of a hundred that are due; all where left out. */
  readonly sent?: readonly number[];
  readonly unsent?: WindowParts['unsent'];
  readonly plan?: Partial<Plan>;
  readonly events?: readonly RunEvent[];
  readonly more?: WindowParts;
}

function doubts({ connected, sent, unsent, plan: parts, events = [], more = {} }: Facts): readonly HealthDoubt[] {
  const plan = makePlan({
    connections: curve({ to: CLIENTS }),
    messages: openMessages(100, connected.length * SECOND),
    ...(parts === undefined ? {} : { plan: parts }),
  });
  const presence = createLoadPresence(plan, events);
  const whole = createTally();
  connected.forEach((open, second) => {
    const window = makeWindow({
      second,
      stage: 0,
      messages: { due: 100, sent: sent?.[second] ?? 100 },
      ...(unsent === undefined ? {} : { unsent }),
      connections: { wantedNs: CLIENTS * SECOND, openNs: open * SECOND },
    });
    presence.add(window);
    addWindow(whole, window);
  });
  addWindow(whole, makeWindow({ second: connected.length, stage: 1, ...more }));
  const { lifetime, offline } = whole.histograms;
  return presence.doubts({ ...whole.connections, originNs: 0, lifetime, offline });
}

const kinds = (facts: Facts): string[] => doubts(facts).map(({ kind }) => kind);

describe('the load of a plan is on the service', () => {
  test('where every client was connected and every message sent', () => {
    expect(kinds({ connected: [20, 20, 20, 20] })).toEqual([]);
  });

  test('where less than a hundredth of the time or of the messages lacked, and not where more did', () => {
    expect(kinds({ connected: [20, 20, 20, 19.3] })).toEqual([]);
    expect(kinds({ connected: [20, 20, 20, 19.1] })).toEqual(['loadAbsent']);
    expect(kinds({ connected: [20, 20, 20, 20], sent: [100, 100, 100, 97] })).toEqual([]);
    expect(kinds({ connected: [20, 20, 20, 20], sent: [100, 100, 100, 95] })).toEqual(['loadAbsent']);
  });

  test('as far as the service can help it: what the generator gave up as overdue is another doubt', () => {
    expect(kinds({ connected: [20, 20], sent: [100, 50], unsent: { overdue: 50 } })).toEqual([]);
  });
});

test('the doubt says how much lacked, why, and what the service said when it closed', () => {
  const events: RunEvent[] = [
    {
      kind: 'failure',
      atNs: 1,
      worker: 0,
      group: 0,
      client: 3,
      failure: 'closedByServer',
      cause: { kind: 'closeFrame', code: 4401, reason: 'token expired' },
    },
  ];
  const [doubt] = doubts({
    connected: [6, 0, 0, 0],
    sent: [30, 0, 0, 0],
    unsent: { socketClosed: 92 },
    events,
    more: {
      connections: { opened: 20, droppedByServer: 20, closeCodes: { 4401: 20 } },
      times: { lifetime: Array(20).fill(0.3e9) },
    },
  });
  expect(doubt?.detail).toBe(
    'the service did not get the planned load: clients were connected for 7.5 % of the planned time, ' +
      '30 of 400 messages were sent (unsent: connection closed 368); ' +
      'the service closed 20 of 20 connections 300 ms after opening: 4401 token expired',
  );
});

describe('what a planned fault takes away is excused', () => {
  const fault: Fault = { kind: 'restart', name: 'restart', atNs: SECOND, forNs: SECOND };
  const events: RunEvent[] = [
    { kind: 'fault', atNs: 1 * SECOND, fault: 0, phase: 'began', detail: null },
    { kind: 'fault', atNs: 2 * SECOND, fault: 0, phase: 'ended', detail: null },
  ];
  const faulty = { plan: { faults: [fault], reconnect: RECONNECT }, events };

  test('while it lasts, and while the clients come back from it', () => {
    expect(kinds({ connected: [20, 0, 5, 12, 20, 20], ...faulty })).toEqual([]);
  });

  test('and no longer, where some never come back', () => {
    expect(kinds({ connected: [20, 0, 5, 10, 10, 10], ...faulty })).toEqual(['loadAbsent']);
  });

  test('nor before it', () => {
    expect(kinds({ connected: [10, 0, 5, 20, 20, 20], ...faulty })).toEqual(['loadAbsent']);
  });

  test('nor where the fault could not be done', () => {
    const failed = events.map((event) => ({ ...event, detail: 'no such process' }) as RunEvent);
    expect(kinds({ connected: [20, 0, 5, 12, 20, 20], ...faulty, events: failed })).toEqual(['loadAbsent']);
  });

  test('nor where the fault takes nobody offline: what only slows excuses nothing', () => {
    const latency = {
      kind: 'way',
      fault: 'latency',
      name: 'slow',
      atNs: 0,
      forNs: null,
      settings: {},
    } as unknown as Fault;
    const events: RunEvent[] = [{ kind: 'fault', atNs: 0, fault: 0, phase: 'began', detail: null }];
    expect(kinds({ connected: [2, 0, 0, 0], plan: { faults: [latency] }, events })).toEqual(['loadAbsent']);
  });

  test('and one that is never undone excuses what follows, as long as half of the load was there', () => {
    const on = { ...faulty, events: events.slice(0, 1) };
    expect(kinds({ connected: [20, 10, 10, 10], ...on })).toEqual([]);
    expect(kinds({ connected: [20, 0, 0, 0], ...on })).toEqual(['loadAbsent']);
  });

  test('nor more than half a minute of recovery', () => {
    const slow = [20, 0, ...Array<number>(40).fill(10), 20, 20];
    expect(kinds({ connected: slow, ...faulty })).toEqual(['loadAbsent']);
    const quicker = [20, 0, ...Array<number>(20).fill(10), 20, 20];
    expect(kinds({ connected: quicker, ...faulty })).toEqual([]);
  });
});

describe('clients that are not back when sending ends', () => {
  const offline = (count: number): WindowParts => ({ times: { offline: Array<number>(count).fill(2 * SECOND) } });

  test('are a doubt of their own, with their number and for how long', () => {
    const [doubt] = doubts({ connected: [20, 20, 20], more: offline(3) });
    expect(doubt?.detail).toBe('3 of 20 clients were disconnected when sending ended; the longest outage lasted 2.0 s');
  });

  test('and none where all are back', () => {
    expect(kinds({ connected: [20, 20, 20], more: offline(0) })).toEqual([]);
  });
});

test('of a plan with several stages the doubt is about those in which load lacked', () => {
  const plan = makePlan({
    connections: curve({ to: CLIENTS }),
    messages: {
      kind: 'open',
      curve: curve({ rate: 100, for: 2 * SECOND }, { rate: 200, for: 2 * SECOND }),
      arrival: 'constant',
      start: { kind: 'connected' },
    },
  });
  const presence = createLoadPresence(plan, completedRun(0, 4 * SECOND));
  for (const second of [0, 1, 2, 3]) {
    const openNs = (second < 2 ? 20 : 10) * SECOND;
    presence.add(
      makeWindow({ second, stage: second < 2 ? 0 : 1, connections: { wantedNs: CLIENTS * SECOND, openNs } }),
    );
  }
  const whole = createTally();
  const found = presence.doubts({
    ...whole.connections,
    originNs: SECOND,
    lifetime: whole.histograms.lifetime,
    offline: whole.histograms.offline,
  });
  expect(found.map(({ during }) => during)).toEqual([[{ fromNs: 3 * SECOND, toNs: 5 * SECOND }]]);
});

test('the cause is why connections did not open, and not what became of others; and a close of ours is told as that', () => {
  const failed: WindowParts = {
    connections: {
      attempted: 100,
      opened: 90,
      failed: 10,
      failures: { refused: 6, handshakeTimeout: 4, closedByServer: 9 },
      droppedByServer: 9,
    },
  };
  expect(doubts({ connected: [1, 1], more: failed })[0]?.detail).toContain(
    '10 of 100 connections failed to open: nothing listens on the port (refused)',
  );
  const closed: WindowParts = {
    connections: { attempted: 20, opened: 20, droppedByServer: 20, closeCodes: { 1007: 15, 1001: 5 } },
    times: { lifetime: Array(20).fill(0.3e9) },
  };
  const events: RunEvent[] = [
    {
      kind: 'failure',
      atNs: 1,
      worker: 0,
      group: 0,
      client: 3,
      failure: 'closedByServer',
      cause: { kind: 'closeFrame', code: 1001, reason: '' },
    },
  ];
  expect(doubts({ connected: [1, 1], more: closed, events })[0]?.detail).toMatch(
    /15 of 20 connections were closed because the service broke the WebSocket protocol 300 ms after opening: close code 1007$/,
  );
});

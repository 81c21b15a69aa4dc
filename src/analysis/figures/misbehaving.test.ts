import { describe, expect, test } from 'vitest';
import { curve, makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import { makeWindow, type WindowParts } from '../../../test/support/engine/windows.ts';
import type { RunEvent } from '../../facts/event.ts';
import type { TimelinePoint } from '../../facts/result.ts';
import type { Plan } from '../../plan/plan.ts';
import { closeBooks, imbalances } from './books.ts';
import { createMisbehavingJudge, type HealthyFacts } from './misbehaving.ts';
import { addWindow, createTally } from './tally.ts';

const SLOW = { share: 0.2, misbehavior: { kind: 'slow-reader', bytesPerSecond: 0, afterNs: 4 * SECOND } } as const;

function planWith(load: Partial<Plan['load']> = {}): Plan {
  const plan = makePlan({
    connections: curve({ to: 10 }, { hold: 10 * SECOND }),
    messages: openMessages(10, 10 * SECOND),
  });
  return { ...plan, load: { ...plan.load, misbehaving: [SLOW], ...load } };
}

function healthy(
  { receivedBytes = 0, p99sMs = [] as readonly number[] } = {},
  resources: HealthyFacts['resources'] = new Map(),
): HealthyFacts {
  const tally = createTally();
  addWindow(tally, makeWindow({ bytes: { received: receivedBytes } }));
  const points = p99sMs.map((responseP99Ms, second) => ({ second, responseP99Ms }) as TimelinePoint);
  return { tally, points, connectedNs: 0, resources, isBroken: true };
}

function policy(group: WindowParts, facts: HealthyFacts = healthy()) {
  const judge = createMisbehavingJudge(planWith(), []);
  judge.add(makeWindow({ ...group, group: 1 }));
  return judge.finish(facts)[0]!.policy!;
}

/** Clients begin not to read after four seconds; `warm` is what it has by then. */
const memory = (monitor: string, first: number, warm: number, most: number): HealthyFacts['resources'] =>
  new Map(
    [0, 3, 4, 7, 9].map((second, index) => [
      second,
      { [`${monitor}.rssBytes`]: [first, warm, warm, most, most][index]! },
    ]),
  );

describe('what a service does about slow readers', () => {
  test('disconnects: with which codes', () => {
    const connections = { opened: 2, droppedByServer: 2, closeCodes: { 1013: 2 } };
    expect(policy({ connections })).toMatchObject({
      kind: 'disconnects',
      evidence: 'it closed 2 connections of 2 clients (1013 x 2)',
    });
  });

  test('what affects all clients alike, such as a restart, is no policy', () => {
    const facts = healthy();
    facts.tally.connections.droppedByServer = 8;
    const connections = { opened: 2, droppedByServer: 2, closeCodes: { 1006: 2 } };
    expect(policy({ connections }, facts).kind).toBe('unknown');
  });

  test('drops: later messages came, and earlier ones did not', () => {
    expect(policy({ loss: { periods: 1, longestPeriod: 3, noticeable: 0, smallestBacklog: 9 } }).kind).toBe('drops');
  });

  test('what came late after all was not dropped', () => {
    const parts = { loss: { periods: 0, smallestBacklog: 9 }, extent: { count: 3, sum: 3, max: 1 } };
    expect(policy(parts).kind).toBe('unknown');
  });

  test('stops reading: what the client has to send does not go', () => {
    expect(policy({ unsent: { backpressure: 7 } })).toMatchObject({
      kind: 'stopsReading',
      evidence: '7 messages could not be sent to it',
    });
  });

  test('buffers: the memory of a monitor grew by what was not read', () => {
    // Eight healthy clients received 80 MB, so two slow ones were expected 20 MB.
    const facts = healthy({ receivedBytes: 80e6 }, memory('target', 20e6, 50e6, 65e6));
    expect(policy({ bytes: { received: 1e6 } }, facts)).toMatchObject({
      kind: 'buffers',
      evidence: expect.stringMatching(/^memory of target grew by 15\S* MB, while about 19\S* MB stayed unread$/),
    });
  });

  test.each([
    ['its memory grew by less than that', memory('target', 20e6, 50e6, 58e6), 80e6],
    ['its memory grew by opening connections alone', memory('target', 20e6, 60e6, 60e6), 80e6],
    ['only the generator grew', memory('generator', 50e6, 50e6, 90e6), 80e6],
    ['hardly anything was left unread', memory('target', 50e6, 50e6, 90e6), 4e6],
  ])('unknown where %s', (_what, resources, receivedBytes) => {
    expect(policy({}, healthy({ receivedBytes }, resources)).kind).toBe('unknown');
  });

  test('slows everybody: where the others are served more slowly since, and not where they are not', () => {
    const slower = healthy({ p99sMs: [9, 2, 2, 2, 20, 30, 25, 24] });
    const same = healthy({ p99sMs: [9, 2, 2, 2, 3, 4, 2, 3] });
    expect(policy({}, slower).slowsOthers).toBe(true);
    expect(policy({}, same).slowsOthers).toBe(false);
    expect(policy({}, healthy({ p99sMs: [9, 2, 2] })).slowsOthers).toBeNull();
  });
});

describe('clients that misbehave', () => {
  test('are told in the order of the plan, with what they did and what became of them', () => {
    const reset = { share: 0.1, misbehavior: { kind: 'reset', afterNs: SECOND } } as const;
    const events: RunEvent[] = [
      {
        kind: 'failure',
        atNs: 1,
        worker: 0,
        group: 2,
        client: 9,
        failure: 'misbehaved',
        cause: { kind: 'planned' },
      },
    ];
    const judge = createMisbehavingJudge(planWith({ misbehaving: [SLOW, reset] }), events);
    judge.add(
      makeWindow({
        group: 2,
        connections: { attempted: 5, opened: 4, failed: 1, failures: { misbehaved: 4 } },
        messages: { due: 10, sent: 9, delivered: 7, unresolved: 1 },
        unsent: { socketClosed: 1 },
      }),
    );
    const [slow, went] = judge.finish(healthy());
    expect(slow).toMatchObject({ kind: 'slow-reader', clients: 2, messages: { sent: 0 } });
    expect(went).toMatchObject({
      kind: 'reset',
      clients: 1,
      connections: {
        opened: 4,
        failed: 1,
        endedByClient: 4,
        failures: { misbehaved: { cause: { kind: 'planned' } } },
      },
      messages: { sent: 9, delivered: 7, unresolved: 2 },
      policy: null,
      missed: null,
    });
  });

  test('in rooms are told what of the others they missed, though not what the others missed', () => {
    const receivers = {
      sent: [] as [number, number][],
      streams: [],
      offline: 0,
      refused: [],
      outstanding: [],
      orders: [],
      receivers: [],
    };
    const events = [
      { kind: 'receivers', atNs: 1, worker: 0, group: 0, receivers: { ...receivers, sent: [[0, 10]] } },
      {
        kind: 'receivers',
        atNs: 1,
        worker: 0,
        group: 1,
        receivers: {
          ...receivers,
          streams: [{ stream: 0, spans: [[0, 10, 1, 0]], missed: [[3, 5, 1]], unresolved: [], unplaced: [0, 0] }],
        },
      },
    ] as unknown as RunEvent[];
    const rooms = { count: 1, publishers: 1, self: true, settleNs: 0 };
    const judge = createMisbehavingJudge(planWith({ rooms }), events);
    const [slow] = judge.finish(healthy());
    expect(slow?.missed).toBe(2);
    expect(slow?.policy?.kind).toBe('drops');
  });

  test('in rooms miss nothing of what they are only behind with', () => {
    const streams = [{ stream: 0, spans: [[0, 4, 1, 2]], missed: [], unresolved: [], unplaced: [0, 0] }];
    const receivers = { sent: [], streams, receivers: [], orders: [], refused: [], outstanding: [], offline: 0 };
    const events = [{ kind: 'receivers', atNs: 1, worker: 0, group: 1, receivers }] as unknown as RunEvent[];
    const [slow] = createMisbehavingJudge(
      planWith({ rooms: { count: 1, publishers: 1, self: true, settleNs: 0 } }),
      events,
    ).finish(healthy());
    expect(slow?.missed).toBe(0);
    expect(slow?.policy?.kind).toBe('unknown');
  });

  test('have books of their own, which must balance', () => {
    const judge = createMisbehavingJudge(planWith(), []);
    judge.add(makeWindow({ group: 1, messages: { due: 5, sent: 5, delivered: 3 } }));
    const misbehaving = judge.finish({ ...healthy(), isBroken: false });
    const whole = closeBooks(createTally(), false);
    expect(imbalances({ messages: whole, fanout: null, pushes: null, misbehaving })).toEqual([
      expect.stringMatching(/^of clients that misbehave \(slow-reader\): sent 5 is not delivered 3/),
    ]);
  });
});

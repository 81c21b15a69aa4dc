import { describe, expect, test } from 'vitest';
import { makePlan } from '../../../test/support/engine/plans.ts';
import { makeWindow } from '../../../test/support/engine/windows.ts';
import type { FaultPhase, RunEvent } from '../../facts/event.ts';
import type { TimelinePoint } from '../../facts/result.ts';
import type { Fault } from '../../plan/plan.ts';
import { describeDistribution } from './distribution.ts';
import { createRecoveryJudge } from './recovery.ts';

const SECOND = 1e9;
const RESTART: Fault = { kind: 'restart', name: 'restart reference', atNs: 10 * SECOND, forNs: SECOND };
const STOP: Fault = { kind: 'stop', name: 'stop', process: 'reference', atNs: 20 * SECOND, forNs: SECOND };
const RECONNECT = { backoff: 'constant', fromNs: 1, toNs: 1, jitter: 'none', atMost: 1 } as const;

const told = (fault: number, phase: FaultPhase, second: number, detail: string | null = null): RunEvent => ({
  kind: 'fault',
  atNs: second * SECOND,
  fault,
  phase,
  detail,
});

function point(second: number, more: Partial<TimelinePoint> = {}): TimelinePoint {
  return {
    second,
    connectionsOpen: 10,
    connectionsOpenLowest: 10,
    due: 100,
    sent: 100,
    unsent: 0,
    delivered: 100,
    received: 0,
    lost: 0,
    unresolved: 0,
    errors: 0,
    responseP50Ms: 1,
    responseP99Ms: 5,
    responseMaxMs: 6,
    serviceP99Ms: 5,
    sendLagP99Ms: 1,
    cpuRatio: 0.1,
    rssBytes: 1,
    resources: {},
    ...more,
  };
}

/** 30 seconds as usual, but for what is said of some of them. */
const timeline = (unusual: Readonly<Record<number, Partial<TimelinePoint>>>): readonly TimelinePoint[] =>
  Array.from({ length: 30 }, (_, second) => point(second, unusual[second]));

function judge(
  faults: readonly Fault[],
  events: readonly RunEvent[],
  points: readonly TimelinePoint[],
  windows: readonly ReturnType<typeof makeWindow>[] = [],
) {
  const plan = makePlan({ plan: { faults, reconnect: RECONNECT } });
  const recovery = createRecoveryJudge(plan, events, (histogram) => describeDistribution(histogram, () => ''));
  for (const window of windows) recovery.add(window);
  return recovery.finish(points)!;
}

describe('the way back', () => {
  const events = [told(0, 'began', 10.25), told(0, 'ended', 11.5)];

  test('of response times is over with the first of three seconds in their band', () => {
    const slow = { responseP99Ms: 900 };
    const [incident] = judge([RESTART], events, timeline({ 10: slow, 11: slow, 12: slow, 14: slow })).incidents;
    expect(incident).toMatchObject({ responseBackSeconds: 15 - 10.25, throughputBackSeconds: 0, isCompared: true });
  });

  test('of throughput likewise, by what came of what was due', () => {
    const unusual = { 10: { delivered: 40 }, 11: { delivered: 0 }, 12: { delivered: 89 }, 13: { delivered: 91 } };
    const [incident] = judge([RESTART], events, timeline(unusual)).incidents;
    expect(incident).toMatchObject({ throughputBackSeconds: 13 - 10.25, responseBackSeconds: 0 });
  });

  test('is not over in a second of which more than one message in a hundred never came', () => {
    const unusual = { 10: { unsent: 60 }, 11: { unresolved: 2 }, 13: { unsent: 1 }, 29: { lost: 2 } };
    const lost = makeWindow({ second: 29, messages: { lost: 2 }, loss: { bySecondSent: [[12, 2]] } });
    const [incident] = judge([RESTART], events, timeline(unusual), [lost]).incidents;
    expect(incident?.responseBackSeconds).toBe(13 - 10.25);
  });

  test('never comes where it stays out of its band to the end', () => {
    const slow = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [10 + n, { responseP99Ms: 900 }]));
    const [incident] = judge([RESTART], events, timeline(slow)).incidents;
    expect(incident).toMatchObject({ responseBackSeconds: null, isCompared: true });
  });

  test('is told of the seconds up to the next fault, and each is compared with those before the first', () => {
    const slow = { responseP99Ms: 900 };
    const both = [...events, told(1, 'began', 20.5), told(1, 'ended', 21.5)];
    const points = timeline({ 10: slow, 20: slow, 21: slow });
    const { incidents } = judge([RESTART, STOP], both, points);
    expect(incidents.map(({ name, responseBackSeconds }) => [name, responseBackSeconds])).toEqual([
      ['restart reference', 11 - 10.25],
      ['stop', 22 - 20.5],
    ]);
  });

  test('cannot be told where there were too few seconds before the fault', () => {
    const [incident] = judge([RESTART], [told(0, 'began', 2.5)], timeline({})).incidents;
    expect(incident).toMatchObject({ isCompared: false, responseBackSeconds: null, toSecond: null });
  });

  test('a noisy service is compared with its own noise', () => {
    const noisy = Object.fromEntries(
      Array.from({ length: 30 }, (_, n) => [n, { responseP99Ms: n % 2 === 0 ? 5 : 30 }]),
    );
    const [incident] = judge([RESTART], events, timeline(noisy)).incidents;
    expect(incident?.responseBackSeconds).toBe(0);
  });
});

describe('what a fault did', () => {
  test('is counted from its beginning on, over all workers', () => {
    const window = (worker: number, second: number, connections: object, messages: object = {}) =>
      makeWindow({ worker, second, connections, messages });
    const events = [told(0, 'began', 10.25), told(0, 'ended', 11.5)];
    const { incidents, ...whole } = judge([RESTART], events, timeline({}), [
      window(0, 5, { opened: 10, openNs: 10 * SECOND, wantedNs: 10 * SECOND }),
      window(
        0,
        10,
        { droppedByServer: 6, firstDropNs: 10.3 * SECOND, openNs: SECOND, wantedNs: SECOND, downNs: 0.6 * SECOND },
        { unresolved: 3 },
      ),
      window(1, 10, { droppedByServer: 4, firstDropNs: 10.28 * SECOND }, { unresolved: 1, duplicated: 2 }),
      window(0, 11, { reconnected: 6, opened: 6, firstReopenNs: 11.6 * SECOND, lastReopenNs: 11.9 * SECOND }),
      window(1, 11, { reconnected: 3, opened: 3, firstReopenNs: 11.7 * SECOND, lastReopenNs: 11.95 * SECOND }),
      window(1, 12, { gaveUp: 1, wantedNs: SECOND, downNs: 0.4 * SECOND }),
    ]);
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({ dropped: 10, reconnected: 9, gaveUp: 1, mostOpenedInASecond: 9 });
    expect(incidents[0]!.firstDropSeconds).toBeCloseTo(0.03);
    expect(incidents[0]!.firstReconnectSeconds).toBeCloseTo(1.35);
    expect(incidents[0]!.lastReconnectSeconds).toBeCloseTo(1.7);
    expect(incidents[0]!.messages).toEqual({ lost: 0, unresolved: 4, duplicated: 2, resent: 0, unsent: 0 });
    expect(whole).toEqual({
      availabilityRatio: 11 / 12,
      drops: 10,
      meanSecondsBetweenDrops: 1.1,
      meanSecondsDown: 0.1,
    });
  });

  test('is credited by its moment where one second has the end of one account and the beginning of the next', () => {
    const events = [told(0, 'began', 9.9), told(0, 'ended', 9.95), told(1, 'began', 10.6)];
    const { incidents } = judge([RESTART, STOP], events, timeline({}), [
      makeWindow({ second: 10, connections: { droppedByServer: 4, firstDropNs: 10.2 * SECOND } }),
      makeWindow({
        second: 11,
        connections: { reconnected: 4, firstReopenNs: 11 * SECOND, lastReopenNs: 11.5 * SECOND },
      }),
    ]);
    expect(incidents.map(({ dropped, reconnected }) => [dropped, reconnected])).toEqual([
      [4, 0],
      [0, 4],
    ]);
    expect(incidents.map(({ together }) => together)).toEqual([[], []]);
    expect(incidents[0]!.firstDropSeconds).toBeCloseTo(0.3);
  });

  test('is told of all together that began in the same second: whose it is cannot be known', () => {
    const events = [told(0, 'began', 10.1), told(1, 'began', 10.6)];
    const { incidents } = judge([RESTART, STOP], events, timeline({}), [
      makeWindow({ second: 10, connections: { droppedByServer: 4, firstDropNs: 10.2 * SECOND } }),
      makeWindow({ second: 11, messages: { duplicated: 17 } }),
    ]);
    expect(incidents).toMatchObject([
      { name: 'restart reference', together: ['stop'], dropped: 4, fromSecond: 10.1, messages: { duplicated: 17 } },
      { name: 'stop', together: ['restart reference'], dropped: 4, fromSecond: 10.6, messages: { duplicated: 17 } },
    ]);
    expect(incidents[1]!.firstDropSeconds).toBeCloseTo(0.1);
  });

  test('is told of a fault and of those that are still on when it begins, and no longer of those that are over', () => {
    const LAST: Fault = { kind: 'stop', name: 'last', process: 'reference', atNs: 25 * SECOND, forNs: SECOND };
    const events = [
      told(0, 'began', 10),
      told(1, 'began', 14),
      told(1, 'ended', 15),
      told(0, 'ended', 20),
      told(2, 'began', 25),
    ];
    const { incidents } = judge([RESTART, STOP, LAST], events, timeline({}), [
      makeWindow({ second: 11, messages: { duplicated: 2 } }),
      makeWindow({ second: 14, messages: { duplicated: 3 } }),
      makeWindow({ second: 18, messages: { duplicated: 4 } }),
      makeWindow({ second: 26, messages: { duplicated: 5 } }),
    ]);
    expect(incidents.map(({ together, messages }) => [together, messages.duplicated])).toEqual([
      [[], 2],
      [['restart reference'], 7],
      [[], 5],
    ]);
  });

  test('has the losses of messages that were sent in its time, and not those that were found in it', () => {
    const events = [told(0, 'began', 10.25), told(0, 'ended', 11.5), told(1, 'began', 20), told(1, 'ended', 21)];
    const { incidents } = judge([RESTART, STOP], events, timeline({}), [
      // Of one nobody knows when it was sent: it counts where it was found.
      makeWindow({
        second: 29,
        messages: { lost: 16 },
        loss: {
          bySecondSent: [
            [9, 1],
            [10, 2],
            [19, 4],
            [20, 8],
          ],
        },
      }),
    ]);
    expect(incidents.map(({ messages }) => messages.lost)).toEqual([6, 9]);
  });

  test('clients that never opened are not down: a mean is over what was dropped', () => {
    const never = { wantedNs: 40 * SECOND, openNs: 10 * SECOND, downNs: 0.5 * SECOND, droppedByServer: 1 };
    const { availabilityRatio, meanSecondsDown } = judge([], [], timeline({}), [makeWindow({ connections: never })]);
    expect({ availabilityRatio, meanSecondsDown }).toEqual({ availabilityRatio: 0.25, meanSecondsDown: 0.5 });
  });

  test('one that could not be done says why, and one that never began is not among them', () => {
    const events = [told(1, 'began', 20, 'no such process')];
    const { incidents } = judge([RESTART, STOP], events, timeline({}));
    expect(incidents).toMatchObject([{ name: 'stop', failedBecause: 'no such process', dropped: 0 }]);
  });
});

test('a plan that breaks nothing and opens no client again has nothing to recover from', () => {
  const recovery = createRecoveryJudge(makePlan(), [], (histogram) => describeDistribution(histogram, () => ''));
  expect(recovery.finish(timeline({}))).toBeNull();
});

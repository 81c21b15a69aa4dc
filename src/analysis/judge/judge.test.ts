import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { curve, makePlan, openMessages, SECOND, threshold } from '../../../test/support/engine/plans.ts';
import { anyWindow, completedRun, MANIFEST, makeWindow } from '../../../test/support/engine/windows.ts';
import { repeats } from '../../../test/support/repeats.ts';
import type { RunEvent } from '../../facts/event.ts';
import type { RunResult } from '../../facts/result.ts';
import type { Window } from '../../facts/window.ts';
import type { Plan } from '../../plan/plan.ts';
import { imbalances } from '../figures/books.ts';
import { createJudge } from './judge.ts';

const MS = 1e6;
const times = (count: number, ns: number): number[] => Array<number>(count).fill(ns);

function judge(plan: Plan, windows: readonly Window[], events: readonly RunEvent[]): RunResult {
  const asked = createJudge(plan, events, () => '');
  for (const window of windows) asked.window(window);
  return asked.finish();
}

const plan = (...expressions: string[]): Plan =>
  makePlan({
    connections: curve({ to: 10 }),
    messages: openMessages(100, 4 * SECOND),
    plan: { thresholds: expressions.map(threshold) },
  });

/** A second in which a hundred messages came back after so long. */
const second = (number: number, more: Parameters<typeof makeWindow>[0] = {}): Window =>
  makeWindow({
    second: number,
    stage: 0,
    messages: { due: 100, sent: 100, delivered: 100 },
    times: {
      response: times(100, 2 * MS),
      service: times(100, 2 * MS),
      sendLag: times(100, 0),
      eventLoopDelay: times(50, MS),
    },
    health: { inFlightNs: 200 * MS },
    ...more,
  });
const seconds = [second(0), second(1), second(2), second(3)];
const ended = completedRun(0, 4 * SECOND);

describe('the verdict', () => {
  test('all rules kept: pass', () => {
    const { verdict, run } = judge(plan('response.p99 < 200ms', 'lost == 0'), seconds, ended);
    expect(verdict).toMatchObject({ kind: 'pass', breaches: [], doubts: [] });
    expect(run).toMatchObject({ end: 'completed', endedBecause: null, durationSeconds: 4 });
  });

  test('no rules: inconclusive', () => {
    expect(judge(plan(), seconds, ended).verdict).toMatchObject({
      kind: 'inconclusive',
      doubts: [{ kind: 'noRules' }],
    });
  });

  test('a counted duplicate stays a fail while the generator is in doubt, and a slow response does not', () => {
    const lagging = seconds.map((_, number) =>
      second(number, {
        messages: { due: 100, sent: 100, delivered: 100, duplicated: number === 2 ? 1 : 0 },
        times: { response: times(100, 500 * MS), service: times(100, 100 * MS), sendLag: times(100, 400 * MS) },
        health: { inFlightNs: 10_000 * MS },
      }),
    );
    const rules = ['duplicated == 0', 'response.p99 < 200ms'];
    const { verdict, generator } = judge(plan(...rules), lagging, ended);
    expect(generator.healthy).toBe(false);
    expect(verdict.thresholds.map(({ kind }) => kind)).toEqual(['fail', 'inconclusive']);
    expect(verdict).toMatchObject({ kind: 'fail', breaches: [{ rule: 'duplicated == 0' }] });
    expect(judge(plan('response.p99 < 200ms'), lagging, ended).verdict.kind).toBe('inconclusive');
  });
});

describe('a record without an end', () => {
  const killed = ended.slice(0, 2);
  const windows = [...seconds.slice(0, 3), second(3, { messages: { due: 100, sent: 100, delivered: 60 } })];

  test('is an aborted run, and what was in flight is unresolved', () => {
    const result = judge(plan('lost == 0'), windows, killed);
    expect(result.run).toMatchObject({ end: 'aborted', durationSeconds: 4 });
    expect(result.messages).toMatchObject({ sent: 400, delivered: 360, unresolved: 40, lost: 0 });
    expect(imbalances(result)).toEqual([]);
    expect(result.verdict).toMatchObject({
      kind: 'inconclusive',
      doubts: [{ kind: 'incomplete' }, { kind: 'unresolved' }],
    });
  });

  test('its unresolved messages break no rule: they may have come, had it gone on', () => {
    const { verdict } = judge(plan('response.p95 < 1s', 'unresolved == 0'), windows, killed);
    expect(verdict.thresholds.map(({ kind }) => kind)).toEqual(['inconclusive', 'inconclusive']);
  });

  test('raises no doubt about Little’s law: what was in flight has no service time', () => {
    const busy = windows.map((window) => ({ ...window, health: { ...window.health, inFlightNs: 400 * MS } }));
    const { verdict, generator } = judge(plan('lost == 0'), busy, killed);
    expect(verdict.doubts.map(({ kind }) => kind)).toEqual(['incomplete', 'unresolved']);
    expect(generator.littlesLawErrorRatio).toBeNull();
  });
});

test('in a whole record, a message without a outcome is an imbalance and not unresolved', () => {
  const windows = [...seconds.slice(0, 3), second(3, { messages: { due: 100, sent: 100, delivered: 99 } })];
  expect(imbalances(judge(plan(), windows, ended))).toHaveLength(1);
});

test('with a dead worker it is unresolved, and the run is in doubt', () => {
  const windows = [...seconds.slice(0, 3), second(3, { messages: { due: 100, sent: 100, delivered: 60 } })];
  const died: RunEvent = { kind: 'workerDied', atNs: 3 * SECOND, worker: 1, detail: 'signal SIGKILL' };
  const result = judge(plan('lost == 0'), windows, [...ended.slice(0, 2), died, ...ended.slice(2)]);
  expect(result.messages.unresolved).toBe(40);
  expect(imbalances(result)).toEqual([]);
  expect(result.verdict).toMatchObject({
    kind: 'inconclusive',
    doubts: [{ kind: 'workerDied' }, { kind: 'unresolved' }],
  });
  expect(result.generator.missedWorkers).toBe(1);
});

test('Little’s law: in-flight and service times that disagree make a rule on times inconclusive', () => {
  const windows = seconds.map((window) => ({ ...window, health: { ...window.health, inFlightNs: 300 * MS } }));
  const { verdict, generator } = judge(plan('response.p99 < 1s', 'lost == 0'), windows, ended);
  expect(generator.littlesLawErrorRatio).toBeCloseTo(1 / 3);
  expect(verdict.thresholds.map(({ kind }) => kind)).toEqual(['inconclusive', 'pass']);
  expect(verdict.doubts.map(({ kind }) => kind)).toEqual(['littlesLaw']);
});

describe('stages', () => {
  const staged = makePlan({
    messages: {
      kind: 'open',
      arrival: 'constant',
      start: { kind: 'connected' },
      curve: curve({ to: 100, over: 2 * SECOND }, { hold: 2 * SECOND }, { burst: 500, for: SECOND }),
    },
  });

  test('each has its own facts, what is before and after belongs to none', () => {
    const windows = [
      second(0, { stage: -1, messages: { due: 0, sent: 0 } }),
      second(1, { stage: 0 }),
      second(2, { stage: 0 }),
      second(3, { stage: 1 }),
      second(5, { stage: 2 }),
      second(6, { stage: 3, messages: { delivered: 3 } }),
    ];
    const { stages, messages } = judge(staged, windows, completedRun(SECOND, 7 * SECOND));
    expect(stages.map(({ messages: { sent }, fromSecond, toSecond }) => [fromSecond, toSecond, sent])).toEqual([
      [1, 3, 200],
      [3, 5, 100],
      [5, 6, 100],
    ]);
    expect(stages.map(({ throughput }) => throughput.sentPerSecond)).toEqual([100, 50, 100]);
    expect(messages.sent).toBe(400);
  });

  test('the rate is over the time in which messages were sent, and over no more when it was stopped', () => {
    const stopped = [...completedRun(SECOND, 7 * SECOND)];
    stopped.splice(2, 0, { kind: 'stopping', atNs: 3 * SECOND, reason: 'interrupted', detail: 'stopped by the user' });
    expect(judge(staged, seconds, completedRun(SECOND, 7 * SECOND)).throughput.sentPerSecond).toBe(400 / 5);
    const early = judge(staged, seconds, stopped);
    expect(early.throughput.sentPerSecond).toBe(400 / 2);
    expect(early.run.endedBecause).toBe('stopped by the user');
    expect(early.verdict.kind).toBe('inconclusive');
  });

  test('a run that ended in its first moments has no rate, however few messages it takes to make one', () => {
    const stoppedAt = (ns: number): RunEvent[] => {
      const [started, begun, end] = completedRun(SECOND, 2 * SECOND) as [RunEvent, RunEvent, RunEvent];
      return [started, begun, { kind: 'stopping', atNs: ns, reason: 'interrupted', detail: 'stopped' }, end];
    };
    const one = [second(1, { stage: 0, messages: { due: 1, sent: 1, delivered: 1 } })];
    const early = judge(staged, one, stoppedAt(SECOND + 2.7e6));
    expect(early.throughput).toEqual({
      offeredPerSecond: null,
      sentPerSecond: null,
      deliveredPerSecond: null,
      bytesSentPerSecond: null,
      bytesReceivedPerSecond: null,
    });
    expect(early.messages).toMatchObject({ due: 1, sent: 1 });
    expect(judge(staged, one, stoppedAt(2 * SECOND)).throughput.offeredPerSecond).toBe(1);
  });

  test('a stage that was cut short has the rate of its time, and one that never began has none', () => {
    const stopped = [...completedRun(SECOND, 7 * SECOND)];
    stopped.splice(2, 0, { kind: 'stopping', atNs: 4.5 * SECOND, reason: 'interrupted', detail: 'stopped' });
    const windows = [
      second(1, { stage: 0 }),
      second(2, { stage: 0 }),
      second(3, { stage: 1 }),
      second(4, { stage: 1 }),
    ];
    const { stages } = judge(staged, windows, stopped);
    expect(stages.map(({ throughput }) => throughput.sentPerSecond)).toEqual([100, 200 / 1.5, null]);
  });
});

describe('the timeline', () => {
  test('a point is the sum of its second over the workers', () => {
    const windows = [0, 1].flatMap((worker) =>
      [0, 1, 2].map((number) =>
        makeWindow({
          worker,
          second: number,
          messages: { due: 10, sent: 9, delivered: 8 },
          unsent: { overdue: 1 },
          connections: {
            opened: 5,
            open: 5 * (number + 1),
            peakOpen: 5 * (number + 1) + worker,
            lowestOpen: 5 * number + worker,
            failures: { reset: 2 },
          },
          health: { rssBytes: 1e6, cpuNs: worker === 0 ? 1e8 : 5e8 },
        }),
      ),
    );
    const { timeline, connections, generator } = judge(plan(), windows, ended);
    expect(timeline.map(({ second: number }) => number)).toEqual([0, 1, 2]);
    for (const [number, point] of timeline.entries()) {
      expect(point).toMatchObject({
        due: 20,
        sent: 18,
        delivered: 16,
        unsent: 2,
        errors: 4,
        connectionsOpen: 10 * (number + 1),
        connectionsOpenLowest: 10 * number + 1,
        rssBytes: 2e6,
        cpuRatio: 0.5,
      });
    }
    expect(connections).toMatchObject({ peakOpen: 31, opened: 30, openedPerSecondPeak: 10 });
    expect(generator.cpuRatioMax).toBe(0.5);
  });

  test('the clients of a second are those of its last window, in whatever order two of them came', () => {
    const early = {
      ...makeWindow({ second: 1, connections: { open: 3, peakOpen: 9, lowestOpen: 0 } }),
      untilNs: 1.5e9,
    };
    const late = makeWindow({ second: 1, connections: { open: 7, peakOpen: 7, lowestOpen: 3 } });
    for (const windows of [
      [early, late],
      [late, early],
    ]) {
      const { timeline, connections } = judge(plan(), windows, ended);
      expect(timeline).toMatchObject([{ second: 1, connectionsOpen: 7, connectionsOpenLowest: 0 }]);
      expect(connections.peakOpen).toBe(9);
    }
  });

  test('a worker that hangs for a second keeps its clients in the peak and in the lowest', () => {
    const windows = [
      makeWindow({ worker: 0, second: 0, connections: { open: 50, peakOpen: 50 } }),
      makeWindow({ worker: 1, second: 1, connections: { open: 50, peakOpen: 50, lowestOpen: 20 } }),
    ];
    const { connections, timeline } = judge(plan(), windows, ended);
    expect(connections.peakOpen).toBe(100);
    expect(timeline).toMatchObject([{ connectionsOpenLowest: 0 }, { connectionsOpen: 100, connectionsOpenLowest: 70 }]);
  });
});

test('the result is the same in whatever order the windows come', () => {
  const unequal = (windows: Window[]): Window[] => [
    ...new Map(windows.map((window) => [`${window.worker} ${window.second} ${window.stage}`, window])).values(),
  ];
  const shuffles = fc
    .array(anyWindow, { maxLength: 10 })
    .map(unequal)
    // Two windows of one worker and second never end at the same moment.
    .map((windows) => windows.map((window, i) => ({ ...window, untilNs: window.untilNs - i })))
    .chain((windows) => fc.tuple(fc.constant(windows), fc.shuffledSubarray(windows, { minLength: windows.length })));
  const rules = plan('response.p50 < 1s', 'delivered >= 50%', 'duplicated == 0', 'connections.failed <= 1%');
  fc.assert(
    fc.property(shuffles, ([windows, shuffled]) => {
      expect(judge(rules, shuffled, ended)).toEqual(judge(rules, windows, ended));
    }),
    { numRuns: repeats(25) },
  );
});

test('failures carry the first cause of their kind, violations their first hundred', () => {
  const failure = (atNs: number, message: string): RunEvent => ({
    kind: 'failure',
    group: 0,
    atNs,
    worker: 0,
    client: 3,
    failure: 'reset',
    cause: { kind: 'system', code: 'ECONNRESET', message },
  });
  const violations = Array.from(
    { length: 130 },
    (_, i): RunEvent => ({
      kind: 'violation',
      atNs: i * MS,
      worker: 0,
      violation: 'duplicated',
      client: 1,
      stream: 1,
      seq: i,
      push: null,
    }),
  );
  const rare: RunEvent = {
    kind: 'violation',
    atNs: 131 * MS,
    worker: 0,
    violation: 'late',
    client: 1,
    stream: 1,
    seq: 7,
    push: null,
  };
  const windows = [makeWindow({ connections: { failures: { reset: 7, dns: 1 } } })];
  const events = [ended[0]!, failure(1, 'first'), failure(2, 'second'), ...violations, rare, ...ended.slice(1)];
  const { connections, violations: described } = judge(plan(), windows, events);
  expect(connections.failures).toEqual({
    reset: { count: 7, cause: { kind: 'system', code: 'ECONNRESET', message: 'first' } },
    dns: { count: 1, cause: null },
  });
  expect(described).toHaveLength(101);
  expect(described.at(-1)).toMatchObject({ violation: 'late', seq: 7 });
  expect(described[5]).toEqual({
    violation: 'duplicated',
    client: 1,
    stream: 1,
    seq: 5,
    push: null,
    atSecond: 0.005,
  });
});

test('percentiles that the samples cannot bound are null', () => {
  const { response, sendLag } = judge(plan(), seconds, ended);
  expect(response).toMatchObject({ count: 400, p50Ms: 2, p99Ms: 2, p999Ms: null, p9999Ms: null, maxMs: 2 });
  expect(response.intervals).toMatchObject({ p999: null });
  expect(sendLag.maxMs).toBe(0);
  expect(judge(plan(), [], ended).response).toMatchObject({ count: 0, meanMs: null, p50Ms: null, maxMs: null });
});

test('a record that does not say which run it is of cannot be judged', () => {
  expect(() => judge(plan(), seconds, ended.slice(1))).toThrow(RangeError);
  expect(judge(plan(), seconds, ended).run).toMatchObject({ id: MANIFEST.id, workerCount: 2 });
});

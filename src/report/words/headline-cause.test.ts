import { describe, expect, test } from 'vitest';
import { makePlan, openMessages, SECOND, threshold } from '../../../test/support/engine/plans.ts';
import { completedRun, makeWindow, type WindowParts } from '../../../test/support/engine/windows.ts';
import { createJudge } from '../../analysis/judge/judge.ts';
import type { RunEvent, StopReason } from '../../facts/event.ts';
import type { FailureCause } from '../../facts/failure-cause.ts';
import type { RunResult } from '../../facts/result.ts';
import type { Fault } from '../../plan/plan.ts';
import { firstSteps } from './advice.ts';
import { headlineCause } from './headline-cause.ts';

interface Parts {
  readonly window: WindowParts;
  readonly events?: readonly RunEvent[];
  readonly faults?: readonly Fault[];
  readonly rules?: readonly string[];
}

function resultOf({ window, events = [], faults = [], rules = ['lost == 0'] }: Parts): RunResult {
  const plan = makePlan({
    messages: openMessages(100, 10 * SECOND),
    plan: { thresholds: rules.map(threshold), faults },
  });
  const [started, ...rest] = completedRun(0, 10 * SECOND) as [RunEvent, ...RunEvent[]];
  const judge = createJudge(plan, [started, ...events, ...rest], () => '');
  judge.window(makeWindow(window));
  return judge.finish();
}

const failure = (kind: 'refused' | 'upgradeRejected' | 'handshakeTimeout', cause: FailureCause): RunEvent => ({
  kind: 'failure',
  atNs: 1,
  worker: 0,
  group: 0,
  client: 0,
  failure: kind,
  cause,
});
const refusedAt = (address: string): FailureCause => ({
  kind: 'system',
  code: 'ECONNREFUSED',
  message: `connect ECONNREFUSED ${address}`,
});
const NOT_FOUND: FailureCause = {
  kind: 'httpStatus',
  status: 404,
  reasonPhrase: 'Not Found',
  location: null,
  retryAfter: null,
  authenticate: null,
  body: '',
};
const connections = (failed: number, opened: number, kind: string): NonNullable<WindowParts['connections']> => ({
  attempted: failed + opened,
  opened,
  failed,
  failures: { [kind]: failed },
});
const good: WindowParts = {
  messages: { due: 100, sent: 100, delivered: 100 },
  connections: { attempted: 10, opened: 10, peakOpen: 10 },
};
const stopping = (reason: StopReason): RunEvent => ({ kind: 'stopping', atNs: 2, reason, detail: 'because' });

describe('the line under the verdict', () => {
  test('is not there where nothing stands out', () => {
    expect(headlineCause(resultOf({ window: good }))).toBeNull();
    const lost = { ...good, messages: { due: 100, sent: 100, delivered: 90, lost: 10 } };
    expect(headlineCause(resultOf({ window: lost }))).toBeNull();
  });

  test.each([
    [
      'refused',
      refusedAt('127.0.0.1:9100'),
      '0 of 50 connections opened: connection refused (127.0.0.1:9100). Check that the service is running and the port is right',
    ],
    [
      'upgradeRejected',
      NOT_FOUND,
      '0 of 50 connections opened: the service answered the upgrade with an HTTP status other than 101 (HTTP 404 Not Found). Check the path of the URL',
    ],
    [
      'handshakeTimeout',
      { kind: 'timeout', of: 'upgrade', afterNs: 500e6 },
      '0 of 50 connections opened: the WebSocket handshake was not answered in time (the upgrade was not answered after 500 ms). Check that this is the port of a WebSocket service.',
    ],
  ] as const)('says why no connection opened, and what to look at: %s', (kind, cause, text) => {
    const result = resultOf({ window: { connections: connections(50, 0, kind) }, events: [failure(kind, cause)] });
    expect(headlineCause(result)?.slice(0, text.length)).toBe(text);
  });

  test('says so where most did not open, and not where few did not', () => {
    const mostly = (failed: number): RunResult =>
      resultOf({
        window: { ...good, connections: connections(failed, 10 - failed, 'refused') },
        events: [failure('refused', refusedAt('[::1]:9'))],
        rules: ['connections.failed == 0'],
      });
    expect(headlineCause(mostly(6))).toMatch(/^6 of 10 connections did not open: connection refused \(\[::1\]:9\)\.$/);
    expect(headlineCause(mostly(2))).toBeNull();
  });

  describe('names the reference target where it ended', () => {
    const died = (exitCode: number | null, signal: string | null): RunEvent => ({
      kind: 'targetDied',
      atNs: 2.1e9,
      pid: 4711,
      exitCode,
      signal,
    });

    test.each([
      [null, 'SIGKILL', 'the reference target (process 4711) was killed by SIGKILL after 2.1 s.'],
      [3, null, 'the reference target (process 4711) exited with code 3 after 2.1 s.'],
    ])('exit code %j, signal %j', (exitCode, signal, text) => {
      const result = resultOf({ window: good, events: [died(exitCode, signal)] });
      expect(headlineCause(result)).toBe(text);
      expect(result.run.targetDeath).toEqual({ pid: 4711, exitCode, signal, atSecond: 2.1 });
    });

    test('but not where a fault of the plan killed it', () => {
      const kill: Fault = { name: 'kill', kind: 'kill', process: 'reference', atNs: 2e9, forNs: 0 };
      const began: RunEvent = { kind: 'fault', atNs: 2e9, fault: 0, phase: 'began', detail: null };
      const result = resultOf({ window: good, events: [began, died(null, 'SIGKILL')], faults: [kill] });
      expect(result.run.targetDeath).toBeNull();
      const early = resultOf({ window: good, events: [died(null, 'SIGKILL')], faults: [kill] });
      expect(early.run.targetDeath).not.toBeNull();
    });
  });

  describe('quotes the service where it rejected most', () => {
    const rejection = (seq: number, detail: string): RunEvent => ({
      kind: 'rejection',
      atNs: seq * 1e9,
      worker: 0,
      client: 4,
      seq,
      detail,
    });
    const rejected = (count: number): WindowParts => ({
      ...good,
      messages: { due: 100, sent: 100, delivered: 100 - count, rejected: count },
    });

    test('with the first words', () => {
      const result = resultOf({
        window: rejected(60),
        events: [rejection(1, 'room is full')],
        rules: ['rejected == 0'],
      });
      expect(headlineCause(result)).toBe('the service rejected 60 of 100 messages; first: room is full.');
    });

    test('but not where it rejected few, or was meant to', () => {
      const events = [rejection(1, 'room is full')];
      expect(headlineCause(resultOf({ window: rejected(50), events, rules: ['rejected == 0'] }))).toBeNull();
      expect(headlineCause(resultOf({ window: rejected(60), events, rules: ['rejected > 0'] }))).toBeNull();
    });

    test('and keeps the first of each kind: numbers do not make another', () => {
      const events = [
        rejection(1, 'message 17 refused'),
        rejection(2, 'message 18 refused'),
        rejection(3, 'room is full'),
        ...Array.from({ length: 20 }, (_, index) => rejection(4, `reason ${'x'.repeat(index + 1)}`)),
      ];
      const { rejections } = resultOf({ window: rejected(60), events });
      expect(rejections.slice(0, 2)).toEqual([
        { client: 4, seq: 1, text: 'message 17 refused', atSecond: 1 },
        { client: 4, seq: 3, text: 'room is full', atSecond: 3 },
      ]);
      expect(rejections).toHaveLength(10);
    });
  });
});

describe('what to do first', () => {
  const steps = (result: RunResult): string =>
    firstSteps(result)
      .map((line) => line.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(''))
      .join('\n');
  const AGAIN = 'Run again to the end';

  test('where no connection opened is to find out why, and not to run again or to send something', () => {
    const result = resultOf({
      window: { connections: connections(50, 0, 'refused') },
      events: [failure('refused', refusedAt('127.0.0.1:9')), stopping('noConnections')],
    });
    expect(result.verdict.doubts.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['incomplete', 'noSamples']));
    expect(steps(result)).toContain('Find out why connections failed');
    expect(steps(result)).not.toContain(AGAIN);
    expect(steps(result)).not.toContain('Have the plan send');
  });

  test('where the generator was late is said once, whether it sent late, read late or both', () => {
    const doubt = (kind: 'sendLag' | 'eventLoop') => ({ kind, rule: null, detail: kind });
    const withDoubts = (...kinds: readonly ('sendLag' | 'eventLoop')[]): string => {
      const result = resultOf({ window: good });
      const [first = 'sendLag', ...others] = kinds;
      const verdict = { kind: 'inconclusive', breaches: [], doubts: [doubt(first), ...others.map(doubt)] } as const;
      return steps({ ...result, verdict: { ...verdict, thresholds: [] } });
    };
    expect(withDoubts('sendLag', 'eventLoop').match(/Give the generator more capacity/g)).toHaveLength(1);
    expect(withDoubts('sendLag')).toContain('it sent or read late');
    expect(withDoubts('eventLoop')).toContain('it sent or read late');
  });

  test('where somebody stopped it is to run it to its end', () => {
    expect(steps(resultOf({ window: good, events: [stopping('interrupted')] }))).toContain(AGAIN);
  });

  test('where its own condition ended it is to look at that', () => {
    const text = steps(resultOf({ window: good, events: [stopping('abortRule')] }));
    expect(text).toContain('Find out why the abort condition became true');
    expect(text).not.toContain(AGAIN);
  });
});

describe('a service that closed most connections', () => {
  const closed = (count: number): WindowParts => ({
    ...good,
    connections: {
      attempted: 20,
      opened: 20,
      droppedByServer: count,
      closeCodes: { 4401: count },
      wantedNs: 20 * SECOND,
      openNs: (20 - count) * SECOND,
    },
    times: { ...good.times, lifetime: Array<number>(count).fill(0.3 * SECOND) },
  });
  const event: RunEvent = {
    kind: 'failure',
    atNs: 1,
    worker: 0,
    group: 0,
    client: 0,
    failure: 'closedByServer',
    cause: { kind: 'closeFrame', code: 4401, reason: 'token expired' },
  };

  test('is told with how many, when, and what it said', () => {
    expect(headlineCause(resultOf({ window: closed(20), events: [event] }))).toBe(
      'the service closed 20 of 20 connections 300 ms after opening: 4401 token expired.',
    );
  });

  test('and not where it closed few', () => {
    expect(headlineCause(resultOf({ window: closed(4), events: [event] }))).toBeNull();
  });
});

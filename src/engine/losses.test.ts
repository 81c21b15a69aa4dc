import { describe, expect, test } from 'vitest';
import { type Outcome, runScenario } from '../../test/support/engine/engine-run.ts';
import { jsonService } from '../../test/support/engine/json-service.ts';
import { curve, makePlan, openMessages, SECOND } from '../../test/support/engine/plans.ts';
import { describeDistribution } from '../analysis/figures/distribution.ts';
import { createRecoveryJudge } from '../analysis/figures/recovery.ts';
import type { FaultPhase, RunEvent } from '../facts/event.ts';
import type { Fault } from '../plan/plan.ts';

const PER_SECOND = 40;

/** Forty messages a second for ten seconds on four clients; what arrives within the span is swallowed. */
function swallowing(fromNs: number, toNs: number): Outcome {
  return runScenario({
    plan: makePlan({ connections: curve({ to: 4 }), messages: openMessages(PER_SECOND, 10 * SECOND) }),
    script: (clock) => ({
      onMessage(connection, { payload, opcode }) {
        if (clock.nowNs() < fromNs || clock.nowNs() >= toNs) connection.send(payload, opcode);
      },
    }),
  });
}

const lostOf = ({ events }: Outcome) =>
  events.flatMap((event) => (event.kind === 'violation' && event.violation === 'lost' ? [event] : []));

describe('lost messages count by the second in which they were sent', () => {
  test('and not by that in which they were found lost', () => {
    const { tally, windows } = swallowing(3.1 * SECOND, 4.6 * SECOND);
    expect(tally.messages.lost).toBe(1.5 * PER_SECOND);
    const found = windows.filter(({ messages }) => messages.lost > 0).map(({ second }) => second);
    expect(Math.min(...found)).toBeGreaterThan(10);
    expect(Object.fromEntries(tally.delivery.loss.bySecondSent)).toEqual({ 3: 0.9 * PER_SECOND, 4: 0.6 * PER_SECOND });
  });

  test('none where none is lost', () => {
    const { tally } = swallowing(0, 0);
    expect(tally.messages.lost).toBe(0);
    expect(tally.delivery.loss.bySecondSent.size).toBe(0);
  });
});

describe('of two faults', () => {
  const FAULTS: readonly Fault[] = [
    { kind: 'stop', name: 'first', process: 'reference', atNs: 3 * SECOND, forNs: 2 * SECOND },
    { kind: 'stop', name: 'second', process: 'reference', atNs: 7 * SECOND, forNs: SECOND },
  ];
  const told = (fault: number, phase: FaultPhase, second: number): RunEvent => ({
    kind: 'fault',
    atNs: second * SECOND,
    fault,
    phase,
    detail: null,
  });
  const EVENTS = [told(0, 'began', 3), told(0, 'ended', 5), told(1, 'began', 7), told(1, 'ended', 8)];
  const lostByFault = ({ windows }: Outcome): readonly number[] => {
    const plan = makePlan({ plan: { faults: FAULTS } });
    const recovery = createRecoveryJudge(plan, EVENTS, (histogram) => describeDistribution(histogram, () => ''));
    for (const window of windows) recovery.add(window);
    return recovery.finish([])!.incidents.map(({ messages }) => messages.lost);
  };

  test('the one in whose time the service lost messages has them, though they are found at the end', () => {
    expect(lostByFault(swallowing(3.1 * SECOND, 4.6 * SECOND))).toEqual([1.5 * PER_SECOND, 0]);
    expect(lostByFault(swallowing(7.1 * SECOND, 7.6 * SECOND))).toEqual([0, 0.5 * PER_SECOND]);
  });

  test('none has what was lost before any of them', () => {
    const outcome = swallowing(1.1 * SECOND, 1.6 * SECOND);
    expect(outcome.tally.messages.lost).toBe(0.5 * PER_SECOND);
    expect(lostByFault(outcome)).toEqual([0, 0]);
  });
});

describe('a lost message says when it was sent', () => {
  test('between two moments a second apart, where the times went with it', () => {
    const lost = lostOf(swallowing(3.1 * SECOND, 4.6 * SECOND));
    expect(lost).toHaveLength(1.5 * PER_SECOND);
    for (const { seq, dueSecond, sentFromSecond, sentToSecond } of lost) {
      expect(dueSecond).toBeNull();
      // Every client sends ten a second, from just after the start on.
      expect(sentFromSecond).toBe(Math.floor(seq / (PER_SECOND / 4)));
      expect(sentToSecond! - sentFromSecond!).toBeCloseTo(1, 6);
    }
  });

  test.each([
    ['short messages, whose times the client keeps', 8, {}],
    ['messages that are sent again', 64, { resend: { afterNs: 9 * SECOND, atMost: 1, idempotencyCheck: null } }],
  ])('exactly, of %s', (_, bytes, more) => {
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(100, SECOND), bytes, plan: more as object }),
      script: () => ({
        onMessage(connection, { payload, opcode }, index) {
          if (index !== 30) connection.send(payload, opcode);
        },
      }),
    });
    const [lost] = lostOf(outcome);
    expect(lost).toMatchObject({ seq: 30 });
    expect(lost!.dueSecond).toBeCloseTo((outcome.messagesAtNs! + 30 * 1e7) / SECOND, 6);
    expect(lost!.sentFromSecond).toBe(lost!.sentToSecond);
    expect(lost!.sentFromSecond! - lost!.dueSecond!).toBeLessThan(0.01);
  });

  test('exactly, of messages of a JSON service, as long as they are in the table of times', () => {
    const protocol = {
      kind: 'json',
      template: JSON.stringify({ id: `\${id}`, text: `\${payload}` }),
      join: [],
      ack: null,
      duplicate: null,
      state: null,
      id: ['replyTo'],
      error: null,
      payload: ['text'],
      pushes: 'unexpected',
    } as const;
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(100, SECOND), bytes: 200, plan: { protocol } }),
      script: () => jsonService(({ id, text }, index) => (index === 30 || index === 97 ? [] : [{ replyTo: id, text }])),
    });
    const [old, recent] = lostOf(outcome);
    expect(recent!.dueSecond).toBeCloseTo((outcome.messagesAtNs! + 97 * 1e7) / SECOND, 6);
    expect(recent!.sentToSecond! - recent!.dueSecond!).toBeLessThan(0.01);
    expect(old).toMatchObject({ seq: 30, dueSecond: null });
    expect(old!.sentFromSecond).toBeLessThan(0.33);
    expect(old!.sentToSecond).toBeGreaterThan(0.32);
  });
});

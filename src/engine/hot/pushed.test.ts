import { describe, expect, test } from 'vitest';
import { type Outcome, runScenario, violations } from '../../../test/support/engine/engine-run.ts';
import { jsonService } from '../../../test/support/engine/json-service.ts';
import { curve, makePlan, SECOND } from '../../../test/support/engine/plans.ts';
import type { PushProtocol } from '../../plan/plan.ts';

const PROTOCOL: PushProtocol = {
  kind: 'push',
  join: ['{}'],
  pushes: { sequence: ['seq'], channel: null, shared: true },
};
const HERE_AWAY_HERE = curve({ to: 1 }, { hold: SECOND }, { to: 0 }, { hold: SECOND }, { to: 1 }, { hold: SECOND });

/** What one client is told on each of its connections, in this order; what is no number as it stands. */
function told(...connections: readonly (readonly (number | string)[])[]): Outcome {
  let greeted = 0;
  return runScenario({
    plan: makePlan({ connections: HERE_AWAY_HERE, plan: { protocol: PROTOCOL } }),
    script: () =>
      jsonService(() => connections[greeted++]?.map((each) => (typeof each === 'string' ? each : { seq: each })) ?? []),
  });
}

describe('what a service says of its own accord', () => {
  test('again, on the next connection, is late where it had not come, and duplicated where it had', () => {
    const outcome = told([0, 2], [1, 2, 3]);
    expect(outcome.tally.messages).toMatchObject({ late: 1, duplicated: 1, reordered: 0, unexpected: 0 });
    expect(outcome.tally.pushes).toMatchObject({ expected: 4, received: 3, missed: 0, unresolved: 1, offline: 0 });
    expect(violations(outcome)).toEqual({ late: 1, duplicated: 1 });
  });

  test('far ahead is unexpected where nothing comes close to it', () => {
    const outcome = told([0, 1_000_000, 5_000_000, 1]);
    expect(outcome.tally.messages).toMatchObject({ unexpected: 2, duplicated: 0, reordered: 0 });
    expect(outcome.tally.delivery.unexpected.neverSent).toBe(2);
    expect(outcome.tally.pushes).toMatchObject({ expected: 2, received: 2, missed: 0 });
  });

  test('far ahead is received where it goes on there', () => {
    const outcome = told([], [0, 1_000_000, 1_000_001]);
    expect(outcome.tally.messages).toMatchObject({ unexpected: 0, duplicated: 0, reordered: 0 });
    expect(outcome.tally.pushes).toMatchObject({ expected: 1_000_002, received: 3, missed: 999_999 });
    expect(violations(outcome)).toEqual({ missed: 1 });
  });

  test('unread: what is missing up to the next number is unresolved, and what is missing behind it is missed', () => {
    const outcome = told([], [0, 1, '{"seq":NaN}', 4, 5, 7, 8]);
    expect(outcome.tally.messages).toMatchObject({ unreadable: 1, unexpected: 0 });
    expect(outcome.tally.pushes).toMatchObject({ expected: 9, received: 6, missed: 1, unresolved: 2 });
    expect(violations(outcome)).toEqual({ missed: 1 });
  });

  test('of 2^53 and more is not judged, and what is missing before it is unresolved', () => {
    const outcome = told([], [0, 2, '{"seq":9007199254740993}', '{"seq":"9007199254740995"}']);
    expect(outcome.tally.delivery.unreadable).toMatchObject({ numberTooLarge: 2, notJson: 0 });
    expect(outcome.tally.pushes).toMatchObject({ received: 2, missed: 0, unresolved: 1, unjudged: 0 });
  });

  test('whose numbers do not go up by one misses nothing for sure', () => {
    const ranges = Array.from({ length: 20 }, (_, k) => 1000 + 7 * k);
    const outcome = told([], ranges);
    expect(outcome.tally.delivery.unreadable.numbersNotByOne).toBe(19);
    expect(outcome.tally.pushes).toMatchObject({ received: 20, missed: 0, unresolved: 114 });
    expect(violations(outcome)).toEqual({});
  });

  test('whose numbers are times is none of anybody else', () => {
    const times = Array.from({ length: 30 }, (_, k) => 1_732_752_000_000_000 + 100_000 * k);
    const outcome = told([], times);
    expect(outcome.tally.delivery.unreadable.numbersNotByOne).toBe(29);
    expect(outcome.tally.pushes.missed).toBe(0);
    expect(outcome.tally.messages.unexpected).toBeLessThan(10);
  });

  test('that loses half of what it says goes up by one all the same', () => {
    const outcome = told([], [0, 1, 4, 5, 8, 9, 12, 13, 16, 17]);
    expect(outcome.tally.delivery.unreadable.numbersNotByOne).toBe(0);
    expect(outcome.tally.pushes).toMatchObject({ received: 10, missed: 8, unresolved: 0 });
  });

  test('from before the first is reordered once, and duplicated then', () => {
    const outcome = told([5, 4, 4, 4]);
    expect(outcome.tally.messages).toMatchObject({ reordered: 1, duplicated: 2 });
  });

  test('in JSON without a number is unjudged, and in no JSON unexpected', () => {
    const outcome = told([0, '{"type":"heartbeat"}', 'pardon']);
    expect(outcome.tally.messages).toMatchObject({ unexpected: 1 });
    expect(outcome.tally.pushes).toMatchObject({ received: 1, unjudged: 1 });
  });
});

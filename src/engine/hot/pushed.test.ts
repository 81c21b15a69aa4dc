import { describe, expect, test } from 'vitest';
import { type Outcome, runScenario, violations } from '../../../test/support/engine/engine-run.ts';
import { jsonService } from '../../../test/support/engine/json-service.ts';
import { curve, makePlan, SECOND } from '../../../test/support/engine/plans.ts';
import type { PushDialect } from '../../plan/plan.ts';

const DIALECT: PushDialect = {
  kind: 'push',
  hello: ['{}'],
  pushes: { sequence: ['seq'], channel: null, shared: true },
};
const HERE_AWAY_HERE = curve({ to: 1 }, { hold: SECOND }, { to: 0 }, { hold: SECOND }, { to: 1 }, { hold: SECOND });

/** What one lane is told on each of its connections, in this order; what is no number as it stands. */
function told(...connections: readonly (readonly (number | string)[])[]): Outcome {
  let greeted = 0;
  return runScenario({
    plan: makePlan({ connections: HERE_AWAY_HERE, plan: { dialect: DIALECT } }),
    script: () =>
      jsonService(() => connections[greeted++]?.map((each) => (typeof each === 'string' ? each : { seq: each })) ?? []),
  });
}

describe('what a service says of its own accord', () => {
  test('again, on the next connection, is belated where it had not come, and duplicated where it had', () => {
    const outcome = told([0, 2], [1, 2, 3]);
    expect(outcome.tally.messages).toMatchObject({ belated: 1, duplicated: 1, reordered: 0, unexpected: 0 });
    expect(outcome.tally.pushes).toMatchObject({ owed: 4, received: 3, missed: 0, unresolved: 1, away: 0 });
    expect(violations(outcome)).toEqual({ belated: 1, duplicated: 1 });
  });

  test('far ahead is unexpected where nothing comes close to it', () => {
    const outcome = told([0, 1_000_000, 5_000_000, 1]);
    expect(outcome.tally.messages).toMatchObject({ unexpected: 2, duplicated: 0, reordered: 0 });
    expect(outcome.tally.strangers.neverSent).toBe(2);
    expect(outcome.tally.pushes).toMatchObject({ owed: 2, received: 2, missed: 0 });
  });

  test('far ahead is received where it goes on there', () => {
    const outcome = told([], [0, 1_000_000, 1_000_001]);
    expect(outcome.tally.messages).toMatchObject({ unexpected: 0, duplicated: 0, reordered: 0 });
    expect(outcome.tally.pushes).toMatchObject({ owed: 1_000_002, received: 3, missed: 999_999 });
    expect(violations(outcome)).toEqual({ missed: 1 });
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

// Each type of message has books of its own, which add up to those of the run.

import { describe, expect, test } from 'vitest';
import { type Outcome, runScenario } from '../../test/support/engine/engine-run.ts';
import { curve, MS, makePlan, openMessages, SECOND, threshold } from '../../test/support/engine/plans.ts';
import { addTypes, createTypeTallies, tallyAmong } from '../analysis/figures/by-type.ts';
import { judgeThreshold } from '../analysis/judge/rules.ts';
import { TYPE_COUNTS } from '../plan/message-counts.ts';
import type { MessageType } from '../plan/plan.ts';
import { createTypeOf } from '../plan/schedule/message-types.ts';

const CHAT: MessageType = { type: 'chat', weight: 6, payloadBytes: 64, priority: 'high' };
const TYPING: MessageType = { type: 'typing', weight: 3, payloadBytes: 80, priority: 'low' };
const IMAGE: MessageType = { type: 'image', weight: 1, payloadBytes: 400, priority: 'low' };
const plan = makePlan({
  connections: curve({ to: 4 }),
  messages: openMessages(500, SECOND),
  mix: [CHAT, TYPING, IMAGE],
  plan: { drainNs: SECOND },
});

/** Typing is dropped at every fifth, chat doubled at every seventh; images take 50 ms. */
function misbehave(shards = 1): Outcome {
  const counts = new Map<number, number>();
  return runScenario({
    plan,
    shards,
    script: (clock) => ({
      onMessage(connection, { payload }) {
        const count = (counts.get(payload.length) ?? 0) + 1;
        counts.set(payload.length, count);
        if (payload.length === TYPING.payloadBytes && count % 5 === 0) return;
        if (payload.length === IMAGE.payloadBytes) clock.after(50 * MS, () => connection.send(payload));
        else connection.send(payload);
        if (payload.length === CHAT.payloadBytes && count % 7 === 0) connection.send(payload);
      },
    }),
  });
}

describe.each([1, 2])('with %i workers', (shards) => {
  const outcome = misbehave(shards);
  const types = createTypeTallies(plan.load.mix);
  for (const window of outcome.windows) addTypes(types, window);
  const [chat, typing, image] = types;

  test('each type has its own outcomes', () => {
    expect(chat!.counts.sent + typing!.counts.sent + image!.counts.sent).toBe(500);
    expect(typing!.counts.lost).toBe(Math.floor(typing!.counts.sent / 5));
    expect(chat!.counts.duplicated).toBe(Math.floor(chat!.counts.sent / 7));
    expect([chat!.counts.lost, image!.counts.lost, typing!.counts.duplicated, image!.counts.duplicated]).toEqual([
      0, 0, 0, 0,
    ]);
    for (const { counts } of types) {
      expect(counts.sent).toBe(counts.delivered + counts.rejected + counts.lost + counts.unresolved);
    }
  });

  test('they add up to those of the run', () => {
    for (const name of TYPE_COUNTS) {
      expect(
        types.reduce((sum, { counts }) => sum + counts[name], 0),
        name,
      ).toBe(outcome.tally.messages[name]);
    }
  });

  test('each has its own response times', () => {
    expect(image!.counts.response.minNs).toBeGreaterThanOrEqual(50 * MS);
    expect(chat!.counts.response.maxNs).toBeLessThan(50 * MS);
    expect(chat!.counts.response.count).toBe(chat!.counts.delivered);
  });

  test('rules can be about a type, or about all types of a priority', () => {
    const evidence = { tally: outcome.tally, types, fanout: null, sendingSeconds: 1, attempted: 1 };
    const kindOf = (rule: string): string => judgeThreshold(threshold(rule), evidence, []).result.kind;
    expect(kindOf('lost{type=chat} == 0')).toBe('pass');
    expect(kindOf('lost{type=typing} == 0')).toBe('fail');
    expect(kindOf('lost{priority=high} == 0')).toBe('pass');
    expect(kindOf('lost{priority=low} == 0')).toBe('fail');
    expect(kindOf('delivered{priority=high} >= 100%')).toBe('pass');
    expect(kindOf('response.p50{type=image} < 40ms')).toBe('fail');
    expect(kindOf('response.p50{type=chat} < 40ms')).toBe('pass');
    expect(kindOf('sent{priority=low} == 0')).toBe('fail');
    expect(tallyAmong(types, { by: 'priority', name: 'low' })?.messages.sent).toBe(
      typing!.counts.sent + image!.counts.sent,
    );
    expect(tallyAmong(types, { by: 'type', name: 'none' })).toBeNull();
  });
});

test('what was in flight when its connection died is unresolved for its type too', () => {
  const outcome = runScenario({
    plan,
    script: () => ({
      onMessage(connection, _, index) {
        if (index === 20) connection.peer.reset();
      },
    }),
  });
  const types = createTypeTallies(plan.load.mix);
  for (const window of outcome.windows) addTypes(types, window);
  expect(outcome.tally.messages.unresolved).toBeGreaterThan(4 * 20);
  expect(types.reduce((sum, { counts }) => sum + counts.unresolved, 0)).toBe(outcome.tally.messages.unresolved);
});

test('of one type there is nothing to say by itself', () => {
  const outcome = runScenario({ plan: makePlan({ messages: openMessages(10, SECOND) }) });
  expect(outcome.windows.every(({ types }) => types.length === 0)).toBe(true);
});

test('the type follows from seed, stream and number, in the shares of the weights', () => {
  const typeOf = createTypeOf(plan);
  const counts = [0, 0, 0];
  for (let stream = 0; stream < 100; stream++) for (let seq = 0; seq < 100; seq++) counts[typeOf(stream, seq)]!++;
  // 10,000 draws: five standard deviations are below 250.
  for (const [index, weight] of [6, 3, 1].entries()) expect(Math.abs(counts[index]! - 1000 * weight)).toBeLessThan(250);
});

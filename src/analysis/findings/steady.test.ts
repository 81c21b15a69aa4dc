import { describe, expect, test } from 'vitest';
import { closedMessages, curve, makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import type { Messages } from '../../plan/plan.ts';
import { type RunTimes, steadyStretch } from './steady.ts';

const times = (more: Partial<RunTimes> = {}): RunTimes => ({
  connectedNs: 2 * SECOND,
  messagesStartedNs: 2 * SECOND,
  stoppingNs: null,
  endedNs: 200 * SECOND,
  ...more,
});
const open = (messages: Parameters<typeof curve>): Messages => ({
  kind: 'open',
  curve: curve(...messages),
  arrival: 'constant',
  start: { kind: 'connected' },
});
const seconds = (plan: Parameters<typeof makePlan>[0], more: Partial<RunTimes> = {}) => {
  const stretch = steadyStretch(makePlan(plan), times(more));
  return stretch === null ? null : [stretch.fromNs / SECOND, stretch.toNs / SECOND];
};

describe('the time under an even load', () => {
  test('is that of the messages, without the first fifth', () => {
    expect(seconds({ messages: openMessages(100, 50 * SECOND) })).toEqual([12, 52]);
    expect(seconds({ messages: closedMessages(1, 50 * SECOND) })).toEqual([12, 52]);
  });

  test('is the longest that stays at one level', () => {
    const ramps = open([{ to: 100, over: 30 * SECOND }, { hold: 40 * SECOND }, { rate: 200, for: 50 * SECOND }]);
    expect(seconds({ messages: ramps })).toEqual([72 + 10, 122]);
    expect(seconds({ messages: open([{ rate: 9, for: 10 * SECOND }, { hold: 40 * SECOND }]) })).toEqual([12, 52]);
    expect(seconds({ messages: open([{ to: 100, over: 60 * SECOND }]) })).toBeNull();
  });

  test('is one in which clients stay as they are too', () => {
    const messages = openMessages(100, 100 * SECOND);
    const clients = curve({ to: 10, over: SECOND }, { hold: 31 * SECOND }, { to: 20, over: 10 * SECOND });
    expect(seconds({ messages, connections: clients })).toEqual([42 + 12, 102]);
  });

  test('ends where the run was stopped, and needs to be longer than a warm-up', () => {
    const plan = { messages: openMessages(100, 50 * SECOND) };
    expect(seconds(plan, { stoppingNs: 22 * SECOND })).toEqual([6, 22]);
    expect(seconds(plan, { stoppingNs: 6 * SECOND })).toEqual([5, 6]);
    expect(seconds(plan, { stoppingNs: 5 * SECOND })).toBeNull();
    expect(seconds(plan, { messagesStartedNs: null })).toBeNull();
  });

  test('is that of the clients where nothing is sent', () => {
    const connections = curve({ to: 10, over: 10 * SECOND }, { hold: 50 * SECOND });
    expect(
      seconds({ connections, messages: { kind: 'none' } }, { messagesStartedNs: null, connectedNs: 10 * SECOND }),
    ).toEqual([20, 60]);
  });
});

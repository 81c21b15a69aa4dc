import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../test/support/judged-run.ts';
import type { RunResult } from '../../facts/result.ts';
import type { Contract } from '../../plan/plan.ts';
import { parseThreshold } from '../../plan/rules/thresholds.ts';
import { roomHints } from './room-hints.ts';

const result = resultOf({ seconds: 1 });

interface Room {
  readonly missed: number;
  readonly rules?: readonly string[];
  readonly delivery?: Contract['delivery'];
}

function inRoom({ missed, rules = [], delivery = 'none' }: Room): RunResult {
  const rooms = {
    count: 1,
    publishers: 1,
    hearsItself: true,
    settleNs: 0,
  } as unknown as RunResult['plan']['load']['rooms'];
  const thresholds = rules.map((rule) => parseThreshold(rule) as RunResult['plan']['thresholds'][number]);
  const contract = { delivery, order: 'none', replay: 'none', integrity: 'none' } as Contract;
  const fanout = { expected: 9000, missed } as RunResult['fanout'];
  return { ...result, fanout, plan: { ...result.plan, contract, thresholds, load: { ...result.plan.load, rooms } } };
}

describe('deliveries to other members of a room', () => {
  test('that were missed, and that no rule is about, are said, with the rule to add', () => {
    const [hint] = roomHints(inRoom({ missed: 12, rules: ['lost == 0'] }));
    expect(hint).toEqual({
      tone: 'bad',
      text: 'Other members of a room missed 12 of 9,000 deliveries, and no rule forbids that: add fanout.missed == 0, or contract: { delivery: exactly-once }.',
    });
    expect(roomHints(inRoom({ missed: 12, delivery: 'at-most-once' }))[0]?.tone).toBe('bad');
    // One of a hundred may be missing there.
    expect(roomHints(inRoom({ missed: 12, rules: ['fanout.p99 < 50ms'] }))[0]?.tone).toBe('bad');
  });

  test('of which none was missed are a quiet note', () => {
    expect(roomHints(inRoom({ missed: 0, rules: ['lost == 0'] }))[0]?.tone).toBe('quiet');
  });

  test.each<Room>([
    { missed: 12, rules: ['fanout.missed == 0'] },
    { missed: 12, delivery: 'exactly-once' },
    { missed: 12, delivery: 'at-least-once' },
  ])('that a rule is about need no hint: %j', (room) => {
    expect(roomHints(inRoom(room))).toEqual([]);
  });
});

describe('messages of one client that arrive at another', () => {
  const arrived = (otherStream: number): RunResult => ({
    ...result,
    delivery: { ...result.delivery, unexpected: { ...result.delivery.unexpected, otherStream } },
  });

  test('are told with the key that describes rooms', () => {
    expect(roomHints(arrived(5700))[0]?.text).toMatch(/^5,700 messages arrived at another client .* load\.rooms/);
  });

  test('are no hint where there are none', () => {
    expect(roomHints(arrived(0))).toEqual([]);
  });
});

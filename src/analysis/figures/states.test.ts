import { describe, expect, test } from 'vitest';
import type { StateFacts } from '../../facts/states.ts';
import { counterBeyond, joinStates } from './states.ts';

const facts = (more: Partial<StateFacts>): StateFacts => ({
  group: 0,
  sent: 10,
  answers: 10,
  lowest: 1,
  highest: 10,
  isBroken: false,
  ...more,
});

describe('how far a shared state went', () => {
  test('with as many changes as messages nothing is wrong, on however many workers', () => {
    expect(joinStates([facts({})])).toEqual({ lostUpdates: 0, excess: 0 });
    const [first, second] = [facts({ highest: 19, lowest: 3 }), facts({ lowest: 1, highest: 20 })];
    expect(joinStates([first, second])).toEqual({ lostUpdates: 0, excess: 0 });
  });

  test('further than was sent: so many messages were applied more than once', () => {
    expect(joinStates([facts({ highest: 13 })])).toEqual({ lostUpdates: 0, excess: 3 });
  });

  test('less far than was acknowledged: so many were overwritten', () => {
    const both = [facts({ highest: 18 }), facts({ highest: 17 })];
    expect(joinStates(both)).toEqual({ lostUpdates: 2, excess: 0 });
  });

  test('messages that nobody was told of may have been taken or not', () => {
    for (const highest of [7, 8, 9, 10]) {
      expect(joinStates([facts({ answers: 7, highest })])).toEqual({ lostUpdates: 0, excess: 0 });
    }
  });

  test('each group is counted by itself, and one that was broken, or told nothing, not at all', () => {
    const groups = [facts({ group: 1, highest: 11 }), facts({ group: 2 })];
    expect(joinStates(groups)).toEqual({ lostUpdates: 0, excess: 1 });
    expect(joinStates([facts({ highest: 3, isBroken: true })])).toEqual({ lostUpdates: 0, excess: 0 });
    expect(joinStates([facts({ answers: 0, lowest: 0, highest: 0 })])).toEqual({ lostUpdates: 0, excess: 0 });
  });
});

describe('the bounds of a counter (Jepsen, checker/counter)', () => {
  test('reads while 1, 2, 4 and 8 are being added lie between nothing and all of them', () => {
    const attempted = 1 + 2 + 4 + 8;
    expect([6, 0, 3, 100, 15].map((read) => counterBeyond(0, attempted, read) !== 0)).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
  });

  test('a read of what was never added is wrong, and so is one that lacks what was acknowledged', () => {
    expect(counterBeyond(0, 0, 1)).toBe(1);
    expect(counterBeyond(3, 3, 1)).toBe(-2);
  });
});

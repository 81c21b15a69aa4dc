import { describe, expect, test } from 'vitest';
import { makePlan } from '../../../test/support/engine/plans.ts';
import { makeWindow, type WindowParts } from '../../../test/support/engine/windows.ts';
import { describeDelivery, zeroEventsBound } from './delivery.ts';
import { addWindow, createTally } from './tally.ts';

const PLAN = makePlan({ bytes: 1000 });

function received(missed: number) {
  const receivers = { count: 0, complete: 0, worst: [] };
  const none = {
    unresolved: 0,
    offline: 0,
    messagesMissed: 0,
    messagesUnresolved: 0,
    compared: 0,
    totalOrderViolations: 0,
    forged: 0,
    firstMissed: [],
    accounts: 1,
    hearsItself: true,
  };
  return { ...none, expected: 100, missed, receivers };
}

function deliveryOf(...windows: WindowParts[]) {
  const tally = createTally();
  for (const window of windows) addWindow(tally, makeWindow(window));
  return describeDelivery(tally, null, PLAN, {});
}

describe('the guarantee that a run is consistent with', () => {
  test.each([
    [0, 0, 'exactly-once'],
    [0, 3, 'at-least-once'],
    [2, 0, 'at-most-once'],
    [2, 3, 'none'],
  ] as const)('%i lost and %i duplicated: %s', (lost, duplicated, guarantee) => {
    expect(deliveryOf({ messages: { delivered: 100, lost, duplicated } }).consistentWith).toBe(guarantee);
  });

  test('what a client of the room missed counts as lost', () => {
    const tally = createTally();
    addWindow(tally, makeWindow({ messages: { delivered: 100 } }));
    expect(describeDelivery(tally, received(0), PLAN, {})).toMatchObject({ consistentWith: 'exactly-once' });
    expect(describeDelivery(tally, received(1), PLAN, {})).toMatchObject({
      consistentWith: 'at-most-once',
      lossRatioBelow: null,
    });
  });

  test('none where nothing was finalized, however much is unresolved', () => {
    expect(deliveryOf({ messages: { sent: 5, unresolved: 5 } })).toMatchObject({
      consistentWith: null,
      messages: 0,
      lossRatioBelow: null,
    });
  });

  test('a bound is given only for what did not happen', () => {
    const { lossRatioBelow, duplicateRatioBelow } = deliveryOf({ messages: { delivered: 99, lost: 1 } });
    expect([lossRatioBelow, duplicateRatioBelow]).toEqual([null, zeroEventsBound(100)]);
  });

  test('no event in a million bounds the ratio at 2.9957e-6 with 95 % confidence, near 3/n', () => {
    expect(zeroEventsBound(1e6)).toBeCloseTo(2.9957e-6, 10);
    expect(zeroEventsBound(1)).toBeCloseTo(0.95, 12);
  });

  test('a run in which no connection was ever made again speaks of fault-free times only', () => {
    const sent = { messages: { delivered: 10 } };
    expect(deliveryOf(sent).faultFreeOnly).toBe(true);
    expect(deliveryOf(sent, { connections: { reconnected: 1 } }).faultFreeOnly).toBe(false);
    expect(deliveryOf(sent, { connections: { droppedByServer: 1 } }).faultFreeOnly).toBe(false);
  });
});

test('extents, loss periods, damage and unexpected of all windows together', () => {
  const delivery = deliveryOf(
    {
      messages: { delivered: 90, reordered: 3, lost: 4 },
      extent: { count: 2, sum: 6, max: 5 },
      density: {
        displaced: [
          [-1, 2],
          [2, 1],
        ],
        mostHeld: 3,
      },
      loss: { periods: 1, longestPeriod: 3, noticeable: 2 },
      damage: { bitFlips: 2 },
    },
    {
      messages: { delivered: 10, lost: 4 },
      extent: { count: 1, sum: 3, max: 3 },
      density: { displaced: [[2, 1]], mostHeld: 2 },
      loss: { periods: 3, longestPeriod: 2, noticeable: 0 },
      unexpected: { stale: 1 },
    },
  );
  expect(delivery).toMatchObject({
    reordering: { ratio: 0.03, meanExtent: 3, maxExtent: 5, density: { '-1': 0.02, 2: 0.02 }, mostHeld: null },
    loss: { periods: 4, longestPeriod: 3, meanPeriod: 2, noticeableRatio: 0.25 },
    damage: { bitFlips: 2, truncated: 0 },
    unexpected: { stale: 1, foreign: 0 },
  });
});

describe('losses behind a backlog', () => {
  const lossOf = (smallestBacklog: number, periods = 3) =>
    deliveryOf({ messages: { delivered: 100, lost: 5 }, loss: { periods, longestPeriod: 2, smallestBacklog } }).loss;

  test('the least that was under way at any hole, in bytes', () => {
    expect(lossOf(70).smallestBacklogBytes).toBe(70_000);
    const [one, other] = [90, 70].map((smallestBacklog) => ({ loss: { periods: 1, smallestBacklog } }));
    expect(deliveryOf(one!, other!).loss.smallestBacklogBytes).toBe(70_000);
  });

  test('nothing where no arrival jumped over others, or where in the end nothing was lost', () => {
    expect(lossOf(0).smallestBacklogBytes).toBeNull();
    expect(lossOf(70, 0).smallestBacklogBytes).toBeNull();
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Numbering } from '../plan/plan.ts';
import { createDensityFacts } from './density.ts';
import { Arrival } from './ledger.ts';
import {
  closePushes,
  createPushes,
  cutPushes,
  endPushes,
  firstPushNs,
  heardAllPushes,
  laneListens,
  notePush,
  type Pushes,
  takeFarPushes,
  Unjudged,
} from './pushes.ts';

const numbering = (more: Partial<Numbering> = {}): Numbering => ({
  sequence: ['seq'],
  channel: ['channel'],
  shared: false,
  ...more,
});

function pushesOf(given: Numbering, lanes = 2): Pushes {
  return createPushes(given, { lanes, density: createDensityFacts(), seed: 1, sampledShare: 1 });
}

function hearAll(pushes: Pushes, lane: number, sequences: readonly number[], channel = 1): readonly number[] {
  return sequences.map((sequence) => notePush(pushes, lane, channel, sequence, 1e9, () => `c${channel}`));
}

const { inOrder, reordered, duplicated } = Arrival;

describe('numbers of a lane of its own', () => {
  test('are judged from the first that is heard: what is missing between them is missed, with a witness', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [7, 8, 11, 12])).toEqual([inOrder, inOrder, inOrder, inOrder]);
    endPushes(pushes);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([{ channel: 'c1', from: 9, to: 11, isBetween: true }]);
    expect(cutPushes(pushes)).toMatchObject({ owed: 6, received: 4, missed: 2, unresolved: 0 });
  });

  test('without a hole nothing is missed', () => {
    const pushes = pushesOf(numbering());
    hearAll(pushes, 0, [7, 8, 9]);
    endPushes(pushes);
    expect(heardAllPushes(pushes)).toBe(true);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([]);
    expect(cutPushes(pushes)).toMatchObject({ owed: 3, received: 3, missed: 0 });
  });

  test('count within their channel', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [1, 2], 1)).toEqual([inOrder, inOrder]);
    expect(hearAll(pushes, 0, [1, 3], 2)).toEqual([inOrder, inOrder]);
    endPushes(pushes);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([{ channel: 'c2', from: 2, to: 3, isBetween: true }]);
  });

  test('a number that comes twice is duplicated, one that comes late reordered', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [0, 2, 2, 1, 1])).toEqual([inOrder, inOrder, duplicated, reordered, duplicated]);
    expect(hearAll(pushes, 0, [3])).toEqual([inOrder]);
  });

  test('handed out four times of which three are one are two duplicates (Jepsen, unique-ids)', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [0, 1, 0, 0])).toEqual([inOrder, inOrder, duplicated, duplicated]);
  });

  test('lower than the first are out of order, and owed to nobody', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [5, 4, 6])).toEqual([inOrder, Unjudged.early, inOrder]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ owed: 2, received: 2, missed: 0 });
  });

  test('lower than the first are so far out of order as messages came since the first, and duplicated when they come again', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [5, 6, 3])).toEqual([inOrder, inOrder, Unjudged.early]);
    expect(pushes.extent).toBe(2);
    expect(hearAll(pushes, 0, [3, 7, 4])).toEqual([duplicated, inOrder, Unjudged.early]);
    expect(pushes.extent).toBe(4);
    expect(hearAll(pushes, 0, [4, 3])).toEqual([duplicated, duplicated]);
  });

  test('lower than the first have a place among all that came', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [5, 7, 3, 4, 6])).toEqual([inOrder, inOrder, Unjudged.early, Unjudged.early, reordered]);
    expect(pushes.extent).toBe(3);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ owed: 3, received: 3, missed: 0 });
  });

  test('begin anew on a new connection', () => {
    const pushes = pushesOf(numbering());
    hearAll(pushes, 0, [5, 6]);
    closePushes(pushes, 0, 'died');
    expect(hearAll(pushes, 0, [0, 1, 2])).toEqual([inOrder, inOrder, inOrder]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ owed: 5, received: 5, missed: 0, unresolved: 0, away: 0 });
  });

  test('of a connection that died are unresolved where they are missing', () => {
    const pushes = pushesOf(numbering());
    hearAll(pushes, 0, [5, 8]);
    expect(closePushes(pushes, 0, 'died')).toEqual([]);
    expect(cutPushes(pushes)).toMatchObject({ owed: 4, received: 2, missed: 0, unresolved: 2 });
  });

  test('behind the end of the run are of no account', () => {
    const pushes = pushesOf(numbering());
    hearAll(pushes, 0, [0, 1, 3]);
    endPushes(pushes);
    expect(heardAllPushes(pushes)).toBe(false);
    expect(hearAll(pushes, 0, [4, 2, 6])).toEqual([Unjudged.afterTheEnd, reordered, Unjudged.afterTheEnd]);
    expect(heardAllPushes(pushes)).toBe(true);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([]);
    expect(cutPushes(pushes)).toMatchObject({ owed: 4, received: 4 });
  });

  test('one that is out of all proportion opens no gap; a second one close to it says that so many were missed', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [0, 1_000_000, 1])).toEqual([inOrder, Unjudged.far, inOrder]);
    expect(hearAll(pushes, 0, [1_000_001])).toEqual([inOrder]);
    expect(takeFarPushes(pushes, 0)).toEqual([]);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([{ channel: 'c1', from: 2, to: 1_000_000, isBetween: true }]);
    expect(cutPushes(pushes)).toMatchObject({ owed: 1_000_002, received: 4, missed: 999_998 });
  });

  test('one that is out of all proportion, and that nothing comes close to, is far; its copies prove nothing', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [0, 1_000_000, 1_000_000])).toEqual([inOrder, Unjudged.far, duplicated]);
    expect(pushes.refuted).toBeNaN();
    expect(hearAll(pushes, 0, [5_000_000, 1])).toEqual([Unjudged.far, inOrder]);
    expect(pushes.refuted).toBe(1_000_000);
    expect(takeFarPushes(pushes, 0)).toEqual([{ channel: 'c1', sequence: 5_000_000 }]);
    expect(takeFarPushes(pushes, 0)).toEqual([]);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([]);
    expect(cutPushes(pushes)).toMatchObject({ owed: 2, received: 2, missed: 0 });
  });

  test('the second witness of a leap may be the lower one: it is out of order, and nothing of the two is missed', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [0, 1_000_001, 1_000_000])).toEqual([inOrder, Unjudged.far, reordered]);
    expect(pushes.extent).toBe(1);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([{ channel: 'c1', from: 1, to: 1_000_000, isBetween: true }]);
    expect(cutPushes(pushes)).toMatchObject({ owed: 1_000_002, received: 3, missed: 999_999 });
  });
});

describe('numbers that jump', () => {
  test('what lies below a jump and comes after it is out of order, and no duplicate', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [5, 6, 1e6, 7, 8, 1e6 + 1, 9])).toEqual([
      inOrder,
      inOrder,
      Unjudged.far,
      inOrder,
      inOrder,
      inOrder,
      Unjudged.early,
    ]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ owed: 1e6 + 2 - 5, received: 6, missed: 1e6 - 9 });
  });

  test('by more than anybody can have missed count anew: nothing is missed, and every sum stays whole', () => {
    const pushes = pushesOf(numbering());
    const far = 2 ** 52;
    for (let jump = 1; jump < 50; jump++) {
      const from = jump % 2 === 1 ? far : far / 2 ** 10;
      hearAll(pushes, 0, [from + 10 * jump, from + 10 * jump + 1, from + 10 * jump + 2]);
    }
    endPushes(pushes);
    closePushes(pushes, 0, 'stayed');
    const { owed, received, missed, unresolved } = cutPushes(pushes);
    expect(owed).toBe(received + missed + unresolved);
    expect(Number.isSafeInteger(owed)).toBe(true);
    expect(missed).toBeLessThan(1000);
  });
});

describe('numbers that are the same for all lanes', () => {
  test('what one lane heard before the end another has missed, also where nothing came behind it', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    hearAll(pushes, 0, [0, 1, 2, 3]);
    hearAll(pushes, 1, [0, 1]);
    endPushes(pushes);
    expect(heardAllPushes(pushes)).toBe(false);
    closePushes(pushes, 0, 'stayed');
    expect(closePushes(pushes, 1, 'stayed')).toEqual([{ channel: 'c1', from: 2, to: 4, isBetween: false }]);
    expect(cutPushes(pushes)).toMatchObject({ owed: 8, received: 6, missed: 2 });
  });

  test('what was given out while a lane was away is not owed', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    hearAll(pushes, 0, [0, 1]);
    closePushes(pushes, 0, 'died');
    expect(hearAll(pushes, 0, [5, 6])).toEqual([inOrder, inOrder]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ owed: 4, received: 4, missed: 0, unresolved: 0, away: 3 });
  });

  test('what was given out while a lane was away, and came to it later all the same, is not away', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    hearAll(pushes, 0, [0, 1]);
    closePushes(pushes, 0, 'died');
    expect(hearAll(pushes, 0, [5, 3, 3, 6])).toEqual([inOrder, Unjudged.early, duplicated, inOrder]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ owed: 4, received: 4, missed: 0, away: 2 });
  });

  test('their times are kept by channel and number, to be compared with other lanes', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    hearAll(pushes, 0, [0]);
    hearAll(pushes, 1, [0]);
    expect(cutPushes(pushes).spread).toEqual([[1, 0, 0, 1e9, 1e9]]);
    expect(cutPushes(pushes).spread).toEqual([]);
  });
});

test('the first push of a lane is timed from its opening, the others not', () => {
  const pushes = pushesOf(numbering());
  laneListens(pushes, 0, 5e9);
  expect([firstPushNs(pushes, 0, 7e9), firstPushNs(pushes, 0, 8e9)]).toEqual([2e9, Number.NaN]);
});

describe('whatever comes in whatever order', () => {
  const arrivals = fc.array(fc.record({ lane: fc.nat(2), channel: fc.nat(2), sequence: fc.nat(40) }), {
    maxLength: 300,
  });

  test('owed = received + missed + unresolved, and the holes are what a naive account finds', () => {
    fc.assert(
      fc.property(arrivals, fc.boolean(), fc.boolean(), (all, shared, isEnded) => {
        const pushes = pushesOf(numbering({ shared }), 3);
        for (const { lane, channel, sequence } of all) hearAll(pushes, lane, [sequence], channel);
        if (isEnded) endPushes(pushes);
        const holes = [0, 1, 2].flatMap((lane) => closePushes(pushes, lane, 'stayed'));
        const { owed, received, missed, unresolved } = cutPushes(pushes);
        expect(owed).toBe(received + missed + unresolved);
        expect(missed).toBe(holes.reduce((sum, { from, to }) => sum + to - from, 0));
        expect(missed).toBe(missedNaively(all, shared && isEnded));
      }),
    );
  });
});

/** Of each lane and channel: the numbers between the first and the highest heard, by that lane or by any. */
function missedNaively(
  all: readonly { readonly lane: number; readonly channel: number; readonly sequence: number }[],
  isShared: boolean,
): number {
  let missed = 0;
  for (const channel of [0, 1, 2]) {
    const ofChannel = all.filter((each) => each.channel === channel);
    // Those from before a lane is judged say nothing about the others' highest, which is of what was judged.
    const judged = (lane: number): readonly number[] => {
      const heard = ofChannel.filter((each) => each.lane === lane).map(({ sequence }) => sequence);
      return heard.filter((sequence) => sequence >= heard[0]!);
    };
    const highest = Math.max(-1, ...[0, 1, 2].flatMap(judged));
    for (const lane of [0, 1, 2]) {
      const heard = judged(lane);
      if (heard.length === 0) continue;
      const to = isShared ? highest : Math.max(...heard);
      for (let n = heard[0]!; n <= to; n++) if (!heard.includes(n)) missed++;
    }
  }
  return missed;
}

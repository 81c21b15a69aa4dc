import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Numbering } from '../plan/plan.ts';
import { createDensityFacts } from './density.ts';
import { Arrival } from './ledger.ts';
import {
  clientListens,
  closePushes,
  createPushes,
  cutPushes,
  endPushes,
  firstPushNs,
  notePush,
  type Pushes,
  receivedAllPushes,
  takeFarPushes,
  takeReleased,
  Unjudged,
} from './pushes.ts';

const numbering = (more: Partial<Numbering> = {}): Numbering => ({
  sequence: ['seq'],
  channel: ['channel'],
  shared: false,
  ...more,
});

function pushesOf(given: Numbering, clients = 2): Pushes {
  return createPushes(given, { clients, density: createDensityFacts(), seed: 1, sampledShare: 1 });
}

function hearAll(pushes: Pushes, client: number, sequences: readonly number[], channel = 1): readonly number[] {
  return sequences.map((sequence) => notePush(pushes, client, channel, sequence, 1e9, () => `c${channel}`));
}

const { inOrder, reordered, duplicated } = Arrival;

describe('numbers of a client of its own', () => {
  test('are judged from the first that is received: what is missing between them is missed, with a witness', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [7, 8, 11, 12])).toEqual([inOrder, inOrder, inOrder, inOrder]);
    endPushes(pushes);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([{ channel: 'c1', from: 9, to: 11, isBetween: true }]);
    expect(cutPushes(pushes)).toMatchObject({ expected: 6, received: 4, missed: 2, unresolved: 0 });
  });

  test('without a hole nothing is missed', () => {
    const pushes = pushesOf(numbering());
    hearAll(pushes, 0, [7, 8, 9]);
    endPushes(pushes);
    expect(receivedAllPushes(pushes)).toBe(true);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([]);
    expect(cutPushes(pushes)).toMatchObject({ expected: 3, received: 3, missed: 0 });
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

  test('lower than the first are out of order, and expected by nobody', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [5, 4, 6])).toEqual([inOrder, Unjudged.early, inOrder]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ expected: 2, received: 2, missed: 0 });
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
    expect(cutPushes(pushes)).toMatchObject({ expected: 3, received: 3, missed: 0 });
  });

  test('begin anew on a new connection', () => {
    const pushes = pushesOf(numbering());
    hearAll(pushes, 0, [5, 6]);
    closePushes(pushes, 0, 'died');
    expect(hearAll(pushes, 0, [0, 1, 2])).toEqual([inOrder, inOrder, inOrder]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ expected: 5, received: 5, missed: 0, unresolved: 0, offline: 0 });
  });

  test('of a connection that died are unresolved where they are missing', () => {
    const pushes = pushesOf(numbering());
    hearAll(pushes, 0, [5, 8]);
    expect(closePushes(pushes, 0, 'died')).toEqual([]);
    expect(cutPushes(pushes)).toMatchObject({ expected: 4, received: 2, missed: 0, unresolved: 2 });
  });

  test('behind the end of the run are of no account', () => {
    const pushes = pushesOf(numbering());
    hearAll(pushes, 0, [0, 1, 3]);
    endPushes(pushes);
    expect(receivedAllPushes(pushes)).toBe(false);
    expect(hearAll(pushes, 0, [4, 2, 6])).toEqual([Unjudged.afterTheEnd, reordered, Unjudged.afterTheEnd]);
    expect(receivedAllPushes(pushes)).toBe(true);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([]);
    expect(cutPushes(pushes)).toMatchObject({ expected: 4, received: 4 });
  });

  test('one that is out of all proportion opens no gap; a second one close to it says that so many were missed', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [0, 1_000_000, 1])).toEqual([inOrder, Unjudged.far, inOrder]);
    expect(hearAll(pushes, 0, [1_000_001])).toEqual([inOrder]);
    expect(takeFarPushes(pushes, 0)).toEqual([]);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([{ channel: 'c1', from: 2, to: 1_000_000, isBetween: true }]);
    expect(cutPushes(pushes)).toMatchObject({ expected: 1_000_002, received: 4, missed: 999_998 });
  });

  test('one that is out of all proportion, and that nothing comes close to, is far; its copies prove nothing', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [0, 1_000_000, 1_000_000])).toEqual([inOrder, Unjudged.far, duplicated]);
    expect(pushes.discarded).toBeNaN();
    expect(hearAll(pushes, 0, [5_000_000, 1])).toEqual([Unjudged.far, inOrder]);
    expect(pushes.discarded).toBe(1_000_000);
    expect(takeFarPushes(pushes, 0)).toEqual([{ channel: 'c1', sequence: 5_000_000 }]);
    expect(takeFarPushes(pushes, 0)).toEqual([]);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([]);
    expect(cutPushes(pushes)).toMatchObject({ expected: 2, received: 2, missed: 0 });
  });

  test('the second witness of a jump may be the lower one: it is out of order, and nothing of the two is missed', () => {
    const pushes = pushesOf(numbering());
    expect(hearAll(pushes, 0, [0, 1_000_001, 1_000_000])).toEqual([inOrder, Unjudged.far, reordered]);
    expect(pushes.extent).toBe(1);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([{ channel: 'c1', from: 1, to: 1_000_000, isBetween: true }]);
    expect(cutPushes(pushes)).toMatchObject({ expected: 1_000_002, received: 3, missed: 999_999 });
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
    expect(cutPushes(pushes)).toMatchObject({ expected: 1e6 + 2 - 5, received: 6, missed: 1e6 - 9 });
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
    const { expected, received, missed, unresolved } = cutPushes(pushes);
    expect(expected).toBe(received + missed + unresolved);
    expect(Number.isSafeInteger(expected)).toBe(true);
    expect(missed).toBeLessThan(1000);
  });
});

const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, n) => from + n);

/** How often each thing was found, at once or once it was known. */
function found(pushes: Pushes, sequences: readonly number[], client = 0): (arrival: Arrival | Unjudged) => number {
  const all = sequences.flatMap((sequence) => {
    const arrival = notePush(pushes, client, 1, sequence, 1e9, () => 'c1');
    return [...takeReleased(pushes).map((each) => each.arrival), ...(arrival === Unjudged.held ? [] : [arrival])];
  });
  return (arrival) => all.filter((each) => each === arrival).length;
}

describe('numbers below the first that was received', () => {
  test('are no duplicates on the next connection, where nothing was received of them: they are not judged', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    hearAll(pushes, 0, [105, 106]);
    closePushes(pushes, 0, 'died');
    expect(hearAll(pushes, 0, [103, 104, 103, 105, 107, 102])).toEqual([
      Unjudged.before,
      Unjudged.before,
      duplicated,
      duplicated,
      inOrder,
      Unjudged.early,
    ]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({
      expected: 3,
      received: 3,
      missed: 0,
      unjudged: 2,
      renumbered: 0,
      accounts: 2,
    });
  });

  test('are no duplicates where they lie between two connections, however often the client came back since', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    hearAll(pushes, 0, [100, 101]);
    closePushes(pushes, 0, 'died');
    hearAll(pushes, 0, [110, 111]);
    closePushes(pushes, 0, 'died');
    expect(hearAll(pushes, 0, [120, 105, 111, 105])).toEqual([inOrder, Unjudged.early, duplicated, duplicated]);
  });

  test('what was given out while a client was offline, and is said to it from its beginning on, begins nothing', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    hearAll(pushes, 0, [0, 1, 2]);
    closePushes(pushes, 0, 'died');
    const kinds = found(pushes, [100, ...range(3, 100), 101]);
    expect([kinds(inOrder), kinds(Unjudged.early), kinds(duplicated)]).toEqual([2, 97, 0]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ missed: 0, offline: 0, renumbered: 0 });
  });
});

describe('a numbering that begins anew', () => {
  test('in mid-connection is counted once, and its numbers are judged by themselves', () => {
    const pushes = pushesOf(numbering());
    const kinds = found(pushes, [...range(0, 500), ...range(0, 300), 302, 302, 301, ...range(303, 900)]);
    expect([kinds(duplicated), kinds(reordered), kinds(Unjudged.early)]).toEqual([1, 1, 0]);
    endPushes(pushes);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([{ channel: 'c1', from: 300, to: 301, isBetween: true }]);
    expect(cutPushes(pushes)).toMatchObject({ expected: 1400, received: 1399, missed: 1, renumbered: 1, accounts: 2 });
  });

  test('is judged with holes from its beginning on, and the old one with those that it had', () => {
    const pushes = pushesOf(numbering());
    found(pushes, [...range(700, 800), ...range(802, 810), 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(closePushes(pushes, 0, 'stayed')).toEqual([
      { channel: 'c1', from: 800, to: 802, isBetween: true },
      { channel: 'c1', from: 3, to: 4, isBetween: true },
    ]);
    expect(cutPushes(pushes)).toMatchObject({ expected: 121, received: 118, missed: 3, renumbered: 1 });
  });

  test('at the number with which the source had begun is one as well', () => {
    const pushes = pushesOf(numbering());
    const kinds = found(pushes, [...range(5000, 5100), ...range(5000, 5050)]);
    expect([kinds(inOrder), kinds(duplicated)]).toEqual([150, 0]);
    expect(pushes.counts.renumbered).toBe(1);
  });

  test('shortly before the end is one as well; a single low number at the end is a copy', () => {
    const short = pushesOf(numbering());
    found(short, [...range(0, 100), 0, 1, 2]);
    closePushes(short, 0, 'stayed');
    expect(takeReleased(short).map(({ sequence, arrival }) => [sequence, arrival])).toEqual([
      [0, inOrder],
      [1, inOrder],
      [2, inOrder],
    ]);
    expect(cutPushes(short)).toMatchObject({ expected: 103, received: 103, renumbered: 1 });
    const single = pushesOf(numbering());
    found(single, [...range(0, 100), 3]);
    closePushes(single, 0, 'stayed');
    expect(takeReleased(single).map(({ arrival }) => arrival)).toEqual([duplicated]);
    expect(cutPushes(single)).toMatchObject({ expected: 100, received: 100, renumbered: 0 });
  });

  test('is none where the old one goes on: copies of low numbers are copies, one by one or several in a row', () => {
    const pushes = pushesOf(numbering());
    const kinds = found(pushes, [...range(0, 50), 0, 50, 1, 51, 0, 1, 2, 3, 4, 5, 6, 52, 2, 2, 53]);
    expect([kinds(inOrder), kinds(duplicated)]).toEqual([54, 11]);
    expect(pushes.counts.renumbered).toBe(0);
  });

  test('is none where low numbers come back in no order', () => {
    const pushes = pushesOf(numbering());
    const kinds = found(pushes, [...range(0, 50), 0, 7, 3, 9, 2, 8, 4, 10, 1, 6, 50]);
    expect([kinds(duplicated), pushes.counts.renumbered]).toEqual([10, 0]);
  });

  test('and does not go on makes no hole up to where the old one does', () => {
    const pushes = pushesOf(numbering());
    const kinds = found(pushes, [20, ...range(0, 20), ...range(21, 40)]);
    expect([kinds(inOrder), kinds(duplicated)]).toEqual([40, 0]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ missed: 0, expected: 40, received: 40, renumbered: 2 });
  });

  test('while the run is ending makes nothing missed up to the end of the old one', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    found(pushes, range(0, 100));
    found(pushes, range(0, 100), 1);
    endPushes(pushes);
    found(pushes, range(0, 12));
    expect(closePushes(pushes, 0, 'stayed')).toEqual([]);
    expect(closePushes(pushes, 1, 'stayed')).toEqual([]);
    expect(cutPushes(pushes)).toMatchObject({ missed: 0, renumbered: 1 });
  });

  test('for all clients, and on their next connections: none is held to the highest number of the old one', () => {
    const pushes = pushesOf(numbering({ shared: true }), 3);
    for (const client of [0, 1, 2]) found(pushes, range(0, 200), client);
    closePushes(pushes, 1, 'died');
    const clients = [found(pushes, range(0, 60), 0), found(pushes, range(30, 60), 1)];
    expect(clients.map((kinds) => [kinds(inOrder), kinds(duplicated)])).toEqual([
      [60, 0],
      [30, 0],
    ]);
    endPushes(pushes);
    expect([0, 1, 2].flatMap((client) => closePushes(pushes, client, 'stayed'))).toEqual([]);
    expect(cutPushes(pushes)).toMatchObject({ expected: 690, received: 690, missed: 0, renumbered: 2 });
  });

  test('has no times that are compared with those of the old one', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    found(pushes, range(0, 20));
    cutPushes(pushes);
    found(pushes, range(0, 20));
    expect(cutPushes(pushes).spread).toEqual([]);
  });

  test('as often as it likes: what is missing, doubled and begun is what a naive account of each finds', () => {
    const epoch = fc.record({
      base: fc.constantFrom(0, 1),
      length: fc.integer({ min: 30, max: 80 }),
      dropped: fc.uniqueArray(fc.integer({ min: 12, max: 25 }), { maxLength: 6 }),
      doubled: fc.uniqueArray(fc.nat(29), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(epoch, { minLength: 1, maxLength: 5 }), fc.boolean(), (epochs, shared) => {
        const pushes = pushesOf(numbering({ shared }));
        const told = epochs.map(({ base, length, dropped, doubled }) =>
          range(base, base + length)
            .filter((n) => !dropped.includes(n))
            .flatMap((n) => (doubled.includes(n) ? [n, n] : [n])),
        );
        const kinds = found(pushes, told.flat());
        endPushes(pushes);
        closePushes(pushes, 0, 'stayed');
        const { missed, received, renumbered } = cutPushes(pushes);
        const different = told.map((numbers) => new Set(numbers).size);
        const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
        expect({ missed, received, renumbered, duplicated: kinds(duplicated), reordered: kinds(reordered) }).toEqual({
          missed: sum(epochs.map(({ dropped }) => dropped.length)),
          received: sum(different),
          renumbered: epochs.length - 1,
          duplicated: told.flat().length - sum(different),
          reordered: 0,
        });
      }),
    );
  });
});

describe('numbers that are the same for all clients', () => {
  test('what one client received before the end another has missed, also where nothing came behind it', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    hearAll(pushes, 0, [0, 1, 2, 3]);
    hearAll(pushes, 1, [0, 1]);
    endPushes(pushes);
    expect(receivedAllPushes(pushes)).toBe(false);
    closePushes(pushes, 0, 'stayed');
    expect(closePushes(pushes, 1, 'stayed')).toEqual([{ channel: 'c1', from: 2, to: 4, isBetween: false }]);
    expect(cutPushes(pushes)).toMatchObject({ expected: 8, received: 6, missed: 2 });
  });

  test('what was given out while a client was offline is not expected', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    hearAll(pushes, 0, [0, 1]);
    closePushes(pushes, 0, 'died');
    expect(hearAll(pushes, 0, [5, 6])).toEqual([inOrder, inOrder]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ expected: 4, received: 4, missed: 0, unresolved: 0, offline: 3 });
  });

  test('what was given out while a client was offline, and came to it later all the same, does not count as offline', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    hearAll(pushes, 0, [0, 1]);
    closePushes(pushes, 0, 'died');
    expect(hearAll(pushes, 0, [5, 3, 3, 6])).toEqual([inOrder, Unjudged.early, duplicated, inOrder]);
    closePushes(pushes, 0, 'stayed');
    expect(cutPushes(pushes)).toMatchObject({ expected: 4, received: 4, missed: 0, offline: 2 });
  });

  test('their times are kept by channel and number, to be compared with other clients', () => {
    const pushes = pushesOf(numbering({ shared: true }));
    hearAll(pushes, 0, [0]);
    hearAll(pushes, 1, [0]);
    expect(cutPushes(pushes).spread).toEqual([[1, 0, 0, 1e9, 1e9]]);
    expect(cutPushes(pushes).spread).toEqual([]);
  });
});

test('the first push of a client is timed from its opening, the others not', () => {
  const pushes = pushesOf(numbering());
  clientListens(pushes, 0, 5e9);
  expect([firstPushNs(pushes, 0, 7e9), firstPushNs(pushes, 0, 8e9)]).toEqual([2e9, Number.NaN]);
});

describe('whatever comes in whatever order', () => {
  const arrivals = fc.array(fc.record({ client: fc.nat(2), channel: fc.nat(2), sequence: fc.nat(40) }), {
    maxLength: 300,
  });

  test('expected = received + missed + unresolved, and the holes are what a naive account finds', () => {
    fc.assert(
      fc.property(arrivals, fc.boolean(), fc.boolean(), (all, shared, isEnded) => {
        const pushes = pushesOf(numbering({ shared }), 3);
        for (const { client, channel, sequence } of all) hearAll(pushes, client, [sequence], channel);
        if (isEnded) endPushes(pushes);
        const holes = [0, 1, 2].flatMap((client) => closePushes(pushes, client, 'stayed'));
        const { expected, received, missed, unresolved } = cutPushes(pushes);
        expect(expected).toBe(received + missed + unresolved);
        expect(missed).toBe(holes.reduce((sum, { from, to }) => sum + to - from, 0));
        expect(missed).toBe(missedNaively(all, shared && isEnded));
      }),
    );
  });
});

/** Of each client and channel: the numbers between the first and the highest received, by that client or by any. */
function missedNaively(
  all: readonly { readonly client: number; readonly channel: number; readonly sequence: number }[],
  isShared: boolean,
): number {
  let missed = 0;
  for (const channel of [0, 1, 2]) {
    const ofChannel = all.filter((each) => each.channel === channel);
    // Those from before a client is judged say nothing about the others' highest, which is of what was judged.
    const judged = (client: number): readonly number[] => {
      const received = ofChannel.filter((each) => each.client === client).map(({ sequence }) => sequence);
      return received.filter((sequence) => sequence >= received[0]!);
    };
    const highest = Math.max(-1, ...[0, 1, 2].flatMap(judged));
    for (const client of [0, 1, 2]) {
      const received = judged(client);
      if (received.length === 0) continue;
      const to = isShared ? highest : Math.max(...received);
      for (let n = received[0]!; n <= to; n++) if (!received.includes(n)) missed++;
    }
  }
  return missed;
}

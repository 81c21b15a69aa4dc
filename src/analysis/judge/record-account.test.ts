import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { completedRun, makeWindow } from '../../../test/support/engine/windows.ts';
import type { RecordedEvent, RunEvent, WindowCount } from '../../facts/event.ts';
import type { Window } from '../../facts/window.ts';
import { createRecordAccount, isPart, type RecordFacts } from './record-account.ts';

const SECONDS = 1e9;
const numbered = (events: readonly RunEvent[]): RecordedEvent[] => events.map((event, number) => ({ event, number }));
const told = (...windows: WindowCount[]): RecordedEvent[] => numbered(completedRun(0, 10 * SECONDS, windows));
const writer = (worker: number, count: number, group = 0): WindowCount => ({ worker, group, count });
/** A second each, behind one another. */
const windowsOf = (worker: number, ...numbers: number[]): Window[] =>
  numbers.map((number) => makeWindow({ worker, number, second: number }));

function factsOf(log: readonly RecordedEvent[], windows: readonly Window[]): RecordFacts & { counted: number } {
  const account = createRecordAccount(log, false);
  const counted = windows.filter((window) => account.window(window)).length;
  return { ...account.finish(), counted };
}

describe('windows', () => {
  test('that are all there leave no gap, in whatever order they lie', () => {
    const windows = [...windowsOf(0, 0, 1, 2), ...windowsOf(1, 0, 1)];
    fc.assert(
      fc.property(fc.shuffledSubarray(windows, { minLength: 5 }), (shuffled) => {
        const facts = factsOf(told(writer(0, 3), writer(1, 2)), shuffled);
        expect(facts).toMatchObject({ windows: { read: 5, missing: 0, repeated: 0 }, gaps: [], counted: 5 });
        expect(isPart(facts)).toBe(false);
      }),
    );
  });

  test.each([
    ['at the beginning', [2, 3, 4], [{ count: 2, fromNs: 0, toNs: 2 * SECONDS }]],
    ['in the middle', [0, 3, 4], [{ count: 2, fromNs: 1 * SECONDS, toNs: 3 * SECONDS }]],
    ['at the end', [0, 1, 2], [{ count: 2, fromNs: 3 * SECONDS, toNs: null }]],
    [
      'in several places',
      [1, 3],
      [
        { count: 1, fromNs: 0, toNs: 1 * SECONDS },
        { count: 1, fromNs: 2 * SECONDS, toNs: 3 * SECONDS },
        { count: 1, fromNs: 4 * SECONDS, toNs: null },
      ],
    ],
    ['altogether', [], [{ count: 5, fromNs: 0, toNs: null }]],
  ])('that are missing %s are counted, with their time', (_, numbers, gaps) => {
    const facts = factsOf(told(writer(0, 5)), windowsOf(0, ...numbers));
    expect(facts.gaps).toMatchObject(gaps);
    expect(facts.windows).toEqual({ read: numbers.length, missing: 5 - numbers.length, repeated: 0 });
    expect(isPart(facts)).toBe(true);
  });

  test('of each worker and of each group have numbers of their own', () => {
    const windows = [
      ...windowsOf(0, 0, 1),
      ...windowsOf(1, 0),
      makeWindow({ worker: 0, group: 1, number: 1, second: 1 }),
    ];
    const facts = factsOf(told(writer(0, 2), writer(1, 2), writer(0, 2, 1)), windows);
    expect(facts.windows).toEqual({ read: 4, missing: 2, repeated: 0 });
    expect(facts.gaps).toMatchObject([
      { worker: 0, group: 1, count: 1 },
      { worker: 1, group: 0, count: 1 },
    ]);
  });

  test('of a record without an end may be missing at its end, which nobody can know, and not in between', () => {
    const killed = told().slice(0, -1);
    expect(factsOf(killed, windowsOf(0, 0, 1)).windows.missing).toBe(0);
    expect(factsOf(killed, windowsOf(0, 0, 2)).windows.missing).toBe(1);
  });

  test('that are there twice count once, wherever the copies lie', () => {
    const windows = windowsOf(0, 0, 1, 2, 3);
    fc.assert(
      fc.property(fc.shuffledSubarray([...windows, windows[1]!, windows[3]!, windows[3]!], { minLength: 7 }), (all) => {
        expect(factsOf(told(writer(0, 4)), all)).toMatchObject({
          windows: { read: 4, missing: 0, repeated: 3 },
          counted: 4,
        });
      }),
    );
  });

  test('with an absurd number cost no time', () => {
    const facts = factsOf(told(writer(0, 2)), windowsOf(0, 0, Number.MAX_SAFE_INTEGER - 1));
    expect(facts.windows.missing).toBe(Number.MAX_SAFE_INTEGER - 2);
  });
});

describe('events', () => {
  const log = told(writer(0, 1));

  test('that are all there are none missing', () => {
    expect(createRecordAccount(log, false).finish().events).toEqual({ read: 3, missing: 0, repeated: 0 });
  });

  test('that are gone from the middle or the beginning are missing', () => {
    for (const place of [0, 1]) {
      const facts = factsOf(log.toSpliced(place, 1), windowsOf(0, 0));
      expect(facts.events).toEqual({ read: 2, missing: 1, repeated: 0 });
      expect(isPart(facts)).toBe(true);
    }
  });

  test('that are there twice count once', () => {
    const account = createRecordAccount([...log, log[1]!], false);
    expect(account.events).toEqual(log.map(({ event }) => event));
    expect(account.finish().events).toEqual({ read: 3, missing: 0, repeated: 1 });
  });
});

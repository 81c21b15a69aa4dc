import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyFacts } from '../../test/support/engine/windows.ts';
import {
  addCounted,
  areFacts,
  type Counted,
  clearCounters,
  createCounters,
  type Facts,
  type Fields,
  type MergeRule,
  readCounters,
  takeCounters,
} from './merge-rules.ts';
import { TYPE_FIELDS, WINDOW_FIELDS } from './window.ts';

/** One field for each rule, nested once. */
const RULES = {
  sum: 'sum',
  max: 'max',
  nested: { leastAboveZero: 'leastAboveZero', either: 'either', earliest: 'earliest', latest: 'latest' },
  byFailure: 'byFailure',
  byCode: 'byCode',
  byName: 'byName',
  byNumber: 'byNumber',
  histogram: 'histogram',
} as const satisfies Fields;
type Some = Facts<typeof RULES>;

const merged = (...all: readonly Counted<typeof RULES>[]): Counted<typeof RULES> => {
  const counters = createCounters(RULES);
  for (const counted of all) addCounted(RULES, counters, counted);
  return readCounters(RULES, counters);
};
const some = anyFacts(RULES);
const zero = readCounters(RULES, createCounters(RULES));

describe('merging, by every rule', () => {
  const holds = (property: (a: Some, b: Some, c: Some) => void): void =>
    fc.assert(
      fc.property(some, some, some, (a, b, c) => {
        property(a, b, c);
      }),
      { numRuns: 50 },
    );

  test('does not depend on what is merged first', () => {
    holds((a, b, c) => expect(merged(merged(a, b), c)).toEqual(merged(a, merged(b, c))));
  });

  test('does not depend on the order', () => {
    holds((a, b) => expect(merged(a, b)).toEqual(merged(b, a)));
  });

  test('with nothing changes nothing', () => {
    holds((a) => {
      expect(merged(a, zero)).toEqual(merged(a));
      expect(merged(zero, a)).toEqual(merged(a));
    });
  });

  test.each<[MergeRule, unknown, unknown, unknown]>([
    ['sum', 2, 3, 5],
    ['max', 2, 3, 3],
    ['leastAboveZero', 2, 3, 2],
    ['leastAboveZero', 0, 3, 3],
    ['either', false, true, true],
    ['earliest', 2, 3, 2],
    ['earliest', null, 3, 3],
    ['latest', 2, 3, 3],
    ['latest', 2, null, 2],
    ['byFailure', { reset: 2 }, { reset: 1, refused: 1 }, { reset: 3, refused: 1 }],
    ['byName', { none: 2 }, { none: 1, 'chat.v2': 1 }, { none: 3, 'chat.v2': 1 }],
    [
      'byNumber',
      [[-1, 2]],
      [[4, 1]],
      [
        [-1, 2],
        [4, 1],
      ],
    ],
    ['byNumber', [[4, 2]], [[4, 1]], [[4, 3]]],
  ])('%s: %j and %j is %j', (rule, a, b, expected) => {
    const fields: Fields = { value: rule };
    const counters = createCounters(fields);
    for (const value of [a, b]) addCounted(fields, counters, { value } as Counted<Fields>);
    expect(readCounters(fields, counters)).toEqual({ value: expected });
  });
});

test('what was taken begins again from zero, and does not change with what is counted then', () => {
  fc.assert(
    fc.property(some, some, (a, b) => {
      const counters = createCounters(RULES);
      addCounted(RULES, counters, a);
      const taken = takeCounters(RULES, counters);
      const frozen = structuredClone(taken);
      expect(readCounters(RULES, counters)).toEqual(zero);
      addCounted(RULES, counters, b);
      expect(taken).toEqual(frozen);
      expect(readCounters(RULES, counters)).toEqual(merged(b));
      clearCounters(RULES, counters);
      expect(readCounters(RULES, counters)).toEqual(zero);
    }),
    { numRuns: 50 },
  );
});

test('levels and samples are carried, and neither kept nor merged', () => {
  const fields = { open: 'level', spread: 'samples', sent: 'sum' } as const satisfies Fields;
  const counters = createCounters(fields);
  addCounted(fields, counters, { sent: 1 });
  clearCounters(fields, counters);
  expect(counters).toEqual({ sent: 0 });
  expect(Object.keys(counters)).toEqual(['sent']);
  expect(areFacts(fields, { open: 1, spread: [], sent: 1 })).toBe(true);
  expect(areFacts(fields, { spread: [], sent: 1 })).toBe(false);
  expect(areFacts(fields, { open: 1, spread: [[1, 2, 3]], sent: 1 })).toBe(false);
});

describe('facts that lack any one field are refused', () => {
  const pathsOf = (fields: Fields): readonly (readonly string[])[] =>
    Object.entries(fields).flatMap(([name, rule]) => [
      [name],
      ...(typeof rule === 'string' ? [] : pathsOf(rule).map((rest) => [name, ...rest])),
    ]);

  test.each([
    ['a window', WINDOW_FIELDS],
    ['a type of message', TYPE_FIELDS],
  ])('%s', (_, fields: Fields) => {
    const [facts] = fc.sample(anyFacts(fields), { seed: 1, numRuns: 1 });
    expect(areFacts(fields, facts)).toBe(true);
    for (const path of pathsOf(fields)) {
      const lacking = structuredClone(facts) as Record<string, unknown>;
      const parent = path.slice(0, -1).reduce((value, name) => value[name] as Record<string, unknown>, lacking);
      delete parent[path.at(-1)!];
      expect(areFacts(fields, lacking), path.join('.')).toBe(false);
    }
  });
});

test('counters are objects whose fields lie in place: what is counted per message is no look-up by name', () => {
  setFlagsFromString('--allow-natives-syntax');
  const hasFastProperties: (value: object) => boolean = runInThisContext('(value) => %HasFastProperties(value)');
  const names = Array.from({ length: 2_000 }, (_, index) => `name${index}`);
  expect(hasFastProperties(Object.fromEntries(names.map((name) => [name, 0])))).toBe(false);
  const counters = createCounters(WINDOW_FIELDS);
  addCounted(WINDOW_FIELDS, counters, fc.sample(anyFacts(WINDOW_FIELDS), { seed: 1, numRuns: 1 })[0]!);
  clearCounters(WINDOW_FIELDS, counters);
  const all = (value: object): readonly object[] => [
    value,
    ...Object.values(value).flatMap((member) =>
      typeof member === 'object' && member !== null && Object.getPrototypeOf(member) === Object.prototype
        ? all(member)
        : [],
    ),
  ];
  expect(all(counters).length).toBeGreaterThan(20);
  for (const value of all(counters)) expect(hasFastProperties(value), Object.keys(value).join()).toBe(true);
});

import { describe, expect, test } from 'vitest';
import { threshold } from '../../../test/support/engine/plans.ts';
import type { HealthDoubt, HealthDoubtKind } from './touches.ts';
import { inOrderOfGravity, subjectsOf, touching } from './touches.ts';

const doubt = (kind: HealthDoubtKind): HealthDoubt => ({ kind, rule: null, detail: kind, during: null });
const reaches = (kind: HealthDoubtKind, rule: string, isKept: boolean): boolean =>
  touching([doubt(kind)], subjectsOf(threshold(rule).metric), isKept).length === 1;

/** Doubts about the generator, and not about what was understood of the service. */
const OF_THE_GENERATOR: readonly HealthDoubtKind[] = [
  'sendLag',
  'eventLoop',
  'cpu',
  'proxy',
  'littlesLaw',
  'unsentOverdue',
  'standstill',
  'workerDied',
];

describe('no doubt about the generator takes back', () => {
  test.each(['duplicated == 0', 'reordered == 0', 'corrupted == 0', 'unexpected == 0'])('a breach of %s', (rule) => {
    for (const kind of OF_THE_GENERATOR) expect([kind, reaches(kind, rule, false)]).toEqual([kind, false]);
  });
});

test('a standstill takes back what it may have broken, and keeps nothing open that is kept all the same', () => {
  const rules = ['connections.dropped == 0', 'pings.unanswered == 0', 'lost == 0', 'delivered >= 99%', 'unsent == 0'];
  for (const rule of rules) {
    expect([rule, reaches('standstill', rule, false), reaches('standstill', rule, true)]).toEqual([rule, true, false]);
  }
  for (const rule of ['response.p99 < 1s', 'ping.max < 1s']) expect(reaches('standstill', rule, false)).toBe(true);
  expect(reaches('standstill', 'rejected == 0', false)).toBe(false);
});

test('where it is known what kept the generator from its work, that it was late is not said as well', () => {
  const kinds = (...given: readonly HealthDoubtKind[]): string[] =>
    inOrderOfGravity(given.map(doubt)).map(({ kind }) => kind);
  expect(kinds('sendLag', 'eventLoop', 'standstill', 'unmatched')).toEqual(['unmatched', 'standstill']);
  expect(kinds('sendLag', 'throttled')).toEqual(['throttled']);
  expect(kinds('eventLoop', 'sendLag')).toEqual(['sendLag', 'eventLoop']);
});

test('load that was absent leaves every kept rule undecided, and no breach', () => {
  for (const rule of ['response.p99 < 1s', 'lost == 0', 'connections.failed == 0', 'throughput.sent > 10/s']) {
    expect([rule, reaches('loadAbsent', rule, true), reaches('loadAbsent', rule, false)]).toEqual([rule, true, false]);
  }
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCounters } from '../facts/merge-rules.ts';
import { WINDOW_FIELDS } from '../facts/window.ts';
import { lossPeriods, noteLosses } from './loss-pattern.ts';

const lostOf = (pattern: string): number[] =>
  pattern.split(' ').flatMap((digit, index) => (digit === '1' ? [index] : []));

test('the example of RFC 3357 §5: four periods, the longest of two, three of five losses within two of the one before', () => {
  const facts = createCounters(WINDOW_FIELDS.delivery.loss);
  noteLosses(facts, lossPeriods(lostOf('0 1 0 0 1 0 1 0 1 1')), 2);
  expect(facts).toMatchObject({ periods: 4, longestPeriod: 2, noticeable: 3 });
});

test('a stream without losses adds nothing', () => {
  const facts = createCounters(WINDOW_FIELDS.delivery.loss);
  noteLosses(facts, lossPeriods([]));
  expect(facts).toMatchObject({ periods: 0, longestPeriod: 0, noticeable: 0 });
});

test('the first loss of a stream is near to none, whatever another stream lost before it', () => {
  const facts = createCounters(WINDOW_FIELDS.delivery.loss);
  noteLosses(facts, lossPeriods([5]));
  noteLosses(facts, lossPeriods([6]));
  expect(facts).toMatchObject({ periods: 2, longestPeriod: 1, noticeable: 0 });
});

test('periods are what splitting at the deliveries gives', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (isLost) => {
      const facts = createCounters(WINDOW_FIELDS.delivery.loss);
      const lost = isLost.flatMap((is, index) => (is ? [index] : []));
      noteLosses(facts, lossPeriods(lost));
      const runs = isLost
        .map((lost) => (lost ? '1' : '0'))
        .join('')
        .split(/0+/)
        .filter((run) => run !== '');
      expect(facts.periods).toBe(runs.length);
      expect(facts.longestPeriod).toBe(Math.max(0, ...runs.map((run) => run.length)));
    }),
  );
});

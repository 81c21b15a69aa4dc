import { expect, test } from 'vitest';
import { makeEntry } from '../../../test/support/history.ts';
import type { RunEntry } from '../../facts/run-entry.ts';
import { filterRuns, historyByPlan } from './run-history.ts';

const at = (day: number): string => `2026-11-${String(day).padStart(2, '0')}T12:00:00.000Z`;
const EVERYTHING = { name: null, tag: null, verdict: null, sinceMs: null } as const;

const unjudged: RunEntry = {
  ...makeEntry({ id: 'u' }),
  state: 'unfinished',
  startedAt: null,
  durationSeconds: null,
  summary: null,
};
const newest = makeEntry({ id: 'c', startedAt: at(3), tags: ['x'] }, { verdict: 'fail', responseP99Ms: 30, lost: 2 });
const middle = makeEntry({ id: 'b', name: 'feed', startedAt: at(2) }, { verdict: 'pass' });
const oldest = makeEntry({ id: 'a', startedAt: at(1) }, { verdict: 'pass', responseP99Ms: null });
const all = [newest, middle, unjudged, oldest];

test.each([
  ['nothing', {}, all],
  ['a name', { name: 'chat' }, [newest, unjudged, oldest]],
  ['a tag', { tag: 'x' }, [newest]],
  ['a verdict', { verdict: 'pass' as const }, [middle, oldest]],
  ['no verdict', { verdict: 'unjudged' as const }, [unjudged]],
  ['a time, which an unknown one is not after', { sinceMs: Date.parse(at(2)) }, [newest, middle]],
  ['several of these', { name: 'chat', sinceMs: Date.parse(at(2)) }, [newest]],
])('filtered by %s', (_, filter, expected) => {
  expect(filterRuns(all, { ...EVERYTHING, ...filter })).toEqual(expected);
});

test('each plan has its runs, and its key figures in the order of time, of the judged alone', () => {
  const plans = historyByPlan(all);
  expect(plans.map(({ name, runs }) => [name, runs])).toEqual([
    ['chat', [newest, unjudged, oldest]],
    ['feed', [middle]],
  ]);
  expect(plans[0]!.judged).toEqual([oldest, newest]);
  expect(plans[0]!.series).toMatchObject({ responseP99Ms: [null, 30], lost: [0, 2] });
});

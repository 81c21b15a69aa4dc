import { describe, expect, test } from 'vitest';
import { HOSTILE, makeEntry, rawIn } from '../../../test/support/history.ts';
import { historyByPlan } from '../../analysis/compare/run-history.ts';
import type { RunEntry, UnjudgedState } from '../../facts/run-entry.ts';
import { renderRunList } from './run-list.ts';
import { plainStyle } from './style.ts';

const at = (day: number): string => `2026-11-${String(day).padStart(2, '0')}T12:00:00.000Z`;

function listed(
  entries: readonly RunEntry[],
  { shown = entries.length, unicode = true, isOfOnePlan = false } = {},
): string {
  const plans = historyByPlan(entries);
  const list = { plans, shown: new Set(entries.slice(0, shown)), total: entries.length, isOfOnePlan };
  return renderRunList(list, plainStyle(unicode));
}

const runs = [4, 3, 2, 1].map((day) =>
  makeEntry(
    { id: `run-${day}`, startedAt: at(day), tags: day === 2 ? ['baseline', 'v1'] : [] },
    {
      responseP99Ms: day * 10,
      deliveredPerSecond: 100,
      verdict: day === 4 ? 'fail' : 'pass',
      lost: day === 4 ? 1234 : 0,
    },
  ),
);

describe('a list of runs', () => {
  test('has the plan, lines from the oldest to the newest, and runs from the newest to the oldest', () => {
    const lines = listed(runs).split('\n');
    expect(lines[0]).toBe('chat   4 runs');
    expect(lines[1]).toBe('  p99          ▂▄▆█  10 ms to 40 ms, latest 40 ms');
    expect(lines[2]).toBe('  delivered/s  ████  100/s to 100/s, latest 100/s');
    expect(lines[4]).toMatch(/^ {2}2026-11-04 12:00 {3}fail .* 40 ms .* 1,234 .* run-4$/);
    expect(lines[6]).toMatch(/run-2 {3}baseline v1$/);
    expect(lines).toHaveLength(9);
  });

  test('is ASCII where the terminal is', () => {
    expect(listed(runs, { unicode: false })).toMatch(/^[\n -~]+$/);
  });

  test('draws its lines over all runs, and says how many it does not list', () => {
    const text = listed(runs, { shown: 1 });
    expect(text).toContain('▂▄▆█');
    expect(text).not.toContain('run-3');
    expect(text).toContain('1 of 4 runs shown; --limit 4 shows all');
  });

  test.each<[UnjudgedState, string, boolean]>([
    ['running', 'running', false],
    ['unfinished', 'no end', true],
    ['notJudged', 'not judged', true],
    ['otherVersion', 'other version', false],
    ['unreadable', 'unreadable', false],
  ])('says of a run that is %s so, and what can be done', (state, word, canBeJudged) => {
    const unknown = { name: null, startedAt: null, durationSeconds: null, git: null, tags: null, summary: null };
    const text = listed([{ id: 'odd', path: '/runs/odd', state, ...unknown }]);
    expect(text).toContain('unknown plan   1 run');
    expect(text).toMatch(new RegExp(`${word} .*odd {3}unreadable$`, 'm'));
    expect(text.includes('highwater report RUN')).toBe(canBeJudged);
  });

  test('shows nothing raw, whatever the plan, the run, the commit or a tag is called', () => {
    const git = { commit: HOSTILE, branch: HOSTILE, isDirty: false };
    const text = listed([makeEntry({ id: HOSTILE, name: HOSTILE, tags: [HOSTILE], git })]);
    expect(rawIn(text)).toEqual([]);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(500);
  });
});

describe('changes over the runs of a plan', () => {
  /** The newest first: the p99 of each, from the oldest on. */
  const runsAt = (...responseP99Ms: readonly number[]): readonly RunEntry[] =>
    responseP99Ms
      .map((ms, place) => {
        const git = { commit: `${place + 1}`.padStart(3, '0').padEnd(40, 'f'), branch: 'main', isDirty: place === 12 };
        return makeEntry({ id: `run-${place + 1}`, startedAt: at(place + 1), git }, { responseP99Ms: ms });
      })
      .toReversed();
  const level = (ms: number, count: number): readonly number[] => Array.from({ length: count }, () => ms);
  const slowed = runsAt(...level(12, 12), ...level(18, 8));
  const indented = (text: string): readonly string[] => text.split('\n').slice(3, 6);

  test('are told with both levels, the run and its commit', () => {
    const line = '  x worse   response p99 12 ms -> 18 ms (+50.0 %) since run run-13 (commit 013fffff+)';
    expect(indented(listed(slowed, { isOfOnePlan: true })).slice(0, 2)).toEqual([line, '  based on 20 runs']);
    expect(indented(listed(slowed))[0]).toBe(line);
    expect(listed(slowed)).not.toContain('based on');
  });

  test('are told from the latest on, and only the latest two where all plans are listed', () => {
    const often = runsAt(...level(12, 6), ...level(18, 6), ...level(9, 6), ...level(30, 6));
    const marks = (text: string): readonly string[] =>
      [...text.matchAll(/^ {2}([x+]) .* since run (\S+)/gm)].map(([, mark, run]) => `${mark} ${run}`);
    expect(marks(listed(often, { isOfOnePlan: true }))).toEqual(['x run-19', '+ run-13', 'x run-7']);
    expect(marks(listed(often))).toEqual(['x run-19', '+ run-13']);
    expect(listed(often)).toContain('  and 1 earlier change\n');
  });

  test('that are none are said to be so of one plan alone, and that there are too few runs to tell', () => {
    const even = runsAt(...level(12, 15));
    expect(listed(even, { isOfOnePlan: true })).toContain('  no lasting change in 15 runs\n');
    expect(listed(runs, { isOfOnePlan: true })).toContain(
      '  detecting changes needs at least 10 runs that are comparable to the latest; there are 4\n',
    );
    for (const entries of [even, runs]) expect(listed(entries)).not.toMatch(/change/);
  });

  test('say how many runs were left out, and why', () => {
    const [latest, ...others] = slowed;
    const doubtful = makeEntry({ id: 'doubtful', startedAt: at(15) }, { generatorHealthy: false });
    const profiled = makeEntry({ id: 'profiled', startedAt: at(15) }, { profile: 'ci' });
    expect(listed([latest!, doubtful, profiled, ...others], { isOfOnePlan: true })).toContain(
      'based on 20 runs, 2 left out: 1 with the generator in doubt, 1 under another profile',
    );
  });
});

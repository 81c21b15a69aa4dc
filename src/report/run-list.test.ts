import { describe, expect, test } from 'vitest';
import { HOSTILE, makeEntry, rawIn } from '../../test/support/history.ts';
import { historyByPlan } from '../analysis/run-history.ts';
import type { RunEntry, UnjudgedState } from '../facts/run-entry.ts';
import { renderRunList } from './run-list.ts';
import { plainStyle } from './style.ts';

const at = (day: number): string => `2026-11-${String(day).padStart(2, '0')}T12:00:00.000Z`;

function listed(entries: readonly RunEntry[], { shown = entries.length, unicode = true } = {}): string {
  const list = { plans: historyByPlan(entries), shown: new Set(entries.slice(0, shown)), total: entries.length };
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
    expect(lines[1]).toBe('  p99          ▂▄▆█  10 ms to 40 ms, the latest 40 ms');
    expect(lines[2]).toBe('  delivered/s  ████  100/s to 100/s, the latest 100/s');
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
    expect(text).toContain('1 of 4 runs: --limit 4 shows all');
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
    expect(text).toContain('of an unknown plan   1 run');
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

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keepRun, makeEntry } from '../../test/support/history.ts';
import { listRuns } from './listing.ts';
import { chooseToPrune, isRemovable, removeRun, sizeOf } from './prune.ts';
import { changeTags } from './tags.ts';

const at = (day: number): string => `2026-11-${String(day).padStart(2, '0')}T12:00:00.000Z`;
const run = (day: number, name: string, tags: readonly string[] = []) =>
  makeEntry({ id: `${name}-${day}`, name, startedAt: at(day), tags });

describe('what may go', () => {
  const entries = [run(6, 'a'), run(5, 'b'), run(4, 'a', ['x']), run(3, 'a'), run(2, 'a'), run(1, 'b')];
  const ids = (chosen: ReturnType<typeof chooseToPrune>): readonly string[] => chosen.map(({ id }) => id);

  test('by count: of each plan the newest stay, and those with a tag beside them', () => {
    expect(ids(chooseToPrune(entries, { kind: 'keep', count: 1 }))).toEqual(['a-3', 'a-2', 'b-1']);
    expect(ids(chooseToPrune(entries, { kind: 'keep', count: 9 }))).toEqual([]);
  });

  test('by age: what began before, but for those with a tag', () => {
    expect(ids(chooseToPrune(entries, { kind: 'olderThan', beforeMs: Date.parse(at(5)) }))).toEqual([
      'a-3',
      'a-2',
      'b-1',
    ]);
  });

  test('is nothing of which the plan, the time or the tags are not known', () => {
    const [entry] = entries;
    const odd = [{ ...entry!, tags: null }, ...(['name', 'startedAt'] as const).map((field) => unknown(field))];
    expect(chooseToPrune(odd, { kind: 'keep', count: 0 })).toEqual([]);
  });

  test('by count, whatever the history: so many without a tag are left of each plan, and they are the newest', () => {
    const history = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()), { maxLength: 28 });
    fc.assert(
      fc.property(history, fc.nat(5), (drawn, count) => {
        const all = drawn.map(([name, tagged], place) => run(28 - place, name, tagged ? ['x'] : []));
        const gone = new Set(chooseToPrune(all, { kind: 'keep', count }));
        for (const name of ['a', 'b', 'c']) {
          const untagged = all.filter((entry) => entry.name === name && entry.tags?.length === 0);
          expect(untagged.filter((entry) => !gone.has(entry))).toEqual(untagged.slice(0, count));
        }
        expect([...gone].every(({ tags }) => tags?.length === 0)).toBe(true);
      }),
    );
  });

  function unknown(field: 'name' | 'startedAt') {
    return { ...entries[0]!, state: 'unreadable' as const, summary: null, [field]: null };
  }
});

describe('on disk', () => {
  let root: string;
  let outside: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'highwater-prune-'));
    outside = mkdtempSync(path.join(tmpdir(), 'highwater-outside-'));
  });
  afterEach(() => {
    for (const directory of [root, outside]) rmSync(directory, { recursive: true, force: true });
  });
  const only = () => listRuns(root, Date.now())[0]!;
  const HOUR_MS = 3_600_000;

  test('a judged run goes, with all that is in it, and what a link in it points to stays', async () => {
    const directory = await keepRun(root, { id: 'a' });
    writeFileSync(path.join(outside, 'mine'), 'x'.repeat(1e6));
    symlinkSync(outside, path.join(directory, 'link'));
    mkdirSync(path.join(directory, 'reports'));
    writeFileSync(path.join(directory, 'reports', 'report.md'), 'x'.repeat(5000));
    expect(await isRemovable(only(), Date.now())).toBe(true);
    const bytes = await sizeOf(directory);
    expect(bytes).toBeGreaterThan(5000);
    expect(bytes).toBeLessThan(1e6);
    expect(await removeRun(only(), Date.now())).toBe(true);
    expect(existsSync(directory)).toBe(false);
    expect(existsSync(path.join(outside, 'mine'))).toBe(true);
  });

  test('a run that was tagged while somebody thought about it stays', async () => {
    const directory = await keepRun(root, { id: 'a' });
    const entry = only();
    await changeTags(directory, { add: ['precious'] });
    expect(await removeRun(entry, Date.now())).toBe(false);
    expect(only()).toMatchObject({ id: 'a', tags: ['precious'] });
  });

  test('one that is still going on stays, also where it has been judged meanwhile', async () => {
    const directory = await keepRun(root, { id: 'a' });
    const summary = path.join(directory, 'summary.json');
    writeFileSync(summary, readFileSync(summary, 'utf8').replace('"completed"', '"aborted"'));
    expect(only().state).toBe('judged');
    expect(await isRemovable(only(), Date.now() + HOUR_MS)).toBe(false);
    rmSync(path.join(directory, 'coordinator.json'));
    expect(await isRemovable(only(), Date.now())).toBe(false);
    expect(await isRemovable(only(), Date.now() + HOUR_MS)).toBe(true);
  });

  test.each(['plan.json', 'events.ndjson'])('a directory without %s is no record, and stays', async (name) => {
    const directory = await keepRun(root, { id: 'a' });
    rmSync(path.join(directory, name));
    expect(await isRemovable(only(), Date.now() + HOUR_MS)).toBe(false);
    symlinkSync('/etc/hostname', path.join(directory, name));
    expect(await isRemovable(only(), Date.now() + HOUR_MS)).toBe(false);
  });

  test('a directory that has become a link meanwhile stays', async () => {
    const directory = await keepRun(root, { id: 'a' });
    const entry = only();
    rmSync(directory, { recursive: true });
    await keepRun(outside, { id: 'a' });
    symlinkSync(path.join(outside, 'a'), directory);
    expect(await isRemovable(entry, Date.now() + HOUR_MS)).toBe(false);
  });
});

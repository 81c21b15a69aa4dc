import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keepRun, makeSummary } from '../../test/support/history.ts';
import { hasProc } from '../../test/support/known-servers/processes.ts';
import type { RunEntry } from '../facts/run-entry.ts';
import { WINDOW_SCHEMA } from '../facts/window.ts';
import { listRuns } from './listing.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'highwater-listing-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const ID = '20261121-101500-chat-aaaa';
const HOUR_MS = 3_600_000;

const file = (name: string, id = ID): string => path.join(root, id, name);
const only = (nowMs = Date.now()): RunEntry => {
  const entries = listRuns(root, nowMs);
  expect(entries).toHaveLength(1);
  return entries[0]!;
};

function edit(name: string, change: (text: string) => string): void {
  writeFileSync(file(name), change(readFileSync(file(name), 'utf8')));
}

/** As if its coordinator had been killed an hour ago. */
function killed(): void {
  rmSync(file('coordinator.json'), { force: true });
  const hourAgo = Date.now() / 1000 - 3600;
  for (const name of ['windows.ndjson', 'events.ndjson']) utimesSync(file(name), hourAgo, hourAgo);
}

const withoutEnd = (text: string): string => `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`;

describe('a list of runs', () => {
  test('is empty where there is no folder, or nothing in it', () => {
    expect(listRuns(root, 0)).toEqual([]);
    expect(listRuns(path.join(root, 'nowhere'), 0)).toEqual([]);
  });

  test('has the newest first, by their start, whatever they are called', async () => {
    await keepRun(root, { id: 'a', startedAt: '2026-11-22T00:00:00.000Z' });
    await keepRun(root, { id: 'b', startedAt: '2026-11-20T00:00:00.000Z' });
    mkdirSync(path.join(root, '20261121-000000-killed-at-once'));
    expect(listRuns(root, Date.now()).map(({ id }) => id)).toEqual(['a', '20261121-000000-killed-at-once', 'b']);
  });

  test('has those that began in the same second in their order', async () => {
    await keepRun(root, { id: '20261121-101500-chat-z', startedAt: '2026-11-21T10:15:00.100Z' });
    await keepRun(root, { id: '20261121-101500-chat-a', startedAt: '2026-11-21T10:15:00.900Z' });
    expect(listRuns(root, Date.now()).map(({ id }) => id.at(-1))).toEqual(['a', 'z']);
  });

  test('has no files and follows no links', async () => {
    await keepRun(root, { id: ID });
    writeFileSync(path.join(root, 'notes.txt'), '');
    symlinkSync(path.join(root, ID), path.join(root, 'zzz-link'));
    expect(only().id).toBe(ID);
  });
});

describe('a judged run', () => {
  test('is known by its summary alone', async () => {
    await keepRun(root, { id: ID, tags: ['v1', 'a'] });
    for (const name of ['result.json', 'plan.json', 'windows.ndjson', 'events.ndjson']) rmSync(file(name));
    const entry = only();
    expect(entry).toMatchObject({
      id: ID,
      path: path.join(root, ID),
      state: 'judged',
      name: 'chat',
      tags: ['a', 'v1'],
    });
    expect(entry.summary).toEqual(makeSummary({ id: ID }));
  });

  test.each([
    ['is missing', () => rmSync(file('summary.json'))],
    ['is torn', () => edit('summary.json', (text) => text.slice(0, 40))],
    ['is of another version', () => edit('summary.json', (text) => text.replace('summary/1', 'summary/2'))],
  ])('is known by its result where the summary %s', async (_, change) => {
    await keepRun(root, { id: ID });
    change();
    expect(only().summary).toEqual(makeSummary({ id: ID }));
  });

  test('has its own id, also where it is a copy of another', async () => {
    await keepRun(root, { id: ID });
    const { summary, id } = only();
    expect([id, summary?.id]).toEqual([ID, ID]);
  });

  test('of which the tags cannot be understood says that, and is listed', async () => {
    await keepRun(root, { id: ID });
    writeFileSync(file('tags.json'), '{"schema":"highwater/tags/9"}');
    expect(only()).toMatchObject({ state: 'judged', tags: null });
  });
});

describe('a run that is not judged', () => {
  test('and whose record has an end: what is known of it', async () => {
    const git = { commit: 'a'.repeat(40), branch: 'main', isDirty: false };
    await keepRun(root, { id: ID, git }, false);
    expect(only()).toMatchObject({ state: 'notJudged', name: 'chat', durationSeconds: 1, git, summary: null });
  });

  test('and whose record has none: how far it came', async () => {
    await keepRun(root, { id: ID }, false);
    edit('events.ndjson', withoutEnd);
    appendFileSync(file('windows.ndjson'), '{"schema":"highw');
    killed();
    expect(only()).toMatchObject({ state: 'unfinished', durationSeconds: 1, startedAt: '2026-11-21T12:00:00.000Z' });
  });

  test('goes on while its coordinator lives, however long it has been silent', async () => {
    await keepRun(root, { id: ID }, false);
    edit('events.ndjson', withoutEnd);
    const coordinator = readFileSync(file('coordinator.json'), 'utf8');
    killed();
    writeFileSync(file('coordinator.json'), coordinator);
    expect(only().state).toBe('running');
  });

  test.skipIf(!hasProc)('does not where its number has been given to another process since', async () => {
    await keepRun(root, { id: ID }, false);
    edit('events.ndjson', withoutEnd);
    const coordinator = readFileSync(file('coordinator.json'), 'utf8');
    killed();
    writeFileSync(file('coordinator.json'), coordinator.replace(/"startedAt":"\d+"/, '"startedAt":"1"'));
    expect(only().state).toBe('unfinished');
  });

  test('goes on where it wrote in the last five minutes, as its coordinator may be on another machine', async () => {
    await keepRun(root, { id: ID }, false);
    edit('events.ndjson', withoutEnd);
    edit('coordinator.json', (text) => text.replace(/"hostname":"[^"]*"/, '"hostname":"elsewhere"'));
    expect(only().state).toBe('running');
    expect(only(Date.now() + HOUR_MS).state).toBe('unfinished');
  });

  test('is judged again where its result is torn: it is no crash', async () => {
    await keepRun(root, { id: ID });
    rmSync(file('summary.json'));
    for (const text of ['', '{"schema":"highwater/result/2"', '{"schema":"highwater/result/2"}', '[]', 'null']) {
      writeFileSync(file('result.json'), text);
      expect(only().state, text).toBe('notJudged');
    }
  });

  test('is of another version where its result or its windows are', async () => {
    await keepRun(root, { id: ID });
    rmSync(file('summary.json'));
    edit('result.json', (text) => text.replace('highwater/result/2', 'highwater/result/9'));
    expect(only()).toMatchObject({ state: 'otherVersion', name: 'chat' });
    rmSync(file('result.json'));
    edit('windows.ndjson', (text) => text.replaceAll(WINDOW_SCHEMA, 'highwater/window/1'));
    expect(only()).toMatchObject({ state: 'otherVersion', name: 'chat' });
  });

  test.each(['plan.json', 'windows.ndjson', 'events.ndjson'])('is unreadable without %s', async (name) => {
    await keepRun(root, { id: ID }, false);
    rmSync(file(name));
    expect(only().state).toBe('unreadable');
  });

  test.each(['', 'null', '{"name":1}', '[]'])('is unreadable with the plan %j', async (text) => {
    await keepRun(root, { id: ID }, false);
    writeFileSync(file('plan.json'), text);
    expect(only()).toMatchObject({ state: 'unreadable', name: null });
  });
});

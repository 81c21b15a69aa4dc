import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startOf } from '../run/process-identity.ts';
import { createCleanupJournal } from './cleanup-journal.ts';

const isWhat = (value: object): value is { thing: string } => typeof (value as { thing?: unknown }).thing === 'string';

function directory(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'highwater-journal-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('the note of a run that lives is left alone, and that of one that is gone is taken over, once', () => {
  const place = directory();
  const journal = createCleanupJournal(place, 'broken', isWhat);
  journal.write('mine', { thing: 'a' });
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(
    path.join(place, 'broken-theirs.json'),
    JSON.stringify({ what: { thing: 'b' }, by: gone, byStartedAt: '1' }),
  );
  const told: string[] = [];
  const undo = ({ thing }: { thing: string }): string[] => {
    told.push(thing);
    return [`undone ${thing}`];
  };
  expect(journal.undoAbandoned(undo)).toEqual(['undone b']);
  expect(journal.undoAbandoned(undo)).toEqual([]);
  expect(told).toEqual(['b']);
  journal.remove('mine');
  expect(readdirSync(place)).toEqual([]);
});

test('a note of a number that another process has now is of one that is gone', () => {
  const place = directory();
  const byStartedAt = `${startOf(process.pid)}0`;
  writeFileSync(
    path.join(place, 'broken-x.json'),
    JSON.stringify({ what: { thing: 'c' }, by: process.pid, byStartedAt }),
  );
  expect(createCleanupJournal(place, 'broken', isWhat).undoAbandoned(({ thing }) => [thing])).toEqual(['c']);
});

test('what cannot be undone is told, and its note stays for somebody who can', () => {
  const place = directory();
  writeFileSync(
    path.join(place, 'broken-x.json'),
    JSON.stringify({ what: { thing: 'd' }, by: 4_194_303, byStartedAt: '1' }),
  );
  const journal = createCleanupJournal(place, 'broken', isWhat);
  const told = journal.undoAbandoned(() => {
    throw new Error('Operation not permitted');
  });
  expect(told).toEqual([
    expect.stringContaining('broken-x.json: expected an entry that can be undone and removed, got: Op'),
  ]);
  expect(readdirSync(place)).toEqual(['broken-x.json']);
});

test.each([
  ['{"what":'],
  ['{"what":{},"by":1e9,"byStartedAt":""}'],
  ['null'],
])('a note that says %s is removed, and nothing is undone', (text) => {
  const place = directory();
  writeFileSync(path.join(place, 'broken-x.json'), text);
  writeFileSync(path.join(place, 'other-x.json'), text);
  expect(createCleanupJournal(place, 'broken', isWhat).undoAbandoned(({ thing }) => [thing])).toEqual([]);
  expect(readdirSync(place)).toEqual(['other-x.json']);
});

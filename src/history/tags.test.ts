import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeTags, readTags } from './tags.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'highwater-tags-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a run has the tags that it was given, each once, less those that were taken', async () => {
  expect(readTags(directory)).toEqual([]);
  await changeTags(directory, { add: ['v1', 'nightly', 'v1'] });
  expect(readTags(directory)).toEqual(['nightly', 'v1']);
  await changeTags(directory, { add: ['a'], remove: ['v1', 'nosuch'] });
  expect(readTags(directory)).toEqual(['a', 'nightly']);
  expect(readdirSync(directory)).toEqual(['tags.json']);
});

test('a file that cannot be understood is not written over: nobody knows which tags it holds', async () => {
  writeFileSync(path.join(directory, 'tags.json'), '{');
  expect(readTags(directory)).toBeNull();
  await expect(changeTags(directory, { add: ['a'] })).rejects.toMatchObject({ code: 'RUN_UNREADABLE' });
});

test('a directory that cannot be written is told', async () => {
  await expect(changeTags(path.join(directory, 'nowhere'), { add: ['a'] })).rejects.toMatchObject({
    code: 'RUN_DIRECTORY_UNWRITABLE',
    message: expect.stringContaining('expected to write the tags'),
  });
});

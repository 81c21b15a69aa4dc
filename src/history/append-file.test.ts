import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAppendFile } from './append-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'highwater-append-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('what is appended stands behind what is there, a line each, whatever is in it', () => {
  const file = path.join(directory, 'file');
  appendFileSync(file, 'before\n');
  const lines = ['a', 'é\u{1f4a7}', '', 'x'.repeat(3_000_000)];
  const appended = openAppendFile(file);
  for (const line of lines) {
    appended.append(line);
    expect(readFileSync(file, 'utf8').endsWith(`${line}\n`)).toBe(true);
  }
  appended.close();
  expect(readFileSync(file, 'utf8')).toBe(`before\n${lines.join('\n')}\n`);
});

test.skipIf(process.platform !== 'linux')('a line for which there is no room is told', () => {
  const file = path.join(directory, 'full');
  symlinkSync('/dev/full', file);
  const appended = openAppendFile(file);
  for (let time = 0; time < 2; time++) expect(() => appended.append('a')).toThrow('ENOSPC');
  appended.close();
});

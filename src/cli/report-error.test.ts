import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { reportError } from './report-error.ts';

let printed = '';
beforeEach(() => {
  printed = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => void vi.restoreAllMocks());

const failed = (message: string, code: string): Error => Object.assign(new Error(message), { code });

test.each([
  [
    'EMFILE',
    /^MACHINE_LIMIT {2}EMFILE: too many: expected a file that this process may open; raise the limit \(ulimit -n\)$/m,
  ],
  ['ENFILE', /^MACHINE_LIMIT {2}.*fs\.file-max/m],
  ['EAGAIN', /^MACHINE_LIMIT {2}.*another process or thread; raise the limit \(ulimit -u, pids\.max/m],
  ['ENOMEM', /^MACHINE_LIMIT {2}.*memory; raise the limit/m],
])('%s is a limit of the machine, and no bug', (code, line) => {
  expect(reportError(failed(`${code}: too many`, code))).toBe(64);
  expect(printed).toMatch(line);
  expect(printed).not.toContain('bug in Highwater');
});

test('whatever else is thrown is a bug', () => {
  expect(reportError(failed('no such file', 'ENOENT'))).toBe(70);
  expect(printed).toMatch(/^INTERNAL {2}this is a bug in Highwater/);
  expect(reportError('odd')).toBe(70);
});

// The record of a run that was damaged, that cannot be written, or that is still being written, through the built command.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Doubt, RunResult } from '../../src/facts/result.ts';
import {
  type FinishedHighwater,
  HIGHWATER,
  runHighwater,
  startHighwater,
  temporaryDirectory,
  writeInto,
} from '../support/highwater.ts';

const RUNS = path.join('.highwater', 'runs');
const LOAD = ['-c', '2', '-r', '100/s', '-d', '3s', '--drain', '500ms', '-t', 'lost == 0', '-t', 'delivered >= 90%'];

interface Finished {
  readonly cwd: string;
  readonly result: RunResult;
  readonly exitCode: number | null;
  file(name: string): string;
}

async function finishedRun(): Promise<Finished> {
  const cwd = temporaryDirectory();
  const { result, exitCode } = await runHighwater(['run', 'reference', ...LOAD, '--json', '-q'], { cwd });
  return { cwd, result, exitCode, file: (name) => path.join(cwd, RUNS, result.run.id, name) };
}

const report = (cwd: string, ...flags: string[]): Promise<FinishedHighwater> =>
  runHighwater(['report', 'latest', ...flags], { cwd });
const kinds = ({ verdict }: RunResult): Doubt['kind'][] => verdict.doubts.map(({ kind }) => kind);

function dropLines(file: string, isDropped: (line: string, number: number) => boolean): void {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  writeFileSync(
    file,
    lines
      .filter((line, number) => !isDropped(line, number))
      .map((line) => `${line}\n`)
      .join(''),
  );
}

test('zeros behind the last window, as after a power cut, change nothing, however many they are', async () => {
  const { cwd, result, exitCode, file } = await finishedRun();
  truncateSync(file('windows.ndjson'), readFileSync(file('windows.ndjson')).length + 600_000_000);
  const again = await report(cwd, '--json');
  expect(again.result).toEqual(result);
  expect(again.exitCode).toBe(exitCode);
  expect(again.stderr).toBe('');
});

describe('lines that are gone', () => {
  test('of windows leave the run undecided, and the result that was made from all of them stays', async () => {
    const { cwd, result, file } = await finishedRun();
    const kept = readFileSync(file('result.json'), 'utf8');
    dropLines(file('windows.ndjson'), (_line, number) => number % 2 === 1);
    const { stdout, stderr, exitCode } = await report(cwd);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/\d+ of \d+ windows (is|are) missing from windows\.ndjson \(worker 0: /);
    expect(stderr).toContain(`made from ${result.record.windows.read} windows`);
    expect(readFileSync(file('result.json'), 'utf8')).toBe(kept);
    // Nor are its seconds compared with those of another run.
    const other = await runHighwater(['run', 'reference', ...LOAD, '-q', '--name', 'other'], { cwd });
    expect(other.stderr).toBe('');
    const compared = await runHighwater(['compare', result.run.id, 'latest', '--force'], { cwd });
    expect(compared.stderr).toMatch(/RUN_UNREADABLE .*expected \d+ windows?, as in its result/);
    expect(compared.exitCode).toBe(64);
  });

  test('of events too: in rooms without what a worker received nobody knows what was delivered, and it is no bug', async () => {
    const cwd = temporaryDirectory();
    const load = {
      connections: 4,
      messages: { open: { rate: '50/s', for: '2s' } },
      rooms: { count: 1, publishers: 1, self: false },
    };
    const plan = { target: { url: 'reference' }, load, thresholds: ['lost == 0', 'delivered >= 90%'], drain: '500ms' };
    const file = writeInto(cwd, 'plan.json', JSON.stringify(plan));
    const first = await runHighwater(['run', file, '--json', '-q'], { cwd });
    const { id } = first.result.run;
    expect(first.result.messages).toMatchObject({ sent: 100, delivered: 100 });
    dropLines(path.join(cwd, RUNS, id, 'events.ndjson'), (line) => line.includes('"receivers"'));
    const { result, exitCode, stderr } = await report(cwd, '--json');
    expect(exitCode).toBe(2);
    expect(kinds(result)).toContain('damagedRecord');
    expect(result.verdict.thresholds.map(({ kind }) => kind)).toEqual(['inconclusive', 'inconclusive']);
    expect(stderr).toContain('The stored result stays');
  });
});

test('a report while the run goes on says that it goes on, and writes no result', async () => {
  const cwd = temporaryDirectory();
  const running = startHighwater(['run', 'reference', ...LOAD, '-d', '600s'], { cwd });
  await running.prints('stderr', /sending/);
  const { stdout, stderr, exitCode } = await report(cwd);
  expect(stdout).toMatch(/INCONCLUSIVE .* running/);
  expect(stdout).toContain('the run is still going');
  expect(stdout).not.toContain('killed');
  expect(stderr).toContain('still going');
  expect(exitCode).toBe(2);
  const [id = ''] = readdirSync(path.join(cwd, RUNS));
  expect(existsSync(path.join(cwd, RUNS, id, 'result.json'))).toBe(false);
  running.signal('SIGINT');
  expect((await running.finished).exitCode).toBe(130);
  expect(existsSync(path.join(cwd, RUNS, id, 'result.json'))).toBe(true);
});

/** A file system of its own, of so many KiB, seen by nobody else and gone with the command. */
const canMount =
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', '/mnt']).status === 0;

function onSmallDisk(kib: number, then: string): { readonly status: number | null; stdout: string; stderr: string } {
  const cwd = temporaryDirectory();
  mkdirSync(path.join(cwd, 'disk'));
  const script = `set -e; mount -t tmpfs -o size=${kib}k tmpfs disk; ${then}`;
  return spawnSync('unshare', ['--mount', 'sh', '-c', script], {
    cwd,
    encoding: 'utf8',
    timeout: 120_000,
    env: { PATH: process.env.PATH, HW: `${process.execPath} ${HIGHWATER}` },
  });
}

describe.skipIf(!canMount)('a disk', () => {
  const run = `$HW run reference -c 2 -r 100/s -t 'lost == 0' -q --runs-dir disk`;

  test.each([
    ['is full', 16, ''],
    ['has too little room for the end of a run', 512, ''],
    ['is read-only', 4096, 'mount -o remount,ro disk; '],
  ])('that %s at the start is refused before anything connects, and nothing is left on it', (_, kib, prepare) => {
    const { status, stdout, stderr } = onSmallDisk(kib, `${prepare}${run} -d 600s || { ls disk; exit 64; }`);
    expect(stderr).toContain('RUN_DIRECTORY_UNWRITABLE');
    expect(stdout).toBe('');
    expect(status).toBe(64);
  });

  test('that fills up ends the run with the facts so far, and the end of the record finds room', () => {
    const flags = '-d 600s -t "delivered >= 90%"';
    const { status, stdout, stderr } = onSmallDisk(
      1100,
      `set +e; ${run} ${flags}; echo "exit $?"; cat disk/*/events.ndjson; $HW report latest --runs-dir disk`,
    );
    expect(stdout).toMatch(/INCONCLUSIVE .* aborted/);
    expect(stdout).toContain('ended early: the record could not be written: ENOSPC');
    expect(stdout).toMatch(/^exit 2$/m);
    expect(stdout).toMatch(/"reason":"recordUnwritable".*\n\{"kind":"runEnded"/);
    expect(stdout).not.toContain('windows are missing');
    expect(stderr).toContain('Free disk space, or choose another directory with --runs-dir');
    expect(status).toBe(2);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { commandProblem, createCommandMonitor, parseNumbers } from './command-monitor.ts';

const script = (source: string) =>
  createCommandMonitor({
    kind: 'command',
    name: 'queue',
    program: process.execPath,
    args: ['-e', source],
    directory: null,
  });
const read = (source: string) => script(source).read(AbortSignal.timeout(10_000));

describe('what a command prints', () => {
  test('is one number, or lines of a name and a number', () => {
    expect(parseNumbers('42\n')).toEqual({ value: 42 });
    expect(parseNumbers(' -1.5e3 ')).toEqual({ value: -1500 });
    expect(parseNumbers('depth 7\nage_seconds 1.5\n\n')).toEqual({ depth: 7, age_seconds: 1.5 });
    expect(() => parseNumbers('')).toThrow('expected a number, got no output');
    expect(() => parseNumbers('busy')).toThrow('expected a number, or a name and a number, got "busy"');
    expect(() => parseNumbers('depth NaN')).toThrow('got "depth NaN"');
    expect(() => parseNumbers('1\n2')).toThrow('got "1"');
    expect(() => parseNumbers('a 1\n'.repeat(65))).toThrow('expected at most 64 lines, got 65');
  });

  test('is read when it ends', async () => {
    expect(await read('console.log(7)')).toEqual({ values: { value: 7 }, gap: null });
  });

  test('is a gap where it fails, with what it said', async () => {
    await expect(read('console.error("no queue"); process.exit(3)')).rejects.toThrow('ended with code 3: no queue');
    await expect(read('console.log("x ".repeat(1e6))')).rejects.toThrow('expected at most 64 KiB of output, got more');
  });
});

test('a command that takes too long is ended, with all that it has started', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-monitor-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'pid');
  const child = 'setInterval(() => {}, 1000)';
  const control = new AbortController();
  const reading = script(
    `const { pid } = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}]);
     require('fs').writeFileSync(${JSON.stringify(`${file}.new`)}, String(pid));
     require('fs').renameSync(${JSON.stringify(`${file}.new`)}, ${JSON.stringify(file)});
     ${child}`,
  ).read(control.signal);
  const refused = expect(reading).rejects.toThrow('ended with SIGKILL');
  let pid = 0;
  while (pid === 0) {
    await sleep(20);
    try {
      pid = Number(readFileSync(file, 'utf8'));
    } catch {
      // not written yet
    }
  }
  control.abort();
  await refused;
  const isThere = (): boolean => {
    try {
      // One that has ended may wait for whoever adopted it.
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  };
  while (isThere()) await sleep(20);
});

test('a program that is not there is known before the run', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-monitor-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(path.join(directory, 'depth.sh'), '#!/bin/sh\necho 1\n', { mode: 0o755 });
  const problem = (program: string) => commandProblem({ kind: 'command', name: 'queue', program, args: [], directory });
  expect(problem('sh')).toBeNull();
  expect(problem('./depth.sh')).toBeNull();
  expect(problem('./nothing.sh')).toBe('expected an executable program, got ./nothing.sh');
  expect(problem('nothing-of-that-name')).toMatch(/^expected an executable program/);
});

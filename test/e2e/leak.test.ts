// The built reference target with a leak: that its memory grows is asked of the kernel, not of the target.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TruthLine } from '../../src/injection/truth.ts';
import {
  type RunningHighwater,
  runHighwater,
  startHighwater,
  temporaryDirectory,
  writeInto,
} from '../support/highwater.ts';
import { childrenOf, hasProc, residentBytesOf, until } from '../support/known-servers/processes.ts';

/** Far more than the target needs without a leak. */
const HELD_BYTES = 250e6;

if (!hasProc) console.warn('skipped: whether a leaking target grows is read from /proc, which this system lacks');

interface Started {
  readonly target: RunningHighwater;
  readonly residentBytes: () => number;
  readonly truth: () => readonly TruthLine[];
}

async function start(behavior: string): Promise<Started> {
  const cwd = temporaryDirectory();
  const file = writeInto(cwd, 'behavior.yaml', behavior);
  const target = startHighwater(['target', '--behavior', file, '--truth', 'truth.ndjson'], { cwd });
  await target.prints('stdout', /^listening (\S+)$/m);
  const pid = childrenOf(process.pid).find(({ commandLine }) => commandLine.includes(file))!.pid;
  return {
    target,
    residentBytes: () => residentBytesOf(pid),
    truth: () =>
      readFileSync(path.join(cwd, 'truth.ndjson'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as TruthLine),
  };
}

describe.skipIf(!hasProc)('a target that leaks', () => {
  test('grows up to its limit, while one that does not stays as it is, and both say so', async () => {
    const calm = await start('seed: 1');
    const leaky = await start(`leak: { rate: 200MB/s, atMost: ${HELD_BYTES} }`);
    await until('all of it is resident', () => leaky.residentBytes() > HELD_BYTES);
    expect(calm.residentBytes()).toBeGreaterThan(0);
    expect(calm.residentBytes()).toBeLessThan(HELD_BYTES);
    for (const { target } of [calm, leaky]) {
      target.signal('SIGTERM');
      expect((await target.finished).exitCode).toBe(0);
    }
    expect(calm.truth()).toEqual([]);
    const [began, ended, ...others] = leaky.truth();
    expect(began).toMatchObject({ act: 'leak', heldBytes: 0 });
    expect(ended).toMatchObject({ act: 'leak', heldBytes: expect.any(Number) });
    expect(ended?.act === 'leak' && ended.heldBytes > 0 && ended.heldBytes <= HELD_BYTES).toBe(true);
    expect(others).toEqual([]);
  });
});

test('what a leak cannot be is refused, all at once', async () => {
  const cwd = temporaryDirectory();
  writeInto(cwd, 'bad.yaml', 'leak: { rate: 1MB, atMost: 1TB, until: 5s }');
  const { exitCode, stdout, stderr } = await runHighwater(['target', '--behavior', 'bad.yaml'], { cwd });
  expect([exitCode, stdout]).toEqual([64, '']);
  for (const line of [
    /BEHAVIOR_INVALID {2}leak\.rate: expected bytes per second such as 1MB\/s, got "1MB"/,
    /BEHAVIOR_INVALID {2}leak\.atMost: expected a size from 1 B to 64GiB, got "1TB"/,
    /BEHAVIOR_INVALID {2}leak\.until: expected one of rate, atMost, from, to, got the unknown key "until"/,
  ]) {
    expect(stderr).toMatch(line);
  }
});

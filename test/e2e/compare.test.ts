// Comparing runs, through the built command: what is slower by far is found, what is not comparable is refused, and the exit
// code says so. Directions that are certain whatever else this machine does are asserted, and no others.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Comparison } from '../../src/facts/comparison.ts';
import type { RunResult } from '../../src/facts/result.ts';
import {
  createDirectory,
  type FinishedHighwater,
  runHighwater,
  startHighwater,
  writeInto,
} from '../support/highwater.ts';

const RUNS_A_SIDE = 5;
const LOAD = ['-c', '4', '-r', '200/s', '--drain', '5s', '-t', 'lost == 0', '-q'];
/** Long enough for an even part of eleven seconds, in blocks of two. */
const AGAINST = [...LOAD, '-d', '14s', '--name', 'against', '--runs-dir', 'against'];
/** A busy machine may put any generator in doubt; what is asked here is certain all the same. */
const ANYHOW = '--force';

const { directory: cwd, remove } = createDirectory();
const endings: (() => void | Promise<void>)[] = [remove];
const whenOver = (end: () => void | Promise<void>): void => void endings.unshift(end);
const command = (args: readonly string[]): Promise<FinishedHighwater> => runHighwater(args, { cwd, whenOver });
const compared = ({ stdout, stderr }: FinishedHighwater): Comparison => {
  if (stdout === '') throw new Error(`expected a comparison, got ${stderr}`);
  return JSON.parse(stdout) as Comparison;
};

let quickUrl = '';
let slowUrl = '';
let against: Promise<FinishedHighwater>;
let quick: readonly string[] = [];
let slow: readonly string[] = [];

async function target(behavior: string): Promise<string> {
  const file = writeInto(cwd, `behavior-${behavior.length}.yaml`, behavior);
  const running = startHighwater(['target', '--behavior', file], { cwd, whenOver });
  const [url] = await running.prints('stdout', /ws:\/\/\S+/);
  return url;
}

async function run(url: string, name: string, duration: string): Promise<string> {
  const { result } = await command(['run', url, ...LOAD, '-d', duration, '--name', name, '--json']);
  return result.run.id;
}

/** In turn, as a machine has better times and worse ones. */
beforeAll(async () => {
  quickUrl = await target('seed: 1');
  slowUrl = await target('faults: [{ kind: delay, rate: 100%, for: 2500ms }]');
  const steadyUrl = await target('seed: 2\nfaults: [{ kind: delay, rate: 100%, for: 150ms }]');
  const alone = command(['run', steadyUrl, ...AGAINST, '--json']);
  const made: { readonly quick: string; readonly slow: string }[] = [];
  for (let round = 0; round < RUNS_A_SIDE; round++) {
    const [one, other] = await Promise.all([run(quickUrl, 'short', '1s'), run(slowUrl, 'short', '1s')]);
    made.push({ quick: one, slow: other });
  }
  const before = (await alone).result;
  const file = path.join(cwd, 'against', before.run.id, 'result.json');
  writeFileSync(file, JSON.stringify({ ...before, generator: { ...before.generator, healthy: true } }));
  // Goes on while the tests before its own look at the others.
  against = command(['run', slowUrl, ...AGAINST, '--against', 'latest', '--json']);
  quick = made.map((each) => each.quick);
  slow = made.map((each) => each.slow);
}, 120_000);
afterAll(async () => {
  for (const end of endings) await end();
});

const metric = ({ metrics }: Comparison, name: string) => metrics.find((each) => each.metric === name)!;

describe('groups of runs', () => {
  test('of a target that answers late are worse, with the interval to show for it, and exit 1', async () => {
    const ended = await command(['compare', quick.join(), slow.join(), ANYHOW, '--json']);
    const comparison = compared(ended);
    expect(ended.exitCode).toBe(1);
    expect(comparison).toMatchObject({ change: 'worse', method: { kind: 'ranks' }, schema: 'highwater/comparison/1' });
    const p50 = metric(comparison, 'response.p50');
    expect(p50).toMatchObject({ change: 'worse', unit: 'ms' });
    expect(p50.candidate).toBeGreaterThan(2490);
    expect(p50.interval![0]).toBeGreaterThan(0);
    expect(comparison.candidate.runs.map(({ id }) => id)).toEqual(slow);
  });

  test('the other way round are better, and exit 0', async () => {
    const ended = await command(['compare', slow.join(), quick.join(), ANYHOW, '--json']);
    expect([compared(ended).change, ended.exitCode]).toEqual(['better', 0]);
  });

  test('of one target are not worse by so wide a margin', async () => {
    const [first, ...others] = quick;
    const ended = await command([
      'compare',
      `${first},${others[0]}`,
      others.slice(1).join(),
      ANYHOW,
      '--margin',
      '99%',
      '--json',
    ]);
    expect(compared(ended)).toMatchObject({ method: { kind: 'blocks', weakness: 'fewer than four runs per side' } });
    expect(ended.exitCode).not.toBe(1);
  });

  test('are told as text, and as files where they are asked for', async () => {
    const ended = await command([
      'compare',
      quick.join(),
      slow.join(),
      ANYHOW,
      '-o',
      'md,json,html,pdf',
      '--output-dir',
      'out',
    ]);
    expect(ended.stdout).toMatch(/^ WORSE {4}short {3}response\.p50 (\+|[\d.,]+ x slower)/);
    expect(ended.stdout).toMatch(/^ {2}worse +response\.p50 /m);
    expect(ended.stdout).toMatch(/^ {2}method {5}5 runs against 5 runs/m);
    expect(ended.stderr).toMatch(/^report {5}out\/comparison\.md$/m);
    expect(readFileSync(path.join(cwd, 'out/comparison.md'), 'utf8')).toMatch(/^## WORSE: `short`/);
    const kept = JSON.parse(readFileSync(path.join(cwd, 'out/comparison.json'), 'utf8')) as Comparison;
    expect(kept.change).toBe('worse');
    expect(readFileSync(path.join(cwd, 'out/comparison.html'), 'utf8')).toMatch(/<p class="word">WORSE<\/p>/);
    expect(readFileSync(path.join(cwd, 'out/comparison.pdf'), 'latin1').slice(0, 5)).toBe('%PDF-');
  });
});

describe('one run each', () => {
  test('too short to say anything say so, and exit 2', async () => {
    const ended = await command(['compare', quick[0]!, slow[0]!, ANYHOW]);
    expect(ended.exitCode).toBe(2);
    expect(ended.stdout).toMatch(/^ INCONCLUSIVE /);
    expect(ended.stdout).toMatch(/weak: one run per side/);
    expect(ended.stdout).toMatch(/are too short for 4 blocks/);
  });
});

describe('what is not comparable', () => {
  test('is refused with the place in the plan and both values, and compared by force with a warning', async () => {
    const other = await run(quickUrl, 'other', '2s');
    const args = ['compare', quick[0]!, other];
    const refused = await command(args);
    expect([refused.exitCode, refused.stdout]).toEqual([64, '']);
    expect(refused.stderr).toMatch(
      /RUNS_NOT_COMPARABLE {2}load\.messages\.open\[1\]\.hold: expected the same value in all runs, got 1s in the baseline and 2s in /,
    );
    const forced = await command([...args, ANYHOW]);
    expect(forced.exitCode).not.toBe(64);
    expect(forced.stdout).toMatch(/not comparable \(forced\)/);
    expect(forced.stdout).toMatch(/warning {4}load\.messages\.open\[1\]\.hold: /);
  });

  test('is also what another machine made, a generator in doubt, and a run that was cut off', async () => {
    const change = (id: string, edit: (result: RunResult) => object): void => {
      const file = path.join(cwd, '.highwater/runs', id, 'result.json');
      const result = JSON.parse(readFileSync(file, 'utf8')) as RunResult;
      writeFileSync(file, JSON.stringify({ ...result, ...edit(result) }));
    };
    const [one, two] = await Promise.all([run(quickUrl, 'edited', '1s'), run(quickUrl, 'edited', '1s')]);
    change(one, ({ generator, run: facts }) => ({
      generator: { ...generator, healthy: true },
      run: { ...facts, end: 'interrupted', endedBecause: 'stopped by the user' },
    }));
    change(two, ({ generator, run: facts }) => ({
      generator: { ...generator, healthy: false },
      run: { ...facts, machine: { ...facts.machine, cores: 97 } },
    }));
    const { exitCode, stderr } = await command(['compare', one, two]);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(
      /cores of the machine: expected the same value in all runs, got \d+ in the baseline and 97 in /,
    );
    expect(stderr).toMatch(/the run did not complete: interrupted: stopped by the user/);
    expect(stderr).toMatch(/the generator was not healthy: /);
  });

  test.each([
    [['compare', 'nosuch', 'latest'], /RUN_NOT_FOUND {2}nosuch: expected a run in /],
    [['compare', 'latest', 'latest'], /ARGUMENTS_INVALID {2}expected each run once, got \S+ more than once/],
    [['compare', 'latest,', 'latest'], /RUN_NOT_FOUND {2}"latest,": expected a run in .*got an empty name/],
    [['compare', 'latest'], /missing required argument 'now'/],
    [['compare', 'latest', 'nosuch', '--margin', '5'], /--margin: expected a percentage .* got "5"/],
    [['compare', 'latest', 'nosuch', '-o', 'csv'], /--output: expected some of html, json, md, pdf, got "csv"/],
  ])('%j is told', async (args, message) => {
    const { exitCode, stderr } = await command(args);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(message);
  });
});

describe('run --against', () => {
  test('refuses a baseline that is not there, or of another load, before anything is sent', async () => {
    const load = ['run', slowUrl, ...LOAD, '-d', '2s', '--name', 'short'];
    const missing = await command([...load, '--against', 'nosuch', '--runs-dir', 'none']);
    expect(missing.exitCode).toBe(64);
    expect(missing.stderr).toMatch(/RUN_NOT_FOUND {2}nosuch/);
    expect(existsSync(path.join(cwd, 'none'))).toBe(false);
    const other = await command([...load, '--against', quick[0]!]);
    expect(other.exitCode).toBe(64);
    expect(other.stderr).toMatch(/load\.messages\.open\[1\]\.hold: .* 2s in the new run/);
  });

  test('ends in the comparison, kept with the run, and in exit 1 where it is worse though it keeps its own rules', async () => {
    const now = await against;
    const { run: facts, verdict, generator } = now.result;
    if (!generator.healthy) {
      expect(now.stderr).toMatch(/not compared with latest: run \S+: the generator was not healthy/);
      expect(now.exitCode).toBe({ pass: 0, fail: 1, inconclusive: 2 }[verdict.kind]);
      return;
    }
    expect(now.stderr).toMatch(/^report {5}against\/\S+\/comparison\.json$/m);
    const kept = readFileSync(path.join(cwd, 'against', facts.id, 'comparison.json'), 'utf8');
    expect(metric(JSON.parse(kept) as Comparison, 'response.p50')).toMatchObject({ change: 'worse' });
    expect([verdict.kind, now.exitCode]).toEqual(['pass', 1]);
  });
});

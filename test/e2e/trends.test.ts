// Fifty runs of a target that answers after a fixed time, which is far longer from the thirtieth run on: the history, a
// comparison and the report of the last run find it, at the right run and commit. On a busy machine a generator may be in doubt:
// such a run is left out, and the first one behind it is where the change shows. Where too few are left all are taken for good: what
// is asked here is certain all the same.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Comparison } from '../../src/facts/comparison.ts';
import type { RunResult } from '../../src/facts/result.ts';
import {
  createDirectory,
  type FinishedHighwater,
  runHighwater,
  startHighwater,
  writeInto,
} from '../support/highwater.ts';

const RUNS = { quick: 29, slow: 21 } as const;
/** So far apart that a busy machine does not hide it. */
const DELAYS_MS = { quick: 20, slow: 500 } as const;
const AT_ONCE = 3;
/** Of each side. */
const LEAST_IN_TREND = 6;
const LOAD = ['-c', '2', '-r', '40/s', '-d', '1s', '-w', '1', '--name', 'chat', '-t', 'lost == 0', '-q', '--json'];

const { directory: cwd, remove } = createDirectory();
const endings: (() => void | Promise<void>)[] = [remove];
const whenOver = (end: () => void | Promise<void>): void => void endings.unshift(end);
const command = (args: readonly string[]): Promise<FinishedHighwater> => runHighwater(args, { cwd, whenOver });

type Side = keyof typeof RUNS;
interface Made {
  readonly side: Side;
  /** At which it was made. */
  readonly commit: string;
  readonly result: RunResult;
}
/** In the order of time. */
let made: readonly Made[] = [];

function commit(message: string): string {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args], {
      cwd,
      encoding: 'utf8',
    }).trim();
  git('init', '--quiet');
  git('commit', '--quiet', '--allow-empty', '--message', message);
  return git('rev-parse', 'HEAD');
}

async function target(side: Side): Promise<string> {
  const behavior = `faults: [{ kind: delay, rate: 100%, for: ${DELAYS_MS[side]}ms }]`;
  const file = writeInto(cwd, `${side}.yaml`, behavior);
  const [url] = await startHighwater(['target', '--behavior', file], { cwd, whenOver }).prints('stdout', /ws:\/\/\S+/);
  return url;
}

/** All of them before any of the other side starts. */
async function makeRuns(side: Side): Promise<readonly Made[]> {
  const [url, head] = [await target(side), commit(side)];
  let left = RUNS[side];
  const results: RunResult[] = [];
  const client = async (): Promise<void> => {
    while (left > 0) {
      left--;
      results.push((await command(['run', url, ...LOAD, '--tag', side])).result);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  const inOrder = results.sort((a, b) => a.run.startedAt.localeCompare(b.run.startedAt));
  return inOrder.map((result) => ({ side, commit: head, result }));
}

const RUNS_FOLDER = path.join(cwd, '.highwater/runs');

/** As if its generator had kept up. The summary, which knows better, goes. */
function trusted({ result, ...others }: Made): Made {
  const changed = { ...result, generator: { ...result.generator, healthy: true } };
  const place = path.join(RUNS_FOLDER, result.run.id);
  writeFileSync(path.join(place, 'result.json'), JSON.stringify(changed));
  rmSync(path.join(place, 'summary.json'));
  return { ...others, result: changed };
}

/** Whether enough generators kept up for what they measured to be the target's doing alone. */
let isCalm = true;

beforeAll(async () => {
  made = [...(await makeRuns('quick')), ...(await makeRuns('slow'))];
  isCalm = (['quick', 'slow'] as const).every(
    (side) => inTrend().filter((run) => run.side === side).length >= LEAST_IN_TREND,
  );
  if (!isCalm) made = made.map(trusted);
}, 180_000);
afterAll(async () => {
  for (const end of endings) await end();
});

const inTrend = () => made.filter(({ result }) => result.generator.healthy);
/** The first that is slow, of those that are not left out. */
function firstSlow() {
  const found = inTrend().find(({ side }) => side === 'slow');
  if (found === undefined) throw new Error('expected a slow run without a doubt about its generator, got none');
  return found;
}

test('all fifty went to their end, those before first', () => {
  expect(made.map(({ side }) => side)).toEqual([...Array(29).fill('quick'), ...Array(21).fill('slow')]);
  expect(made.map(({ result }) => result.run.end)).toEqual(made.map(() => 'completed'));
  const times = made.map(({ result }) => result.run.startedAt);
  expect(times).toEqual(times.toSorted());
});

test('the history of the plan names the run and the commit, with both levels, and how many were left out', async () => {
  const { result, commit: head } = firstSlow();
  const { stdout, exitCode } = await command(['history', 'chat']);
  expect(exitCode).toBe(0);
  const line = new RegExp(
    `^ {2}x worse {3}response p50 \\d+(\\.\\d+)? ms -> [5-9]\\d\\d ms \\((?:\\+\\d+(?:\\.\\d)? %|x \\d+(?:\\.\\d)?)\\) since run ${result.run.id} \\(commit ${head.slice(0, 8)}\\)$`,
    'm',
  );
  expect(stdout).toMatch(line);
  const left = made.length - inTrend().length;
  expect(stdout).toMatch(
    left === 0
      ? /^ {2}based on 50 runs$/m
      : new RegExp(`^ {2}based on ${50 - left} runs, ${left} left out: ${left} with the generator in doubt$`, 'm'),
  );
});

interface Changed {
  readonly id: string;
  readonly changes: readonly {
    readonly figure: string;
    readonly direction: string;
    readonly changeRatio: number;
  }[];
}

/** The newest first: runs with which something changed. A busy machine may have other times than that of the target. */
async function changedRuns(): Promise<readonly Changed[]> {
  const { stdout } = await command(['history', 'chat', '--json']);
  return (JSON.parse(stdout) as readonly Changed[]).filter(({ changes }) => changes.length > 0);
}

test('so does its JSON, and of all changes of the median this is the largest', async () => {
  const medians = (await changedRuns()).flatMap(({ id, changes }) =>
    changes.filter(({ figure }) => figure === 'responseP50Ms').map((change) => ({ id, ...change })),
  );
  const [largest] = medians.toSorted((a, b) => Math.abs(b.changeRatio) - Math.abs(a.changeRatio));
  expect(largest).toMatchObject({ id: firstSlow().result.run.id, direction: 'worse' });
});

test('the list of all plans tells the latest change', async () => {
  const [latest] = await changedRuns();
  expect((await command(['history'])).stdout).toMatch(
    new RegExp(`^ {2}[x+] .* since run ${latest!.id} \\(commit`, 'm'),
  );
});

test('nine runs say how many are needed, and nothing in the list of all', async () => {
  const since = made.at(-9)!.result.run.startedAt;
  const alone = await command(['history', 'chat', '--since', since]);
  expect(alone.stdout).toMatch(/^ {2}detecting changes needs at least 10 runs .*; there are \d/m);
  expect((await command(['history', '--since', since])).stdout).not.toMatch(/changes? /);
});

test('the runs before compared with those after are worse, and exit 1', async () => {
  const { stdout, exitCode } = await command(['compare', 'quick', 'slow', '--force', '--json']);
  const comparison = JSON.parse(stdout) as Comparison;
  expect([comparison.change, exitCode]).toEqual(['worse', 1]);
  expect(comparison.metrics.find(({ metric }) => metric === 'response.p50')).toMatchObject({ change: 'worse' });
});

test('the report of the last run shows it over the runs, on the page, on paper and in a line of Markdown', async () => {
  const { result, commit: head } = firstSlow();
  const last = made.at(-1)!.result.run.id;
  const { stderr } = await command(['report', last, '-o', 'html,pdf,md,csv', '--output-dir', 'out']);
  expect(stderr).not.toContain('not shown');
  const page = readFileSync(path.join(cwd, 'out/report.html'), 'utf8');
  expect(page).toContain('Trend over runs of this plan');
  expect(page).toContain(`<code>${result.run.id}</code></td>`);
  expect(page).toContain(head.slice(0, 8));
  expect(page).toContain('data-chart="times-over-runs"');
  expect(readFileSync(path.join(cwd, 'out/report.pdf'), 'latin1').slice(0, 5)).toBe('%PDF-');
  const [latest] = await changedRuns();
  const isWorse = latest!.changes.some(({ direction }) => direction === 'worse');
  expect(readFileSync(path.join(cwd, 'out/report.md'), 'utf8').includes(`- worse since run \`${latest!.id}\``)).toBe(
    isWorse,
  );
});

test('the report of a run before knows nothing of what came after, nor the first ones of a trend', async () => {
  const quick = inTrend().filter(({ side }) => side === 'quick');
  const report = async (id: string): Promise<string> => {
    await command(['report', id, '-o', 'html', '--output-dir', 'before', '--overwrite']);
    return readFileSync(path.join(cwd, 'before/report.html'), 'utf8');
  };
  expect(await report(quick.at(-1)!.result.run.id)).not.toContain(firstSlow().result.run.id);
  expect(await report(quick[0]!.result.run.id)).not.toContain('Trend over runs of this plan');
});

test('a history that is torn all over costs a report its section and nothing else', async () => {
  const last = made.at(-1)!.result.run.id;
  for (const id of readdirSync(RUNS_FOLDER).filter((each) => each !== last)) {
    for (const name of ['summary.json', 'result.json', 'tags.json'])
      writeFileSync(path.join(RUNS_FOLDER, id, name), '{"torn');
  }
  const { exitCode, stderr } = await command(['report', last, '-o', 'html', '--output-dir', 'torn']);
  expect([0, 2]).toContain(exitCode);
  expect(stderr).toMatch(/^report {5}torn\/report\.html$/m);
  expect(readFileSync(path.join(cwd, 'torn/report.html'), 'utf8')).not.toContain('Trend over runs of this plan');
});

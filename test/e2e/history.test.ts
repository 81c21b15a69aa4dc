// The history through the built command: real short runs, and beside them copies that were killed, torn, or written by another
// version.

import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import {
  createDirectory,
  type FinishedHighwater,
  type HighwaterOptions,
  runHighwater,
  startHighwater,
  temporaryDirectory,
} from '../support/highwater.ts';
import { HOSTILE, keepRun, rawIn } from '../support/history.ts';
import { CTRL_C, hasTerminal, highwaterOnTerminal } from '../support/terminal.ts';

const LOAD = ['-c', '2', '-r', '400/s', '-d', '1s', '-q', '--json', '-w', '1'];
const RUNS = '.highwater/runs';
/** Git allows no control characters in a branch, and anything else. */
const BRANCH = 'feature/\u202ereversed\u2066';

const { directory: cwd, remove } = createDirectory();
afterAll(remove);

/** In the order of time: two of one plan, one of another. */
let results: readonly RunResult[] = [];

function git(...args: readonly string[]): string {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@localhost'];
  return execFileSync('git', [...who, ...args], { cwd, encoding: 'utf8', stdio: 'pipe' }).trim();
}

beforeAll(async () => {
  git('init', '--quiet');
  git('commit', '--quiet', '--allow-empty', '--message', 'first');
  git('checkout', '--quiet', '-b', BRANCH);
  const runs = [
    ['--name', 'chat', '-t', 'lost == 0', '--tag', 'nightly', '--tag', 'v1.0'],
    ['--name', 'chat', '-t', 'lost == 1'],
    ['--name', 'feed', '-t', 'lost == 0'],
  ];
  const done: RunResult[] = [];
  for (const args of runs) done.push((await runHighwater(['run', 'reference', ...LOAD, ...args], AT_HOME)).result);
  results = done;
});

/** Nothing of this file is tied to a single test. */
const AT_HOME: HighwaterOptions = { cwd, whenOver: () => {} };

const highwater = (args: readonly string[], where = cwd): Promise<FinishedHighwater> =>
  runHighwater(args, { cwd: where });
const idOf = (place: number): string => results[place]!.run.id;

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly name: string | null;
  readonly tags: readonly string[] | null;
  readonly verdict: string | null;
  readonly git: { readonly commit: string; readonly branch: string; readonly isDirty: boolean } | null;
}

async function listed(args: readonly string[] = [], where = cwd): Promise<readonly Listed[]> {
  const { stdout, stderr, exitCode } = await highwater(['history', ...args, '--json'], where);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(rawIn(stdout)).toEqual([]);
  return JSON.parse(stdout) as Listed[];
}

const ids = (runs: readonly Listed[]): readonly string[] => runs.map(({ id }) => id);

/** The directory of the runs, elsewhere, so that it may be spoiled. */
function copyOfRuns(): string {
  const where = temporaryDirectory();
  cpSync(path.join(cwd, RUNS), path.join(where, RUNS), { recursive: true });
  return where;
}

describe('the list', () => {
  test('has every run under its plan with its figures, and the commit that it was started at', async () => {
    const { stdout, exitCode } = await highwater(['history']);
    expect(exitCode).toBe(0);
    expect(rawIn(stdout)).toEqual([]);
    expect(stdout).toMatch(/^feed {3}1 run\n/);
    expect(stdout).toMatch(
      /\nchat {3}2 runs\n {2}p99 +[▁-█ ]{2} .*, latest [\d.]+ (us|ms)\n {2}delivered\/s {2}[▁-█ ]{2} /,
    );
    const lines = stdout.split('\n');
    const [newer = '', older = ''] = [1, 0].map((place) => lines.find((line) => line.includes(idOf(place))));
    expect(lines.indexOf(newer)).toBeLessThan(lines.indexOf(older));
    expect(newer).toMatch(/^ {2}\d{4}-\d\d-\d\d \d\d:\d\d {3}(fail|inconclusive) /);
    expect(older).toContain(` ${git('rev-parse', 'HEAD').slice(0, 8)} `);
    expect(older).toMatch(/nightly v1\.0$/);
  });

  test('as JSON is what the results say, the newest first, and the branch is never raw', async () => {
    const runs = await listed();
    expect(ids(runs)).toEqual([idOf(2), idOf(1), idOf(0)]);
    expect(runs.map(({ verdict }) => verdict)).toEqual(results.toReversed().map(({ verdict }) => verdict.kind));
    expect(runs[0]!.git).toEqual({
      commit: git('rev-parse', 'HEAD'),
      branch: 'feature/\\u202ereversed\\u2066',
      isDirty: false,
    });
    expect(results[0]!.run.git).toEqual(runs[0]!.git);
  });

  test.each([
    [['chat'], [1, 0]],
    [['--tag', 'nightly', '--since', '1h'], [0]],
    [
      ['--limit', '2', '--since', '2026-01-01'],
      [2, 1],
    ],
  ])('%j leaves out the others', async (args, places) => {
    expect(ids(await listed(args))).toEqual(places.map(idOf));
  });

  test('says how many are not shown, and by which name a plan is known', async () => {
    expect((await highwater(['history', '--limit', '1'])).stdout).toMatch(/1 of 3 runs shown; --limit 3 shows all\n$/);
    const { exitCode, stderr } = await highwater(['history', 'chatt']);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/RUN_NOT_FOUND {2}chatt: .* did you mean "chat"\?/);
    expect((await highwater(['history', '--tag', 'nosuch'])).stdout).toMatch(
      /^None of the 3 runs .*: leave out a flag/,
    );
  });

  test('of an empty folder is a sentence that says what to do, and an empty array', async () => {
    const where = temporaryDirectory();
    const { stdout, exitCode } = await highwater(['history'], where);
    expect([exitCode, stdout]).toEqual([
      0,
      'There are no runs in .highwater/runs yet. Make one with highwater run PLAN, or choose another directory with --runs-dir.\n',
    ]);
    expect(await listed([], where)).toEqual([]);
  });

  test('is ASCII where the terminal is', async () => {
    const { stdout } = await runHighwater(['history'], { cwd, env: { LANG: 'C' } });
    expect(stdout).toMatch(/^[\n -~]+$/);
  });

  test.skipIf(!hasTerminal)('has colors on a terminal', async () => {
    expect((await highwaterOnTerminal(['history'], [], cwd)).raw).toContain('\u001b[');
  });

  test.each([
    [['--verdict', 'good'], /Allowed choices are pass, fail, inconclusive, unjudged/],
    [['--since', 'yesterday', '--limit', '3'], /--since: expected an age such as 7d/],
  ])('%j is refused', async (args, message) => {
    const { exitCode, stderr } = await highwater(['history', ...args]);
    expect([exitCode, stderr]).toEqual([64, expect.stringMatching(message)]);
  });
});

test('runs that are killed, torn, foreign or still going on are listed as what they are', async () => {
  const where = copyOfRuns();
  const place = (id: string, name = ''): string => path.join(where, RUNS, id, name);
  const copy = (id: string, change: () => void): void => {
    cpSync(place(idOf(0)), place(id), { recursive: true });
    for (const name of ['result.json', 'summary.json', 'tags.json', 'coordinator.json']) rmSync(place(id, name));
    change();
    for (const name of ['windows.ndjson', 'events.ndjson'])
      if (existsSync(place(id, name))) utimesSync(place(id, name), 1e9, 1e9);
  };
  const rewrite = (file: string, change: (text: string) => string): void =>
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  copy('killed', () =>
    rewrite(place('killed', 'events.ndjson'), (text) => text.replace(/\{"kind":"runEnded".*\n/, '{"kind":"runE')),
  );
  copy('unjudged', () => {});
  copy('older', () => rewrite(place('older', 'windows.ndjson'), (text) => text.replaceAll('window/3', 'window/2')));
  copy('torn', () => rewrite(place('torn', 'plan.json'), (text) => text.slice(0, 20)));
  copy('bare', () => rmSync(place('bare', 'events.ndjson')));
  mkdirSync(place('empty'));
  const running = startHighwater(['run', 'reference', '--name', 'going', '-r', '50/s', '-d', '60s'], { cwd: where });
  await running.prints('stderr', /sending/);
  const states = Object.fromEntries(
    (await listed([], where)).map(({ id, state }) => [id.replace(/^\d.*-going-.*/, 'going'), state]),
  );
  expect(states).toEqual({
    ...Object.fromEntries(results.map(({ run }) => [run.id, 'judged'])),
    ...{ going: 'running', killed: 'unfinished', unjudged: 'notJudged', older: 'otherVersion' },
    ...{ torn: 'unreadable', bare: 'unreadable', empty: 'unreadable' },
  });
  const { stdout } = await highwater(['history'], where);
  expect(stdout).toMatch(/2 runs not judged yet; highwater report RUN judges a run\n$/);
  expect(stdout).toMatch(/^unknown plan {3}2 runs$/m);
  // What can be judged is, and then it is listed as such.
  expect((await highwater(['report', 'killed'], where)).stderr).toBe('');
  expect((await listed(['--verdict', 'unjudged'], where)).map(({ id }) => id)).not.toContain('killed');
  // And none of them goes while it is at work, or is no record.
  const pruned = await highwater(['history', 'prune', '--keep', '0', '--yes'], where);
  expect(pruned.stdout).toMatch(/1 run kept: still going/);
  expect((await listed([], where)).map(({ state }) => state).sort()).toEqual([
    'judged',
    'running',
    'unreadable',
    'unreadable',
    'unreadable',
  ]);
  running.signal('SIGINT');
  await running.finished;
});

describe('tags and the baseline', () => {
  test('a run is found by its tag, and a plan has one baseline', async () => {
    const where = copyOfRuns();
    expect((await highwater(['history', 'tag', 'latest', 'mine'], where)).exitCode).toBe(0);
    expect(JSON.parse((await highwater(['report', 'mine', '--json'], where)).stdout).run.id).toBe(idOf(2));
    await highwater(['history', 'untag', 'mine', 'mine'], where);
    expect((await highwater(['report', 'mine'], where)).stderr).toMatch(
      /RUN_NOT_FOUND {2}mine: .*Known tags: nightly, v1\.0/,
    );

    expect(await highwater(['baseline', 'show'], where)).toMatchObject({
      exitCode: 64,
      stderr: expect.stringMatching(
        /RUN_NOT_FOUND .*expected a baseline, got none\. Set one with: highwater baseline set RUN/,
      ),
    });
    for (const place of [0, 1, 2]) expect((await highwater(['baseline', 'set', idOf(place)], where)).exitCode).toBe(0);
    expect((await highwater(['baseline', 'show'], where)).stdout).toBe(`feed   ${idOf(2)}\nchat   ${idOf(1)}\n`);
    expect((await highwater(['report', 'baseline'], where)).stderr).toMatch(
      /got 2\. Plans with a baseline: feed .* chat /,
    );
    expect((await highwater(['baseline', 'clear'], where)).stderr).toMatch(
      /expected a plan that has a baseline: feed, chat/,
    );
    expect((await highwater(['baseline', 'clear', 'feed'], where)).exitCode).toBe(0);
    expect((await highwater(['report', 'baseline', '--json'], where)).stdout).toContain(idOf(1));
    expect((await highwater(['baseline', 'show', 'nosuch'], where)).exitCode).toBe(64);
  });

  test.each([
    [['run', 'reference', '--tag', 'a b', '--tag', '1'], /--tag: .*"a b"[\s\S]*--tag: .*"1"/],
    [['run', 'reference', '--tag', 'baseline'], /"baseline" is set with: highwater baseline set RUN/],
    [['history', 'tag', 'latest', 'latest'], /which is reserved/],
    [['history', 'tag', 'latest', `../${HOSTILE.slice(0, 40)}`], /tag: expected a letter/],
    [['history', 'tag', '.', 'good'], /RUN_UNREADABLE {2}\.: expected the record of a run/],
    [['history', 'tag', 'nosuch', 'good'], /RUN_NOT_FOUND/],
  ])('%j is refused', async (args, message) => {
    const where = copyOfRuns();
    const { exitCode, stderr } = await highwater(args, where);
    expect([exitCode, stderr]).toEqual([64, expect.stringMatching(message)]);
    expect(rawIn(stderr)).toEqual([]);
    expect(readdirSync(path.join(where, RUNS))).toHaveLength(3);
    expect(existsSync(path.join(where, 'tags.json'))).toBe(false);
  });
});

describe('pruning', () => {
  test('says what would go, and does it only when told; a tagged run stays', async () => {
    const where = copyOfRuns();
    const named = ['--keep', '0', '--dry-run', '--runs-dir', path.join(where, RUNS)];
    const dry = await highwater(['history', 'prune', ...named], temporaryDirectory());
    expect(dry.stdout).toMatch(new RegExp(`^2 runs to delete, [\\d.]+ KB\\n {2}${idOf(2)}\\n {2}${idOf(1)}\\n$`));
    const refused = await highwater(['history', 'prune', '--keep', '0'], where);
    expect([refused.exitCode, refused.stderr]).toEqual([
      64,
      expect.stringMatching(/expected --yes or --dry-run without a terminal/),
    ]);
    const misplaced = await highwater(['history', '--tag', 'nightly', 'prune', '--keep', '0', '--yes'], where);
    expect([misplaced.exitCode, misplaced.stderr]).toEqual([64, expect.stringMatching(/got --tag before it/)]);
    expect(readdirSync(path.join(where, RUNS))).toHaveLength(3);
    expect((await highwater(['history', 'prune', 'chat', '--keep', '0', '--yes'], where)).stdout).toMatch(
      /1 run deleted\n$/,
    );
    expect(ids(await listed([], where))).toEqual([idOf(2), idOf(0)]);
    expect((await highwater(['history', 'prune', '--older-than', '1h', '--yes'], where)).stdout).toBe(
      'Nothing to delete\n',
    );
  });

  test('leaves alone what is no record, and what links point to', async () => {
    const where = copyOfRuns();
    const outside = temporaryDirectory();
    cpSync(path.join(cwd, RUNS, idOf(1)), path.join(outside, 'run'), { recursive: true });
    symlinkSync(path.join(outside, 'run'), path.join(where, RUNS, 'link'));
    symlinkSync(outside, path.join(where, RUNS, idOf(1), 'link'));
    mkdirSync(path.join(where, RUNS, 'notes'));
    writeFileSync(path.join(where, RUNS, 'notes', 'mine.txt'), 'mine');
    await highwater(['history', 'prune', '--keep', '0', '--yes'], where);
    expect(readdirSync(path.join(where, RUNS)).sort()).toEqual([idOf(0), 'link', 'notes']);
    expect(readdirSync(path.join(outside, 'run'))).toContain('result.json');
    expect(existsSync(path.join(where, RUNS, 'notes', 'mine.txt'))).toBe(true);
  });

  test.each([
    [[], /expected either --keep or --older-than, got neither/],
    [['--keep', '1', '--older-than', '1d'], /got both/],
    [['--keep', '-1'], /--keep/],
    [['--older-than', 'soon'], /--older-than: expected an age/],
  ])('%j is refused', async (args, message) => {
    const { exitCode, stderr } = await highwater(['history', 'prune', '--yes', ...args]);
    expect([exitCode, stderr]).toEqual([64, expect.stringMatching(message)]);
    expect(readdirSync(path.join(cwd, RUNS))).toHaveLength(3);
  });

  test.skipIf(!hasTerminal)('asks on a terminal, and takes nothing but a yes for one', async () => {
    const where = copyOfRuns();
    const prune = ['history', 'prune', '--keep', '0'];
    const no = await highwaterOnTerminal(prune, [[/Delete 2 runs\? \[no\]: $/, '']], where);
    expect([no.exitCode, readdirSync(path.join(where, RUNS)).length]).toEqual([0, 3]);
    const called = await highwaterOnTerminal(prune, [[/runs\? \[no\]: $/, CTRL_C]], where);
    expect([called.exitCode, readdirSync(path.join(where, RUNS)).length]).toEqual([130, 3]);
    const yes = await highwaterOnTerminal(prune, [[/Delete 2 runs\? \[no\]: $/, 'y']], where);
    expect([yes.exitCode, readdirSync(path.join(where, RUNS))]).toEqual([0, [idOf(0)]]);
  });
});

describe('a query', () => {
  test('is answered as a table, as CSV and as JSON', async () => {
    const sql = 'select name, count(*) as runs, sum(delivered) as delivered from runs group by name order by name';
    expect((await highwater(['query', sql])).stdout).toBe(
      'name   runs   delivered\nchat      2         800\nfeed      1         400\n',
    );
    expect((await highwater(['query', sql, '--csv'])).stdout).toBe('name,runs,delivered\nchat,2,800\nfeed,1,400\n');
    expect(JSON.parse((await highwater(['query', sql, '--json'])).stdout)).toEqual([
      { name: 'chat', runs: 2, delivered: 800 },
      { name: 'feed', runs: 1, delivered: 400 },
    ]);
  });

  test('of windows and of the timeline comes to what the results say', async () => {
    const sql = `select r.id, w.sent, t.delivered from runs r
      join (select run, sum(messages.sent) as sent from windows group by run) w on w.run = r.id
      join (select run, sum(delivered) as delivered from timeline group by run) t on t.run = r.id order by r.id`;
    expect(JSON.parse((await highwater(['query', sql, '--json'])).stdout)).toEqual(
      results.map(({ run, messages }) => ({ id: run.id, sent: messages.sent, delivered: messages.delivered })),
    );
  });

  test('may be any of those that docs/reference/history.md shows', async () => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/reference/history.md'), 'utf8');
    const queries = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => sql!);
    expect(queries).toHaveLength(3);
    const answers = await Promise.all(queries.map((sql) => highwater(['query', sql, '--json'])));
    expect(answers.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(queries.map(() => [0, '']));
    const [byCommit, worst, violations] = answers.map(({ stdout }) => JSON.parse(stdout) as Record<string, unknown>[]);
    expect(byCommit).toMatchObject([
      { name: 'chat', commit: git('rev-parse', 'HEAD').slice(0, 8), runs: 2, lost: 0 },
      { name: 'feed', runs: 1 },
    ]);
    const p99s = results.flatMap(({ timeline }) => timeline.flatMap(({ responseP99Ms }) => responseP99Ms ?? []));
    expect(worst![0]!.responseP99Ms).toBe(Math.max(...p99s));
    expect(violations).toEqual([]);
  });

  test('is cut where it has more rows, and says so', async () => {
    const { stdout, stderr } = await highwater(['query', 'from range(10)', '--limit', '2']);
    expect([stdout, stderr]).toEqual(['range\n    0\n    1\n', 'cut after 2 rows; print more with --limit\n']);
  });

  test('that is none, or would write, is refused; without runs there is nothing to ask', async () => {
    for (const sql of ['selec 1', "copy runs to 'x.csv'", '']) {
      const { exitCode, stderr } = await highwater(['query', sql]);
      expect([exitCode, stderr]).toEqual([
        64,
        expect.stringMatching(/^QUERY_INVALID {2}query: expected a single SELECT/),
      ]);
    }
    expect(existsSync(path.join(cwd, 'x.csv'))).toBe(false);
    expect((await highwater(['query', 'from runs'], temporaryDirectory())).stderr).toMatch(
      /RUN_NOT_FOUND {2}query: .* got none/,
    );
  });

  test('without DuckDB says how to have it, and nothing else needs it', async () => {
    const root = path.resolve(import.meta.dirname, '../..');
    const place = temporaryDirectory();
    cpSync(path.join(root, 'dist'), path.join(place, 'dist'), { recursive: true });
    cpSync(path.join(root, 'package.json'), path.join(place, 'package.json'));
    mkdirSync(path.join(place, 'node_modules'));
    const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    for (const name of Object.keys(dependencies)) {
      symlinkSync(path.join(root, 'node_modules', name), path.join(place, 'node_modules', name));
    }
    const command = path.join(place, 'dist/cli/bin.js');
    const run = (...args: readonly string[]): string =>
      execFileSync('sh', ['-c', '"$0" "$@" 2>&1; echo "exit $?"', process.execPath, command, ...args], {
        cwd,
        encoding: 'utf8',
      });
    expect(run('query', 'from runs')).toMatch(
      /^DUCKDB_MISSING {2}query: expected the package @duckdb\/node-api.*Install it with: npm install @duckdb\/node-api\n.*\nexit 64\n$/,
    );
    expect(run('history', '--limit', '1')).toMatch(/exit 0\n$/);
  });
});

test('whatever a plan, a branch or a tag is called, nothing of it reaches the terminal raw', async () => {
  const where = temporaryDirectory();
  const runs = path.join(where, RUNS);
  const git = { commit: HOSTILE, branch: HOSTILE, isDirty: true };
  const id = '20261121-101500-x-\u001b[31m\u202e';
  await keepRun(runs, { id, name: HOSTILE, git });
  await keepRun(runs, { id: '20261121-101501-torn-aaaa', name: HOSTILE, git }, false);
  writeFileSync(
    path.join(runs, '20261121-101501-torn-aaaa', 'tags.json'),
    JSON.stringify({ schema: 'highwater/tags/1', tags: [HOSTILE] }),
  );
  appendFileSync(
    path.join(runs, id, 'events.ndjson'),
    `${JSON.stringify({ kind: 'notUnderstood', atNs: 1, worker: 0, detail: HOSTILE, unreadable: null, number: 3 })}\n`,
  );
  const all = [
    ...[['history'], ['history', '--json'], ['history', HOSTILE], ['history', 'nosuch'], ['history', '--tag', HOSTILE]],
    ...[
      ['baseline', 'set', '20261121-101500'],
      ['baseline', 'show'],
      ['baseline', 'show', HOSTILE],
      ['report', HOSTILE],
    ],
    ...[
      ['report', `${HOSTILE}@1`, '--json'],
      ['report', `${HOSTILE.slice(0, 20)}@1`],
      ['history', 'prune', '--keep', '0', '--dry-run'],
    ],
    ...['', '--csv', '--json'].map((format) => ['query', 'select * from runs', ...(format === '' ? [] : [format])]),
    ...[
      ['query', `select '${HOSTILE}' as "${HOSTILE.slice(0, 50)}"`],
      ['query', HOSTILE],
      ['query', 'select detail from events'],
    ],
  ];
  for (const args of all) {
    const { stdout, stderr } = await highwater(args, where);
    expect(stdout + stderr, args.join(' ').slice(0, 60)).not.toBe('');
    if (args[0] !== 'report' || !args.includes('--json')) expect(rawIn(stdout), args[0]).toEqual([]);
    expect(rawIn(stderr), args[0]).toEqual([]);
  }
});

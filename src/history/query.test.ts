import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everythingIn } from '../../test/support/highwater.ts';
import { HOSTILE, keepRun } from '../../test/support/history.ts';
import { listRuns } from './listing.ts';
import { type QueryAnswer, queryRuns } from './query.ts';
import { tablesOf } from './query-tables.ts';

let base: string;
let root: string;
beforeAll(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'highwater-query-'));
  // A name that is a pattern, a quotation and a comma.
  root = path.join(base, "it's [a] *, runs?");
  await keepRun(root, { id: 'a', startedAt: '2026-11-01T10:00:00.000Z', tags: ['v1'], responseMs: 2 });
  await keepRun(root, { id: 'b', startedAt: '2026-11-02T10:00:00.000Z', name: HOSTILE, responseMs: 9 });
  await keepRun(root, { id: 'c', startedAt: '2026-11-03T10:00:00.000Z' }, false);
  appendFileSync(
    path.join(root, 'b', 'windows.ndjson'),
    '{"schema":"highwater/window/1","second":9}\nrubbish\n{"schema":"hig',
  );
  const violation = {
    kind: 'violation',
    atNs: 5e8,
    worker: 0,
    violation: 'lost',
    client: 3,
    stream: 3,
    seq: 7,
    previous: 6,
    next: 8,
    acknowledged: false,
    damaged: false,
    dueSecond: null,
    sentFromSecond: 3,
    sentToSecond: 4,
  };
  appendFileSync(path.join(root, 'a', 'events.ndjson'), `${JSON.stringify(violation)}\n{"kind":"torn`);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const ask = (sql: string, mostRows = 100): Promise<QueryAnswer> => queryRuns(listRuns(root, Date.now()), sql, mostRows);
const rowsOf = async (sql: string): Promise<QueryAnswer['rows']> => (await ask(sql)).rows;

describe('the tables', () => {
  test('runs: every run, judged or not, as the history lists it', async () => {
    expect(await rowsOf('select id, state, name, tags, responseP50Ms > 5, git from runs order by id')).toEqual([
      ['a', 'judged', 'chat', ['v1'], false, null],
      ['b', 'judged', HOSTILE, [], true, null],
      ['c', 'notJudged', 'chat', [], null, null],
    ]);
  });

  test('windows: those of this version, by run', async () => {
    expect(await rowsOf('select run, second, messages.sent, bytes.sent from windows order by run')).toEqual([
      ['a', 0, 1000, 0],
      ['b', 0, 1000, 0],
      ['c', 0, 1000, 0],
    ]);
  });

  test('events and violations: what happened, without torn lines', async () => {
    expect(await rowsOf('select kind, "end" from events where run = \'a\' order by atNs, kind')).toEqual([
      ['messagesStarted', null],
      ['runStarted', null],
      ['violation', null],
      ['runEnded', 'completed'],
    ]);
    expect(
      await rowsOf('select run, atSecond, violation, worker, client, stream, seq, previous, damaged from violations'),
    ).toEqual([['a', 0.5, 'lost', 0, 3, 3, 7, 6, false]]);
  });

  test('timeline: a row a second of each judged run', async () => {
    expect(await rowsOf('select run, second, delivered, responseP99Ms > 5 from timeline order by run')).toEqual([
      ['a', 0, 1000, false],
      ['b', 0, 1000, true],
    ]);
  });

  test('are filled where they are named, and all where none is', async () => {
    expect(tablesOf('select * from RUNS join "timeline" on 1')).toEqual(['runs', 'timeline']);
    expect(await rowsOf('show tables')).toEqual([['events'], ['runs'], ['timeline'], ['violations'], ['windows']]);
  });

  test('are there and empty where no run has such a file', async () => {
    const unjudged = listRuns(root, Date.now()).filter(({ id }) => id === 'c');
    expect((await queryRuns(unjudged, 'select * from timeline', 10)).rows).toEqual([]);
    const bare = unjudged.map((entry) => ({ ...entry, path: '/nowhere' }));
    for (const table of ['windows', 'events', 'violations']) {
      const whole = await queryRuns(unjudged, `select * from ${table}`, 10);
      const empty = await queryRuns(bare, `select * from ${table}`, 10);
      expect(empty).toEqual({ columns: whole.columns, rows: [], isCut: false, leftOut: [] });
    }
  });
});

test('values are what JSON can say: a number that it cannot hold exactly is a text', async () => {
  const [row] = await rowsOf(`select 1::bigint, 9007199254740993, sum(2::bigint), 1.5, 1e400::double,
    123456789012345678.25, date '2026-11-21', timestamp '2026-11-21 10:00:00', interval 3 day, [1, null], {'a': [true]},
    map {'k': 2}, null, 'x'::blob, array_value(1, 2)`);
  expect(row).toEqual([
    ...[1, '9007199254740993', 2, 1.5, 'Infinity', '123456789012345678.25', '2026-11-21', '2026-11-21 10:00:00'],
    ...['3 days', [1, null], { a: [true] }, [{ key: 'k', value: 2 }], null, 'x', [1, 2]],
  ]);
});

test('rows are bounded, and it is said that there are more', async () => {
  const answer = await ask('select * from range(10000000)', 3);
  expect(answer).toMatchObject({ columns: ['range'], rows: [[0], [1], [2]], isCut: true });
  expect((await ask('select * from range(3)', 3)).isCut).toBe(false);
});

describe('a query can write nothing and read nothing else', () => {
  const everything = (): string => `${readdirSync(base).sort()}\n${everythingIn(base)}`;

  test.each([
    ['copy runs to', (file: string) => `copy runs to '${file}'`],
    ['explain analyze copy', (file: string) => `explain analyze copy runs to '${file}'`],
    ['attach', (file: string) => `attach '${file}' as x`],
    ['export', (file: string) => `export database '${file}'`],
    ['a second statement', (file: string) => `select * from runs; copy runs to '${file}'`],
    ['a query in a query', (file: string) => `select * from query('copy runs to ''${file}''')`],
    ['set', () => 'set enable_external_access = true'],
    ['reset', () => 'reset enable_external_access'],
    ['pragma', () => 'pragma enable_external_access = true'],
    ['install', () => 'install httpfs'],
    ['load', (file: string) => `load '${file}'`],
    ['create', () => 'create table x as from runs'],
    ['insert', () => 'insert into runs select * from runs'],
    ['drop', () => 'drop table runs'],
    ['call', () => "call enable_logging(storage = 'file')"],
    ['read a file', () => "select * from read_text('/etc/hostname')"],
    ['read a file by its name', () => "select * from '/etc/hostname.csv'"],
    ['read a directory', () => "select * from glob('/etc/*')"],
    ['parameters', () => 'select $1 from runs'],
    ['nonsense', () => 'selec * from runs'],
    ['nothing', () => '  '],
    ['a comment', () => '-- runs'],
    ['no such table', () => 'select * from nosuch, runs'],
  ])('%s', async (_, sqlFor) => {
    const before = everything();
    const inside = path.join(root, 'a', 'windows.ndjson').replaceAll("'", "''");
    for (const file of [path.join(base, 'planted.csv'), inside]) {
      await expect(ask(sqlFor(file))).rejects.toMatchObject({ code: 'QUERY_INVALID' });
    }
    expect(everything()).toBe(before);
  });
});

test('a copy of a run is a run of its own', async () => {
  cpSync(path.join(root, 'a'), path.join(root, 'copy'), { recursive: true });
  try {
    expect(await rowsOf("select distinct run from windows where run in ('a', 'copy') order by 1")).toEqual([
      ['a'],
      ['copy'],
    ]);
  } finally {
    rmSync(path.join(root, 'copy'), { recursive: true });
  }
});

test('a result that is torn beside a good summary is left out and told with its name; the others answer', async () => {
  const file = path.join(root, 'a', 'result.json');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, 100));
  try {
    const { rows, leftOut } = await ask('select distinct run from timeline');
    expect(leftOut).toEqual([file]);
    expect(rows).not.toContainEqual(['a']);
    expect(rows.length).toBeGreaterThan(0);
  } finally {
    writeFileSync(file, text);
  }
});

test('half a character in a name spoils nothing', async () => {
  const entries = listRuns(root, Date.now());
  const [first, ...others] = entries;
  const named = [{ ...first!, name: 'a\ud800b' } as typeof first & object, ...others];
  const { rows } = await queryRuns(named, "select count(*) from runs where name = 'a\ufffdb'", 10);
  expect(rows).toEqual([[1]]);
});

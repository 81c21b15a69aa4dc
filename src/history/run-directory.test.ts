import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makePlan } from '../../test/support/engine/plans.ts';
import { completedRun, MANIFEST, makeWindow } from '../../test/support/engine/windows.ts';
import { createJudge } from '../analysis/judge/judge.ts';
import { encodeEvent, type Manifest } from '../facts/event.ts';
import type { RunResult } from '../facts/result.ts';
import { summaryOf } from '../facts/run-summary.ts';
import { encodeWindow, WINDOW_SCHEMA, type Window } from '../facts/window.ts';
import type { StoredRun } from '../run/ports.ts';
import { judgeStoredRun } from '../run/run-plan.ts';
import { createRunDirectories } from './run-directory.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'highwater-history-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const plan = makePlan({ plan: { name: 'kept' } });
const events = completedRun(0, 2e9, [{ worker: 0, group: 0, count: 2 }]);
const recorded = events.map((event, number) => ({ event, number }));
const windows = [makeWindow({ second: 0 }), makeWindow({ second: 1, messages: { sent: 5 } })];

const manifest = (id: string): Manifest => ({ ...MANIFEST, id });

async function keep(id: string): Promise<StoredRun> {
  const recording = await createRunDirectories(root).begin(manifest(id), plan, []);
  for (const event of events) recording.event(event);
  for (const window of windows) recording.window(window);
  return recording.end();
}

async function listOf<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

const all = (run: StoredRun): Promise<Window[]> => listOf(run.windows());

async function resultOf(run: StoredRun): Promise<RunResult> {
  const judge = createJudge(
    run.plan,
    (await run.events()).map(({ event }) => event),
    () => '',
  );
  for (const window of await all(run)) judge.window(window);
  return judge.finish();
}

const open = (id: string): Promise<StoredRun> => createRunDirectories(root).open(id);

describe('a run on disk', () => {
  test('is read back as it was written, by the one who wrote it and by a stranger', async () => {
    for (const run of [await keep('a'), await open('a')]) {
      expect(run.plan).toEqual(plan);
      expect(await run.events()).toEqual(recorded);
      expect(await all(run)).toEqual(windows);
      expect(run.path).toBe(path.join(root, 'a'));
    }
  });

  test('has every line with the kernel when the call returns', async () => {
    const recording = await createRunDirectories(root).begin(manifest('a'), plan, []);
    recording.event(events[0]!);
    recording.window(windows[0]!);
    expect(readFileSync(path.join(root, 'a', 'events.ndjson'), 'utf8')).toBe(`${encodeEvent(recorded[0]!)}\n`);
    expect(readFileSync(path.join(root, 'a', 'windows.ndjson'), 'utf8')).toBe(`${encodeWindow(windows[0]!)}\n`);
    recording.end();
  });

  test('has what monitors read, and is none the worse without', async () => {
    const watched = makePlan({ plan: { monitors: [{ kind: 'machine', name: 'machine' }] } });
    const reading = { monitor: 'machine', atNs: 1e9, values: { cpuRatio: 0.5 }, gap: null };
    const recording = await createRunDirectories(root).begin(manifest('a'), watched, []);
    recording.event(events[0]!);
    recording.reading(reading);
    const stored = recording.end();
    appendFileSync(path.join(root, 'a', 'monitors.ndjson'), '{"monitor":"mach');
    expect(await listOf(stored.readings())).toEqual([reading]);
    expect(await listOf((await keep('b')).readings())).toEqual([]);
  });

  test('loses nothing but its torn last line', async () => {
    await keep('a');
    const window = encodeWindow(makeWindow({ second: 2 }));
    appendFileSync(path.join(root, 'a', 'windows.ndjson'), window.slice(0, window.length / 2));
    appendFileSync(path.join(root, 'a', 'events.ndjson'), '{"kind":"runEn');
    const run = await open('a');
    expect(await all(run)).toEqual(windows);
    expect(await run.events()).toEqual(recorded);
  });

  test('lines that are none of a run are left out, blank ones and those of another version too', async () => {
    await keep('a');
    const foreign = [
      '',
      'null',
      '{}',
      '[1]',
      '{"schema":"highwater/window/9"}',
      'rubbish',
      '{"kind":"failure","atNs":1}',
    ];
    for (const file of ['windows.ndjson', 'events.ndjson']) {
      const full = path.join(root, 'a', file);
      writeFileSync(full, `${foreign.join('\r\n')}\n${readFileSync(full, 'utf8')}${foreign.join('\n')}\n`);
    }
    const run = await open('a');
    expect(await all(run)).toEqual(windows);
    expect(await run.events()).toEqual(recorded);
  });

  test('keeps a result, and a later one in its place', async () => {
    const run = await keep('a');
    const judged = await resultOf(run);
    for (const durationSeconds of [1, 2]) {
      const result = { ...judged, run: { ...judged.run, durationSeconds } };
      await run.keepResult(result);
      const kept = (name: string): unknown => JSON.parse(readFileSync(path.join(root, 'a', name), 'utf8'));
      expect(kept('result.json')).toEqual(result);
      expect(kept('summary.json')).toEqual(summaryOf(result));
    }
  });
});

test('the result of a run is what was kept, and none where it is missing, torn or of another version', async () => {
  const run = await keep('a');
  expect(await run.result()).toBeNull();
  const result = await resultOf(run);
  await run.keepResult(result);
  expect(await run.result()).toEqual(JSON.parse(JSON.stringify(result)));
  for (const text of ['{"schema":"highwater/result/2"', '{"schema":"highwater/result/0"}', 'null']) {
    writeFileSync(path.join(root, 'a', 'result.json'), text);
    expect(await run.result()).toBeNull();
  }
});

test.each([
  'windows.ndjson',
  'events.ndjson',
  'plan.json',
])('a record without its %s is what was kept of its judgment, and says why; without that it is none', async (file) => {
  const run = await keep('a');
  await run.keepResult(await resultOf(run));
  rmSync(path.join(root, 'a', file));
  const found = await open('a');
  expect(found.unjudgeable).toContain(file);
  const kept = readFileSync(path.join(root, 'a', 'result.json'), 'utf8');
  expect(await judgeStoredRun(found)).toEqual({ result: JSON.parse(kept), unkept: null });
  expect(readFileSync(path.join(root, 'a', 'result.json'), 'utf8')).toBe(kept);
  writeFileSync(path.join(root, 'a', 'result.json'), '{"schema":"highwater/result/2"}');
  await expect(open('a')).rejects.toMatchObject({ code: 'RUN_UNREADABLE', message: expect.stringContaining(file) });
});

describe('finding a run', () => {
  beforeEach(async () => {
    for (const id of ['20261120-101500-chat-aaaa', '20261121-090000-chat-bbbb', '20261121-110000-feed-cccc'])
      await keep(id);
  });

  test('by id, by the beginning of one, by path, or the latest', async () => {
    for (const id of [
      '20261121-110000-feed-cccc',
      '20261121-11',
      path.join(root, '20261121-110000-feed-cccc'),
      'latest',
    ]) {
      expect((await open(id)).path).toBe(path.join(root, '20261121-110000-feed-cccc'));
    }
  });

  test('the latest is a run, whatever else lies beside them', async () => {
    writeFileSync(path.join(root, 'zzz-notes.txt'), 'not a run');
    expect((await open('latest')).path).toBe(path.join(root, '20261121-110000-feed-cccc'));
  });

  test('a beginning of several, or of none, is not found, and the message says what there is', async () => {
    await expect(open('20261121')).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
      message: expect.stringContaining('a prefix that matches 2 runs'),
    });
    await expect(open('2025')).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
      message: expect.stringContaining('The latest is 20261121-110000-feed-cccc'),
    });
  });

  test('several with commas between them, in the order of time, and none of them by no name', async () => {
    const { find } = createRunDirectories(root);
    const paths = async (reference: string): Promise<string[]> =>
      (await find(reference)).map((run) => path.basename(run.path));
    expect(await paths('latest, 20261120')).toEqual(['20261120-101500-chat-aaaa', '20261121-110000-feed-cccc']);
    expect(await paths('latest')).toEqual(['20261121-110000-feed-cccc']);
    await expect(find('latest,')).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
      message: expect.stringContaining('got an empty name'),
    });
  });

  test('an id that is itself the beginning of another is that run', async () => {
    await keep('20261121-110000-feed-cccc-2');
    expect((await open('20261121-110000-feed-cccc')).path).toBe(path.join(root, '20261121-110000-feed-cccc'));
  });
});

test('where no run is kept yet, the message says so', async () => {
  for (const archive of [createRunDirectories(root), createRunDirectories(path.join(root, 'nowhere'))]) {
    await expect(archive.open('latest')).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
      message: expect.stringContaining('There are no runs yet'),
    });
  }
});

describe('a record that cannot be read', () => {
  test.each(['plan.json', 'windows.ndjson', 'events.ndjson'])('without %s', async (file) => {
    await keep('a');
    rmSync(path.join(root, 'a', file));
    await expect(open('a')).rejects.toMatchObject({ code: 'RUN_UNREADABLE', message: expect.stringContaining(file) });
  });

  test.each(['', '{', '[]', 'null', '{"name":"x"}', '"plan"'])('whose plan.json is %j', async (text) => {
    await keep('a');
    writeFileSync(path.join(root, 'a', 'plan.json'), text);
    await expect(open('a')).rejects.toMatchObject({ code: 'RUN_UNREADABLE' });
  });

  test('that another version has written: which', async () => {
    await keep('a');
    const file = path.join(root, 'a', 'windows.ndjson');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(WINDOW_SCHEMA, 'highwater/window/1'));
    await expect(open('a')).rejects.toMatchObject({
      code: 'RUN_UNREADABLE',
      message: expect.stringContaining('another version of Highwater (highwater/window/1'),
    });
  });

  test('that was begun and never started', async () => {
    const recording = await createRunDirectories(root).begin(manifest('a'), plan, []);
    recording.end();
    await expect(open('a')).rejects.toMatchObject({
      code: 'RUN_UNREADABLE',
      message: expect.stringContaining('runStarted'),
    });
  });

  test('an empty directory', async () => {
    mkdirSync(path.join(root, 'a'));
    await expect(open('a')).rejects.toMatchObject({ code: 'RUN_UNREADABLE' });
  });
});

test('a directory that cannot be written is told before the run', async () => {
  // Below a file, which stops root too.
  const file = path.join(root, 'file');
  writeFileSync(file, '');
  const archive = createRunDirectories(path.join(file, 'runs'));
  await expect(archive.begin(manifest('a'), plan, [])).rejects.toMatchObject({
    code: 'RUN_DIRECTORY_UNWRITABLE',
    message: expect.stringContaining('--runs-dir'),
  });
});

test('where a run of that id lies already, none is begun in its place, and nothing of it is touched', async () => {
  await keep('a');
  await expect(createRunDirectories(root).begin(manifest('a'), plan, [])).rejects.toMatchObject({
    code: 'RUN_DIRECTORY_UNWRITABLE',
  });
  expect(await all(await open('a'))).toEqual(windows);
});

test('while a run goes on there is room set aside for its end, and afterwards none', async () => {
  const recording = await createRunDirectories(root).begin(manifest('a'), plan, []);
  expect(statSync(path.join(root, 'a', 'reserve')).size).toBe(1024 * 1024);
  expect(recording.problem()).toBeNull();
  recording.end();
  expect(readdirSync(path.join(root, 'a'))).not.toContain('reserve');
});

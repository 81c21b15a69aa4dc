// Records of which something is gone, or that are too much: what is said of them, and what becomes of the result that was kept.

import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { curve, makePlan, openMessages, SECOND, threshold } from '../../test/support/engine/plans.ts';
import { completedRun, MANIFEST, makeWindow, type WindowParts } from '../../test/support/engine/windows.ts';
import type { RunResult } from '../facts/result.ts';
import type { Plan } from '../plan/plan.ts';
import { type JudgedRun, judgeStoredRun } from '../run/run-plan.ts';
import { createRunDirectories } from './run-directory.ts';

const MS = 1e6;
const SECONDS = 10;

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'highwater-damaged-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const RULES = [
  'lost == 0',
  'delivered >= 99%',
  'response.p99 < 200ms',
  'duplicated == 0',
  'throughput.delivered >= 5/s',
];

function planWith(rules: readonly string[]): Plan {
  return makePlan({
    connections: curve({ to: 10 }),
    messages: openMessages(100, SECONDS * SECOND),
    plan: {
      thresholds: rules.map(threshold),
      contract: { delivery: 'exactly-once', order: 'none', replay: 'none', integrity: 'none' },
    },
  });
}

/** A hundred messages, of which the last ten come back only in the second after. */
function secondOf(number: number, changes: WindowParts = {}): ReturnType<typeof makeWindow> {
  const isLast = number === SECONDS - 1;
  const delivered = number === 0 ? 90 : isLast ? 110 : 100;
  const times = Array<number>(delivered).fill(10 * MS);
  return makeWindow({
    second: number,
    messages: { due: 100, sent: 100, delivered, ...changes.messages },
    times: {
      response: times,
      service: times,
      sendLag: times.map(() => 0),
      eventLoopDelay: times.map(() => MS),
      ...changes.times,
    },
    health: { inFlightNs: delivered * 10 * MS },
  });
}

interface Kept {
  readonly rules?: readonly string[];
  /** Of the second 5. */
  readonly changes?: WindowParts;
  /** Without an end, as of a run that is killed or goes on. */
  readonly hasEnd?: boolean;
}

async function keep({ rules = RULES, changes = {}, hasEnd = true }: Kept = {}): Promise<void> {
  const recording = await createRunDirectories(root).begin({ ...MANIFEST, id: 'a' }, planWith(rules), []);
  const events = completedRun(0, SECONDS * SECOND, [{ worker: 0, group: 0, count: SECONDS }]);
  for (const event of hasEnd ? events : events.slice(0, -1)) recording.event(event);
  for (let number = 0; number < SECONDS; number++) recording.window(secondOf(number, number === 5 ? changes : {}));
  recording.end();
}

const fileOf = (name: string): string => path.join(root, 'a', name);
const judged = async (): Promise<JudgedRun> => judgeStoredRun(await createRunDirectories(root).open('a'));
const keptText = (): string => readFileSync(fileOf('result.json'), 'utf8');

function changeLines(name: string, change: (lines: string[]) => readonly string[]): void {
  const lines = readFileSync(fileOf(name), 'utf8').trimEnd().split('\n');
  writeFileSync(fileOf(name), `${change(lines).join('\n')}\n`);
}

const kinds = ({ verdict }: RunResult): Record<string, string> =>
  Object.fromEntries(verdict.thresholds.map(({ expression, kind }) => [expression, kind]));

test('a record that is whole passes, and its result is kept and says what it was made from', async () => {
  await keep();
  const { result, unkept } = await judged();
  expect(unkept).toBeNull();
  expect(result.verdict.kind).toBe('pass');
  expect(result.record).toEqual({
    windows: { read: SECONDS, missing: 0, repeated: 0 },
    events: { read: 3, missing: 0, repeated: 0 },
    readings: 0,
  });
  expect(JSON.parse(keptText())).toEqual(result);
});

describe('lines of windows that are missing', () => {
  test.each([
    ['the first', [0], '0.0 s to 1.0 s'],
    ['some in the middle', [3, 4, 5, 6], '3.0 s to 7.0 s'],
    ['the last', [9], '9.0 s to the end'],
    ['the second half', [5, 6, 7, 8, 9], '5.0 s to the end'],
    ['all', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], '0.0 s to the end'],
  ])('(%s) leave every kept rule open, and are named', async (_, gone, time) => {
    await keep();
    changeLines('windows.ndjson', (lines) => lines.filter((_line, number) => !gone.includes(number)));
    const { result } = await judged();
    expect(result.verdict.kind).toBe('inconclusive');
    expect(Object.values(kinds(result))).toEqual(Array(RULES.length + 1).fill('inconclusive'));
    expect(result.verdict.doubts).toEqual([
      expect.objectContaining({
        kind: 'damagedRecord',
        detail: expect.stringContaining(
          `${gone.length} of 10 windows ${gone.length === 1 ? 'is' : 'are'} missing from windows.ndjson (worker 0: ${time})`,
        ),
      }),
    ]);
    // What was in flight is neither invented nor a mistake of the books.
    expect(result.messages).toMatchObject({ unresolved: 0, deliveredRatio: null });
    expect(result.delivery.consistentWith).toBeNull();
  });

  test('do not turn a rule about a rate, a share or a time into a breach, nor one about losses', async () => {
    const slow = Array<number>(100).fill(900 * MS);
    await keep({
      rules: ['throughput.delivered >= 99/s', 'delivered >= 99%', 'response.p99 < 500ms', 'lost == 0', 'sent >= 1000'],
      changes: { messages: { delivered: 95, lost: 5 }, times: { response: slow } },
    });
    changeLines('windows.ndjson', (lines) => lines.filter((_line, number) => number !== 2));
    expect(Object.values(kinds((await judged()).result))).toEqual(Array(6).fill('inconclusive'));
  });

  test('do not excuse a message that came twice, as a rule or as a clause of the contract', async () => {
    await keep({ changes: { messages: { duplicated: 2 } } });
    changeLines('windows.ndjson', (lines) => lines.filter((_line, number) => number !== 2));
    const { result } = await judged();
    expect(result.verdict.kind).toBe('fail');
    expect(kinds(result)).toMatchObject({
      'duplicated == 0': 'fail',
      'delivery: exactly-once': 'fail',
      'lost == 0': 'inconclusive',
    });
  });

  test('leave a count open that is below its limit, or a share of one', async () => {
    await keep({
      rules: ['duplicated < 5', 'duplicated < 0.01%', 'duplicated == 5', 'duplicated >= 5'],
      changes: { messages: { duplicated: 2 } },
    });
    changeLines('windows.ndjson', (lines) => lines.filter((_line, number) => number !== 2));
    const { 'delivery: exactly-once': _clause, ...rules } = kinds((await judged()).result);
    expect(Object.values(rules)).toEqual(Array(4).fill('inconclusive'));
  });

  test.each([
    ['torn', (line: string) => line.slice(0, 100)],
    ['overwritten with zeros', (line: string) => '\0'.repeat(line.length)],
    ['of another version', (line: string) => line.replace('window/3', 'window/2')],
  ])('are also those that cannot be read (%s)', async (_, damage) => {
    await keep();
    changeLines('windows.ndjson', (lines) => lines.with(4, damage(lines[4]!)));
    const { result } = await judged();
    expect(result.record.windows).toEqual({ read: 9, missing: 1, repeated: 0 });
    expect(result.verdict.kind).toBe('inconclusive');
  });

  test('are told of a run that was killed too', async () => {
    await keep({ hasEnd: false });
    rmSync(fileOf('coordinator.json'));
    writeFileSync(fileOf('coordinator.json'), '{"pid":0,"startedAt":"","hostname":"elsewhere"}');
    changeLines('windows.ndjson', (lines) => lines.filter((_line, number) => number !== 2 && number !== 9));
    const { result } = await judged();
    expect(result.record.windows.missing).toBe(1);
    expect(result.verdict.doubts.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['incomplete', 'damagedRecord']),
    );
  });
});

test('a line of windows that is there twice counts once, and the record is in doubt', async () => {
  await keep();
  const whole = (await judged()).result;
  changeLines('windows.ndjson', (lines) => [...lines, lines[3]!, lines[3]!]);
  const { result } = await judged();
  expect(result.messages).toEqual(whole.messages);
  expect(result.response).toEqual(whole.response);
  expect(result.record.windows).toEqual({ read: SECONDS, missing: 0, repeated: 2 });
  expect(result.verdict).toMatchObject({ kind: 'inconclusive', doubts: [{ kind: 'repeatedRecord' }] });
});

describe('lines of events that are missing', () => {
  test('leave rules open: what they told is not known, such as that a worker died', async () => {
    await keep();
    changeLines('events.ndjson', (lines) => lines.filter((line) => !line.includes('messagesStarted')));
    const { result } = await judged();
    expect(result.record.events).toEqual({ read: 2, missing: 1, repeated: 0 });
    expect(Object.values(kinds(result))).toEqual(Array(RULES.length + 1).fill('inconclusive'));
    // Not "no message was sent".
    expect(result.verdict.doubts.map(({ kind }) => kind)).toEqual(['damagedRecord']);
    expect(result.verdict.doubts[0]?.detail).toContain('1 of 3 lines is missing from events.ndjson');
  });

  test('are also those that are torn in the middle', async () => {
    await keep();
    changeLines('events.ndjson', (lines) => lines.with(1, lines[1]!.slice(0, 20)));
    expect((await judged()).result.record.events.missing).toBe(1);
  });

  test('leave the kept result where it was the first, without which nobody knows which run it is', async () => {
    await keep();
    const { result } = await judged();
    changeLines('events.ndjson', (lines) => lines.slice(1));
    expect(await judged()).toEqual({ result: JSON.parse(JSON.stringify(result)), unkept: null });
  });
});

describe('the result that was kept', () => {
  test.each([
    ['windows.ndjson', '9 windows'],
    ['events.ndjson', '2 events'],
  ])('stays where the record has fewer lines now (%s), and that is said', async (file, left) => {
    await keep();
    await judged();
    const kept = keptText();
    const lines = readFileSync(fileOf(file), 'utf8');
    changeLines(file, (all) => all.toSpliced(1, 1));
    const { result, unkept } = await judged();
    expect(result.verdict.kind).toBe('inconclusive');
    expect(unkept).toContain(left);
    expect(keptText()).toBe(kept);
    // Once it is restored, the two agree.
    writeFileSync(fileOf(file), lines);
    expect((await judged()).unkept).toBeNull();
    expect(keptText()).toBe(kept);
  });

  test('gives way to one from more facts', async () => {
    await keep();
    const lines = readFileSync(fileOf('windows.ndjson'), 'utf8');
    changeLines('windows.ndjson', (all) => all.slice(0, -1));
    await judged();
    writeFileSync(fileOf('windows.ndjson'), lines);
    const { unkept } = await judged();
    expect(unkept).toBeNull();
    expect(JSON.parse(keptText())).toMatchObject({ verdict: { kind: 'pass' }, record: { windows: { read: SECONDS } } });
  });

  test('that cannot be written is none, and what was judged is told all the same', async () => {
    await keep();
    mkdirSync(fileOf('result.json'));
    const { result, unkept } = await judged();
    expect(result.verdict.kind).toBe('pass');
    expect(unkept).toContain('RUN_DIRECTORY_UNWRITABLE');
  });
});

describe('a run that goes on', () => {
  // Its coordinator is this very process.
  test('is judged so far, is not said to be killed, and keeps no result', async () => {
    await keep({ hasEnd: false });
    const { result, unkept } = await judged();
    expect(result.run.end).toBe('running');
    expect(result.verdict.kind).toBe('inconclusive');
    expect(result.verdict.doubts[0]?.detail).toContain('still going');
    expect(unkept).toContain('still going');
    expect(() => keptText()).toThrow('ENOENT');
  });

  test('has ended once its record has an end, though its coordinator lives', async () => {
    await keep();
    const { result, unkept } = await judged();
    expect(result.run.end).toBe('completed');
    expect(unkept).toBeNull();
  });

  test('was killed where its coordinator is gone, however lately it wrote', async () => {
    await keep({ hasEnd: false });
    const coordinator = JSON.parse(readFileSync(fileOf('coordinator.json'), 'utf8'));
    writeFileSync(fileOf('coordinator.json'), JSON.stringify({ ...coordinator, startedAt: 'another' }));
    const { result, unkept } = await judged();
    expect(result.run.end).toBe('aborted');
    expect(result.verdict.doubts[0]?.detail).toContain('was killed');
    expect(unkept).toBeNull();
  });
});

describe('a last line that is endless, such as the zeros that a power cut leaves', () => {
  test.each(['windows.ndjson', 'events.ndjson'])('is left out, and the rest is judged (%s)', async (file) => {
    await keep();
    const whole = (await judged()).result;
    const bytes = readFileSync(fileOf(file)).length;
    truncateSync(fileOf(file), bytes + 100_000_000);
    expect((await judged()).result).toEqual(whole);
  });

  test('is one of those missing where it took the place of some', async () => {
    await keep();
    changeLines('windows.ndjson', (lines) => lines.slice(0, -2));
    appendFileSync(fileOf('windows.ndjson'), '\0'.repeat(1_000_000));
    expect((await judged()).result.record.windows.missing).toBe(2);
  });
});

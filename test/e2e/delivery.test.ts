// The built command against the built reference target, which errs as its behavior file says and writes down what it did.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import type { TruthLine } from '../../src/injection/truth.ts';
import { violationText } from '../../src/report/words/violation-text.ts';
import {
  type FinishedHighwater,
  runHighwater,
  startHighwater,
  temporaryDirectory,
  writeInto,
} from '../support/highwater.ts';

interface FinishedRun {
  readonly cwd: string;
  readonly answer: FinishedHighwater;
  readonly truth: readonly TruthLine[];
}

/** `plan`: beside its target; in place of flags. */
async function runAgainst(behavior: string, args: readonly string[], plan: object | null = null): Promise<FinishedRun> {
  const cwd = temporaryDirectory();
  writeInto(cwd, 'behavior.yaml', behavior);
  const target = startHighwater(['target', '--behavior', 'behavior.yaml', '--truth', 'truth.ndjson'], { cwd });
  const [, url = ''] = await target.prints('stdout', /^listening (\S+)$/m);
  if (plan !== null) writeInto(cwd, 'plan.json', JSON.stringify({ target: { url }, ...plan }));
  const answer = await runHighwater(['run', plan === null ? url : 'plan.json', ...args], { cwd });
  target.signal('SIGTERM');
  expect((await target.finished).exitCode).toBe(0);
  const lines = readFileSync(path.join(cwd, 'truth.ndjson'), 'utf8').split('\n');
  return { answer, cwd, truth: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as TruthLine) };
}

const count = (truth: readonly TruthLine[], act: TruthLine['act']): number =>
  truth.filter((line) => line.act === act).length;

describe('a service that errs', () => {
  test('messages dropped, doubled, reordered and damaged are counted as often as the truth log says', async () => {
    const behavior = `
seed: 5
faults:
  - { kind: drop, rate: 0.5% }
  - { kind: duplicate, rate: 0.5% }
  - { kind: reorder, rate: 0.5%, by: 3 }
  - { kind: corrupt, rate: 0.5% }
  - { kind: fabricate, rate: 0.2% }
`;
    const { answer, truth } = await runAgainst(behavior, [
      '-c',
      '20',
      '-r',
      '1000/s',
      '-d',
      '3s',
      '--drain',
      '2s',
      '--json',
    ]);
    const { messages, delivery, verdict } = answer.result;
    expect(messages).toMatchObject({
      sent: 3000,
      lost: count(truth, 'drop') + count(truth, 'damage'),
      duplicated: count(truth, 'duplicate'),
      reordered: count(truth, 'reorder'),
      corrupted: count(truth, 'damage'),
      unexpected: count(truth, 'fabricate'),
      late: 0,
    });
    for (const name of ['lost', 'duplicated', 'reordered', 'corrupted', 'unexpected'] as const) {
      expect(messages[name], name).toBeGreaterThan(0);
    }
    expect(delivery).toMatchObject({
      consistentWith: 'none',
      faultFreeOnly: true,
      damage: { bitFlips: messages.corrupted },
    });
    expect(verdict.kind).toBe('inconclusive'); // no rules
  });

  test('a named message is named: its stream and number, with a witness', async () => {
    const behavior = `
faults:
  - { kind: drop, messages: [{ stream: 1, seq: 7 }] }
  - { kind: duplicate, messages: [{ stream: 2, seq: 8 }] }
  - { kind: reorder, messages: [{ stream: 3, seq: 9 }], by: 2 }
  - { kind: truncate, messages: [{ stream: 0, seq: 10 }] }
`;
    const { answer } = await runAgainst(behavior, [
      '-c',
      '4',
      '--closed',
      '8',
      '-d',
      '1s',
      '--drain',
      '1s',
      '--bytes',
      '300',
      '--json',
    ]);
    const violations = answer.result.violations.map((found) => [
      found.violation,
      found.stream,
      found.seq,
      violationText(found),
    ]);
    expect(violations).toEqual(
      expect.arrayContaining([
        ['duplicated', 2, 8, '#8 arrived again'],
        ['reordered', 3, 9, '#9 after #11, 2 places late'],
        ['lost', 1, 7, '#7 never came back; #6 and #8 did'],
        ['lost', 0, 10, '#10 came back only damaged; #9 and #11 did'],
      ]),
    );
    expect(violations.find(([kind]) => kind === 'corrupted')?.[3]).toMatch(/came back cut off, \d+ bytes$/);
    expect(violations).toHaveLength(5);
  });

  test('a contract is broken by what it forbids, and says what first', async () => {
    const cwd = temporaryDirectory();
    writeInto(cwd, 'behavior.yaml', 'faults: [{ kind: duplicate, messages: [{ stream: 0, seq: 5 }] }]');
    const target = startHighwater(['target', '--behavior', 'behavior.yaml'], { cwd });
    const [, url = ''] = await target.prints('stdout', /^listening (\S+)$/m);
    const plan = (delivery: string): string =>
      writeInto(
        cwd,
        `${delivery}.json`,
        JSON.stringify({
          target: { url },
          load: { connections: [{ to: 1 }, { hold: '1s' }], messages: { open: [{ to: '100/s' }, { hold: '1s' }] } },
          contract: { delivery, order: 'per-stream', integrity: 'checksum' },
        }),
      );
    const strict = await runHighwater(['run', plan('exactly-once')], { cwd });
    expect(strict.exitCode).toBe(1);
    expect(strict.stdout).toContain('first duplicated: stream 0, #5 arrived again');
    expect(strict.stdout).toMatch(
      /delivery +consistent with at-least-once in 100 messages \(loss < 2\.95 % with 95 % confidence\)/,
    );
    const lenient = await runHighwater(['run', plan('at-least-once')], { cwd });
    // Not the exit code: a machine that is busy besides gives the generator reason to doubt its times.
    expect(lenient.stdout).toMatch(/^ {2}pass {6}delivery: at-least-once +0 violations$/m);
  });

  test('a closed connection leaves its messages unresolved, not lost', async () => {
    const behavior = 'faults: [{ kind: disconnect, messages: [{ stream: 1, seq: 20 }], code: 4001 }]';
    const { answer } = await runAgainst(behavior, ['-c', '3', '-r', '300/s', '-d', '1s', '--drain', '1s', '--json']);
    const { messages, connections } = answer.result;
    expect(messages.lost).toBe(0);
    expect(messages.unresolved).toBeGreaterThan(0);
    expect(connections.closeCodes).toMatchObject({ '4001': 1 });
  });

  test('what a slow reader is not given is found lost, in holes', async () => {
    // Messages larger than the kernel's buffers, several at once, and a way back that takes its time: each echo finds the one
    // before it still unsent.
    const attempt = () =>
      runAgainst('dropBeyond: 64KiB', ['--json'], {
        load: { connections: 1, bytes: '16MB', messages: { closed: { inFlight: 4, for: '2s' } } },
        faults: [{ fault: 'bandwidth', at: '0s', rate: '25MB/s' }],
        drain: '8s',
      });
    let finished = await attempt();
    // On a busy machine all that is dropped may be the last: then no hole lies between messages.
    for (let again = 0; again < 4 && finished.answer.result.delivery.loss.smallestBacklogBytes === null; again++) {
      finished = await attempt();
    }
    const { answer, truth, cwd } = finished;
    const { messages, delivery } = answer.result;
    const dropped = truth.filter((line) => line.act === 'drop' && line.why === 'slowReader').length;
    expect(dropped).toBeGreaterThan(0);
    expect(messages.lost).toBe(dropped);
    expect(delivery.loss.periods).toBeGreaterThan(0);
    expect(delivery.loss.longestPeriod).toBeLessThanOrEqual(messages.lost);
    // Of a hole there are always two under way: the lost one, and the one that came instead.
    expect(delivery.loss.smallestBacklogBytes).toBeGreaterThanOrEqual(2 * 16e6);
    const report = await runHighwater(['report', 'latest'], { cwd });
    expect(report.stdout).toMatch(
      /every gap began with at least \S+ MB in flight on its connection: .* drops messages silently/,
    );
  });
});

describe('a service without faults', () => {
  test('is found without faults, and the run says how much that proves', async () => {
    const answer = await runHighwater([
      'run',
      'reference',
      '-c',
      '10',
      '-r',
      '2000/s',
      '-d',
      '2s',
      '--json',
      '-t',
      'lost == 0',
    ]);
    const { messages, delivery, violations }: RunResult = answer.result;
    expect(messages).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0, late: 0 });
    expect(violations).toEqual([]);
    expect(delivery).toMatchObject({
      consistentWith: 'exactly-once',
      messages: messages.delivered,
      faultFreeOnly: true,
    });
    expect(delivery.lossRatioBelow).toBeCloseTo(3 / messages.delivered, 5);
  });
});

describe('a behavior that cannot be', () => {
  test('every mistake at once, and nothing is started', async () => {
    const cwd = temporaryDirectory();
    writeInto(
      cwd,
      'bad.yaml',
      `
sead: 1
faults:
  - { kind: drop }
  - { kind: reorder, rate: 1%, copies: 2 }
  - { kind: corupt, rate: 1% }
  - { kind: delay, rate: 300%, for: soon }
  - { kind: disconnect, rate: 1%, code: 1005 }
`,
    );
    const { exitCode, stdout, stderr } = await runHighwater(['target', '--behavior', 'bad.yaml'], { cwd });
    expect(exitCode).toBe(64);
    expect(stdout).toBe('');
    for (const line of [
      /BEHAVIOR_INVALID {2}sead: .*\(did you mean "seed"\?\)/,
      /BEHAVIOR_INVALID {2}faults\[0\]: expected either rate or messages, got neither/,
      /BEHAVIOR_INVALID {2}faults\[1\]\.copies: expected no copies with kind reorder, got 2/,
      /BEHAVIOR_INVALID {2}faults\[2\]\.kind: expected one of drop, .*, got "corupt"/,
      /BEHAVIOR_INVALID {2}faults\[3\]\.rate: expected a percentage from 0% to 100%, got "300%"/,
      /BEHAVIOR_INVALID {2}faults\[3\]\.for: expected a duration or a range such as 5ms\.\.50ms, got "soon"/,
      /BEHAVIOR_INVALID {2}faults\[4\]\.code: expected a close code that may be sent .*, got 1005/,
      /docs\/reference\/errors\.md#behavior_invalid/,
    ]) {
      expect(stderr).toMatch(line);
    }
  });

  test.each([
    ['a file that is not there', ['target', '--behavior', 'none.yaml'], /BEHAVIOR_INVALID {2}--behavior: .*ENOENT/],
    [
      'a log that cannot be written',
      ['target', '--truth', 'no/where.ndjson'],
      /ARGUMENTS_INVALID {2}--truth: .*ENOENT/,
    ],
  ])('%s', async (_, args, message) => {
    const { exitCode, stderr } = await runHighwater(args);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(message);
  });
});

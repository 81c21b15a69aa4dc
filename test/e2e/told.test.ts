// What a person is told: the line under the verdict, the service's own words, and mistakes in the words of what was typed.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import {
  type HighwaterOptions,
  runHighwater,
  startHighwater,
  temporaryDirectory,
  writeInto,
} from '../support/highwater.ts';
import { startRawServer } from '../support/raw-server.ts';
import { documentOf, startWsService } from '../support/ws-service.ts';

const TARGET = 'target: { url: "ws://127.0.0.1:9" }\n';
const LOAD = 'load: { connections: 1, messages: { open: { rate: 10/s, for: 1s } } }\n';

describe('a mistake is told in the words of what was typed, with the likely right form', () => {
  async function refused(args: readonly string[], options: HighwaterOptions = {}): Promise<string> {
    const cwd = options.cwd ?? temporaryDirectory();
    const { exitCode, stdout, stderr } = await runHighwater(args, { ...options, cwd });
    expect(exitCode).toBe(64);
    expect(stdout).toBe('');
    expect(existsSync(path.join(cwd, '.highwater'))).toBe(false);
    return stderr;
  }

  test.each([
    ['127.0.0.1:9100', 'ws://127.0.0.1:9100'],
    ['localhost:9100/ws', 'ws://localhost:9100/ws'],
    ['example.com', 'wss://example.com'],
    ['9100', 'ws://127.0.0.1:9100'],
    ['ws:/127.0.0.1:9', 'ws://127.0.0.1:9'],
    ['referense', 'reference'],
  ])('run %s: did you mean %s?', async (typed, meant) => {
    const stderr = await refused(['run', typed]);
    expect(stderr).toContain(
      `PLAN_UNREADABLE  ${typed}: expected a plan file, a ws:// or wss:// URL, or "reference", got no such file (did you mean ${meant}?)\n`,
    );
    expect(stderr).not.toContain('ENOENT');
  });

  test('a plan that is mistyped, beside one that is there', async () => {
    const cwd = temporaryDirectory();
    writeInto(cwd, 'chat-plan.yaml', TARGET + LOAD);
    expect(await refused(['check', 'chat-pan.yaml'], { cwd })).toContain('(did you mean chat-plan.yaml?)');
    expect(await refused(['check', 'other.yaml'], { cwd })).not.toContain('did you mean');
  });

  test.each([
    [['-c', '0'], {}, '--connections: expected a whole number of at least 1, got "0"'],
    [['-r', '100'], {}, '--rate: expected a rate such as 500/s, got "100" (add a unit: 100/s)'],
    [['-t', 'lost < 0'], {}, '--threshold: expected a rule that can pass and can fail, got "lost < 0"'],
    [[], { HIGHWATER_CONNECTIONS: 'abc' }, 'HIGHWATER_CONNECTIONS: expected a whole number of at least 1, got "abc"'],
    [[], { HIGHWATER_RATE: 'abc' }, 'HIGHWATER_RATE: expected a rate such as 500/s, got "abc"'],
    [[], { HIGHWATER_DURATION: '10' }, 'HIGHWATER_DURATION: expected a duration above 0 such as 60s, got "10"'],
    [[], { HIGHWATER_PACE: 'fast' }, "value 'fast' from env 'HIGHWATER_PACE' is invalid"],
  ])('flags %j with the environment %j', async (flags, env, says) => {
    expect(await refused(['run', 'reference', ...flags], { env })).toContain(says);
  });

  test.each([
    [
      `target: ws://127.0.0.1:9\n${LOAD}`,
      'target: expected a target with at least a url, got "ws://127.0.0.1:9" (write target: { url: ws://127.0.0.1:9 })',
    ],
    [`${TARGET}load: { messages: { rate: 10/s } }\n`, '(write messages: { open: { rate: 10/s, for: 60s } })'],
    [
      `${TARGET}${LOAD}thresholds: [ lost{type=chat} == 0 ]\n`,
      'line 3, column 19: expected valid YAML, got Missing , or : between flow sequence items (put the rule in quotes: "lost{type=chat} == 0")',
    ],
    [
      `${TARGET}${LOAD}thresholds:\n  - lost: 0\n`,
      'thresholds[0]: expected a rule such as "response.p99 < 200ms", got an object (YAML reads it as a map: put the rule in quotes',
    ],
    [
      `${TARGET}${LOAD}thresholds: [ delivered <= 100% ]\n`,
      'thresholds[0]: expected a rule that can pass and can fail, got "delivered <= 100%" (delivered is from 0 % to 100 %, so this holds always; did you mean "delivered == 100%"?)',
    ],
    [`${TARGET}${LOAD}abort: [ lost >= 0 ]\n`, 'abort[0]: expected a rule that can pass and can fail'],
  ])('a plan with %j', async (plan, says) => {
    const cwd = temporaryDirectory();
    writeInto(cwd, 'plan.yaml', plan);
    const stderr = await refused(['run', 'plan.yaml'], { cwd });
    expect(stderr).toContain(says);
    expect(stderr.match(/^PLAN_INVALID/gm)).toHaveLength(1);
  });
});

describe('the line under the verdict says what happened', () => {
  test('where nobody listens', async () => {
    const { port } = await startRawServer((socket) => socket.destroy());
    const { stdout, exitCode } = await runHighwater([
      'run',
      `ws://127.0.0.78:${port}`,
      '-c',
      '5',
      '-d',
      '1s',
      '-o',
      'md',
    ]);
    expect(exitCode).toBe(69);
    expect(stdout.split('\n')[1]).toBe(
      `  0 of 5 connections opened: connection refused (127.0.0.78:${port}). Check that the service is running and the port is right`,
    );
  });

  test('where the reference target was killed, and says nothing of it where it lived', async () => {
    const cwd = temporaryDirectory();
    const rule = ['-t', 'connections.dropped == 0'];
    const lived = await runHighwater(['run', 'reference', '-d', '1s', ...rule], { cwd });
    expect(lived.stdout).not.toContain('reference target');
    const running = startHighwater(
      ['run', 'reference', '-c', '3', '-r', '30/s', '-d', '20s', '--drain', '1s', ...rule],
      { cwd },
    );
    await running.prints('stderr', / \d+ s {2}sending/m);
    process.kill(targetOf(running.pid), 'SIGKILL');
    const { stdout, stderr, exitCode } = await running.finished;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^the reference target \(process \d+\) was killed by SIGKILL after \d/m);
    expect(stdout.split('\n')[1]).toMatch(
      /^ {2}the reference target \(process \d+\) was killed by SIGKILL after [\d.]+ m?s\.$/,
    );
  });

  /** The child that runs the target's module. */
  function targetOf(coordinator: number): number {
    const children = readFileSync(`/proc/${coordinator}/task/${coordinator}/children`, 'utf8').trim().split(' ');
    return Number(children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('entry/target')));
  }
});

describe('messages that the service rejects', () => {
  const plan = (url: string, protocol: unknown): string =>
    JSON.stringify({
      target: { url, headers: { Authorization: `Bearer \${env.TOKEN}` } },
      load: { connections: 2, messages: { open: { rate: '40/s', for: '2s' } } },
      protocol,
      thresholds: ['rejected == 0'],
    });
  const env = { TOKEN: 'very-secret-token' };

  test('are shown in its words, the first of each kind, and counted while the run goes', async () => {
    const { url } = await startWsService({
      message(socket, text) {
        const { id, seq } = documentOf(text);
        const why =
          Number(seq) % 2 === 0 ? `slow down, message ${String(seq)}` : { code: 7, for: env.TOKEN, end: '\u001b[31m' };
        socket.send(JSON.stringify({ id, error: why }));
      },
    });
    const cwd = temporaryDirectory();
    const protocol = { kind: 'json', send: { id: `\${id}`, seq: `\${seq}` }, id: 'id', error: 'error' };
    writeInto(cwd, 'plan.json', plan(url, protocol));
    const { stdout, stderr, exitCode } = await runHighwater(['run', 'plan.json', '-o', 'md,html'], { cwd, env });
    expect(exitCode).toBe(1);
    expect(stdout.split('\n')[1]).toBe('  the service rejected 80 of 80 messages; first: slow down, message 0.');
    expect(stdout).toMatch(/^ {2}rejected +slow down, message 0 {3}first at \d+\.\d{3} s, stream \d, #0$/m);
    expect(stdout).toMatch(/^ {14}\{"code":7,"for":"\[redacted\]","end":".*"\} {3}first at/m);
    expect(stderr).toMatch(/sending .* rejected \d+$/m);
    const directory = path.join(cwd, '.highwater/runs', readdirSync(path.join(cwd, '.highwater/runs'))[0]!);
    const read = (name: string): string => readFileSync(path.join(directory, name), 'utf8');
    expect(read('report.md')).toContain('| `slow down, message 0` |');
    expect(read('report.html')).toContain('slow down, message 0');
    const { rejections } = JSON.parse(read('result.json')) as RunResult;
    expect(rejections).toHaveLength(2);
    for (const text of [stdout, read('result.json'), read('events.ndjson'), read('report.md'), read('report.html')]) {
      expect(text).not.toContain(env.TOKEN);
      expect(text).not.toContain('\u001b[31m');
    }
  });

  test('are shown with the reason that a custom protocol gives, or with what came', async () => {
    const { url } = await startWsService({
      message: (socket, text) =>
        socket.send(`NO ${text} ${Number(text.split('-').at(-1)) % 2 === 0 ? 'busy' : 'closed'}`),
    });
    const cwd = temporaryDirectory();
    writeInto(
      cwd,
      'own.mjs',
      `export const protocol = () => ({
        encode: ({ id }) => id,
        decode: (received) => {
          const [no, id, reason] = String(received).split(' ');
          if (no !== 'NO') return [];
          return [reason === 'busy' ? { kind: 'rejection', id, reason: 'it is busy' } : { kind: 'rejection', id }];
        },
      });\n`,
    );
    writeInto(cwd, 'plan.json', plan(url, './own.mjs'));
    const { stdout } = await runHighwater(['run', 'plan.json'], { cwd, env });
    expect(stdout).toMatch(/^ {2}rejected +it is busy {3}first at/m);
    expect(stdout).toMatch(/^ {14}NO [0-9a-f]+-\d-1 closed {3}first at/m);
  });

  test('are none where the service takes all', async () => {
    const { url } = await startWsService({ message: (socket, text) => socket.send(text) });
    const { stdout, stderr, result } = await runHighwater(['run', url, '--text', '-d', '2s', '--json']);
    expect(result.rejections).toEqual([]);
    expect(stdout).not.toContain('"kind":"rejection"');
    expect(stderr).not.toContain('rejected');
  });
});

test('a hundred clients that receive one greeting each do not make the protocol wrong', async () => {
  const { url } = await startWsService({ connected: (socket) => socket.send('{"welcome":"you"}') });
  const cwd = temporaryDirectory();
  const plan = {
    target: { url },
    load: { connections: 100, messages: { open: { rate: '100/s', for: '2s' } } },
    protocol: { kind: 'json', send: { id: `\${id}` }, id: 'id' },
    thresholds: ['sent > 0'],
    drain: '500ms',
  };
  writeInto(cwd, 'plan.json', JSON.stringify(plan));
  const { stderr } = await runHighwater(['run', 'plan.json'], { cwd });
  expect(stderr).not.toContain('nothing that came answers');
});

test('a directory with the reports of a run, or with its record, is not written over by another one', async () => {
  const cwd = temporaryDirectory();
  const run = ['run', 'reference', '-c', '1', '-r', '20/s', '-d', '500ms', '-t', 'lost == 0', '-q', '-o', 'md,json'];
  const into = [...run, '--output-dir', 'out'];
  const first = await runHighwater([...into, '--json'], { cwd });
  const { id } = first.result.run;
  const kept = readFileSync(path.join(cwd, 'out/report.md'), 'utf8');

  const second = await runHighwater(into, { cwd });
  expect(second.exitCode).toBe(64);
  expect(second.stderr).toContain(
    `ARGUMENTS_INVALID  --output-dir: expected a directory without files of another run, got out, which holds the reports of ${id}. ` +
      'Choose another one, or overwrite them with --overwrite',
  );
  // Before anything was started.
  expect(readdirSync(path.join(cwd, '.highwater/runs'))).toEqual([id]);
  expect(readFileSync(path.join(cwd, 'out/report.md'), 'utf8')).toBe(kept);

  const again = await runHighwater(['report', id, '-o', 'md', '--output-dir', 'out'], { cwd });
  expect(again.exitCode).toBe(first.exitCode);
  const record = path.join('.highwater/runs', id);
  const onRecord = await runHighwater([...run, '--output-dir', record], { cwd });
  expect(onRecord.stderr).toContain(`got ${record}, which is the record of another run`);
  expect((await runHighwater(['report', id, '-o', 'md', '--output-dir', record], { cwd })).exitCode).toBe(
    first.exitCode,
  );

  const over = await runHighwater([...into, '--overwrite', '--json'], { cwd });
  expect(over.result.run.id).not.toBe(id);
  expect(readFileSync(path.join(cwd, 'out/report.md'), 'utf8')).not.toBe(kept);
}, 120_000);

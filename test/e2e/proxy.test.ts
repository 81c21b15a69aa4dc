// The built `highwater proxy` between the built `highwater run` and an echo server that this project did not write: each fault
// shows as what it is, as often as the truth log says, and as nothing else.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TruthLine } from '../../src/injection/truth.ts';
import { violationText } from '../../src/report/words/violation-text.ts';
import { NOTHING } from '../support/books.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { type ForeignServer, startForeignServer } from '../support/foreign-server.ts';
import {
  createDirectory,
  type FinishedHighwater,
  runHighwater,
  startHighwater,
  temporaryDirectory,
  type WhenOver,
  writeInto,
} from '../support/highwater.ts';

/** They wait more than they work. */
const TOGETHER = { concurrent: true, timeout: 150_000 } as const;

const files = createDirectory();
let certificates: Certificates;
let echo: ForeignServer;
let compressing: ForeignServer;
let secure: ForeignServer;

beforeAll(async () => {
  certificates = makeCertificates(files.directory);
  [echo, compressing, secure] = await Promise.all([
    startForeignServer('ws'),
    startForeignServer('ws', { compression: true }),
    startForeignServer('ws', { tls: { cert: certificates.serverCert, key: certificates.serverKey } }),
  ]);
});

afterAll(async () => {
  await Promise.all([echo?.stop(), compressing?.stop(), secure?.stop()]);
  files.remove();
});

interface FinishedRun {
  readonly answer: FinishedHighwater;
  readonly truth: readonly TruthLine[];
}

async function runAgainst(
  whenOver: WhenOver,
  server: ForeignServer,
  faults: string,
  args: readonly string[],
  proxyArgs: readonly string[] = [],
): Promise<FinishedRun> {
  const cwd = temporaryDirectory(whenOver);
  writeInto(cwd, 'faults.yaml', faults);
  const proxy = startHighwater(
    ['proxy', '0', server.url, '--faults', 'faults.yaml', '--truth', 'truth.ndjson', ...proxyArgs],
    { cwd, whenOver },
  );
  const [, url = ''] = await proxy.prints('stdout', /^listening (ws:\S+)$/m);
  const answer = await runHighwater(['run', url, ...args, '--json'], { cwd, whenOver });
  proxy.signal('SIGTERM');
  expect((await proxy.finished).exitCode).toBe(0);
  const lines = readFileSync(path.join(cwd, 'truth.ndjson'), 'utf8').split('\n');
  return { answer, truth: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as TruthLine) };
}

const count = (truth: readonly TruthLine[], act: TruthLine['act']): number =>
  truth.filter((line) => line.act === act).length;

describe('a proxy with no fault on', TOGETHER, () => {
  test('20,000 messages pass, and nothing is found', async ({ onTestFinished }) => {
    const args = ['-c', '20', '-r', '10000/s', '-d', '2s', '--drain', '5s'];
    const { answer, truth } = await runAgainst(onTestFinished, echo, 'faults: []', args);
    const { messages, connections } = answer.result;
    expect(messages).toMatchObject({ ...NOTHING, delivered: messages.sent });
    expect(messages.due).toBe(20_000);
    expect(connections).toMatchObject({ opened: 20, failed: 0, droppedByServer: 0 });
    expect(truth).toEqual([]);
  });

  test.for([
    ['in plain', () => echo, [], []],
    ['compressed, each message referring to those before', () => compressing, ['--compression', '--text'], []],
    ['to a server that speaks TLS', () => secure, [], () => ['--ca', certificates.ca]],
  ] as const)('faults whose time has not come change nothing: %s', async ([, server, args, proxyArgs], {
    onTestFinished,
  }) => {
    const faults = 'faults: [{ fault: drop, rate: 100%, from: 1h }, { fault: drop, rate: 100%, from: 1h, stream: up }]';
    const load = ['-c', '5', '-r', '1000/s', '-d', '1s', '--bytes', '300', '--drain', '5s'];
    const { answer } = await runAgainst(
      onTestFinished,
      server(),
      faults,
      [...load, ...args],
      typeof proxyArgs === 'function' ? proxyArgs() : proxyArgs,
    );
    const { messages } = answer.result;
    expect(messages).toMatchObject({ ...NOTHING, due: 1000, delivered: messages.sent });
  });
});

describe('a slow way', TOGETHER, () => {
  test('latency and jitter move response times, and nothing else', async ({ onTestFinished }) => {
    const faults = 'faults: [{ fault: latency, latency: 50ms, jitter: 20ms }]';
    const { answer } = await runAgainst(onTestFinished, echo, faults, [
      '-c',
      '5',
      '-r',
      '200/s',
      '-d',
      '1s',
      '--drain',
      '5s',
    ]);
    const { messages, connections, response } = answer.result;
    expect(messages).toMatchObject({ ...NOTHING, delivered: messages.sent });
    expect(connections).toMatchObject({ failed: 0, droppedByServer: 0 });
    expect(response.minMs).toBeGreaterThanOrEqual(29); // a timer may be early by a fraction of its millisecond
  });

  test('little bandwidth and slices damage nothing', async ({ onTestFinished }) => {
    const faults =
      'faults: [{ fault: bandwidth, rate: 200KB/s }, { fault: slicer, average_size: 50, size_variation: 40, stream: up }]';
    const args = ['-c', '4', '--closed', '4', '--bytes', '20KB', '-d', '1s', '--drain', '20s'];
    const { answer } = await runAgainst(onTestFinished, echo, faults, args);
    const { messages, connections, response } = answer.result;
    expect(messages).toMatchObject({ ...NOTHING, delivered: messages.sent });
    expect(connections.droppedByServer).toBe(0);
    expect(response.minMs).toBeGreaterThanOrEqual(95); // 20 KB at 200 KB/s
  });
});

describe('a way that breaks', TOGETHER, () => {
  test('reset_peer: every connection is reset, what was in flight is unresolved, and nothing is lost', async ({
    onTestFinished,
  }) => {
    // 300 ms under way at 100/s: there is always something in flight.
    const faults = 'faults: [{ fault: latency, latency: 300ms }, { fault: reset_peer, timeout: 1s }]';
    const { answer, truth } = await runAgainst(onTestFinished, echo, faults, [
      '-c',
      '4',
      '-r',
      '100/s',
      '-d',
      '1500ms',
      '--drain',
      '1s',
    ]);
    const { messages, connections } = answer.result;
    expect(messages.lost).toBe(0);
    expect(messages.unresolved).toBeGreaterThan(0);
    expect(messages.sent).toBe(messages.delivered + messages.unresolved);
    expect(connections).toMatchObject({ opened: 4, droppedByServer: 4 });
    expect(truth.filter((line) => line.act === 'cut')).toHaveLength(4);
  });

  test('reset_peer for a share of the connections: those and no others, as the truth log has them', async ({
    onTestFinished,
  }) => {
    const faults = 'seed: 3\nfaults: [{ fault: reset_peer, timeout: 500ms, share: 40% }]';
    const { answer, truth } = await runAgainst(onTestFinished, echo, faults, [
      '-c',
      '20',
      '-r',
      '200/s',
      '-d',
      '1s',
      '--drain',
      '1s',
    ]);
    const cut = count(truth, 'cut');
    expect(cut).toBeGreaterThan(0);
    expect(cut).toBeLessThan(20);
    expect(answer.result.connections.droppedByServer).toBe(cut);
    expect(answer.result.messages.lost).toBe(0);
  });

  test('down: nobody gets in', async ({ onTestFinished }) => {
    const { answer } = await runAgainst(onTestFinished, echo, 'faults: [{ fault: down }]', [
      '-c',
      '3',
      '-r',
      '30/s',
      '-d',
      '1s',
    ]);
    expect(answer.exitCode).toBe(69);
    expect(answer.result.connections).toMatchObject({ opened: 0, failed: 3 });
  });

  test('a target that is not there looks like one that resets', async ({ onTestFinished: whenOver }) => {
    const cwd = temporaryDirectory(whenOver);
    const proxy = startHighwater(['proxy', '127.0.0.1:0', 'ws://127.0.0.1:1'], { cwd, whenOver });
    const [, url = ''] = await proxy.prints('stdout', /^listening (ws:\S+)$/m);
    const { exitCode, result } = await runHighwater(['run', url, '-c', '2', '-r', '10/s', '-d', '1s', '--json'], {
      cwd,
      whenOver,
    });
    expect(exitCode).toBe(69);
    expect(result.connections.failures).toMatchObject({ reset: { count: 2 } });
  });
});

describe('messages that break on the way', TOGETHER, () => {
  const faultsOf = (stream: string): string => `
seed: 5
faults:
  - { fault: drop, rate: 1%, stream: ${stream} }
  - { fault: duplicate, rate: 1%, stream: ${stream} }
  - { fault: reorder, rate: 1%, by: 3, stream: ${stream} }
  - { fault: corrupt, rate: 1%, stream: ${stream} }
  - { fault: truncate, rate: 0.5%, stream: ${stream} }
  - { fault: split, rate: 5%, fragments: 3, stream: ${stream} }
  - { fault: fabricate, rate: 0.5%, stream: ${stream} }
`;

  test.for([
    ['from the server', 'down', () => echo, [], []],
    ['to the server, compressed', 'up', () => compressing, ['--compression'], []],
    ['from the server, compressed', 'down', () => compressing, ['--compression', '--text'], []],
    ['behind TLS', 'down', () => secure, [], () => ['--ca', certificates.ca]],
  ] as const)('are counted as often as the truth log says: %s', async ([, stream, server, args, proxyArgs], {
    onTestFinished,
  }) => {
    const load = ['-c', '10', '-r', '400/s', '-d', '3s', '--bytes', '200', '--drain', '4s'];
    const { answer, truth } = await runAgainst(
      onTestFinished,
      server(),
      faultsOf(stream),
      [...load, ...args],
      typeof proxyArgs === 'function' ? proxyArgs() : proxyArgs,
    );
    const { messages, delivery } = answer.result;
    expect(messages).toMatchObject({
      due: 1200,
      lost: count(truth, 'drop') + count(truth, 'damage'),
      unresolved: 0,
      duplicated: count(truth, 'duplicate'),
      reordered: count(truth, 'reorder'),
      corrupted: count(truth, 'damage'),
      unexpected: count(truth, 'fabricate'),
      late: 0,
    });
    const damaged = (how: string): number => truth.filter((line) => line.act === 'damage' && line.how === how).length;
    expect(delivery.damage).toMatchObject({ bitFlips: damaged('bitFlips'), truncated: damaged('truncated') });
    for (const act of ['drop', 'duplicate', 'reorder', 'damage', 'fabricate', 'split'] as const)
      expect(count(truth, act), act).toBeGreaterThan(0);
  });

  test('a named message is named', async ({ onTestFinished }) => {
    const faults = `
faults:
  - { fault: drop, messages: [{ stream: 1, seq: 7 }] }
  - { fault: duplicate, messages: [{ stream: 2, seq: 8 }] }
  - { fault: reorder, messages: [{ stream: 3, seq: 9 }], by: 2 }
`;
    const { answer } = await runAgainst(onTestFinished, echo, faults, [
      '-c',
      '4',
      '--closed',
      '8',
      '-d',
      '1s',
      '--drain',
      '1s',
    ]);
    const found = answer.result.violations.map((found) => [
      found.violation,
      found.stream,
      found.seq,
      violationText(found),
    ]);
    expect(found).toHaveLength(3);
    expect(found).toEqual(
      expect.arrayContaining([
        ['lost', 1, 7, '#7 never came back; #6 and #8 did'],
        ['duplicated', 2, 8, '#8 arrived again'],
        ['reordered', 3, 9, '#9 after #11, 2 places late'],
      ]),
    );
  });

  test.for([
    ['text that is none', '{ fault: corrupt, part: utf8, messages: [{ stream: 1, seq: 5 }] }', 'invalidUtf8'],
    ['a header that nobody may send', '{ fault: corrupt, part: header, messages: [{ stream: 1, seq: 5 }] }', 'framing'],
  ] as const)('%s ends the connection, and is counted under its kind', async ([, fault, kind], { onTestFinished }) => {
    const args = ['-c', '3', '-r', '60/s', '-d', '1s', '--text', '--bytes', '200', '--drain', '1s'];
    const { answer, truth } = await runAgainst(onTestFinished, echo, `faults: [${fault}]`, args);
    const { connections, messages } = answer.result;
    expect(count(truth, 'damage')).toBe(1);
    expect(connections.failures).toMatchObject({ [kind]: { count: 1 } });
    expect(messages.lost).toBe(0);
  });

  test('a close frame that the server never sent: its code is counted, and its connection is over', async ({
    onTestFinished,
  }) => {
    const faults = 'faults: [{ fault: close, code: 4001, messages: [{ stream: 1, seq: 5 }] }]';
    const { answer, truth } = await runAgainst(onTestFinished, echo, faults, [
      '-c',
      '3',
      '-r',
      '60/s',
      '-d',
      '1s',
      '--drain',
      '1s',
    ]);
    const { connections, messages } = answer.result;
    expect(connections.closeCodes).toMatchObject({ '4001': 1 });
    expect(messages.lost).toBe(0);
    expect(messages.unresolved).toBeGreaterThan(0);
    expect(count(truth, 'disconnect')).toBe(1);
  });
});

describe('faults that cannot be', () => {
  test('every mistake at once, and nothing is started', async () => {
    const cwd = temporaryDirectory();
    writeInto(
      cwd,
      'bad.yaml',
      `
sead: 1
faults:
  - { fault: latancy, latency: 100ms }
  - { fault: latency, latency: 100, stream: sideways }
  - { fault: drop }
  - { fault: drop, rate: 1%, copies: 2 }
  - { fault: reset_peer, share: 0% }
  - { fault: reset_peer, share: 101% }
  - { fault: bandwidth, rate: 10KB/s, for: 5s }
  - { fault: bandwidth, rate: 20KB/s, from: 4s }
  - { fault: down, from: 1s, for: 1s }
  - { fault: close, rate: 1%, code: 1005 }
  - 5
`,
    );
    const { exitCode, stdout, stderr } = await runHighwater(['proxy', '0', echo.url, '--faults', 'bad.yaml'], { cwd });
    expect(exitCode).toBe(64);
    expect(stdout).toBe('');
    for (const line of [
      /FAULTS_INVALID {2}sead: .*\(did you mean "seed"\?\)/,
      /FAULTS_INVALID {2}faults\[0\]\.fault: expected one of latency, .*, got "latancy" \(did you mean "latency"\?\)/,
      /FAULTS_INVALID {2}faults\[1\]\.latency: expected a duration such as 100ms, got 100 \(add a unit: 100s\)/,
      /FAULTS_INVALID {2}faults\[1\]\.stream: expected one of up, down, got "sideways"/,
      /FAULTS_INVALID {2}faults\[2\]: expected either rate or messages, got neither/,
      /FAULTS_INVALID {2}faults\[3\]\.copies: expected one of fault, .*, got the unknown key "copies"/,
      /FAULTS_INVALID {2}faults\[4\]\.share: expected a percentage above 0% to 100%, got "0%"/,
      /FAULTS_INVALID {2}faults\[5\]\.share: expected a percentage from 0% to 100%, got "101%"/,
      /FAULTS_INVALID {2}faults\[7\]: expected no overlap with faults\[6\] \(bandwidth\), which cannot be active at the same time, got bandwidth/,
      /FAULTS_INVALID {2}faults\[8\]: expected no overlap with faults\[6\] \(bandwidth\)/,
      /FAULTS_INVALID {2}faults\[9\]\.code: expected a close code that may be sent .*, got 1005/,
      /FAULTS_INVALID {2}faults\[10\]: expected a fault: \{ fault: latency, latency: 100ms \}, got 5/,
      /docs\/reference\/errors\.md#faults_invalid/,
    ]) {
      expect(stderr).toMatch(line);
    }
  });

  test.each([
    ['no port', ['proxy', 'nowhere', 'ws://127.0.0.1:1'], /ARGUMENTS_INVALID {2}LISTEN: expected PORT or HOST:PORT/],
    ['no URL', ['proxy', '0', 'http://127.0.0.1:1'], /ARGUMENTS_INVALID {2}TARGET: expected ws:\/\/HOST:PORT/],
    ['a path', ['proxy', '0', 'ws://127.0.0.1:1/chat'], /ARGUMENTS_INVALID {2}TARGET: .*the path is the client's/],
    ['no seed', ['proxy', '0', 'ws://127.0.0.1:1', '--seed', 'x'], /ARGUMENTS_INVALID {2}--seed/],
    ['no file', ['proxy', '0', 'ws://127.0.0.1:1', '--faults', 'no.yaml'], /FAULTS_INVALID {2}--faults: .*ENOENT/],
    ['no log', ['proxy', '0', 'ws://127.0.0.1:1', '--truth', 'no/t'], /ARGUMENTS_INVALID {2}--truth: .*ENOENT/],
    ['no authority', ['proxy', '0', 'wss://127.0.0.1:1', '--ca', 'no.pem'], /TLS_FILE_UNREADABLE {2}--ca: .*ENOENT/],
  ])('%s', async (_, args, message) => {
    const { exitCode, stderr } = await runHighwater(args);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(message);
  });
});

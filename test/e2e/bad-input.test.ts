// What goes in may be anything: a plan with mistakes, a service that refuses, breaks the rules, floods or lies, a
// machine that is too small. None of it may crash a run, pass unnoticed, or give a secret away.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { FailureKind } from '../../src/facts/failure.ts';
import type { RunResult } from '../../src/facts/result.ts';
import { expectBalancedBooks, expectPerfectDelivery } from '../support/books.ts';
import { failureCauseText } from '../support/failures.ts';
import { type ForeignServer, startForeignServer, stopProcess } from '../support/foreign-server.ts';
import {
  everythingIn,
  type FinishedHighwater,
  type HighwaterOptions,
  runHighwater,
  temporaryDirectory,
  writeInto,
} from '../support/highwater.ts';
import {
  afterUpgrade,
  answerWith,
  closeFrame,
  flood,
  frame,
  onRequest,
  startRawServer,
  switchingProtocols,
} from '../support/raw-server.ts';

const RUNS = path.join('.highwater', 'runs');
/** A short load: thirty messages over the clients. */
const LOAD = ['-r', '60/s', '-d', '500ms'];
/** Where none come back there is no point in waiting for them. */
const BRIEFLY = [...LOAD, '--drain', '500ms'];
/** Where they do, the machine may be busy. */
const PATIENTLY = [...LOAD, '--drain', '30s'];
/** What a worker may use at most, in tests that try to make it use more. It starts with about 60 MB. */
const BOUNDED_BYTES = 400e6;

interface StoredHighwater extends FinishedHighwater {
  readonly directory: string;
}

/** Runs the command as a person would, and takes the result from where it is kept. */
async function runAndStore(args: readonly string[], options: HighwaterOptions = {}): Promise<StoredHighwater> {
  const directory = options.cwd ?? temporaryDirectory();
  const { exitCode, stdout, stderr } = await runHighwater(['run', ...args], { ...options, cwd: directory });
  const runs = path.join(directory, RUNS);
  const [run] = existsSync(runs) ? readdirSync(runs) : [];
  if (run === undefined) throw new Error(`no run was kept: ${stdout}\n${stderr}`);
  const result = JSON.parse(readFileSync(path.join(runs, run, 'result.json'), 'utf8')) as RunResult;
  return { exitCode, stdout, stderr, directory, result };
}

function expectNothingStarted(directory: string): void {
  expect(existsSync(path.join(directory, '.highwater'))).toBe(false);
}

function expectFailure(result: RunResult, kind: FailureKind, count: number, example: RegExp): void {
  expect(result.connections.failures[kind]?.count).toBe(count);
  expect(failureCauseText(result, kind)).toMatch(example);
}

let echo: ForeignServer;
beforeAll(async () => {
  echo = await startForeignServer('ws');
});
afterAll(() => echo?.stop());

/** Hands a connection over to the echo service. */
function passOn(socket: net.Socket): void {
  const upstream = net.connect(echo.port, '127.0.0.1');
  upstream.on('error', () => socket.destroy());
  socket.on('close', () => upstream.destroy());
  upstream.on('close', () => socket.destroy());
  socket.pipe(upstream).pipe(socket);
}

/** The first connection gets what the test wants, all others an echo service. */
function onlyTheFirst(misbehave: (socket: net.Socket) => void): (socket: net.Socket, index: number) => void {
  return (socket, index) => (index === 0 ? misbehave(socket) : passOn(socket));
}

describe('a plan with mistakes', () => {
  const MISTAKES = `
name: five mistakes
target:
  url: URL
  headrs: { X-A: b }
load:
  connections: { to: 100, over: fast }
  messages: { open: { rate: 50, for: 1s } }
thresholds: [ "latency.p99 < 5ms" ]
drain: soon
`;
  const EXPECTED = [
    /^PLAN_INVALID {2}target\.headrs: expected one of .*headers.*, got the unknown key "headrs" \(did you mean "headers"\?\)$/m,
    /^PLAN_INVALID {2}load\.connections\.over: expected a duration .*, got "fast"/m,
    /^PLAN_INVALID {2}load\.messages\.open\.rate: expected a rate such as 500\/s, got 50 \(add a unit: 50\/s\)$/m,
    /^PLAN_INVALID {2}thresholds\[0\]: expected a metric .*, got "latency\.p99 < 5ms" \(.*response.*service.*\)$/m,
    /^PLAN_INVALID {2}drain: expected a duration .*, got "soon"/m,
  ];

  test.each([
    'run',
    'check',
  ])('is refused by `%s` with all five, each with its path and a hint, and nothing is started', async (command) => {
    const server = await startRawServer((socket) => socket.destroy());
    const directory = temporaryDirectory();
    writeInto(directory, 'plan.yaml', MISTAKES.replace('URL', server.url));
    const { exitCode, stdout, stderr } = await runHighwater([command, 'plan.yaml'], { cwd: directory });
    expect(exitCode).toBe(64);
    expect(stdout).toBe('');
    for (const line of EXPECTED) expect(stderr).toMatch(line);
    expect(stderr.match(/^PLAN_INVALID/gm)).toHaveLength(5);
    expect(stderr).toContain('docs/reference/errors.md#plan_invalid');
    expect(server.connections()).toBe(0);
    expectNothingStarted(directory);
  });

  test('that is not even YAML is told by line and column, without a quotation of what may be a password', async () => {
    const directory = temporaryDirectory();
    writeInto(directory, 'plan.yaml', 'target:\n  url: ws://ann:hunter2hunter2@127.0.0.1\n  : : [oops\n');
    const { exitCode, stderr } = await runHighwater(['run', 'plan.yaml'], { cwd: directory });
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/^PLAN_INVALID {2}line \d+, column \d+: expected valid YAML/m);
    expect(stderr).not.toContain('hunter2');
    expectNothingStarted(directory);
  });

  test('that names a client certificate which is none is refused before anything is started', async () => {
    const directory = temporaryDirectory();
    writeInto(directory, 'client.pem', 'no certificate\n');
    const args = ['run', 'wss://127.0.0.1:9', '--cert', 'client.pem', '--key', 'client.pem', ...BRIEFLY];
    const { exitCode, stderr } = await runHighwater(args, { cwd: directory });
    expect(exitCode).toBe(64);
    expect(stderr).toContain('client.pem');
    expectNothingStarted(directory);
  });
});

describe('a target that cannot be reached', () => {
  test('because nothing listens: refused, on every client, and exit 69', async () => {
    // The port is held on another address of the loopback, so nobody else can listen on it.
    const { port } = await startRawServer((socket) => socket.destroy());
    const { exitCode, stdout, result } = await runAndStore([`ws://127.0.0.77:${port}`, '-c', '5', ...BRIEFLY]);
    expect(exitCode).toBe(69);
    expectFailure(result, 'refused', 5, /ECONNREFUSED 127\.0\.0\.77/);
    expect(result.connections).toMatchObject({ attempted: 5, opened: 0, failed: 5 });
    expect(result.run).toMatchObject({ end: 'aborted', endedBecause: 'no connection could be opened' });
    expect(stdout).toContain('no connection could be opened');
    expect(stdout).toMatch(/refused 5\b.*ECONNREFUSED/);
    expectBalancedBooks(result);
  });

  test('because its name does not resolve: said before anything is started, and exit 69', async () => {
    const directory = temporaryDirectory();
    const args = ['run', 'ws://no-such-host.invalid:9', ...BRIEFLY];
    const { exitCode, stdout, stderr } = await runHighwater(args, { cwd: directory });
    expect(exitCode).toBe(69);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^TARGET_UNREACHABLE {2}target\.url: .*no-such-host\.invalid \(dns: .*\)\. .*$/m);
    expectNothingStarted(directory);
  });

  test('on some clients only, because their row names a host that does not resolve: those are counted as dns', async () => {
    const directory = temporaryDirectory();
    writeInto(directory, 'hosts.csv', 'host\n127.0.0.1\nno-such-host.invalid\n');
    const target = { url: `ws://\${row.host}:${echo.port}`, rows: 'hosts.csv' };
    const load = { connections: 4, messages: { open: { rate: '60/s', for: '500ms' } } };
    writeInto(directory, 'plan.json', JSON.stringify({ target, load, drain: '30s' }));
    const { result } = await runAndStore(['plan.json'], { cwd: directory });
    expectFailure(result, 'dns', 2, /ENOTFOUND|EAI_AGAIN/);
    expect(result.connections).toMatchObject({ opened: 2, failed: 2 });
    expect(result.messages.delivered).toBe(30);
    expectBalancedBooks(result);
  });

  test('because it speaks no TLS: counted as tls, with the cause', async () => {
    const { port } = await startRawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const { exitCode, result } = await runAndStore([`wss://127.0.0.1:${port}`, '-c', '2', ...BRIEFLY]);
    expect(exitCode).toBe(69);
    expectFailure(result, 'tls', 2, /does not use TLS|closed during the TLS handshake/);
    expectBalancedBooks(result);
  });

  /** With a short patience for one step, as the plan asks. */
  async function runImpatiently(url: string, patience: object): Promise<StoredHighwater> {
    const directory = temporaryDirectory();
    const target = { url, connectTimeout: '60s', handshakeTimeout: '60s', ...patience };
    const load = { connections: 3, messages: { open: { rate: '60/s', for: '500ms' } } };
    writeInto(directory, 'plan.json', JSON.stringify({ target, load }));
    return runAndStore(['plan.json'], { cwd: directory });
  }

  test('because it never accepts: connectTimeout, with the time that was waited', async () => {
    const port = await startDeafListener();
    const { exitCode, result } = await runImpatiently(`ws://127.0.0.1:${port}`, { connectTimeout: '400ms' });
    expect(exitCode).toBe(69);
    expectFailure(result, 'connectTimeout', 3, /400 ms/);
    expectBalancedBooks(result);
  });

  test('because the TLS handshake is never answered: connectTimeout', async () => {
    const { port } = await startRawServer(() => {});
    const { exitCode, result } = await runImpatiently(`wss://127.0.0.1:${port}`, { connectTimeout: '400ms' });
    expect(exitCode).toBe(69);
    expectFailure(result, 'connectTimeout', 3, /400 ms/);
  });

  test('because the upgrade is never answered: handshakeTimeout, with the time that was waited', async () => {
    const { url } = await startRawServer((socket) => socket.on('data', () => {}));
    const { exitCode, result, stdout } = await runImpatiently(url, { handshakeTimeout: '500ms' });
    expect(exitCode).toBe(69);
    expectFailure(result, 'handshakeTimeout', 3, /500 ms/);
    expect(stdout).toMatch(/handshakeTimeout 3\b.*500 ms/);
    expectBalancedBooks(result);
  });
});

/** A listener that never accepts, with its queue of one filled: further connections are not even refused. */
async function startDeafListener(): Promise<number> {
  const script =
    "import socket, sys; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0); " +
    'print(s.getsockname()[1], flush=True); sys.stdin.read()';
  const child: ChildProcess = spawn('/usr/bin/python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => stopProcess(child));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value);
  const fillers = Array.from({ length: 4 }, () => net.connect(port, '127.0.0.1').on('error', () => {}));
  onTestFinished(() => {
    for (const filler of fillers) filler.destroy();
  });
  await new Promise((resolve) => fillers[0]!.once('connect', resolve));
  return port;
}

describe('a service that refuses the handshake', () => {
  const body = 'b'.repeat(199) + 'XY'.repeat(500);
  const REFUSALS: readonly [status: number, reason: string, headers: string[], shown: RegExp][] = [
    [401, 'Unauthorized', ['WWW-Authenticate: Basic realm="chat"'], /authenticate Basic realm="chat"/],
    [403, 'Forbidden', [], /HTTP 403/],
    [404, 'Not Found', ['Content-Type: text/html'], /HTTP 404/],
    [429, 'Too Many Requests', ['Retry-After: 120'], /retry after 120/],
    [503, 'Service Unavailable', ['Retry-After: 1'], /HTTP 503/],
    [200, 'OK', [], /HTTP 200/],
    [302, 'Found', ['Location: https://login.example.com/'], /location https:\/\/login\.example\.com\//],
  ];

  test.each(
    REFUSALS,
  )('with %i is counted as upgradeRejected, not as a session, with the first 200 characters', async (status, reason, headers, shown) => {
    const head = [`HTTP/1.1 ${status} ${reason}`, ...headers, `Content-Length: ${body.length}`, '\r\n'].join('\r\n');
    const { url } = await startRawServer(answerWith(head + body));
    const { exitCode, stdout, result } = await runAndStore([url, '-c', '2', ...BRIEFLY]);
    expect(exitCode).toBe(69);
    expectFailure(result, 'upgradeRejected', 2, new RegExp(`HTTP ${status} ${reason}.*b{199}X$`));
    expect(failureCauseText(result, 'upgradeRejected')).toMatch(shown);
    expect(result.connections).toMatchObject({ attempted: 2, opened: 0, failed: 2, peakOpen: 0 });
    expect(result.connections.handshake.count).toBe(0);
    expect(result.messages.sent).toBe(0);
    expect(stdout).toMatch(new RegExp(`upgradeRejected 2\\b.*HTTP ${status} ${reason}`));
    expectBalancedBooks(result);
  });

  test('in chunks, on one client of three, does not keep the others from working', async () => {
    const refusal =
      'HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfull\r\n6\r\n today\r\n0\r\n\r\n';
    const { url } = await startRawServer(onlyTheFirst(answerWith(refusal)));
    const { exitCode, result } = await runAndStore([url, '-c', '3', ...PATIENTLY, '-t', 'connections.failed == 0']);
    expect(exitCode).toBe(1);
    expectFailure(result, 'upgradeRejected', 1, /HTTP 503 Service Unavailable: full today$/);
    expect(result.connections).toMatchObject({ attempted: 3, opened: 2, failed: 1 });
    expect(result.messages).toMatchObject({ due: 30, lost: 0, unresolved: 0 });
    expect(result.run.end).toBe('completed');
    expectBalancedBooks(result);
  });
});

describe('a service that answers the upgrade wrongly is refused with the section of the RFC', () => {
  const ANSWERS: readonly [what: string, answer: (request: string) => string, rule: RegExp][] = [
    [
      'the wrong accept key',
      (request) => switchingProtocols(request, [], 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='),
      /RFC 6455 §4\.1.*Sec-WebSocket-Accept/,
    ],
    [
      'an extension that was not offered',
      (request) => switchingProtocols(request, ['Sec-WebSocket-Extensions: x-unknown']),
      /RFC 6455 §4\.1.*extension/,
    ],
    [
      'compression that was not offered',
      (request) => switchingProtocols(request, ['Sec-WebSocket-Extensions: permessage-deflate']),
      /RFC 6455 §4\.1.*extension/,
    ],
    [
      'a subprotocol that was not offered',
      (request) => switchingProtocols(request, ['Sec-WebSocket-Protocol: chat']),
      /RFC 6455 §4\.1.*subprotocol/,
    ],
    [
      'no Upgrade header',
      (request) => switchingProtocols(request).replace(/^Upgrade:.*\r\n/m, ''),
      /RFC 6455 §4\.1.*Upgrade/,
    ],
    ['something that is not HTTP', () => 'SSH-2.0-OpenSSH_9.2\r\n', /RFC 9112 §4/],
    [
      'an endless header',
      () => `HTTP/1.1 101 OK\r\nX: ${'x'.repeat(100_000)}`,
      /longer than 65536 bytes, the limit of Highwater/,
    ],
  ];
  test.each(ANSWERS)('%s', async (_what, answer, rule) => {
    const { url } = await startRawServer((socket) => onRequest(socket, (request) => socket.write(answer(request))));
    const { exitCode, result } = await runAndStore([url, '-c', '2', ...BRIEFLY]);
    expect(exitCode).toBe(69);
    expectFailure(result, 'badUpgrade', 2, rule);
    expect(result.connections).toMatchObject({ attempted: 2, opened: 0, failed: 2 });
    expectBalancedBooks(result);
  });
});

describe('a service that breaks off or breaks the rules is counted under its kind, and the run goes on', () => {
  /** Each is done to the first client as soon as its first message has come in; the two other clients work. */
  const MISDEEDS: readonly [
    what: string,
    misbehave: (socket: net.Socket) => void,
    kind: FailureKind,
    example: RegExp,
    closeCode: string,
  ][] = [
    [
      'closes with a reason',
      (socket) => void socket.end(closeFrame(1011, 'out of memory')),
      'closedByServer',
      /1011.*out of memory/,
      '1011',
    ],
    [
      'closes the connection without a close frame',
      (socket) => void socket.end(),
      'reset',
      /without a close frame/,
      '1006',
    ],
    ['resets the connection', (socket) => void socket.resetAndDestroy(), 'reset', /ECONNRESET|EPIPE/, '1006'],
    ['sends garbage', (socket) => void socket.write(Buffer.alloc(500, 0xff)), 'framing', /RFC 6455 §5\.2/, '1002'],
    [
      'sends a masked frame',
      (socket) => void socket.write(Buffer.from([0x82, 0x81, 1, 2, 3, 4, 5])),
      'framing',
      /RFC 6455 §5\.1/,
      '1002',
    ],
    [
      'sends compressed data that were not agreed on',
      (socket) => void socket.write(Buffer.from([0xc2, 1, 0])),
      'framing',
      /RSV1/,
      '1002',
    ],
    [
      'sends text that is not UTF-8',
      (socket) => void socket.write(frame(1, Buffer.from([0xc3, 0x28]))),
      'invalidUtf8',
      /RFC 6455 §8\.1/,
      '1007',
    ],
    [
      'announces a frame of 100 MB',
      (socket) => void socket.write(Buffer.from([0x82, 127, 0, 0, 0, 0, 5, 0xf5, 0xe1, 0])),
      'tooBig',
      /limit/,
      '1009',
    ],
  ];

  test.each(MISDEEDS)('%s', async (_what, misbehave, kind, example, closeCode) => {
    const afterFirstMessage = (socket: net.Socket): void => void socket.once('data', () => misbehave(socket));
    const { url } = await startRawServer(onlyTheFirst((socket) => afterUpgrade(afterFirstMessage)(socket, 0)));
    const { exitCode, stdout, result } = await runAndStore([
      url,
      '-c',
      '3',
      ...PATIENTLY,
      '-t',
      'connections.failed == 0',
    ]);
    expect([0, 2]).toContain(exitCode);
    expect(result.run.end).toBe('completed');
    expect(result.connections).toMatchObject({ attempted: 3, opened: 3, failed: 0, closeCodes: { [closeCode]: 1 } });
    expectFailure(result, kind, 1, example);
    expect(stdout).toMatch(new RegExp(`${kind} 1\\b`));
    expect(result.messages.due).toBe(30);
    expect(result.messages.delivered).toBeGreaterThan(0);
    expect(result.messages).toMatchObject({ lost: 0, corrupted: 0, duplicated: 0, reordered: 0, unexpected: 0 });
    // The message that it answered in this way, and whatever was on its way to it.
    expect(result.messages.unresolved).toBeGreaterThan(0);
    expectBalancedBooks(result);
  });

  test('announces 100 MB within the limit and sends none of them: no memory is taken for them', async () => {
    const { url } = await startRawServer(
      afterUpgrade((socket) => socket.write(Buffer.from([0x82, 127, 0, 0, 0, 0, 5, 0xf5, 0xe1, 0, 1, 2, 3]))),
    );
    const directory = temporaryDirectory();
    const load = { connections: 10, messages: { open: { rate: '60/s', for: '500ms' } } };
    writeInto(directory, 'plan.json', JSON.stringify({ target: { url, maxMessage: '1GiB' }, load, drain: '500ms' }));
    const { result } = await runAndStore(['plan.json'], { cwd: directory });
    expect(result.messages.lost).toBe(30);
    expect(result.generator.rssBytesMax).toBeLessThan(BOUNDED_BYTES);
    expectBalancedBooks(result);
  });

  test('never answers: every message is lost, the first by name', async () => {
    const { url } = await startRawServer(afterUpgrade((socket) => socket.on('data', () => {})));
    const { exitCode, stdout, result } = await runAndStore([url, '-c', '3', ...BRIEFLY, '-t', 'lost == 0']);
    expect(exitCode).toBe(1);
    expect(result.messages).toMatchObject({ due: 30, sent: 30, delivered: 0, lost: 30 });
    expect(result.violations[0]).toMatchObject({ violation: 'lost', seq: 0 });
    expect(stdout).toMatch(/first lost: stream \d+, #0 never came back/);
    expectBalancedBooks(result);
  });

  test('floods the client with messages that nobody asked for: counted as unexpected, in bounded memory', async () => {
    const messages = Buffer.concat(Array(200).fill(frame(2, Buffer.alloc(1000))));
    const { url } = await startRawServer(
      onlyTheFirst((socket) => afterUpgrade((opened) => flood(opened, messages))(socket, 0)),
    );
    const { stdout, result } = await runAndStore([url, '-c', '3', ...LOAD, '--drain', '3s']);
    expect(result.messages.unexpected).toBeGreaterThan(100);
    expect(stdout).toMatch(/first unexpected: stream \d+, 1,000 bytes that are not a message of this run/);
    expect(result.violations.filter(({ violation }) => violation === 'unexpected')).toHaveLength(100);
    expect(result.messages.delivered).toBeGreaterThan(0);
    expect(result.generator.rssBytesMax).toBeLessThan(BOUNDED_BYTES);
    expectBalancedBooks(result);
  });

  test('sends pings in a flood and reads nothing: the pongs do not pile up', async () => {
    const pings = Buffer.concat(Array(500).fill(frame(9, Buffer.alloc(125, 'p'))));
    const { url } = await startRawServer(
      afterUpgrade((socket) => {
        socket.pause();
        flood(socket, pings);
      }),
    );
    const { result } = await runAndStore([url, '-c', '3', ...BRIEFLY]);
    expect(result.messages.due).toBe(30);
    expect(result.messages.delivered).toBe(0);
    expect(result.messages.unexpected).toBe(0);
    expect(result.generator.rssBytesMax).toBeLessThan(BOUNDED_BYTES);
    expect(result.run.end).toBe('completed');
    expectBalancedBooks(result);
  });

  test('answers to messages that the client never sent: unexpected, not a crash', async () => {
    const unexpected = ['', '\x05', 'a'.repeat(8), 'a'.repeat(100), 'a'.repeat(2000)].map((text) => frame(2, text));
    const { url } = await startRawServer(
      afterUpgrade((socket) =>
        socket.write(Buffer.concat([...unexpected, frame(1, 'text'), frame(9, 'ping'), frame(10, 'pong')])),
      ),
    );
    const { exitCode, result } = await runAndStore([url, '-c', '2', ...BRIEFLY, '-t', 'unexpected == 0']);
    expect(exitCode).toBe(1);
    expect(result.messages.unexpected + result.messages.corrupted).toBe(12);
    expect(result.violations.some(({ violation }) => violation === 'unexpected')).toBe(true);
    expectBalancedBooks(result);
  });
});

describe('a machine that is too small', () => {
  const SMALL = { before: 'ulimit -n 512' };

  test('for the file descriptors of a plan: said before the run, with the number that is possible and what to change', async () => {
    const directory = temporaryDirectory();
    const server = await startRawServer((socket) => socket.destroy());
    const args = ['run', server.url, '-c', '1000', '-w', '1', ...BRIEFLY];
    const { exitCode, stdout, stderr } = await runHighwater(args, { cwd: directory, ...SMALL });
    expect(exitCode).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^MACHINE_LIMIT {2}workers: 1,000 clients .*512 files.*at most 448 clients per worker are possible\. Use 3 workers.*ulimit -n/m,
    );
    expect(server.connections()).toBe(0);
    expectNothingStarted(directory);
  });

  test('the number that is said to be possible is possible, and more workers make more possible', async () => {
    const run = (...flags: string[]) =>
      runHighwater(['run', echo.url, '-r', '200/s', '-d', '500ms', '--drain', '30s', '--json', ...flags], SMALL);
    const most = await run('-c', '448', '-w', '1');
    expectPerfectDelivery(most.result);
    expect(most.result.connections).toMatchObject({ opened: 448, peakOpen: 448 });

    const more = await run('-c', '600');
    expectPerfectDelivery(more.result);
    expect(more.result.run.workerCount).toBe(2);
    expect(more.result.connections.opened).toBe(600);
  });

  test('for the reference target: said before the run', async () => {
    const directory = temporaryDirectory();
    const { exitCode, stderr } = await runHighwater(['run', 'reference', '-c', '500', ...BRIEFLY], {
      cwd: directory,
      ...SMALL,
    });
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(
      /^MACHINE_LIMIT {2}target\.url: the reference target .*at most 448 clients are possible\. Use fewer clients/m,
    );
    expectNothingStarted(directory);
  });

  test('for the ports of a plan: said before the run, and the advice holds', async () => {
    const directory = temporaryDirectory();
    const args = ['ws://127.0.0.1:9', '-c', '100000', ...BRIEFLY];
    const { exitCode, stderr } = await runHighwater(['run', ...args], { cwd: directory });
    expect(exitCode).toBe(64);
    const advice =
      /MACHINE_LIMIT {2}load\.connections: 100,000 clients need more than the ([\d,]+) local ports.*at most \1 clients are possible\. Set at least (\d+) target\.sourceAddresses/.exec(
        stderr,
      );
    expect(advice, stderr).not.toBeNull();
    expectNothingStarted(directory);
    const needed = Number(advice![2]);
    const check = (count: number) =>
      runHighwater(['check', ...args, '--source-address', `127.0.0.2-127.0.0.${count + 1}`]);
    expect((await check(needed)).exitCode).toBe(0);
    expect((await check(needed - 1)).exitCode).toBe(64);
  });
});

describe('nothing to judge by is never a pass', () => {
  test('no rules: inconclusive, and the summary says so', async () => {
    const { exitCode, stdout, result } = await runAndStore([echo.url, ...PATIENTLY]);
    expectPerfectDelivery(result);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/^ INCONCLUSIVE /);
    expect(stdout).toContain('the plan has no rules');
    expect(result.verdict.doubts.map(({ kind }) => kind)).toContain('noRules');
  });

  test('a rule about messages in a plan that sends none: exit 64, with every rule named', async () => {
    const load = { connections: [{ to: 2 }, { hold: '500ms' }] };
    const thresholds = ['response.p99 < 1s', 'lost == 0', 'delivered >= 99%'];
    const contract = { delivery: 'exactly-once', order: 'per-stream', integrity: 'checksum' };
    const directory = temporaryDirectory();
    writeInto(directory, 'plan.json', JSON.stringify({ target: { url: echo.url }, load, thresholds, contract }));
    const { exitCode, stderr } = await runHighwater(['run', 'plan.json'], { cwd: directory });
    expect(exitCode).toBe(64);
    expect(stderr.match(/^PLAN_INVALID .*load\.messages/gm)).toHaveLength(6);
  });

  test('a percentile that so few samples cannot bound: inconclusive, with the number needed', async () => {
    const { exitCode, stdout, result } = await runAndStore([
      echo.url,
      '-r',
      '20/s',
      '-d',
      '500ms',
      '-t',
      'response.p99 < 10s',
    ]);
    expect(exitCode).toBe(2);
    expect(result.verdict.doubts.map(({ kind }) => kind)).toContain('tooFewSamples');
    expect(stdout).toMatch(/p99 needs 299 samples, got 10\b/);
  });

  test('rules that hold where no client ever opened: exit 69', async () => {
    const { url } = await startRawServer((socket) => socket.destroy());
    const { exitCode, result } = await runAndStore([
      url,
      '-c',
      '2',
      ...BRIEFLY,
      '-t',
      'lost == 0',
      '-t',
      'duplicated == 0',
    ]);
    expect(exitCode).toBe(69);
    expect(result.verdict.kind).toBe('inconclusive');
  });

  test('a contract where every connection was dropped and nothing came back', async () => {
    const { url } = await startRawServer(afterUpgrade((socket) => socket.once('data', () => socket.end())));
    const directory = temporaryDirectory();
    const load = { connections: 3, messages: { open: { rate: '60/s', for: '500ms' } } };
    const contract = { delivery: 'exactly-once', order: 'per-stream', integrity: 'checksum' };
    writeInto(directory, 'plan.json', JSON.stringify({ target: { url }, load, contract }));
    const { result } = await runAndStore(['plan.json'], { cwd: directory });
    expect(result.messages).toMatchObject({ delivered: 0, lost: 0 });
    const rule = result.verdict.thresholds.find(({ expression }) => expression === 'delivery: exactly-once');
    expect(rule?.kind).not.toBe('pass');
  });
});

describe('a secret is redacted in everything that is printed or stored', () => {
  const SECRETS = {
    bearer: 'tok-3n-v1ronment/secret+value',
    password: 'pa55 w0rd-of-ann',
    parameter: 'qu3ry-p4r4meter',
    cookie: 'c00kie-valu3',
    key: 'ap1-k3y-from-a-flag',
    passphrase: 'p4ssphr4se-of-key',
  } as const;

  function planFor(port: number): string {
    return JSON.stringify({
      name: `with \${env.TOKEN}`,
      target: {
        url: `ws://ann:${encodeURIComponent(SECRETS.password)}@127.0.0.1:${port}/ws?access_token=${SECRETS.parameter}&room=blue`,
        headers: { 'X-Auth-Token': `Bearer \${env.TOKEN}` },
        cookies: { session: SECRETS.cookie },
        tls: { passphrase: SECRETS.passphrase },
      },
      load: { connections: 2, messages: { open: { rate: '60/s', for: '500ms' } } },
      thresholds: ['lost == 0'],
      drain: '500ms',
    });
  }

  /** Every command that shows something of a run, and all that the run left behind. */
  async function everythingSaid(port: number): Promise<string> {
    const cwd = temporaryDirectory();
    const plan = writeInto(temporaryDirectory(), 'plan.json', planFor(port));
    const env = { TOKEN: SECRETS.bearer };
    const flags = ['-H', `X-Api-Key: ${SECRETS.key}`];
    const said: string[] = [];
    for (const args of [
      ['check', plan, ...flags],
      ['check', plan, '--json', ...flags],
      ['run', plan, ...flags],
      ['run', plan, '--json', ...flags],
      ['report', 'latest'],
      ['report', 'latest', '--json'],
    ]) {
      const { stdout, stderr } = await runHighwater(args, { cwd, env });
      expect(stdout, stderr).not.toBe('');
      said.push(stdout, stderr);
    }
    return [...said, everythingIn(cwd)].join('\n');
  }

  function expectNoSecret(text: string, encode: (secret: string) => string): void {
    for (const [name, secret] of Object.entries(SECRETS)) {
      expect(text.includes(encode(secret)), `${name} as ${encode(secret)}`).toBe(false);
    }
    expect(text).not.toContain(Buffer.from(`ann:${SECRETS.password}`).toString('base64'));
  }

  const plain = (secret: string): string => secret;
  const base64 = (secret: string): string => Buffer.from(secret).toString('base64');

  test('where the service accepts it', async () => {
    await echo.report();
    const text = await everythingSaid(echo.port);
    // It did travel, and what is no secret is still to be read.
    const [connection] = (await echo.report()).connections;
    expect(connection?.headers['x-auth-token']).toBe(`Bearer ${SECRETS.bearer}`);
    expect(connection?.headers['x-api-key']).toBe(SECRETS.key);
    expect(text).toContain('room=blue');
    expect(text).toContain('[redacted]');
    expectNoSecret(text, plain);
    expectNoSecret(text, encodeURIComponent);
    expectNoSecret(text, base64);
  });

  test('where the service repeats the whole request in the body of its refusal', async () => {
    const { port } = await startRawServer((socket) =>
      onRequest(socket, (request) => {
        const lines = request.split('\r\n').filter((line) => /^(GET|Auth|X-|Cookie)/i.test(line));
        const authorization = lines.find((line) => line.startsWith('Authorization'));
        socket.end(
          `HTTP/1.1 403 Forbidden\r\nLocation: /?said=${encodeURIComponent(lines.join(' '))}\r\n\r\n${authorization}`,
        );
      }),
    );
    const text = await everythingSaid(port);
    expect(text).toContain('HTTP 403');
    expectNoSecret(text, plain);
    expectNoSecret(text, encodeURIComponent);
  });

  test('where the service repeats them in the body, a header and the reason of a refusal, and in a close frame', async () => {
    // Less than the 200 characters of a body that are shown, and than the 123 bytes of a reason for closing.
    const all = Object.values(SECRETS).join(' ');
    const { port } = await startRawServer((socket, index) => {
      if (index % 2 === 1) afterUpgrade((opened) => opened.end(closeFrame(4001, `bad ${all}`)))(socket, index);
      else answerWith(`HTTP/1.1 401 No ${all}\r\nWWW-Authenticate: x ${all}\r\n\r\nYou sent ${all}, no`)(socket);
    });
    const text = await everythingSaid(port);
    expect(text).toContain('HTTP 401');
    expect(text).toContain('4001');
    expectNoSecret(text, plain);
  });

  /** Answers every handshake with this body. */
  async function saidToBody(body: string): Promise<string> {
    const { port } = await startRawServer(answerWith(`HTTP/1.1 401 Unauthorized\r\n\r\n${body}`));
    const text = await everythingSaid(port);
    expect(text).toContain('HTTP 401');
    return text;
  }

  test('where the service repeats it in base64', async () => {
    expectNoSecret(await saidToBody(base64(SECRETS.bearer)), base64);
  });

  test('where the 200 characters that are shown end in the middle of it', async () => {
    const text = await saidToBody('y'.repeat(188) + SECRETS.bearer);
    expect(text).not.toContain(SECRETS.bearer.slice(0, 12));
  });

  test('where it came from a row of the CSV file', async () => {
    const cwd = temporaryDirectory();
    const { url } = await startRawServer((socket) =>
      onRequest(socket, (request) => socket.end(`HTTP/1.1 401 No\r\n\r\n${/^authorization:.*$/im.exec(request)?.[0]}`)),
    );
    writeInto(cwd, 'users.csv', 'token\nr0w-secret-one\nr0w-secret-two\n');
    const target = { url, headers: { Authorization: `Bearer \${row.token}` }, rows: 'users.csv' };
    writeInto(
      cwd,
      'plan.json',
      JSON.stringify({ target, load: { messages: { open: { rate: '60/s', for: '500ms' } } } }),
    );
    const { stdout, stderr } = await runAndStore(['plan.json'], { cwd });
    expect(stdout + stderr + everythingIn(path.join(cwd, RUNS))).not.toContain('r0w-secret');
  });

  test('in the id of the run, where the name of the plan holds it', async () => {
    const cwd = temporaryDirectory();
    const load = { messages: { open: { rate: '60/s', for: '500ms' } } };
    writeInto(cwd, 'plan.json', JSON.stringify({ name: `for \${env.TENANT}`, target: { url: echo.url }, load }));
    const { stdout, stderr } = await runHighwater(['run', 'plan.json'], { cwd, env: { TENANT: 'tenant-s3cret' } });
    expect(stdout).toContain('delivered 30');
    expect(stdout + stderr + readdirSync(path.join(cwd, RUNS)).join()).not.toContain('tenant-s3cret');
  });

  test('in what is said about a mistake beside it', async () => {
    const mistakes = [
      ['run', `ws://ann:${SECRETS.parameter}@127.0.0.1:99999/?token=${SECRETS.key}`],
      ['run', 'ws://127.0.0.1:9', '-H', `Authorization: Bearer ${SECRETS.key}\nX-Other: 1`],
      ['run', 'ws://127.0.0.1:9', '-H', `Authorization ${SECRETS.key}`],
      ['run', 'ws://no-such-host.invalid', '-H', `X-Api-Key: ${SECRETS.key}`],
    ];
    for (const args of mistakes) {
      const { exitCode, stdout, stderr } = await runHighwater([...args, ...BRIEFLY]);
      expect([64, 69]).toContain(exitCode);
      expect(stderr).not.toBe('');
      expectNoSecret(stdout + stderr, plain);
    }
  });
});

describe('hostile text of a service', () => {
  /** Escape sequences of a terminal (7-bit and 8-bit), a forged line, marks that turn the direction of writing. */
  const HOSTILE = '\u001b[2J\u001b]0;title\u0007\u009b31m\r\n PASS  forged\u2028\u202eevil\u2066\u200f\u061c\u0000';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there is none is what is tested
  const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;

  async function runAgainst(connected: (socket: net.Socket, index: number) => void): Promise<StoredHighwater> {
    const { url } = await startRawServer(connected);
    return runAndStore([url, '-c', '2', ...BRIEFLY]);
  }
  function storedBytes(directory: string): string {
    return everythingIn(path.join(directory, RUNS));
  }
  const refusal = answerWith(
    Buffer.concat([
      Buffer.from(`HTTP/1.1 401 Un\u001b[31mauthorized\r\nLocation: \u001b]0;x\u0007\r\n\r\n${HOSTILE}`),
      Buffer.alloc(10_000_000, 'A'),
    ]),
  );
  const close = afterUpgrade((socket) => socket.end(closeFrame(4000, HOSTILE)));

  test('in the 10 MB body of a refusal neither moves the cursor nor forges a line nor fills the memory', async () => {
    const { exitCode, stdout, stderr, result, directory } = await runAgainst(refusal);
    expect(exitCode).toBe(69);
    expect(stdout).toMatch(/upgradeRejected 2\b.*HTTP 401/);
    expect(stdout + stderr).not.toMatch(UNPRINTABLE);
    expect(stdout).not.toMatch(/^ PASS/m);
    expect(stdout.length).toBeLessThan(5_000);
    expect(storedBytes(directory).length).toBeLessThan(200_000);
    expect(result.generator.rssBytesMax ?? 0).toBeLessThan(BOUNDED_BYTES);
  });

  test('in the reason of a close frame neither moves the cursor nor forges a line', async () => {
    const { stdout, stderr, result } = await runAgainst(close);
    expect(result.connections.failures.closedByServer?.count).toBe(2);
    expect(stdout).toContain('4000');
    expect(stdout + stderr).not.toMatch(UNPRINTABLE);
    expect(stdout).not.toMatch(/^ PASS/m);
    expectBalancedBooks(result);
  });

  test.each([
    ['the body of a refusal', refusal],
    ['the reason of a close frame', close],
  ])('in %s is not kept as it came, in the stored run and in the JSON', async (_where, connected) => {
    const { directory } = await runAgainst(connected);
    const stored = Buffer.from(storedBytes(directory), 'latin1').toString('utf8');
    const { stdout } = await runHighwater(['report', 'latest', '--json'], { cwd: directory });
    expect(stored).not.toMatch(UNPRINTABLE);
    expect(stdout).not.toMatch(UNPRINTABLE);
  });
});

// `highwater init` against services of several kinds: what it says they are, and whether the plan that it writes is one
// that `check` accepts and with which a short `run` counts what the service really does.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { makeCertificates } from '../support/certificates.ts';
import { hasPythonWebsockets, startForeignServer } from '../support/foreign-server.ts';
import {
  type FinishedHighwater,
  HIGHWATER,
  runHighwater,
  startHighwater,
  temporaryDirectory,
} from '../support/highwater.ts';
import { afterUpgrade, flood, frame, startRawServer } from '../support/raw-server.ts';
import { type Answers, CTRL_C, hasTerminal, highwaterOnTerminal } from '../support/terminal.ts';
import { documentOf, startWsService } from '../support/ws-service.ts';

const SHORT = ['-c', '4', '-r', '40/s', '-d', '1s'];
const SENT = 40;

interface Written {
  readonly cwd: string;
  readonly init: FinishedHighwater;
  readonly plan: string;
}

async function init(
  url: string,
  more: readonly string[] = ['--yes'],
  env: Record<string, string> = {},
): Promise<Written> {
  const cwd = temporaryDirectory();
  const finished = await runHighwater(['init', url, ...SHORT, '--listen', '600ms', ...more], { cwd, env });
  const file = path.join(cwd, 'highwater.yaml');
  return { cwd, init: finished, plan: existsSync(file) ? readFileSync(file, 'utf8') : '' };
}

/** Checks the plan and carries it out; exit codes are left alone, because a busy machine makes runs inconclusive. */
async function tryOut(
  { cwd, init: { exitCode, stdout, stderr } }: Written,
  env: Record<string, string> = {},
): Promise<FinishedHighwater> {
  expect(`${exitCode} ${stdout}${stderr}`).toMatch(/^0 /);
  const check = await runHighwater(['check', 'highwater.yaml'], { cwd, env });
  expect(`${check.exitCode} ${check.stderr}`).toBe('0 ');
  return runHighwater(['run', 'highwater.yaml', '--json', '-q', '--drain', '20s'], { cwd, env });
}

describe('what it recognizes, and a run of what it wrote', () => {
  test('the reference target: a binary echo', async () => {
    const target = startHighwater(['target']);
    const [, url = ''] = await target.prints('stdout', /listening (\S+)/);
    const written = await init(url);
    expect(written.init.stdout).toMatch(/an echo service, binary[\s\S]*returned 3 of 3 binary messages unchanged/);
    expect(written.init.stdout).toMatch(/highwater check highwater\.yaml\n\s+highwater run highwater\.yaml\n/);
    const { result } = await tryOut(written);
    expect(result.messages).toMatchObject({ sent: SENT, delivered: SENT, lost: 0, unexpected: 0, corrupted: 0 });
  });

  test('an echo in text only, which hangs up on bytes', async () => {
    const service = await startWsService({
      message: (socket, text, isBinary) => (isBinary ? socket.close(1003) : socket.send(text)),
    });
    const written = await init(service.url);
    expect(written.init.stdout).toMatch(
      /an echo service, text[\s\S]*closed the connection after a binary message \(close code 1003/,
    );
    const { result } = await tryOut(written);
    expect(result.messages).toMatchObject({ sent: SENT, delivered: SENT, lost: 0, unexpected: 0 });
  });

  test('a service that answers { replyTo, ok }', async () => {
    const service = await startWsService({
      message: (socket, text) => socket.send(JSON.stringify({ replyTo: documentOf(text).id, ok: true })),
    });
    const written = await init(service.url);
    expect(written.init.stdout).toMatch(/JSON with the id at replyTo/);
    expect(written.init.stdout).toMatch(/returned the id at replyTo in 3 of 3 answers/);
    const { result } = await tryOut(written);
    expect(result.messages).toMatchObject({ sent: SENT, delivered: SENT, lost: 0, rejected: 0, unexpected: 0 });
  });

  test('a service that acknowledges apart from delivering, and says other things besides', async () => {
    const service = await startWsService({
      connected: (socket) => socket.send('{"type":"welcome"}'),
      message(socket, text) {
        const { type, id, text: said } = documentOf(text);
        if (type !== 'echo') return socket.send(JSON.stringify({ error: { code: 'unknown' }, ack: id }));
        socket.send(JSON.stringify({ ack: id }));
        socket.send(JSON.stringify({ event: 'said', message: { id, text: said } }));
      },
    });
    const written = await init(service.url);
    expect(written.plan).toMatch(/^ {2}id: message\.id /m);
    expect(written.plan).toMatch(/^ {2}ack: ack /m);
    expect(written.plan).toMatch(/^ {2}payload: message\.text /m);
    expect(written.plan).toMatch(/^ {2}error: error /m);
    expect(written.plan).toMatch(/^ {2}pushes: ignore /m);
    const { result } = await tryOut(written);
    expect(result.messages).toMatchObject({
      sent: SENT,
      delivered: SENT,
      acknowledged: SENT,
      lost: 0,
      corrupted: 0,
      unexpected: 0,
    });
  });

  test('a room: what one says others receive, and the plan owes it to them', async () => {
    const others = new Set<{ send(text: string): void }>();
    const service = await startWsService({
      connected(socket) {
        others.add(socket);
        socket.on('close', () => others.delete(socket));
      },
      message(_socket, text) {
        const { id, text: said } = documentOf(text);
        if (id !== undefined) for (const other of others) other.send(JSON.stringify({ said: { id, text: said } }));
      },
    });
    const written = await init(service.url);
    expect(written.init.stdout).toMatch(/second connection received \d+ of the test messages/);
    expect(written.plan).toMatch(/^ {2}rooms: \{ count: 1 \}/m);
    const { result } = await tryOut(written);
    expect(result.messages).toMatchObject({ sent: SENT, delivered: SENT, lost: 0, unexpected: 0 });
    expect(result.fanout).toMatchObject({ expected: 3 * SENT, received: 3 * SENT, missed: 0 });
  });

  test('JSON-RPC that has no such method: the plan says what to fill in, and its messages are counted as rejected', async () => {
    const server = await startForeignServer('rpc');
    try {
      const written = await init(server.url);
      expect(written.plan).toMatch(/FILL IN: the service rejected this message/);
      expect(written.plan).toMatch(/send: \{ jsonrpc: "2\.0", id: "\$\{id\}", method: echo/);
      const { result } = await tryOut(written);
      expect(result.messages).toMatchObject({ sent: SENT, rejected: SENT, lost: 0, delivered: 0 });
    } finally {
      await server.stop();
    }
  });

  test('the same with a message of the user’s own: its answers are understood', async () => {
    const server = await startForeignServer('rpc');
    try {
      const send = `{"jsonrpc":"2.0","id":"\${id}","method":"say","params":{"text":"\${payload}"}}`;
      const written = await init(server.url, ['--yes', '--send', send]);
      expect(written.plan).toMatch(/^ {2}payload: result\.text /m);
      const { result } = await tryOut(written);
      expect(result.messages).toMatchObject({ sent: SENT, lost: 0, corrupted: 0 });
      expect(result.messages.delivered + result.messages.rejected).toBe(SENT);
    } finally {
      await server.stop();
    }
  });

  test('a service that says nothing ever: not recognized, and a plan that opens connections and holds them', async () => {
    const service = await startWsService({});
    const written = await init(service.url);
    expect(written.init.stdout).toMatch(/not recognized[\s\S]*sent nothing in .* s, and no reply to \d+ messages/);
    expect(written.plan).toMatch(/# FILL IN: The service sent no reply/);
    const { result } = await tryOut(written);
    expect(result.connections).toMatchObject({ opened: 4, failed: 0 });
    expect(result.messages.sent).toBe(0);
  });

  test('a service that closes: said with its code and reason', async () => {
    const service = await startWsService({ connected: (socket) => socket.close(4401, 'log in first') });
    const { init: finished, plan } = await init(service.url);
    expect(finished.exitCode).toBe(0);
    expect(finished.stdout).toMatch(/not recognized, it wants a login first[\s\S]*close code 4401.*log in first/);
    expect(plan).toMatch(/FILL IN: The service wants a login first/);
  });

  test('a service that wants a login: the command that it is told to copy logs in', async () => {
    const loggedIn = new Set<unknown>();
    const service = await startWsService({
      connected: (socket) => socket.send('{"type":"auth_required"}'),
      message(socket, text) {
        const { type, token, id } = documentOf(text);
        if (type === 'auth' && token === 'of-a-client') loggedIn.add(socket);
        else if (loggedIn.has(socket)) socket.send(JSON.stringify({ replyTo: id, ok: true }));
        else socket.send('{"type":"error","message":"auth required"}');
      },
    });
    const { cwd, init: finished, plan } = await init(service.url);
    expect(finished.stdout).toMatch(/^ {2}login +the service wants a login first: \{"type":"auth_required"\}$/m);
    expect(plan).toMatch(/FILL IN: The service wants a login first/);
    const command = /^ {12}(highwater init .*)$/m.exec(finished.stdout)?.[1] ?? '';
    const script = `highwater() { '${process.execPath}' '${HIGHWATER}' "$@"; }\n${command}`;
    const env = { ...process.env, TOKEN: 'of-a-client' };
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd, env });
    expect(stdout).toMatch(/JSON with the id at replyTo/);
    expect(stdout).not.toMatch(/^ {2}(login|try) /m);
    expect(readFileSync(path.join(cwd, 'highwater.yaml'), 'utf8')).toMatch(
      /- \{ type: auth, token: "\$\{env\.TOKEN\}" \}/,
    );
  });

  test('a service that pushes: the path that counts, and the path of the channel', async () => {
    const service = await startWsService({ connected: ticker });
    const { init: finished, plan } = await init(service.url);
    expect(finished.exitCode).toBe(0);
    expect(finished.stdout).toMatch(/a push service, sequence number at seq/);
    expect(plan).toMatch(/^protocol:.*\n {2}kind: push .*\n.*\n {2}sequence: seq .*\n {2}channel: symbol /m);
    expect(plan).toMatch(/- pushes\.missed == 0/);
  });

  // Needs the push protocol, which is not in this version yet: then this is `test`, and the one above may use `tryOut` too.
  test('the plan for a service that pushes is accepted, and a run of it misses nothing', async () => {
    const service = await startWsService({ connected: ticker });
    const { result } = await tryOut(await init(service.url));
    expect(result.connections).toMatchObject({ opened: 4, failed: 0 });
  });
});

/** Two symbols in turn, each with numbers of its own. */
function ticker(socket: { send(text: string): void; on(event: 'close', listener: () => void): unknown }): void {
  let tick = 0;
  const timer = setInterval(() => {
    const symbol = tick % 2 === 0 ? 'AAA' : 'BBB';
    socket.send(
      JSON.stringify({ type: 'tick', symbol, seq: 10 + (tick >> 1), price: 100 + (tick % 7), ts: Date.now() }),
    );
    tick++;
  }, 50);
  socket.on('close', () => clearInterval(timer));
}

describe('a service that cannot be reached ends in 69 with what it said, and writes nothing', () => {
  const refused = async (url: string, more: readonly string[] = []): Promise<FinishedHighwater> => {
    const { cwd, init: finished } = await init(url, ['--yes', ...more]);
    expect(finished.exitCode).toBe(69);
    expect(readdirSync(cwd)).toEqual([]);
    expect(finished.stderr).toMatch(/TARGET_UNREACHABLE .*\nSee docs\/reference\/errors\.md#target_unreachable/);
    return finished;
  };

  test('401, with its header', async () => {
    const service = await startWsService({
      refusal: () => 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm="chat"',
    });
    const { stderr } = await refused(service.url);
    expect(stderr).toMatch(
      /HTTP 401 Unauthorized, authenticate Bearer realm="chat".*wants credentials.*-H 'Authorization/,
    );
  });

  test('nobody listens on the port', async () => {
    const port = await freePort();
    expect((await refused(`ws://127.0.0.1:${port}`)).stderr).toMatch(
      /got refused: .*ECONNREFUSED.*check that the service is running/,
    );
  });

  test('a subprotocol that it wants', async () => {
    const service = await startWsService({
      refusal: (headers) =>
        headers['sec-websocket-protocol'] === undefined ? 'HTTP/1.1 400 Missing Subprotocol' : null,
    });
    expect((await refused(service.url)).stderr).toMatch(/--subprotocol NAME/);
  });

  test('TLS where there is none', async () => {
    const service = await startWsService({});
    expect((await refused(service.url.replace('ws:', 'wss:'))).stderr).toMatch(
      /got tls: .*does not use TLS.* What to do: write ws:\/\/ instead of wss:\/\//,
    );
  });
});

test('TLS: what is wrong and which flag helps; then a plan whose files are seen from where it lies', async () => {
  const cwd = temporaryDirectory();
  const { ca, serverCert: cert, serverKey: key } = makeCertificates(cwd);
  const server = await startForeignServer('ws', { tls: { cert, key } });
  try {
    const distrusted = await runHighwater(['init', server.url, '--yes'], { cwd });
    expect(distrusted.exitCode).toBe(69);
    expect(distrusted.stderr).toMatch(/got tls: .*target\.tls\.ca \(--ca FILE\).*--insecure/);
    mkdirSync(path.join(cwd, 'plans'));
    const args = ['init', server.url, '--yes', ...SHORT, '--ca', path.basename(ca), '--out', 'plans/tls.yaml'];
    expect((await runHighwater(args, { cwd })).stdout).toMatch(/an echo service, binary/);
    expect(readFileSync(path.join(cwd, 'plans/tls.yaml'), 'utf8')).toMatch(/tls: \{ ca: "..\/ca\.pem" \}/);
    const { result } = await runHighwater(['run', 'plans/tls.yaml', '--json', '-q', '--drain', '20s'], { cwd });
    expect(result.messages).toMatchObject({ sent: SENT, delivered: SENT, lost: 0 });
  } finally {
    await server.stop();
  }
});

describe.skipIf(!hasTerminal)('on a terminal', () => {
  test('it asks for the URL, for consent and for the load, and asks again what it cannot take', async () => {
    const service = await startWsService({ message: (socket, text) => socket.send(text) });
    const { file, screen, exitCode } = await onTerminal([
      [/URL of the service \[reference\]: $/, service.url],
      [/May Highwater send [\s\S]* \[Y\/n\]: $/, 'y'],
      [/Name of the plan \[127\.0\.0\.1\]: $/, 'my echo'],
      [/Number of connections \[100\]: $/, 'many'],
      [/got "many"\s+Number of connections \[100\]: $/, '7'],
      [/Messages per second \(all connections together\) \[100\/s\]: $/, '20'],
      [/Duration \[30s\]: $/, ''],
      [/Rule for response times, or none \[response\.p99 < 500ms\]: $/, 'none'],
    ]);
    expect(screen).toMatch(/an echo service, text/);
    expect(exitCode).toBe(0);
    expect(file()).toMatch(/^name: my echo$/m);
    expect(file()).toMatch(/connections: \{ to: 7, over: 1s \}[\s\S]*open: \{ rate: 20\/s, for: 30s \}/);
  });

  test('without consent nothing is sent; Ctrl-C in a question leaves no file', async () => {
    const service = await startWsService({ message: (socket, text) => socket.send(text) });
    const { file, screen, exitCode } = await onTerminal([
      [/URL of the service \[reference\]: $/, service.url],
      [/\[Y\/n\]: $/, 'n'],
      [/Name of the plan .*: $/, CTRL_C],
    ]);
    expect(screen).toMatch(/Nothing was sent to the service[\s\S]*Interrupted: nothing was written/);
    expect(exitCode).toBe(130);
    expect(service.received).toEqual([]);
    expect(file).toThrow(/ENOENT/);
  });
});

/** `highwater init` on a terminal. */
async function onTerminal(
  answers: Answers,
): Promise<{ readonly file: () => string; readonly screen: string; readonly exitCode: number | null }> {
  const cwd = temporaryDirectory();
  const { screen, exitCode } = await highwaterOnTerminal(['init'], answers, cwd);
  return { file: () => readFileSync(path.join(cwd, 'highwater.yaml'), 'utf8'), screen, exitCode };
}

describe('without consent', () => {
  test('nothing is sent, and it says so', async () => {
    const service = await startWsService({ message: (socket, text) => socket.send(text) });
    const { init: finished, plan } = await init(service.url, []);
    expect(finished.exitCode).toBe(0);
    expect(service.received).toEqual([]);
    expect(finished.stderr).toMatch(/Nothing was sent to the service/);
    expect(finished.stdout).toMatch(/not recognized[\s\S]*no test messages were sent/);
    expect(plan).toMatch(/highwater init --yes/);
  });

  test('what the user gives to be said first is said, and opens the feed', async () => {
    const service = await startWsService({
      message: (socket, text) => (documentOf(text).type === 'subscribe' ? ticker(socket) : undefined),
    });
    const hello = '{"type":"subscribe","token":"s3cret-token"}';
    const { plan } = await init(service.url, ['--join', hello]);
    expect(service.received).toEqual([hello]);
    expect(plan).toMatch(/kind: push[\s\S]*- \{ type: subscribe, token: "\$\{env\.TOKEN\}" \}/);
    expect(plan).not.toContain('s3cret');
  });
});

describe('the file', () => {
  test('one that is there is not written over but with --force', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(path.join(cwd, 'highwater.yaml'), 'mine');
    const service = await startWsService({ message: (socket, text) => socket.send(text) });
    const refused = await runHighwater(['init', service.url, '--yes'], { cwd });
    expect(refused.exitCode).toBe(64);
    expect(refused.stderr).toMatch(
      /ARGUMENTS_INVALID {2}--out: expected a file that does not exist yet, got highwater\.yaml\. .*--force/,
    );
    expect(service.received).toEqual([]);
    expect(readFileSync(path.join(cwd, 'highwater.yaml'), 'utf8')).toBe('mine');
    expect((await runHighwater(['init', service.url, '--yes', '--force'], { cwd })).exitCode).toBe(0);
    expect(readFileSync(path.join(cwd, 'highwater.yaml'), 'utf8')).toMatch(/kind: echo/);
    expect(readdirSync(cwd)).toEqual(['highwater.yaml']);
  });

  test('- is stdout, and nothing else stands there', async () => {
    const service = await startWsService({ message: (socket, text) => socket.send(text) });
    const cwd = temporaryDirectory();
    const { stdout, stderr } = await runHighwater(['init', service.url, '--yes', '--out', '-'], { cwd });
    expect(stdout).toMatch(/^# yaml-language-server[\s\S]*connections\.failed == 0\n$/);
    expect(stderr).toMatch(/an echo service, text/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('holds no secret, and says which variable to set', async () => {
    const service = await startWsService({
      refusal: ({ authorization }) => (authorization === 'Bearer abc.def.ghi' ? null : 'HTTP/1.1 401 Unauthorized'),
      message: (socket, text) => socket.send(text),
    });
    const url = `${service.url}/ws?token=t0p-secret&host=\${env.PLACE}`;
    const header = ['-H', 'Authorization: Bearer abc.def.ghi'];
    const written = await init(url, ['--yes', ...header], { PLACE: 'h1dden-place' });
    expect(written.plan).toMatch(/token=\$\{env\.TOKEN\}&host=\$\{env\.PLACE\}/);
    expect(written.plan).toMatch(/Authorization: "Bearer \$\{env\.AUTHORIZATION\}"/);
    expect(written.plan + written.init.stdout + written.init.stderr).not.toMatch(
      /abc\.def\.ghi|t0p-secret|h1dden-place/,
    );
    expect(written.init.stdout).toMatch(/export AUTHORIZATION=/);
    const { result } = await tryOut(written, { AUTHORIZATION: 'abc.def.ghi', TOKEN: 't0p-secret', PLACE: 'x' });
    expect(result.messages).toMatchObject({ sent: SENT, delivered: SENT });
  });
});

describe('mistakes end with exit 64 before anything is sent', () => {
  test.each([
    ['no URL where nobody can be asked', ['init'], /expected a ws:\/\/ or wss:\/\/ URL, got nothing/],
    ['a URL of the web', ['init', 'https://example.com'], /PLAN_INVALID {2}target\.url: .*write wss:\/\//],
    [
      'a time to listen without a unit',
      ['init', 'ws://127.0.0.1:9', '--listen', '3'],
      /--listen: expected a duration above 0/,
    ],
    ['a rate without a unit', ['init', 'ws://127.0.0.1:9', '-r', '50'], /a rate such as 500\/s/],
    [
      'a number of connections that is none',
      ['init', 'ws://127.0.0.1:9', '-c', 'many'],
      /--connections: expected a whole/,
    ],
    [
      'a message that is no JSON',
      ['init', 'ws://127.0.0.1:9', '--send', 'hello'],
      /--send: expected an object in JSON/,
    ],
    [
      `a message without \${id}`,
      ['init', 'ws://127.0.0.1:9', '--send', '{"a":1}'],
      /protocol\.send: expected a message that contains/,
    ],
    [
      'a directory that is not there',
      ['init', 'ws://127.0.0.1:9', '--out', 'no/such/plan.yaml'],
      /--out: expected a file in a writable directory/,
    ],
    ['a variable that is not set', ['init', 'ws://127.0.0.1:9', '-H', `A: \${env.NOT_SET}`], /variable NOT_SET/],
  ] as const)('%s', async (_name, args, says) => {
    const { exitCode, stderr } = await runHighwater(args);
    expect(stderr).toMatch(says);
    expect(exitCode).toBe(64);
  });
});

describe('interrupted and attacked', () => {
  test('Ctrl-C leaves no file and no connection, and ends in 130', async () => {
    const service = await startWsService({});
    const cwd = temporaryDirectory();
    const command = startHighwater(['init', service.url, '--yes'], { cwd });
    await command.prints('stderr', /Listening/);
    await expect.poll(service.open, { timeout: 20_000 }).toBe(1);
    command.signal('SIGINT');
    expect((await command.finished).exitCode).toBe(130);
    expect(readdirSync(cwd)).toEqual([]);
    await expect.poll(service.open, { timeout: 20_000 }).toBe(0);
  });

  test('a flood of messages, and words that would write to the terminal, are bounded and made safe', async () => {
    const evil = `\u001b[31m\u0007 rm -rf\r\n- injected: true\u2028`;
    const service = await startRawServer(afterUpgrade((socket) => flood(socket, frame(1, evil))));
    const { init: finished, plan } = await init(service.url);
    expect(finished.exitCode).toBe(0);
    for (const text of [plan, finished.stdout, finished.stderr]) {
      expect(text).not.toContain('\u001b');
      expect(text).not.toContain('\u2028');
      expect(text).not.toMatch(/^- injected/m);
    }
    expect(finished.stdout).toMatch(/not recognized/);
  });

  test('a message beyond any size is not waited for', async () => {
    const huge = Buffer.concat([Buffer.from([0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0]), Buffer.alloc(1000, 0x61)]);
    const service = await startRawServer(afterUpgrade((socket) => void socket.write(huge)));
    const { init: finished } = await init(service.url);
    expect(finished.stdout).toMatch(/larger than the limit/);
  });
});

test.skipIf(!hasPythonWebsockets)('an echo of another language', async () => {
  const server = await startForeignServer('python');
  try {
    expect((await init(server.url)).init.stdout).toMatch(/an echo service, binary/);
  } finally {
    await server.stop();
  }
});

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

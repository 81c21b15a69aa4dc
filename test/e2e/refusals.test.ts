// What a user reads where connections do not open, or do not close: the true reason, whose limit it is, and what to do.

import { spawnSync } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeCertificates } from '../support/certificates.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import {
  createDirectory,
  type HighwaterOptions,
  runHighwater,
  temporaryDirectory,
  writeInto,
} from '../support/highwater.ts';
import {
  afterUpgrade,
  answerWith,
  frame,
  onRequest,
  startRawServer,
  switchingProtocols,
} from '../support/raw-server.ts';

const BRIEFLY = ['-c', '2', '-r', '10/s', '-d', '1s', '-q', '-t', 'connections.failed == 0'] as const;

async function summaryOf(url: string, more: readonly string[] = [], options: HighwaterOptions = {}) {
  const { stdout, stderr, exitCode } = await runHighwater(['run', url, ...BRIEFLY, ...more], options);
  return { stdout, stderr, exitCode };
}

/** Sends short messages back, as they came; `isPolite` answers close frames too. */
function serve(socket: Socket, isPolite: boolean): void {
  let held = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    while (held.length >= 6 && held.length >= 6 + (held[1]! & 127)) {
      const opcode = held[0]! & 15;
      const end = 6 + (held[1]! & 127);
      const payload = held.subarray(6, end).map((byte, i) => byte ^ held[2 + (i & 3)]!);
      held = held.subarray(end);
      if (opcode !== 8 || isPolite) socket.write(frame(opcode, Buffer.from(payload)));
      if (opcode === 8 && isPolite) socket.end();
    }
  });
}

const echo = (isPolite: boolean) => afterUpgrade((socket) => serve(socket, isPolite));

/** Opens with these lines beside the usual ones, then echoes; `change` has the last word on the answer. */
const opening = (linesOf: (index: number) => readonly string[], change = (answer: string): string => answer) =>
  startRawServer((socket, index) =>
    onRequest(socket, (request) => {
      socket.write(change(switchingProtocols(request, linesOf(index))));
      serve(socket, true);
    }),
  );

describe('an unusual answer to the upgrade', () => {
  const policies = Array.from({ length: 40 }, (_, i) => `X-Policy-${i}: ${'p'.repeat(490)}`);
  test.each<[string, readonly string[], (answer: string) => string]>([
    ['a head of 20 KiB', policies, (answer) => answer],
    ['"Upgrade: websocket" on two lines', ['Upgrade: websocket'], (answer) => answer],
    ['"Connection" on two lines', ['Connection: keep-alive'], (answer) => answer],
    ['names in another case of characters', [], (answer) => answer.replace('Upgrade: websocket', 'UPGRADE: WebSocket')],
  ])('%s opens the connections', async (_, extra, change) => {
    const server = await opening(() => extra, change);
    const { result } = await runHighwater(['run', server.url, '-c', '2', '-d', '1s', '-r', '10/s', '--json', '-q']);
    expect(result.connections).toMatchObject({ opened: 2, failed: 0 });
  });

  test.each<[string, readonly string[], (answer: string) => string, RegExp]>([
    [
      'two equal Sec-WebSocket-Accept lines',
      ['Sec-WebSocket-Accept: abc='],
      (answer) => answer,
      /RFC 6455 §11\.3\.3: Sec-WebSocket-Accept must not occur twice, got "[^"]+, abc="/,
    ],
    [
      'another protocol beside websocket',
      [],
      (answer) => answer.replace('websocket', 'h2c, websocket'),
      /no other protocol, got "h2c, websocket"/,
    ],
    ['an empty subprotocol', ['Sec-WebSocket-Protocol:'], (answer) => answer, /or be left out, got it without a value/],
    [
      'HTTP/1.0',
      [],
      (answer) => answer.replace('HTTP/1.1', 'HTTP/1.0'),
      /must be HTTP\/1\.1 or later, because HTTP\/1\.0 has no Upgrade; got HTTP\/1\.0/,
    ],
    [
      'a head of 80 KiB',
      [...policies, ...policies, ...policies, ...policies],
      (answer) => answer,
      /longer than 65536 bytes, the limit of Highwater; it begins with "HTTP\/1\.1 101 Switching Protocols"/,
    ],
  ])('%s is told as what came', async (_, extra, change, text) => {
    const server = await opening(() => extra, change);
    const { stdout, exitCode } = await summaryOf(server.url);
    expect(exitCode).toBe(69);
    expect(stdout).toMatch(/badUpgrade 2: the answer to the upgrade was not a valid WebSocket handshake/);
    expect(stdout).toMatch(text);
    expect(stdout).not.toMatch(/what to do: /);
  });

  test('a 403 behind a head of 20 KiB stays a refusal with its status and its reason', async () => {
    const head = ['HTTP/1.1 403 Forbidden', ...policies, 'Content-Length: 12', '\r\n'].join('\r\n');
    const { stdout } = await summaryOf((await startRawServer(answerWith(`${head}wrong origin`))).url);
    expect(stdout).toMatch(/upgradeRejected 2: .*HTTP 403 Forbidden: wrong origin/);
  });
});

describe('a 403 without an Origin', () => {
  test.each([
    ['with a reason', 'Content-Length: 13\r\n\r\nAccess denied'],
    ['with an empty body', 'Content-Length: 0\r\n\r\n'],
    ['with another reason', 'Content-Length: 9\r\n\r\nforbidden'],
  ])('%s advises to name one', async (_, rest) => {
    const { url } = await startRawServer(answerWith(`HTTP/1.1 403 Access denied\r\n${rest}`));
    const { stdout } = await summaryOf(url);
    expect(stdout).toMatch(/do: .*target\.headers: \{ Origin: "https:\/\/\.\.\." \} or -H 'Origin: https:/);
    const named = await summaryOf(url, ['-H', 'Origin: https://app.example.com']);
    expect(named.stdout).toMatch(/what to do: .*check that it allows this Origin/);
  });
});

describe('TLS and plain ports mixed up', () => {
  const { directory, remove } = createDirectory();
  afterAll(remove);
  const certificates = makeCertificates(directory);

  test('wss to a plain port, a self-signed certificate, a client certificate wanted: the cause and the key', async () => {
    const plain = await startRawServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    const first = await summaryOf(plain.url.replace('ws:', 'wss:'));
    expect(first.stdout).toMatch(/tls 2: .*the port does not use TLS/);
    expect(first.stdout).toMatch(/do: write ws:\/\/ instead of wss:\/\//);

    const pem = (name: string): string => path.join(directory, name);
    const selfSigned = await startForeignServer('ws', {
      tls: { cert: pem('selfSigned.pem'), key: pem('selfSigned.key') },
    });
    const wanting = await startForeignServer('ws', {
      tls: { cert: certificates.serverCert, key: certificates.serverKey, clientCa: certificates.ca },
    });
    try {
      const second = await summaryOf(selfSigned.url);
      expect(second.stdout).toMatch(/first: the certificate of the service is self-signed/);
      expect(second.stdout).toMatch(/what to do: .*target\.tls\.ca \(--ca FILE\)/);
      const third = await summaryOf(wanting.url, ['--ca', certificates.ca]);
      expect(third.stdout).toMatch(/the service wants a client certificate/);
      expect(third.stdout).toMatch(/what to do: set target\.tls\.cert and target\.tls\.key/);
      for (const { stdout } of [first, second, third]) expect(stdout).not.toMatch(/SSL routines|deps\/openssl/);
    } finally {
      await Promise.all([selfSigned.stop(), wanting.stop()]);
    }
  });

  test.each([
    ['an alert of TLS', '\x15\x03\x01\x00\x02\x02\x46', /the port uses TLS/],
    [
      'a page about HTTPS',
      'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.',
      /HTTP 400 Bad Request: Client sent/,
    ],
  ])('ws to a port that answers with %s: to write wss', async (_, answer, text) => {
    const { url } = await startRawServer(answerWith(Buffer.from(answer, 'latin1')));
    const { stdout } = await summaryOf(url);
    expect(stdout).toMatch(text);
    expect(stdout).toMatch(/do: write wss:\/\/ instead of ws:\/\//);
  });
});

describe('a service that does not get round to connections', () => {
  test('while others open: its accept queue may be full, and a rule about handshakes says what failed', async () => {
    const { url } = await startRawServer((socket, index) => {
      if (index < 3) echo(true)(socket, index);
    });
    const cwd = temporaryDirectory();
    const plan = writeInto(
      cwd,
      'plan.json',
      JSON.stringify({
        name: 'queue',
        target: { url, handshakeTimeout: '300ms' },
        load: { connections: 12, messages: { open: { rate: '12/s', for: '500ms' } } },
        thresholds: ['handshake.p50 < 1s', 'connections.failed == 0'],
      }),
    );
    const { stdout } = await runHighwater(['run', plan, '-q'], { cwd });
    expect(stdout).toMatch(
      /handshake\.p50 < 1s +above the limit: too many connections failed to open \(9 of 12 attempts\)/,
    );
    expect(stdout).toMatch(/handshakeTimeout 9: /);
    expect(stdout).toMatch(
      /do: the service's accept queue may be full \(listen backlog, net\.core\.somaxconn\).*more slowly/,
    );
  });
});

describe('close frames', () => {
  test.each([
    ['that are never answered are counted, and why the run took longer', false],
    ['that are answered are not spoken of', true],
  ])('%s', async (_, isPolite) => {
    const { url } = await startRawServer(echo(isPolite));
    const args = ['run', url, '-c', '3', '-r', '30/s', '-d', '1s', '--drain', '1s', '-q'];
    const cwd = temporaryDirectory();
    const { stdout } = await runHighwater(args, { cwd });
    const { result } = await runHighwater(['report', 'latest', '--json'], { cwd });
    const count = isPolite ? 0 : 3;
    expect(result.connections.closes).toEqual({ sent: 3, unanswered: count, waitedOut: count });
    expect(result.messages).toMatchObject({ sent: 30, delivered: 30 });
    if (isPolite) expect(stdout).not.toMatch(/close frame/);
    else {
      expect(stdout).toMatch(/the service did not answer 3 of 3 close frames \(RFC 6455/);
      expect(stdout).toMatch(
        /the service did not close 3 connections within 2 s after the close frame .*the run waited/,
      );
    }
  });
});

describe('what was negotiated', () => {
  test('is in the result and the summary, with counts, and that compression was declined', async () => {
    const declining = await opening((index) => (index === 0 ? [] : ['Sec-WebSocket-Protocol: chat.v2']));
    const args = ['-c', '3', '-r', '10/s', '-d', '1s', '-q', '--subprotocol', 'chat.v2', '--compression'];
    const cwd = temporaryDirectory();
    const { stdout } = await runHighwater(['run', declining.url, ...args], { cwd });
    expect(stdout).toMatch(/negotiated +subprotocol .*chat\.v2 x 2/);
    expect(stdout).toMatch(/the service declined compression on 3 of 3 connections/);
    const { result } = await runHighwater(['report', 'latest', '--json'], { cwd });
    expect(result.negotiated).toEqual({ subprotocol: { none: 1, 'chat.v2': 2 }, compression: { none: 3 } });
  });

  test('is the agreement in the words of the handshake', async () => {
    const agreeing = await opening(() => ['Sec-WebSocket-Extensions: Permessage-Deflate; client_max_window_bits=8']);
    const args = ['run', agreeing.url, '-c', '2', '-r', '10/s', '-d', '1s', '-q', '--json', '--compression'];
    const { result } = await runHighwater(args);
    expect(result.negotiated.compression).toEqual({ 'permessage-deflate; client_max_window_bits=8': 2 });
  });
});

const mayMakeNetworks = spawnSync('sh', ['-c', 'unshare --net true'], { stdio: 'ignore' }).status === 0;
if (!mayMakeNetworks)
  process.stderr.write('SKIPPED: proxies of the environment need root and unshare: their tests do not run here\n');

describe.skipIf(!mayMakeNetworks && process.env.CI !== 'true')('a proxy in the environment', () => {
  const env = { HTTPS_PROXY: 'http://user:geheim@127.0.0.1:9', http_proxy: 'http://127.0.0.1:9' } as const;
  const inner = { env, ownNetwork: true } as const;

  test('is named, without its value, where a name is not known and at check', async () => {
    const ran = await summaryOf('ws://ws.inner.test/', [], inner);
    expect(ran.exitCode).toBe(69);
    expect(ran.stderr).toMatch(/got ws\.inner\.test \(dns: .*; http_proxy is set in the environment but not used/);
    const secure = await summaryOf('wss://ws.inner.test/', [], inner);
    expect(secure.stderr).toMatch(/HTTPS_PROXY is set in the environment but not used/);
    expect(secure.stderr).not.toMatch(/geheim/);
    const checked = await runHighwater(['check', 'wss://ws.inner.test/'], { env });
    expect(checked.stdout).toMatch(/^ {2}proxy +HTTPS_PROXY is set/m);
  });

  test('is named where there is no way to an address', async () => {
    const { stdout } = await summaryOf('ws://192.0.2.1:81/', [], inner);
    expect(stdout).toMatch(/unreachable 2: .*http_proxy is set in the environment but not used/);
    const excepted = await summaryOf('ws://192.0.2.1:81/', [], { ...inner, env: { ...env, NO_PROXY: '192.0.2.0/24' } });
    expect(excepted.stdout).toMatch(/unreachable 2: /);
    expect(excepted.stdout).not.toMatch(/proxy/);
  });

  test('is nothing for the loopback', async () => {
    const port = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
      });
    });
    const { stdout } = await summaryOf(`ws://127.0.0.1:${port}/`, [], { env });
    expect(stdout).toMatch(/refused 2: /);
    expect(stdout).not.toMatch(/proxy/i);
    expect((await runHighwater(['check', `ws://127.0.0.1:${port}/`], { env })).stdout).not.toMatch(/proxy/i);
  });
});

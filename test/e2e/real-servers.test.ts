// Highwater against servers that this project did not write: three implementations of RFC 6455 in two languages, and
// one of them behind a reverse proxy with TLS. A correct echo service must come out without a single complaint.

import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectBalancedBooks, expectPerfectDelivery } from '../support/books.ts';
import { type Certificates, CLIENT_NAME, makeCertificates } from '../support/certificates.ts';
import { failureCauseText } from '../support/failures.ts';
import {
  type ForeignServer,
  type ForeignServerOptions,
  hasPythonWebsockets,
  type ServerReport,
  startForeignServer,
} from '../support/foreign-server.ts';
import { createDirectory, runHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';
import { hasNginx, type Nginx, startNginx } from '../support/nginx.ts';

/** Around every edge: of the protocol's forms (text takes twice the bytes), of the frame's length forms, and far beyond. */
const SIZES = [1, 2, 7, 8, 15, 16, 43, 44, 87, 88, 100, 125, 126, 65_535, 65_536, 1_000_000];
const LARGE = 10_000;

/** Runs may be in doubt about their own timing on a busy machine; they may not find fault with the service. */
const PASS_OR_INCONCLUSIVE = [0, 2];

interface Load {
  readonly format: 'binary' | 'text';
  readonly model: 'open' | 'closed';
  readonly clients: number;
  readonly compression: boolean;
}

/** Open loads have exactly this many messages due. */
const OPEN_MESSAGES = 300;

function planFor(url: string, { format, model, clients, compression }: Load, target: object = {}): string {
  return JSON.stringify({
    name: 'real-servers',
    // Generous: what takes long here takes long because the machine is busy.
    target: { url, compression, connectTimeout: '60s', handshakeTimeout: '60s', maxBuffered: '1GiB', ...target },
    protocol: { kind: 'echo', format },
    load: {
      connections: clients,
      messages:
        model === 'open' ? { open: { rate: '200/s', for: '1500ms' } } : { closed: { inFlight: 3, for: '1500ms' } },
      mix: SIZES.map((bytes) => ({ type: `b${bytes}`, bytes, weight: bytes > LARGE ? 0.3 : 1 })),
    },
    contract: { delivery: 'exactly-once', order: 'per-stream', integrity: 'checksum' },
    drain: '30s',
  });
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

async function expectPerfectRun(
  server: ForeignServer,
  url: string,
  load: Load,
  target: object = {},
): Promise<ServerReport> {
  await server.report();
  const directory = temporaryDirectory();
  const plan = writeInto(directory, 'plan.json', planFor(url, load, target));
  const { exitCode, result } = await runHighwater(['run', plan, '--json', '--quiet'], { cwd: directory });
  expectPerfectDelivery(result);
  expect(PASS_OR_INCONCLUSIVE).toContain(exitCode);
  expect(result.connections.opened).toBe(load.clients);
  if (load.model === 'open') expect(result.messages.due).toBe(OPEN_MESSAGES);

  const report = await server.report();
  expect(report.connections).toHaveLength(load.clients);
  const { [load.format]: received, ...others } = report.sizes;
  expect(sumOf(received)).toBe(result.messages.sent);
  expect(Object.values(others)).toEqual([{}]);
  if (load.model === 'open') expect(Object.keys(received).map(Number)).toEqual(SIZES);
  return report;
}

function isCompressed(report: ServerReport): boolean {
  return report.connections.every(({ extensions }) => extensions.includes('permessage-deflate'));
}

const SERVERS: readonly { name: string; kind: 'ws' | 'faye' | 'python'; compresses: boolean; present: boolean }[] = [
  { name: 'ws (Node)', kind: 'ws', compresses: true, present: true },
  { name: 'faye-websocket (Node)', kind: 'faye', compresses: false, present: true },
  { name: 'websockets (Python)', kind: 'python', compresses: true, present: hasPythonWebsockets },
];

for (const { name, kind, compresses, present } of SERVERS) {
  describe.runIf(present)(`an echo service on ${name}`, () => {
    let server: ForeignServer;
    beforeAll(async () => {
      server = await startForeignServer(kind, { compression: true });
    });
    afterAll(() => server?.stop());

    test('delivers binary messages of every size, sent on schedule over twenty clients', async () => {
      await expectPerfectRun(server, server.url, { format: 'binary', model: 'open', clients: 20, compression: false });
    });

    test('delivers text messages of every size, sent in a closed loop over one client', async () => {
      await expectPerfectRun(server, server.url, { format: 'text', model: 'closed', clients: 1, compression: false });
    });

    test(`delivers text messages when compression is offered and ${compresses ? 'taken' : 'declined'}`, async () => {
      const load: Load = { format: 'text', model: 'open', clients: 10, compression: true };
      expect(isCompressed(await expectPerfectRun(server, server.url, load))).toBe(compresses);
    });

    if (compresses)
      test('delivers compressed binary messages in a closed loop, with and without context', async () => {
        const load: Load = { format: 'binary', model: 'closed', clients: 3, compression: true };
        expect(isCompressed(await expectPerfectRun(server, server.url, load))).toBe(true);
        const withoutContext = { compression: { clientContextTakeover: false, serverContextTakeover: false } };
        expect(isCompressed(await expectPerfectRun(server, server.url, load, withoutContext))).toBe(true);
      });

    if (kind !== 'faye')
      test('carries a thousand clients', async () => {
        const { exitCode, result } = await runHighwater([
          ...['run', server.url, '-c', '1000', '-r', '1000/s', '-d', '3s', '--drain', '30s'],
          ...['-t', 'lost == 0', '--json', '--quiet'],
        ]);
        expectPerfectDelivery(result);
        expect(PASS_OR_INCONCLUSIVE).toContain(exitCode);
        expect(result.messages.due).toBe(3000);
        expect(result.connections).toMatchObject({ attempted: 1000, opened: 1000, peakOpen: 1000, droppedByServer: 0 });
      });
  });
}

describe.runIf(hasNginx)('ws behind nginx with TLS', () => {
  const { directory, remove } = createDirectory();
  let server: ForeignServer;
  let nginx: Nginx;
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = makeCertificates(directory);
    server = await startForeignServer('ws', { compression: true });
    const { serverCert: cert, serverKey: key } = certificates;
    nginx = await startNginx(directory, server.port, { cert, key });
  });
  afterAll(async () => {
    await nginx?.stop();
    await server?.stop();
    remove();
  });

  test('delivers binary messages of every size to one who trusts its authority', async () => {
    const load: Load = { format: 'binary', model: 'open', clients: 20, compression: false };
    const tls = { tls: { ca: certificates.ca } };
    await expectPerfectRun(server, `wss://localhost:${nginx.port}/echo`, load, tls);
  });

  test('delivers compressed text messages in a closed loop over one client', async () => {
    const load: Load = { format: 'text', model: 'closed', clients: 1, compression: true };
    const tls = { tls: { ca: certificates.ca } };
    expect(isCompressed(await expectPerfectRun(server, `wss://127.0.0.1:${nginx.port}`, load, tls))).toBe(true);
  });

  test('is trusted with --ca and with --insecure, and refused without either', async () => {
    const run = (...flags: string[]) =>
      runHighwater([
        'run',
        `wss://localhost:${nginx.port}`,
        '-c',
        '3',
        '-r',
        '30/s',
        '-d',
        '500ms',
        '--drain',
        '30s',
        '--json',
        ...flags,
      ]);
    expectPerfectDelivery((await run('--ca', certificates.ca)).result);
    expectPerfectDelivery((await run('--insecure')).result);

    const { exitCode, result, stderr } = await run();
    expect(exitCode).toBe(69);
    expect(result.connections).toMatchObject({ attempted: 3, opened: 0, failed: 3 });
    expect(result.connections.failures).toMatchObject({ tls: { count: 3 } });
    expect(failureCauseText(result, 'tls')).toMatch(/certificate/i);
    expect(stderr).not.toContain('INTERNAL');
    expectBalancedBooks(result);
  });

  test('is refused when its certificate is for another name, and trusted when that name is asked for', async () => {
    const run = (name: string) =>
      runHighwater([
        ...['run', `wss://127.0.0.1:${nginx.port}`, '-r', '30/s', '-d', '500ms', '--drain', '30s', '--json'],
        ...['--ca', certificates.ca, '--server-name', name],
      ]);
    expectPerfectDelivery((await run('localhost')).result);
    const { exitCode, result } = await run('chat.example.com');
    expect(exitCode).toBe(69);
    expect(failureCauseText(result, 'tls')).toContain('chat.example.com');
  });
});

describe('a service that asks for a client certificate', () => {
  const { directory, remove } = createDirectory();
  let server: ForeignServer;
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = makeCertificates(directory);
    const { serverCert: cert, serverKey: key, ca: clientCa } = certificates;
    server = await startForeignServer('ws', { tls: { cert, key, clientCa } });
  });
  afterAll(async () => {
    await server?.stop();
    remove();
  });
  const run = (...flags: string[]) =>
    runHighwater([
      'run',
      server.url,
      '-c',
      '2',
      '-r',
      '20/s',
      '-d',
      '500ms',
      '--drain',
      '30s',
      '--json',
      '--ca',
      certificates.ca,
      ...flags,
    ]);

  test('sees the certificate that --cert and --key name', async () => {
    await server.report();
    const { result } = await run('--cert', certificates.clientCert, '--key', certificates.clientKey);
    expectPerfectDelivery(result);
    const { connections } = await server.report();
    expect(connections.map(({ clientName }) => clientName)).toEqual([CLIENT_NAME, CLIENT_NAME]);
  });

  test('turns a client without one away, and the run says so', async () => {
    const { exitCode, result } = await run();
    expect(exitCode).toBe(69);
    expect(result.connections).toMatchObject({ opened: 0, failed: 2 });
    expect(
      sumOf(Object.fromEntries(Object.entries(result.connections.failures).map(([kind, { count }]) => [kind, count]))),
    ).toBe(2);
    expectBalancedBooks(result);
  });
});

describe('what a plan says of the connection', () => {
  let server: ForeignServer;
  let other: ForeignServer;
  const startBoth = async (options: ForeignServerOptions): Promise<void> => {
    server = await startForeignServer('ws', options);
    other = await startForeignServer('faye', options);
  };
  beforeAll(() => startBoth({ subprotocol: 'chat.v2' }));
  afterAll(async () => {
    await server?.stop();
    await other?.stop();
  });

  async function run(
    plan: object,
    files: Readonly<Record<string, string>> = {},
    env: Readonly<Record<string, string>> = {},
  ) {
    const directory = temporaryDirectory();
    for (const [name, text] of Object.entries(files)) writeInto(directory, name, text);
    const file = writeInto(directory, 'plan.json', JSON.stringify({ drain: '30s', ...plan }));
    await server.report();
    await other.report();
    const { result } = await runHighwater(['run', file, '--json', '--quiet'], { cwd: directory, env });
    expectPerfectDelivery(result);
    return { result, report: await server.report(), otherReport: await other.report() };
  }
  const briefly = { messages: { open: { rate: '60/s', for: '500ms' } } };

  test('clients are shared out among several target URLs', async () => {
    const { report, otherReport } = await run({
      target: { url: [`${server.url}/first`, `${other.url}/second`] },
      load: { ...briefly, connections: 7 },
    });
    expect(report.connections.map((connection) => connection.path)).toEqual(Array(4).fill('/first'));
    expect(otherReport.connections.map((connection) => connection.path)).toEqual(Array(3).fill('/second'));
    expect(sumOf(report.sizes.binary) + sumOf(otherReport.sizes.binary)).toBe(30);
  });

  test('clients connect from every source address in turn', async () => {
    const { report } = await run({
      target: { url: server.url, sourceAddresses: ['127.0.0.2-127.0.0.4'] },
      load: { ...briefly, connections: 6 },
    });
    const addresses = report.connections.map(({ from }) => from).sort();
    expect(addresses).toEqual(['127.0.0.2', '127.0.0.2', '127.0.0.3', '127.0.0.3', '127.0.0.4', '127.0.0.4']);
  });

  test('headers, cookies, subprotocol, environment, client number and CSV row arrive at the server', async () => {
    const { report } = await run(
      {
        target: {
          url: `${server.url}/room/\${row.room}?client=\${client}`,
          headers: {
            'X-Client': `client-\${client}`,
            Authorization: `Bearer \${env.TEST_TOKEN}`,
            'X-User': `\${row.user}`,
          },
          cookies: { session: `\${row.session}`, theme: 'dark' },
          subprotocols: ['chat.v3', 'chat.v2'],
          rows: 'users.csv',
        },
        load: { ...briefly, connections: 3 },
      },
      { 'users.csv': 'user,room,session\nann,red,s-1\n"bob, the second",blue,s-2\n' },
      { TEST_TOKEN: 'token-from-the-environment' },
    );
    const seen = report.connections
      .map(({ path: url, headers, subprotocol }) => [
        url,
        headers['x-client'],
        headers['x-user'],
        headers.cookie,
        subprotocol,
      ])
      .sort();
    expect(seen).toEqual([
      ['/room/blue?client=1', 'client-1', 'bob, the second', 'session=s-2; theme=dark', 'chat.v2'],
      ['/room/red?client=0', 'client-0', 'ann', 'session=s-1; theme=dark', 'chat.v2'],
      ['/room/red?client=2', 'client-2', 'ann', 'session=s-1; theme=dark', 'chat.v2'],
    ]);
    for (const { headers } of report.connections) {
      expect(headers.authorization).toBe('Bearer token-from-the-environment');
      expect(headers['sec-websocket-protocol']).toBe('chat.v3, chat.v2');
      expect(headers.host).toBe(`127.0.0.1:${server.port}`);
    }
  });

  test('user and password of the URL arrive as Basic credentials, percent-decoded', async () => {
    const { report } = await run({
      target: { url: `ws://ann:p%40ss%20word%C3%A9@127.0.0.1:${server.port}/` },
      load: briefly,
    });
    const authorization = report.connections[0]?.headers.authorization ?? '';
    expect(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()).toBe('ann:p@ss wordé');
  });

  test('flags do what the plan does: headers, subprotocol, source address', async () => {
    await server.report();
    const { result } = await runHighwater([
      ...[
        'run',
        server.url,
        '-c',
        '2',
        '-r',
        '20/s',
        '-d',
        '500ms',
        '--drain',
        '30s',
        '--json',
        '-H',
        'X-One: 1',
        '-H',
        'X-Two: a: b',
      ],
      ...['--subprotocol', 'chat.v2', '--source-address', '127.0.0.5'],
    ]);
    expectPerfectDelivery(result);
    for (const { headers, from, subprotocol } of (await server.report()).connections) {
      expect([headers['x-one'], headers['x-two'], from, subprotocol]).toEqual(['1', 'a: b', '127.0.0.5', 'chat.v2']);
    }
  });

  test('localhost reaches a service that listens on 127.0.0.1 only', async () => {
    const { result } = await run({
      target: { url: `ws://localhost:${server.port}` },
      load: { ...briefly, connections: 5 },
    });
    expect(result.connections).toMatchObject({ opened: 5, failed: 0 });
  });

  test('an IPv6 address in brackets reaches a service on ::1', async () => {
    const six = await startForeignServer('ws', { host: '::1' });
    try {
      const { result } = await runHighwater([
        'run',
        six.url,
        '-c',
        '3',
        '-r',
        '30/s',
        '-d',
        '500ms',
        '--drain',
        '30s',
        '--json',
      ]);
      expectPerfectDelivery(result);
      const { connections } = await six.report();
      expect(connections.map(({ from, headers }) => [from, headers.host])).toEqual(
        Array(3).fill(['::1', `[::1]:${six.port}`]),
      );
    } finally {
      await six.stop();
    }
  });

  test.each([2, 3])('%i workers share out clients and messages without a remainder', async (workers) => {
    const { result, report } = await run({
      target: { url: server.url },
      workers,
      load: { connections: 17, messages: { open: { rate: '101/s', for: '1s' } } },
    });
    expect(result.run.workerCount).toBe(workers);
    expect(result.messages).toMatchObject({ due: 101, sent: 101, delivered: 101 });
    expect(result.connections).toMatchObject({ attempted: 17, opened: 17 });
    expect(report.connections).toHaveLength(17);
    expect(sumOf(report.sizes.binary)).toBe(101);
  });

  test('a TLS file that is named in a plan is looked for beside the plan', async () => {
    const directory = temporaryDirectory();
    const plan = { target: { url: 'wss://127.0.0.1:9', tls: { ca: 'missing.pem' } }, load: briefly };
    const file = writeInto(directory, 'plan.json', JSON.stringify(plan));
    const { exitCode, stderr } = await runHighwater(['run', file]);
    expect(exitCode).toBe(64);
    expect(stderr).toContain(path.join(directory, 'missing.pem'));
  });
});

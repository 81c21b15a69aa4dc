// Checks the instrument before anything is measured with it: the C echo server against the `ws` client and against raw
// sockets, the bare client against the `ws` server and the echo server, the `ws` client against both.
//
//   node bench/rig/check.js           about 20 s
//   node bench/rig/check.js --idle    also 19,000 idle connections from four processes on one echo server, about 40 s more
//
// Exit code 0 when every check held; the first that did not is thrown.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import WebSocket, { WebSocketServer } from 'ws';
import { buildRig } from './build.js';
import { runPinned, startEchoServer } from './processes.js';

const MIB = 1024 * 1024;
const wsClient = fileURLToPath(new URL('ws-client.js', import.meta.url));
/** At and around every change of the frame's layout, and of the server's shared buffer of 256 KiB. */
const sizes = [0, 1, 2, 3, 7, 8, 9, 125, 126, 127, 65_535, 65_536, 262_129, 262_130, 262_131, 262_144, MIB, 16 * MIB];

/** @param {number} port @returns {Promise<WebSocket>} */
async function openConnection(port) {
  const client = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
  await once(client, 'open');
  return client;
}

/** @param {WebSocket} client @param {number} count @returns {Promise<{ data: Buffer, isBinary: boolean }[]>} */
const receive = (client, count) =>
  new Promise((resolve, reject) => {
    /** @type {{ data: Buffer, isBinary: boolean }[]} */
    const received = [];
    client.on('message', function take(data, isBinary) {
      received.push({ data: /** @type {Buffer} */ (data), isBinary });
      if (received.length < count) return;
      client.off('message', take);
      client.off('error', reject);
      resolve(received);
    });
    client.once('error', reject);
  });

/** @param {number} firstByte @param {Buffer} payload @param {Buffer} [mask] @returns {Buffer} a client's frame, made here */
function frame(firstByte, payload, mask = randomBytes(4)) {
  const length = payload.length;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = firstByte;
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, mask, payload.map((byte, i) => byte ^ /** @type {number} */ (mask[i & 3]))]);
}

const handshake =
  'GET /echo HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n' +
  'sEc-WeBsOcKeT-kEy:dGhlIHNhbXBsZSBub25jZQ==  \r\nsec-websocket-version: 13\r\n\r\n';
const handshakeAnswer =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

/**
 * Sends bytes in pieces and collects everything until the server ends the connection.
 * @param {number} port
 * @param {Iterable<Buffer | string>} pieces
 * @returns {Promise<Buffer>}
 */
async function conversation(port, pieces) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  /** @type {Buffer[]} */
  const received = [];
  socket.on('data', (chunk) => received.push(chunk));
  const ended = once(socket, 'end');
  await once(socket, 'connect');
  for (const piece of pieces) {
    socket.write(piece);
    await sleep(1);
  }
  await Promise.race([ended, sleep(5_000, null, { ref: false }).then(() => assert.fail('the server did not end'))]);
  socket.destroy();
  return Buffer.concat(received);
}

/** @param {Buffer} bytes */
const oneByOne = (bytes) => Array.from(bytes, (byte) => Buffer.of(byte));
const closeFrame = frame(0x88, Buffer.of(0x03, 0xe8));
const closeAnswer = Buffer.of(0x88, 2, 0x03, 0xe8);
const failure = (/** @type {number} */ code) => Buffer.of(0x88, 2, code >> 8, code & 0xff);

/** @param {number} port */
async function checkEchoServerWithWs(port) {
  const client = await openConnection(port);
  for (const size of sizes) {
    const payload = randomBytes(size);
    client.send(payload);
    const [echo] = await receive(client, 1);
    assert.ok(echo?.isBinary && echo.data.equals(payload), `${size} bytes come back unchanged`);
  }
  client.send('text: grüße');
  const [text] = await receive(client, 1);
  assert.ok(text !== undefined && !text.isBinary && text.data.toString() === 'text: grüße', 'text stays text');

  const parts = [10, 0, 70_000, 300_000, 1].map((size) => randomBytes(size));
  const pong = once(client, 'pong');
  for (const [i, part] of parts.entries()) {
    client.send(part, { fin: i === parts.length - 1, binary: true });
    if (i === 1) client.ping('between fragments');
  }
  const [whole] = await receive(client, 1);
  assert.ok(whole?.data.equals(Buffer.concat(parts)), 'a fragmented message comes back whole');
  assert.equal(String((await pong)[0]), 'between fragments');

  const many = Array.from({ length: 5_000 }, (_, i) => randomBytes((i * 37) % 3_000));
  const echoes = receive(client, many.length);
  for (const payload of many) client.send(payload);
  assert.ok(
    (await echoes).every(({ data }, i) => data.equals(/** @type {Buffer} */ (many[i]))),
    'in order, unchanged',
  );

  const closed = once(client, 'close');
  client.close(4321, 'enough');
  const [code, reason] = await closed;
  assert.deepEqual([code, String(reason)], [4321, 'enough']);
}

/** A client that does not read makes the server's writes short. @param {number} port */
async function checkSlowReader(port) {
  const client = await openConnection(port);
  client.pause();
  const payloads = Array.from({ length: 40 }, (_, i) => randomBytes(i % 2 === 0 ? MIB : 50_000 + i));
  for (const payload of payloads) client.send(payload);
  await sleep(300);
  const echoes = receive(client, payloads.length);
  client.resume();
  assert.ok((await echoes).every(({ data }, i) => data.equals(/** @type {Buffer} */ (payloads[i]))));
  client.terminate();
}

/** @param {number} port */
async function checkEchoServerWithRawSockets(port) {
  const hello = Buffer.from('hello');
  const helloAnswer = Buffer.from([0x82, 5, ...hello]);
  const opened = (/** @type {Buffer[]} */ ...answers) => Buffer.concat([Buffer.from(handshakeAnswer), ...answers]);
  const after = (/** @type {Buffer[]} */ ...frames) => [handshake, Buffer.concat(frames)];
  /** @type {[string, Iterable<Buffer | string>, Buffer][]} */
  const cases = [
    [
      'everything one byte at a time',
      oneByOne(Buffer.concat([Buffer.from(handshake), frame(0x82, hello), closeFrame])),
      opened(helloAnswer, closeAnswer),
    ],
    [
      'handshake, frames and close in one write',
      [Buffer.concat([Buffer.from(handshake), frame(0x82, hello), frame(0x89, hello), frame(0x8a, hello), closeFrame])],
      opened(helloAnswer, Buffer.from([0x8a, 5, ...hello]), closeAnswer),
    ],
    [
      'a length in eight bytes where one would do',
      after(Buffer.of(0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0), hello, closeFrame),
      opened(helloAnswer, closeAnswer),
    ],
    [
      'fragments mirrored',
      after(frame(0x02, hello), frame(0x80, hello), closeFrame),
      opened(Buffer.from([0x02, 5, ...hello, 0x80, 5, ...hello]), closeAnswer),
    ],
    ['a close without a code', after(frame(0x88, Buffer.alloc(0))), opened(Buffer.of(0x88, 0))],
    ['nothing is answered after a close', after(closeFrame, frame(0x82, hello)), opened(closeAnswer)],
    ['a frame without a mask', after(Buffer.of(0x82, 1)), opened(failure(1002))],
    ['a reserved bit', after(frame(0xc2, hello)), opened(failure(1002))],
    ['a reserved opcode', after(frame(0x83, hello)), opened(failure(1002))],
    ['a continuation of nothing', after(frame(0x80, hello)), opened(failure(1002))],
    [
      'a message within a message',
      after(frame(0x02, hello), frame(0x82, hello)),
      opened(Buffer.from([2, 5, ...hello]), failure(1002)),
    ],
    ['a ping in fragments', after(frame(0x09, hello)), opened(failure(1002))],
    ['a ping of 126 bytes', after(frame(0x89, Buffer.alloc(126))), opened(failure(1002))],
    [
      'a close code of one byte',
      after(frame(0x82, hello), frame(0x88, Buffer.of(3))),
      opened(helloAnswer, failure(1002)),
    ],
    ['16 MiB and a byte', after(Buffer.of(0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0)), opened(failure(1009))],
    ['a length of 2^63', after(Buffer.of(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), opened(failure(1009))],
    [
      'no key',
      ['GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
      Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
    ],
  ];
  for (const [name, pieces, expected] of cases) {
    assert.equal((await conversation(port, pieces)).toString('latin1'), expected.toString('latin1'), name);
  }
  const tooLong = await conversation(
    port,
    after(frame(0x02, Buffer.alloc(9 * MIB)), frame(0x00, Buffer.alloc(9 * MIB))),
  );
  assert.ok(tooLong.subarray(-4).equals(failure(1009)), 'fragments of more than 16 MiB in all');
}

/** A `ws` echo server that counts, and knows what the bare client sends. */
async function startWsServer() {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  await once(server, 'listening');
  let received = 0;
  let wrong = 0;
  server.on('connection', (client) => {
    /** @type {Buffer | null} */
    let expected = null;
    client.on('error', () => {}); // clients end without a close frame
    client.on('message', (data, isBinary) => {
      const bytes = /** @type {Buffer} */ (data);
      expected ??= Buffer.alloc(bytes.length, 'abcdefghijklmnopqrstuvwxyz');
      received++;
      if (!isBinary || !bytes.equals(expected)) wrong++;
      client.send(data);
    });
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const take = () => {
    const counts = { received, wrong };
    received = 0;
    wrong = 0;
    return counts;
  };
  return { port, take, close: () => server.close() };
}

/** @param {string} json @param {string} what */
function readResult(json, what) {
  const result = JSON.parse(json);
  for (const key of ['messages', 'seconds', 'cpuSeconds', 'cpuMicrosPerMessage', 'messagesPerSecond']) {
    assert.ok(result[key] > 0, `${what}: ${key} is positive`);
  }
  const parts = result.userSeconds + result.sysSeconds;
  assert.ok(Math.abs(parts - result.cpuSeconds) < 1e-5, `${what}: user and system time are the CPU time`);
  return result;
}

/** @param {string} bareClient @param {number} echoPort */
async function checkClients(bareClient, echoPort) {
  const server = await startWsServer();
  /** @type {[string, string[]][]} */
  const clients = [
    ['bare-client', [bareClient]],
    ['ws-client', [process.execPath, wsClient]],
  ];
  for (const [name, [command = '', ...first]] of clients) {
    for (const [clients, bytes, inFlight] of [
      [1, 1, 1],
      [50, 64, 1],
      [10, 125, 64],
      [10, 126, 64],
      [3, 65_535, 8],
      [3, 65_536, 8],
      [3, MIB, 1],
      [2, MIB, 16],
      [1, 3 * MIB, 2],
      [200, 0, 3],
    ].map((row) => /** @type {[number, number, number]} */ (row))) {
      const load = [clients, bytes, inFlight, 0.3].map(String);
      const what = `${name} ${load.join(' ')}`;
      const args = (/** @type {number} */ port) => [...first, String(port), ...load];
      readResult(await runPinned(null, command, args(echoPort)), `${what} on echo-server`);
      const { messages } = readResult(await runPinned(null, command, args(server.port)), `${what} on ws`);
      await sleep(50);
      const { received, wrong } = server.take();
      assert.equal(wrong, 0, `${what}: every message arrives as it should`);
      const underWay = received - messages;
      assert.ok(
        underWay >= 0 && underWay <= clients * inFlight,
        `${what}: counted ${messages}, the server echoed ${received}: what is under way at the end explains it`,
      );
    }
  }
  server.close();
}

/** @param {number} pid */
const rssBytes = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** 19,000 connections at once, just under the limit of 20,000 descriptors a process that machines commonly set. */
async function checkIdle() {
  const [holderCount, clientsEach, holdSeconds] = [4, 4_750, 20];
  const server = await startEchoServer();
  const before = rssBytes(server.pid);
  const holders = Promise.all(
    Array.from({ length: holderCount }, () =>
      runPinned(null, process.execPath, [
        wsClient,
        '--idle',
        String(server.ports[0]),
        String(clientsEach),
        '--hold',
        String(holdSeconds),
      ]),
    ),
  );
  const all = holderCount * clientsEach;
  const descriptors = () => readdirSync(`/proc/${server.pid}/fd`).length;
  for (let waited = 0; waited < 90 && descriptors() <= all; waited++) await sleep(1_000);
  const atOnce = descriptors();
  const perConnection = (rssBytes(server.pid) - before) / all;
  const results = (await holders).map((json) => JSON.parse(json));
  await server.stop();
  console.log(JSON.stringify({ atOnce, serverRssBytesPerConnection: Math.round(perConnection) }));
  assert.ok(atOnce > all, 'all are open at once');
  assert.equal(
    results.reduce((sum, { opened }) => sum + opened, 0),
    all,
  );
  assert.ok(perConnection < 200, 'an idle connection costs the server less than 200 bytes');
}

const rig = buildRig();
if (rig === null) process.exit(0); // buildRig has said why
const echoServer = await startEchoServer({ ports: 2 });
assert.equal(echoServer.ports.length, 2);
for (const port of echoServer.ports) await checkEchoServerWithWs(port);
await checkSlowReader(/** @type {number} */ (echoServer.ports[0]));
await checkEchoServerWithRawSockets(/** @type {number} */ (echoServer.ports[1]));
await checkClients(rig.bareClient, /** @type {number} */ (echoServer.ports[0]));
await echoServer.stop();
await assert.rejects(runPinned(0, 'sleep', ['5'], { limitSeconds: 0.2 }), /took more than 0.2 s and was killed/);
await assert.rejects(runPinned(0, 'sh', ['-c', 'echo why >&2; exit 3']), /ended with code 3\nwhy/);
assert.throws(() => process.kill(echoServer.pid, 0), { code: 'ESRCH' }, 'the stopped server is gone');
if (process.argv.includes('--idle')) await checkIdle();
console.log('the rig holds');

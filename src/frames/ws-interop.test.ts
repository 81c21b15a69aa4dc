/** Over real sockets, against the `ws` package on the other side: an implementation that this project did not write. */
import { createHash, randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { type PerMessageDeflateOptions, type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { type DeflateParameters, type DeflateSettings, MessageDeflater } from './deflate.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import {
  frameHeaderBytes,
  maxControlFrameBytes,
  writeCloseFrame,
  writeControlFrame,
  writeFrame,
} from './frame-writer.ts';
import { acceptGuid, buildHandshakeRequest, HandshakeReader, type HandshakeResult } from './handshake.ts';
import { maskInPlace } from './mask.ts';
import { opcodes } from './opcodes.ts';
import { zlibDeflate, zlibInflate } from './zlib-codec.ts';

type Event =
  | { readonly kind: 'message'; readonly isText: boolean; readonly bytes: Buffer }
  | { readonly kind: 'ping' | 'pong'; readonly bytes: Buffer }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  | { readonly kind: 'violation'; readonly code: number; readonly rule: string };

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function startServer(options: ServerOptions, onConnection: (socket: WebSocket) => void): Promise<number> {
  const server = new WebSocketServer({ ...options, host: '127.0.0.1', port: 0 });
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on('connection', onConnection);
  return new Promise((resolve) => server.on('listening', () => resolve((server.address() as AddressInfo).port)));
}

/** A client of this folder's parts, on a plain socket. */
class TestClient implements FrameSink<null> {
  readonly events: Event[] = [];
  agreement: DeflateParameters | null = null;
  readonly #socket: Socket;
  readonly #waiting: (() => void)[] = [];
  #deflater: MessageDeflater | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    closers.push(() => socket.destroy());
  }

  static async open(
    port: number,
    deflate: DeflateSettings | null,
    subprotocols: readonly string[] = [],
  ): Promise<{ client: TestClient; result: HandshakeResult }> {
    const socket = connect(port, '127.0.0.1');
    const client = new TestClient(socket);
    const key = randomBytes(16).toString('base64');
    const acceptValue = createHash('sha1')
      .update(key + acceptGuid)
      .digest('base64');
    const handshake = new HandshakeReader({ acceptValue, subprotocols, deflate });
    const path = '/';
    socket.write(
      buildHandshakeRequest({ hostHeader: `127.0.0.1:${port}`, path, key, headers: {}, subprotocols, deflate }),
      'latin1',
    );
    let reader: FrameReader<null> | null = null;
    return new Promise((resolve) => {
      socket.on('data', (chunk) => {
        if (reader !== null) {
          reader.feed(chunk, 0, chunk.length, client, null);
          return;
        }
        const result = handshake.feed(chunk, 0, chunk.length);
        if (result.kind === 'incomplete') return;
        resolve({ client, result });
        if (result.kind !== 'accepted') return;
        client.#agree(result.deflate);
        reader = new FrameReader({
          maxMessageBytes: 2_000_000,
          inflation: result.deflate === null ? null : { inflate: zlibInflate(inflateRawSync), ...result.deflate },
        });
        reader.feed(chunk, result.consumedBytes, chunk.length, client, null);
      });
    });
  }

  #agree(agreement: DeflateParameters | null): void {
    this.agreement = agreement;
    if (agreement?.sending.kind === 'compressed')
      this.#deflater = new MessageDeflater(
        zlibDeflate(deflateRawSync, agreement.sending.windowBits),
        agreement.sending,
      );
  }

  send(isText: boolean, message: Uint8Array): void {
    const payload = this.#deflater === null ? message : this.#deflater.compress(message);
    const out = new Uint8Array(frameHeaderBytes(payload.length) + payload.length);
    const maskKey = randomBytes(4).readUInt32BE();
    const opcode = isText ? opcodes.text : opcodes.binary;
    writeFrame(out, 0, opcode, payload, 0, payload.length, maskKey, this.#deflater !== null);
    this.#socket.write(out);
  }

  sendControl(write: (out: Uint8Array, maskKey: number) => number): void {
    const out = new Uint8Array(maxControlFrameBytes);
    this.#socket.write(out.subarray(0, write(out, 0xdead_beef)));
  }

  async waitFor(count: number): Promise<readonly Event[]> {
    while (this.events.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.events;
  }

  #add(event: Event): void {
    this.events.push(event);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
  message(_: null, isText: boolean, bytes: Uint8Array, start: number, end: number): void {
    this.#add({ kind: 'message', isText, bytes: Buffer.from(bytes.slice(start, end)) });
  }
  ping(_: null, bytes: Uint8Array, start: number, end: number): void {
    this.#add({ kind: 'ping', bytes: Buffer.from(bytes.slice(start, end)) });
  }
  pong(_: null, bytes: Uint8Array, start: number, end: number): void {
    this.#add({ kind: 'pong', bytes: Buffer.from(bytes.slice(start, end)) });
  }
  close(_: null, code: number, reason: string): void {
    this.#add({ kind: 'close', code, reason });
  }
  violation(_: null, code: number, rule: string): void {
    this.#add({ kind: 'violation', code, rule });
  }
}

/** Short, repeated, empty, incompressible, longer than each length form and than the LZ77 window. */
const noise = (size: number, seed: number) => {
  let state = seed;
  return Buffer.from(
    Uint8Array.from({ length: size }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
};
const json = (number: number) =>
  Buffer.from(`{"client":"größe ${number % 7}","number":${number},"text":"the quick brown fox"}`);
const someNoise = noise(5_000, 1);
const traffic: readonly { readonly isText: boolean; readonly bytes: Buffer }[] = [
  ...Array.from({ length: 40 }, (_, number) => ({ isText: true, bytes: json(number) })),
  { isText: false, bytes: Buffer.alloc(0) },
  { isText: true, bytes: Buffer.alloc(0) },
  { isText: true, bytes: json(1) },
  { isText: false, bytes: Buffer.alloc(125, 1) },
  { isText: false, bytes: Buffer.alloc(126, 2) },
  { isText: false, bytes: someNoise },
  { isText: false, bytes: someNoise },
  { isText: false, bytes: Buffer.concat([noise(40_000, 2), someNoise]) },
  { isText: false, bytes: someNoise },
  { isText: false, bytes: Buffer.alloc(65_535, 'abcdefg') },
  { isText: false, bytes: noise(65_536, 3) },
  { isText: false, bytes: noise(33_000, 4) },
  { isText: false, bytes: noise(33_000, 4) },
  { isText: true, bytes: Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i * i}\n`).join('')) },
  { isText: true, bytes: json(2) },
  ...Array.from({ length: 40 }, (_, number) => ({ isText: number % 2 === 0, bytes: json(number) })),
];

const echo = (socket: WebSocket) => {
  socket.on('message', (data: Buffer, isBinary) => socket.send(data, { binary: isBinary }));
};

function expectTraffic(events: readonly Event[]): void {
  for (const [i, sent] of traffic.entries()) {
    const event = events[i]!;
    if (event.kind !== 'message') expect.fail(`message ${i} was answered by ${JSON.stringify(event)}`);
    expect(event.isText).toBe(sent.isText);
    expect(event.bytes.equals(sent.bytes)).toBe(true);
  }
}

async function expectEchoes(client: TestClient): Promise<void> {
  for (const { isText, bytes } of traffic) client.send(isText, bytes);
  const events = await client.waitFor(traffic.length);
  expectTraffic(events);
}

test('an uncompressed ws server echoes every message as it was sent', async () => {
  const port = await startServer({}, echo);
  const { client, result } = await TestClient.open(port, null);
  expect(result).toMatchObject({ kind: 'accepted', deflate: null, subprotocol: null });
  await expectEchoes(client);
});

const both: DeflateSettings = { clientContextTakeover: true, serverContextTakeover: true };
const neither: DeflateSettings = { clientContextTakeover: false, serverContextTakeover: false };

describe('a compressing ws server echoes every message as it was sent', () => {
  const cases: readonly (readonly [string, DeflateSettings, PerMessageDeflateOptions])[] = [
    ['with context takeover on both sides', both, {}],
    ['without it on both sides, as the client asks', neither, {}],
    [
      'without it on both sides, as the server asks',
      both,
      { serverNoContextTakeover: true, clientNoContextTakeover: true },
    ],
    ['with it on the client only', { clientContextTakeover: true, serverContextTakeover: false }, {}],
    ['with it on the server only', { clientContextTakeover: false, serverContextTakeover: true }, {}],
    ['with the smallest window of the server', both, { serverMaxWindowBits: 8 }],
    ['with a small window of the server', both, { serverMaxWindowBits: 10 }],
    ['with the smallest window that zlib can do for the client', both, { clientMaxWindowBits: 9 }],
    ['with a small window of the client', both, { clientMaxWindowBits: 12 }],
    ['with a window for the client that zlib cannot do', both, { clientMaxWindowBits: 8 }],
    ['with small windows and no context', neither, { clientMaxWindowBits: 9, serverMaxWindowBits: 9 }],
    ['with some messages below the threshold uncompressed', both, { threshold: 60 }],
    ['with the least memory for zlib', both, { zlibDeflateOptions: { memLevel: 1, level: 9 } }],
    ['with stored blocks only', both, { zlibDeflateOptions: { level: 0 } }],
  ];
  test.each(cases)('%s', async (_, settings, options) => {
    const port = await startServer({ perMessageDeflate: { threshold: 0, ...options } }, echo);
    const { client } = await TestClient.open(port, settings);
    expect(client.agreement).not.toBeNull();
    expect(client.agreement?.sending.kind).toBe(options.clientMaxWindowBits === 8 ? 'uncompressed' : 'compressed');
    await expectEchoes(client);
  });

  test('in fragments, with a ping between them', async () => {
    const port = await startServer({ perMessageDeflate: { threshold: 0 } }, (socket) => {
      for (const { bytes } of traffic) {
        const half = bytes.length >> 1;
        socket.send(bytes.subarray(0, half), { binary: true, fin: false });
        socket.ping('between');
        socket.send(bytes.subarray(half), { binary: true, fin: true });
      }
    });
    const { client } = await TestClient.open(port, both);
    const events = await client.waitFor(2 * traffic.length);
    const messages = events.filter((event) => event.kind === 'message').map((event) => event.bytes);
    expect(Buffer.concat(messages).equals(Buffer.concat(traffic.map(({ bytes }) => bytes)))).toBe(true);
    expect(events.filter((event) => event.kind === 'ping').length).toBe(traffic.length);
  });
});

/**
 * The other way round: a ws client compresses and masks, and its frames, unmasked, are read as a server's would be.
 */
describe('the frames of a compressing ws client are inflated', () => {
  test.each([true, false])('context takeover %s', async (contextTakeover) => {
    const events: Event[] = [];
    let ended: string | null = null;
    const sink: FrameSink<null> = {
      message: (_, isText, bytes, start, end) => {
        events.push({ kind: 'message', isText, bytes: Buffer.from(bytes.slice(start, end)) });
      },
      ping() {},
      pong() {},
      close: (_, code) => {
        ended = `close ${code}`;
      },
      violation: (_, code, rule) => {
        ended = `${code} ${rule}`;
      },
    };
    const reader = new FrameReader<null>({
      maxMessageBytes: 2_000_000,
      inflation: { inflate: zlibInflate(inflateRawSync), serverContextTakeover: contextTakeover, serverWindowBits: 15 },
    });
    const server = createServer((socket) => {
      closers.push(() => socket.destroy());
      let held: Buffer = Buffer.alloc(0);
      let upgraded = false;
      socket.on('data', (chunk) => {
        held = Buffer.concat([held, chunk]);
        if (!upgraded) {
          const key = /sec-websocket-key: (.*)\r\n/i.exec(held.toString('latin1'))?.[1] ?? '';
          const accept = createHash('sha1')
            .update(key + acceptGuid)
            .digest('base64');
          const drop = contextTakeover ? '' : '; client_no_context_takeover';
          socket.write(
            `HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n` +
              `Sec-WebSocket-Extensions: permessage-deflate${drop}\r\n\r\n`,
          );
          upgraded = true;
          held = Buffer.alloc(0);
          return;
        }
        const [frames, rest] = unmaskFrames(held);
        held = rest;
        reader.feed(frames, 0, frames.length, sink, null);
      });
    });
    closers.push(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      perMessageDeflate: { threshold: 0 },
    });
    closers.push(() => client.terminate());
    client.on('open', () => {
      for (const { isText, bytes } of traffic) client.send(bytes, { binary: !isText });
      client.close(1000);
    });
    await expect.poll(() => ended, { timeout: 10_000 }).toBe('close 1000');
    expect(events.length).toBe(traffic.length);
    expectTraffic(events);
  });
});

/** Turns whole client frames into server frames: the mask bit and the key removed, the payload unmasked. */
function unmaskFrames(held: Buffer): readonly [frames: Buffer, rest: Buffer] {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const length7 = at + 2 <= held.length ? held[at + 1]! & 0x7f : 0;
    const keyAt = at + (length7 === 127 ? 10 : length7 === 126 ? 4 : 2);
    if (keyAt + 4 > held.length) break;
    const payloadBytes =
      length7 === 127 ? Number(held.readBigUInt64BE(at + 2)) : length7 === 126 ? held.readUInt16BE(at + 2) : length7;
    const end = keyAt + 4 + payloadBytes;
    if (end > held.length) break;
    const head = Buffer.from(held.subarray(at, keyAt));
    head[1] = head[1]! & 0x7f;
    const payload = Buffer.from(held.subarray(keyAt + 4, end));
    maskInPlace(payload, 0, payload.length, held.readUInt32BE(keyAt));
    parts.push(head, payload);
    at = end;
  }
  return [Buffer.concat(parts), held.subarray(at)];
}

describe('control frames', () => {
  test('a ping of ours is answered by its pong, and a close of ours is echoed', async () => {
    const seen: string[] = [];
    const port = await startServer({}, (socket) => {
      socket.on('ping', (data) => seen.push(`ping ${data}`));
      socket.on('close', (code, reason) => seen.push(`close ${code} ${reason}`));
    });
    const { client } = await TestClient.open(port, null);
    client.sendControl((out, key) => writeControlFrame(out, 0, opcodes.ping, Buffer.from('hi'), 0, 2, key));
    client.sendControl((out, key) => writeCloseFrame(out, 0, 4001, 'schönen Tag', key));
    const events = await client.waitFor(2);
    expect(events[0]).toEqual({ kind: 'pong', bytes: Buffer.from('hi') });
    expect(events[1]).toMatchObject({ kind: 'close', code: 4001 });
    await expect.poll(() => seen).toEqual(['ping hi', 'close 4001 schönen Tag']);
  });

  test('a close without a code is read by ws as 1005', async () => {
    const codes: number[] = [];
    const port = await startServer({}, (socket) => socket.on('close', (code) => codes.push(code)));
    const { client } = await TestClient.open(port, null);
    client.sendControl((out, key) => writeCloseFrame(out, 0, null, '', key));
    await expect.poll(() => codes).toEqual([1005]);
    expect(await client.waitFor(1)).toEqual([{ kind: 'close', code: 1005, reason: '' }]);
  });

  test('a close of the server is read with its reason', async () => {
    const port = await startServer({}, (socket) => socket.close(1013, 'später'));
    const { client } = await TestClient.open(port, null);
    expect(await client.waitFor(1)).toEqual([{ kind: 'close', code: 1013, reason: 'später' }]);
  });
});

describe('the handshake', () => {
  test('ws chooses a subprotocol', async () => {
    const port = await startServer({ handleProtocols: () => 'b' }, () => {});
    const { result } = await TestClient.open(port, null, ['a', 'b']);
    expect(result).toMatchObject({ kind: 'accepted', subprotocol: 'b' });
  });

  test('ws rejects, and the reason can be read', async () => {
    const verifyClient: ServerOptions['verifyClient'] = (_info, decide) =>
      decide(false, 429, 'slow down', { 'Retry-After': '7' });
    const port = await startServer({ verifyClient }, () => {});
    const { result } = await TestClient.open(port, null);
    expect(result).toMatchObject({ kind: 'rejected', status: 429, body: 'slow down', headers: { retryAfter: '7' } });
  });

  test('ws declines compression when it is off there', async () => {
    const port = await startServer({ perMessageDeflate: false }, echo);
    const { client } = await TestClient.open(port, both);
    expect(client.agreement).toBeNull();
    await expectEchoes(client);
  });
});

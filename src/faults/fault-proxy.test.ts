// The proxy over real sockets, between ends that this file holds in its hands.

import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { faultsOf } from '../../test/support/faults/bench.ts';
import type { Act } from '../injection/truth.ts';
import { type FaultProxy, type FaultProxyOptions, startFaultProxy } from './fault-proxy.ts';
import { isAmongShare } from './selection.ts';
import { readTargetUrl } from './target-url.ts';

async function proxyTo(port: number, options: Partial<FaultProxyOptions> = {}): Promise<FaultProxy> {
  const target = readTargetUrl(`ws://127.0.0.1:${port}`)!;
  const proxy = await startFaultProxy({ host: '127.0.0.1', port: 0, target, ...options });
  onTestFinished(() => proxy.stop());
  return proxy;
}

async function rawServer(receive: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    receive(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function dial({ url }: FaultProxy): Socket {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

async function echoServer(): Promise<{ readonly port: number; readonly server: WebSocketServer }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } });
  server.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('error', () => {});
  });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server };
}

async function open({ url }: FaultProxy, headers: Readonly<Record<string, string>> = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, { headers });
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  await Promise.race([once(socket, 'open'), once(socket, 'close').then(() => Promise.reject(new Error('closed')))]);
  return socket;
}

async function ask(socket: WebSocket, text: string): Promise<string> {
  const answer = once(socket, 'message');
  socket.send(text);
  return String((await answer)[0]);
}

/** The request head that a connection begins with. */
const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('what each side does is what the other sees', () => {
  test('an end is passed on by itself, and the other direction stays open', async () => {
    const port = await rawServer((socket) => {
      socket.resume();
      socket.on('end', () => socket.end('after the end'));
    });
    const socket = dial(await proxyTo(port));
    socket.end(REQUEST);
    expect(String(Buffer.concat(await socket.toArray()))).toBe('after the end');
  });

  test('a reset of the server is one for the client, and the other way round', async () => {
    const port = await rawServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const socket = dial(await proxyTo(port));
    socket.write(REQUEST);
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });

    const served: Socket[] = [];
    const other = dial(await proxyTo(await rawServer((accepted) => served.push(accepted))));
    other.write(REQUEST);
    await expect.poll(() => served).toHaveLength(1);
    const accepted = served[0]!;
    await once(accepted, 'data');
    const failed = once(accepted, 'error');
    other.resetAndDestroy();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  });

  test('a target that is not there looks like a reset', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const [error] = await once(dial(await proxyTo(port)), 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });

  test('an answer other than 101 passes as it is', async () => {
    const server = createHttpServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    server.on('upgrade', (_, socket) =>
      socket.end('HTTP/1.1 403 No\r\nX-Why: because\r\nContent-Length: 4\r\n\r\nnope'),
    );
    const faults = faultsOf({ fault: 'drop', rate: '100%' });
    const { url } = await proxyTo((server.address() as AddressInfo).port, { faults });
    const socket = new WebSocket(url);
    const [, response] = await once(socket, 'unexpected-response');
    expect([response.statusCode, response.headers['x-why']]).toEqual([403, 'because']);
    expect(String(Buffer.concat(await response.toArray()))).toBe('nope');
    socket.on('error', () => {});
  });

  test('a Host that names the proxy names the target instead; another stays, and so does everything else', async () => {
    const { port, server } = await echoServer();
    const proxy = await proxyTo(port);
    const hosts: (string | undefined)[] = [];
    server.on('connection', (_, request) => hosts.push(request.headers.host, request.headers['x-mine'] as string));
    await open(proxy, { 'x-mine': 'kept: 127.0.0.1' });
    await open(proxy, { host: 'chat.example.com', 'x-mine': '2' });
    expect(hosts).toEqual([`127.0.0.1:${port}`, 'kept: 127.0.0.1', 'chat.example.com', '2']);
  });

  test('a client that does not read has the server wait, and gets everything in the end', async () => {
    const total = 200e6;
    let written = 0;
    const port = await rawServer((socket) => {
      const chunk = Buffer.alloc(100_000);
      const go = (): void => {
        while (written < total) {
          written += chunk.length;
          if (!socket.write(chunk)) return;
        }
        socket.end();
      };
      socket.on('drain', go);
      socket.once('data', go);
    });
    const socket = dial(await proxyTo(port, { faults: faultsOf({ fault: 'latency', latency: '1ms' }) }));
    socket.pause();
    socket.write(REQUEST);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(written).toBeLessThan(50e6); // what two kernels and the stated limits hold
    let received = 0;
    for await (const chunk of socket) received += (chunk as Buffer).length;
    expect(received).toBe(total);
  });
});

describe('faults that come and go', () => {
  test('down resets who is there and who comes, and when it is over all is as before', async () => {
    const truth: Act[] = [];
    const proxy = await proxyTo((await echoServer()).port, { logAct: (act) => truth.push(act) });
    const before = await open(proxy);
    expect(await ask(before, 'a')).toBe('a');
    const closed = once(before, 'close');
    proxy.setFaults(faultsOf({ fault: 'down' }));
    expect((await closed)[0]).toBe(1006);
    await expect(open(proxy)).rejects.toThrow();
    proxy.setFaults([]);
    expect(await ask(await open(proxy), 'b')).toBe('b');
    expect(truth.map(({ act }) => act)).toEqual(['switch', 'cut', 'cut', 'switch']);
  });

  test('timeout swallows while it is on', async () => {
    const { port } = await echoServer();
    const proxy = await proxyTo(port);
    const socket = await open(proxy);
    const direct = await open({ ...proxy, url: `ws://127.0.0.1:${port}` });
    const answers: string[] = [];
    socket.on('message', (data) => answers.push(String(data)));
    proxy.setFaults(faultsOf({ fault: 'timeout', stream: 'up' }));
    socket.send('swallowed');
    // All of it is one event loop: what was sent before has been read when this has come back.
    await ask(direct, 'and back');
    proxy.setFaults([]);
    await ask(socket, 'received');
    expect(answers).toEqual(['received']);
  });

  test('limit_data: both sides see the end', async () => {
    const ended: string[] = [];
    const port = await rawServer((socket) => {
      socket.once('data', () => socket.write('x'.repeat(100)));
      socket.on('end', () => {
        ended.push('server');
        socket.end();
      });
    });
    const socket = dial(await proxyTo(port, { faults: faultsOf({ fault: 'limit_data', bytes: 10 }) }));
    socket.write(REQUEST);
    expect(String(Buffer.concat(await socket.toArray()))).toBe('x'.repeat(10));
    await expect.poll(() => ended).toEqual(['server']);
  });

  test('faults of messages come on where messages are watched from the start, compressed ones too', async () => {
    const { port } = await echoServer();
    const drop = faultsOf({ fault: 'drop', messages: [{ stream: 0, seq: 2 }] });
    const proxy = await proxyTo(port, { watchFrames: true });
    const socket = await open(proxy);
    expect(socket.extensions).toContain('permessage-deflate');
    const answers: string[] = [];
    socket.on('message', (data) => answers.push(String(data)));
    await ask(socket, 'the same text');
    await ask(socket, 'the same text again');
    proxy.setFaults(drop);
    socket.send('the same text is dropped');
    await ask(socket, 'the same text at last');
    expect(answers).toEqual(['the same text', 'the same text again', 'the same text at last']);
  });

  test('where they are not, faults of messages affect the connections that come after', async () => {
    const proxy = await proxyTo((await echoServer()).port);
    const before = await open(proxy);
    proxy.setFaults(
      faultsOf({
        fault: 'drop',
        messages: [
          { stream: 0, seq: 0 },
          { stream: 1, seq: 0 },
        ],
      }),
    );
    expect(await ask(before, 'a')).toBe('a');
    const after = await open(proxy);
    after.send('dropped');
    expect(await ask(after, 'b')).toBe('b');
  });

  test('swallow_pong: the server pings, and receives nothing', async () => {
    const { port, server } = await echoServer();
    const proxy = await proxyTo(port, { faults: faultsOf({ fault: 'swallow_pong', stream: 'up' }) });
    const received: string[] = [];
    server.on('connection', (socket) => {
      socket.on('pong', () => received.push('pong'));
      socket.ping();
    });
    const socket = await open(proxy);
    expect(await ask(socket, 'a')).toBe('a'); // behind the pong, if there was one
    expect(received).toEqual([]);
    proxy.setFaults([]);
    for (const peer of server.clients) peer.ping();
    await expect.poll(() => received).toEqual(['pong']);
  });
});

describe('a share of the connections', () => {
  test('is about that share, the same for the same seed, and others for another', () => {
    const list = faultsOf({ fault: 'reset_peer', share: '30%' });
    const among = (seed: number): readonly number[] =>
      Array.from({ length: 2000 }, (_, number) => number).filter((number) =>
        isAmongShare({ seed, list, on: new Set() }, list[0]!, number),
      );
    expect(among(1).length).toBeGreaterThan(500); // 600 expected, standard deviation 20
    expect(among(1).length).toBeLessThan(700);
    expect(among(1)).toEqual(among(1));
    expect(among(1)).not.toEqual(among(2));
  });
});

describe('the URL of a target', () => {
  test.each([
    ['ws://a', { host: 'a', port: 80, isSecure: false, hostHeader: 'a' }],
    ['wss://a.example:8443/', { host: 'a.example', port: 8443, isSecure: true, hostHeader: 'a.example:8443' }],
    ['ws://[::1]:9000', { host: '::1', port: 9000, isSecure: false, hostHeader: '[::1]:9000' }],
    ['http://a', null],
    ['ws://a/path', null],
    ['ws://user@a', null],
    ['ws://a:0', null],
    ['a:80', null],
  ])('%s', (url, target) => {
    expect(readTargetUrl(url)).toEqual(target);
  });
});

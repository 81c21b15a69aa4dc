// A server that knows no WebSocket: a test says which bytes it answers with, right or wrong.

import { createHash } from 'node:crypto';
import net from 'node:net';
import { onTestFinished } from 'vitest';

const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export interface RawServer {
  readonly port: number;
  readonly url: string;
  /** How many connections there have been. */
  connections(): number;
}

/** `connected` is called for every connection; the server ends with the test. */
export async function startRawServer(connected: (socket: net.Socket, index: number) => void): Promise<RawServer> {
  const sockets = new Set<net.Socket>();
  let count = 0;
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    connected(socket, count++);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, resolve);
  });
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  const { port } = server.address() as net.AddressInfo;
  return { port, url: `ws://127.0.0.1:${port}`, connections: () => count };
}

/** Calls back with the request once it is whole. */
export function onRequest(socket: net.Socket, callback: (request: string) => void): void {
  let request = '';
  const read = (bytes: Buffer): void => {
    request += bytes.toString('latin1');
    if (!request.includes('\r\n\r\n')) return;
    socket.off('data', read);
    callback(request);
  };
  socket.on('data', read);
}

/** Answers the request with these bytes and ends the connection. */
export function answerWith(answer: string | Buffer): (socket: net.Socket) => void {
  return (socket) => onRequest(socket, () => socket.end(answer));
}

/** The 101 answer to a request; `extra` are further header lines. */
export function switchingProtocols(request: string, extra: readonly string[] = [], accept = acceptOf(request)): string {
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...extra,
    '\r\n',
  ].join('\r\n');
}

function acceptOf(request: string): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(request)?.[1] ?? '';
  return createHash('sha1')
    .update(key + ACCEPT_GUID)
    .digest('base64');
}

/** Opens every connection as a WebSocket server would, then hands it over. */
export function afterUpgrade(
  then: (socket: net.Socket, index: number) => void,
): (socket: net.Socket, index: number) => void {
  return (socket, index) =>
    onRequest(socket, (request) => {
      socket.write(switchingProtocols(request));
      then(socket, index);
    });
}

/** An unmasked frame with a payload of at most 65,535 bytes. */
export function frame(opcode: number, payload: Buffer | string): Buffer {
  const body = Buffer.from(payload);
  const length =
    body.length < 126 ? Buffer.from([body.length]) : Buffer.from([126, body.length >>> 8, body.length & 255]);
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, body]);
}

export function closeFrame(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return frame(8, payload);
}

/** Writes the bytes again and again as fast as the other side takes them, as long as the connection lasts. */
export function flood(socket: net.Socket, bytes: Buffer): void {
  const write = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', write);
  write();
}

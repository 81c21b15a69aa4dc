// The service that ships with Highwater to try everything on. It stands on the `ws` package, which shares
// no code with the engine: that the two understand each other is a test of both.

import { type WebSocket, WebSocketServer } from 'ws';
import type { Peer, Serve } from './delivery.ts';

export interface ReferenceTargetOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly serve: Serve;
  readonly compression: boolean;
  readonly maxMessageBytes: number;
}

export interface ReferenceTarget {
  readonly url: string;
  close(): Promise<void>;
}

/** The kernel clips this to its own limit (net.core.somaxconn). */
const BACKLOG = 4096;

/** Rejects with the server's error, such as EADDRINUSE. */
export function startReferenceTarget(options: ReferenceTargetOptions): Promise<ReferenceTarget> {
  const server = new WebSocketServer({
    host: options.host,
    port: options.port,
    backlog: BACKLOG,
    clientTracking: true,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: options.compression,
  });
  server.on('connection', (socket, request) => {
    const session = options.serve(peerOf(socket, request.url ?? '/'));
    // With the default `binaryType` a message is one Buffer.
    socket.on('message', (data, isBinary) => session.receive(data as Buffer, isBinary));
    socket.on('close', () => session.closed());
    // A peer that breaks the protocol or vanishes is the peer's affair; `ws` closes the socket.
    socket.on('error', () => {});
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : options.port;
      const host = options.host.includes(':') ? `[${options.host}]` : options.host;
      resolve({ url: `ws://${host}:${port}`, close: () => closeServer(server) });
    });
  });
}

/** RFC 6455 §7.4.1: stands for a connection that ends without a close frame. */
const NO_CLOSE_FRAME = 1006;

function peerOf(socket: WebSocket, path: string): Peer {
  return {
    path,
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send: (data, isBinary) => socket.send(data, { binary: isBinary }),
    close: (code) => (code === NO_CLOSE_FRAME ? socket.terminate() : socket.close(code)),
  };
}

/** Resolves when every connection has ended and the port is free. */
async function closeServer(server: WebSocketServer): Promise<void> {
  const ended = [...server.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of server.clients) socket.terminate();
  await Promise.all(ended);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

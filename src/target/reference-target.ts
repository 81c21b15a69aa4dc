// The service that ships with Highwater to try everything on. It stands on the `ws` package, which shares
// no code with the engine: that the two understand each other is a test of both.

import { WebSocketServer } from 'ws';
import { BEHAVIOURS, type BehaviourName } from './behaviours.ts';

export interface ReferenceTargetOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly behaviour: BehaviourName;
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
  const behave = BEHAVIOURS[options.behaviour];
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => behave(socket, data, isBinary));
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

function closeServer(server: WebSocketServer): Promise<void> {
  for (const socket of server.clients) socket.terminate();
  return new Promise((resolve) => server.close(() => resolve()));
}

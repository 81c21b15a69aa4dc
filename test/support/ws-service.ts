// A service on the `ws` package that a test writes in a few lines; it ends with the test.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { WhenOver } from './highwater.ts';

export interface WsService {
  readonly url: string;
  readonly port: number;
  /** Connections that are open now. */
  open(): number;
  /** Everything that came in, as text. */
  readonly received: readonly string[];
}

export interface WsServiceParts {
  connected?(socket: WebSocket): void;
  message?(socket: WebSocket, text: string, isBinary: boolean): void;
  /** Every message as it came, instead; what came in is not kept then. */
  bytes?(socket: WebSocket, data: RawData): void;
  /** Larger messages are refused with 1009. */
  readonly maxPayload?: number;
  /** Of a test that runs beside others: its own. */
  readonly whenOver?: WhenOver;
  /** The status line and headers of a refusal; null lets everybody in. */
  refusal?(headers: Readonly<Record<string, string | string[] | undefined>>): string | null;
}

export async function startWsService(parts: WsServiceParts): Promise<WsService> {
  const http = createServer();
  const server = new WebSocketServer({
    noServer: true,
    ...(parts.maxPayload === undefined ? {} : { maxPayload: parts.maxPayload }),
  });
  const whenOver = parts.whenOver ?? onTestFinished;
  const received: string[] = [];
  http.on('upgrade', (request, socket, head) => {
    const refusal = parts.refusal?.(request.headers) ?? null;
    if (refusal !== null) {
      socket.end(`${refusal}\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => {});
      client.on('message', (data, isBinary) => {
        if (parts.bytes !== undefined) {
          parts.bytes(client, data);
          return;
        }
        const text = data.toString();
        received.push(text);
        parts.message?.(client, text, isBinary);
      });
      parts.connected?.(client);
    });
  });
  await new Promise<void>((resolve) => http.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, resolve));
  whenOver(
    () =>
      new Promise<void>((resolve) => {
        for (const client of server.clients) client.terminate();
        http.closeAllConnections();
        http.close(() => resolve());
      }),
  );
  const { port } = http.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}`, port, open: () => server.clients.size, received };
}

/** Of a document that a service of a test is sent; an empty one where it is none. */
export function documentOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

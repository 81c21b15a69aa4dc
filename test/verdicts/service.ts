// The service of the verdict campaign, on the `ws` package: an honest echo and an honest JSON service, and what goes wrong in them on
// purpose. It keeps the truth of each trial: what it took, answered and withheld, and for how long clients were connected.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';

export const UNREADABLE_KINDS = ['nan', 'lines', 'gzip', 'cut'] as const;
export type UnreadableKind = (typeof UNREADABLE_KINDS)[number];

export interface Behavior {
  /** Each message is answered so much later. */
  readonly delayMs?: number;
  /** The clients with these shares of all are closed so long after their opening; `code` 1006 ends the TCP connection. */
  readonly close?: { readonly share: number; readonly afterMs: number; readonly code: number };
  /** Of clients that come again so many are let in; the others get 503. */
  readonly takesBack?: number;
  /** Of the first clients so many get 503. */
  readonly refuses?: number;
  /** Every n-th answer is not what the client can read. */
  readonly unreadable?: { readonly every: number; readonly kind: UnreadableKind };
  /** Every n-th message is not answered, answered twice, answered behind the next one, or damaged. */
  readonly breach?: { readonly every: number; readonly kind: 'lost' | 'duplicated' | 'reordered' | 'corrupted' };
  /** Clients that do not answer a ping for so long are dropped. */
  readonly heartbeatMs?: number;
  /** Says numbers of its own accord, every so often; begins anew after so many, or leaves out every n-th. */
  readonly pushes?: { readonly everyMs: number; readonly anewAfter?: number; readonly skipsEvery?: number };
}

/** What the service did, which is what is true. */
export interface Truth {
  opened: number;
  refused: number;
  /** Connections that it closed on purpose, and because their client had not answered pings. */
  closed: number;
  silent: number;
  received: number;
  unanswered: number;
  duplicated: number;
  reordered: number;
  corrupted: number;
  unreadable: number;
  /** Numbers that were left out, and connections on which they began anew. */
  skipped: number;
  renumbered: number;
  /** When each connection began and ended. */
  readonly connections: { readonly fromMs: number; readonly toMs: number }[];
  /** When the first message came; infinity where none did. */
  firstMs: number;
}

export interface VerdictService {
  url(trial: string, behavior: Behavior): string;
  truth(trial: string): Truth;
  close(): Promise<void>;
}

interface Trial {
  readonly behavior: Behavior;
  readonly truth: Truth;
  readonly clients: Map<WebSocket, { readonly number: number; readonly sinceMs: number; pongMs: number }>;
  seen: number;
  takenBack: number;
  answers: number;
  /** What is to be done for each client when the trial is over. */
  readonly ends: (() => void)[];
  readonly timers: Set<NodeJS.Timeout>;
}

export async function startVerdictService(): Promise<VerdictService> {
  const trials = new Map<string, Trial>();
  const server = new WebSocketServer({ noServer: true });
  const http = createServer();

  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    const trial = trials.get(new URL(request.url ?? '/', 'http://service').pathname.slice(1));
    if (trial === undefined || isRefused(trial)) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    server.handleUpgrade(request, socket, head, (client) => welcome(trial, client));
  });
  await new Promise<void>((resolve) => http.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, resolve));
  const { port } = http.address() as AddressInfo;

  return {
    url(name, behavior) {
      trials.set(name, {
        behavior,
        truth: {
          opened: 0,
          refused: 0,
          closed: 0,
          silent: 0,
          received: 0,
          unanswered: 0,
          duplicated: 0,
          reordered: 0,
          corrupted: 0,
          unreadable: 0,
          skipped: 0,
          renumbered: 0,
          connections: [],
          firstMs: Number.POSITIVE_INFINITY,
        },
        clients: new Map(),
        seen: 0,
        takenBack: 0,
        answers: 0,
        ends: [],
        timers: new Set(),
      });
      return `ws://127.0.0.1:${port}/${name}`;
    },
    truth(name) {
      const trial = trials.get(name)!;
      for (const timer of trial.timers) clearInterval(timer);
      for (const end of trial.ends) end();
      for (const [client, { sinceMs }] of trial.clients) {
        trial.truth.connections.push({ fromMs: sinceMs, toMs: performance.now() });
        client.removeAllListeners('close').terminate();
      }
      trials.delete(name);
      return trial.truth;
    },
    close: () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        http.closeAllConnections();
        http.close(() => resolve());
      }),
  };
}

function isRefused(trial: Trial): boolean {
  const { behavior, truth } = trial;
  trial.seen++;
  const isAgain = truth.opened > 0 && truth.closed > 0;
  const isOver = behavior.takesBack !== undefined && isAgain && trial.takenBack++ >= behavior.takesBack;
  const isEarly = behavior.refuses !== undefined && trial.seen <= behavior.refuses;
  if (isOver || isEarly) truth.refused++;
  return isOver || isEarly;
}

function welcome(trial: Trial, client: WebSocket): void {
  const { behavior, truth, clients } = trial;
  const state = { number: truth.opened++, sinceMs: performance.now(), pongMs: performance.now() };
  clients.set(client, state);
  const own = new Set<NodeJS.Timeout>();
  let held: (() => void) | null = null;

  const later = (ms: number, act: () => void): void => {
    const timer = setTimeout(() => {
      own.delete(timer);
      trial.timers.delete(timer);
      act();
    }, ms);
    own.add(timer);
    trial.timers.add(timer);
  };
  const send = (data: RawData | string, binary: boolean): void => {
    if (client.readyState === client.OPEN) client.send(data, { binary });
  };

  trial.ends.push(noteHeld);
  /** What nothing came behind was never sent. */
  function noteHeld(): void {
    if (held !== null) truth.unanswered++;
    held = null;
  }
  client.on('error', () => {});
  client.on('pong', () => {
    state.pongMs = performance.now();
  });
  client.on('close', () => {
    clients.delete(client);
    noteHeld();
    for (const timer of own) {
      clearTimeout(timer);
      trial.timers.delete(timer);
    }
    truth.connections.push({ fromMs: state.sinceMs, toMs: performance.now() });
  });
  client.on('message', (data, isBinary) => {
    const nowMs = performance.now();
    truth.received++;
    truth.firstMs = Math.min(truth.firstMs, nowMs);
    const number = ++trial.answers;
    if (behavior.delayMs === undefined) answer(data, isBinary, number);
    else later(behavior.delayMs, () => answer(data, isBinary, number));
  });

  function answer(data: RawData, isBinary: boolean, number: number): void {
    if (client.readyState !== client.OPEN) return;
    const { breach, unreadable } = behavior;
    if (unreadable !== undefined && number % unreadable.every === 0) {
      truth.unreadable++;
      sendUnreadable(unreadable.kind, data.toString());
      return;
    }
    if (breach === undefined || number % breach.every !== 0) {
      send(data, isBinary);
      held?.();
      held = null;
      return;
    }
    switch (breach.kind) {
      case 'lost':
        truth.unanswered++;
        return;
      case 'duplicated':
        truth.duplicated++;
        send(data, isBinary);
        send(data, isBinary);
        return;
      case 'reordered':
        held = () => {
          truth.reordered++;
          send(data, isBinary);
        };
        return;
      case 'corrupted': {
        truth.corrupted++;
        send(damaged(data as Buffer, isBinary), isBinary);
        return;
      }
    }
  }

  function sendUnreadable(kind: UnreadableKind, text: string): void {
    const frames: Readonly<Record<UnreadableKind, () => string | Buffer>> = {
      nan: () => text.replace(/\}$/, ',"rate":NaN}'),
      lines: () => `${text}\n${JSON.stringify({ tick: 1 })}`,
      gzip: () => gzipSync(text),
      cut: () => text.slice(0, -1),
    };
    send(frames[kind](), kind === 'gzip');
  }

  const { close, heartbeatMs, pushes } = behavior;
  if (close !== undefined && isAmong(state.number, close.share)) {
    later(close.afterMs, () => {
      truth.closed++;
      if (close.code === 1006) client.terminate();
      else client.close(close.code, 'as the trial wants it');
    });
  }
  if (pushes !== undefined) {
    let said = 0;
    let number = 0;
    const tick = setInterval(() => {
      said++;
      if (said === pushes.anewAfter) {
        number = 0;
        truth.renumbered++;
      }
      number++;
      if (pushes.skipsEvery !== undefined && said % pushes.skipsEvery === 0) truth.skipped++;
      else send(JSON.stringify({ n: number }), false);
    }, pushes.everyMs);
    own.add(tick);
    trial.timers.add(tick);
  }
  if (heartbeatMs !== undefined) {
    const tick = setInterval(() => {
      if (performance.now() - state.pongMs > heartbeatMs) {
        truth.silent++;
        client.terminate();
      } else client.ping();
    }, heartbeatMs / 4);
    own.add(tick);
    trial.timers.add(tick);
  }
}

/** Another payload of the same length: a byte of an echo, a letter of what a document says. */
function damaged(data: Buffer, isBinary: boolean): Buffer {
  const bytes = Buffer.from(data);
  const place = isBinary ? bytes.length - 1 : bytes.length - 3;
  bytes[place] = bytes[place] === 0x61 ? 0x62 : 0x61;
  return bytes;
}

/** Spread over the numbers, so that any first part of them has its share. */
function isAmong(number: number, share: number): boolean {
  return Math.floor((number + 1) * share) > Math.floor(number * share);
}

// The fault proxy: between a client and a WebSocket service, it breaks the way as it is told, and writes down what it broke.
// With no fault on, bytes pass as they are. Faults come and go by their times, and by `setFaults`.

import { connect as connectPlain, createServer, isIP, type Server, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectSecure, type PeerCertificate } from 'node:tls';
import { monotonicClock } from '../engine/clock.ts';
import type { LogAct } from '../injection/truth.ts';
import { type Connection, createConnection } from './connection.ts';
import type { ProxyFault } from './fault.ts';
import { type FaultState, isDue, nextSwitchNs } from './selection.ts';
import type { ProxyTarget } from './target-url.ts';

/** Certificates and key as PEM. */
export interface ProxyTls {
  readonly ca?: string | Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly passphrase?: string;
  /** SNI and the name that the certificate must carry; where left out, the target's host. */
  readonly serverName?: string;
  readonly insecure?: boolean;
}

export interface FaultProxyOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly target: ProxyTarget;
  /** Where the target speaks TLS. */
  readonly tls?: ProxyTls;
  readonly seed?: number;
  readonly faults?: readonly ProxyFault[];
  /** Look for messages on every connection, so that faults of messages can come on where it is open already. */
  readonly watchFrames?: boolean;
  readonly logAct?: LogAct;
  /** The target could not be reached: what the client sees is a connection that is reset. */
  unreachable?(reason: string): void;
}

export interface FaultProxy {
  readonly url: string;
  /** These from now on, in place of all that were there. Their times count from the start of the proxy. */
  setFaults(faults: readonly ProxyFault[]): void;
  /** Resolves when every connection has ended and the port is free. */
  stop(): Promise<void>;
}

/** The kernel clips this to its own limit (net.core.somaxconn). */
const BACKLOG = 4096;
const DEFAULT_SEED = 1;

/** Rejects with the server's error, such as EADDRINUSE. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, seed = DEFAULT_SEED, logAct = () => {} } = options;
  const connections = new Set<Connection>();
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const port = await listen(server, options.host, options.port);
  const clock = monotonicClock(process.hrtime.bigint());
  let state: FaultState = { seed, list: [], on: new Set() };
  let numbers = 0;
  let emptied = (): void => {};
  let timer = clock.after(0, () => {});

  function refresh(list: readonly ProxyFault[]): void {
    const nowNs = clock.nowNs();
    const before = state;
    state = { seed, list, on: new Set(list.filter((fault) => isDue(fault, nowNs))) };
    for (const fault of before.on)
      if (!state.on.has(fault)) logAct({ act: 'switch', fault: fault.name, on: false, way: fault.way });
    for (const fault of state.on)
      if (!before.on.has(fault)) logAct({ act: 'switch', fault: fault.name, on: true, way: fault.way });
    for (const connection of [...connections]) connection.arrange(state);
    timer.cancel();
    const nextNs = nextSwitchNs(list, nowNs);
    // A timer may be early by a fraction of its millisecond.
    if (nextNs < Number.POSITIVE_INFINITY) timer = clock.after(nextNs - nowNs + 1e6, () => refresh(list));
  }

  function connect(): Socket {
    const to = { host: target.host, port: target.port, allowHalfOpen: true };
    const { serverName = target.host, insecure = false, ...credentials } = options.tls ?? {};
    const socket = target.isSecure
      ? connectSecure({
          ...to,
          ...credentials,
          // SNI carries host names only (RFC 6066 §3); the certificate must carry the name in any case.
          ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
          checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
            checkServerIdentity(serverName, certificate),
          rejectUnauthorized: !insecure,
        })
      : connectPlain(to);
    const unreachable = (error: Error): void => options.unreachable?.(error.message);
    socket.once('error', unreachable);
    socket.once(target.isSecure ? 'secureConnect' : 'connect', () => socket.off('error', unreachable));
    return socket;
  }

  server.on('connection', (client) => {
    const connection = createConnection({
      number: numbers++,
      client,
      connect,
      ownPort: port,
      targetHost: target.hostHeader,
      clock,
      state,
      watchFrames: options.watchFrames === true,
      logAct,
      over() {
        connections.delete(connection);
        if (connections.size === 0) emptied();
      },
    });
    connections.add(connection);
  });
  refresh(options.faults ?? []);

  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `ws://${host}:${port}`,
    setFaults: refresh,
    async stop() {
      timer.cancel();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Both sides of each: what was done on it is told only then.
      const over = connections.size === 0 ? null : new Promise<void>((resolve) => (emptied = resolve));
      for (const connection of connections) connection.destroy();
      await Promise.all([closed, over]);
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

// Servers that this project did not write, each in a process of its own. Such a process prints `{"listening": PORT}`,
// answers every line on stdin with a report on what has come in since the last, and ends when stdin does.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PYTHON = '/usr/bin/python3';
const START_TIMEOUT_MS = 60_000;

export const hasPythonWebsockets = spawnSync(PYTHON, ['-c', 'import websockets'], { stdio: 'ignore' }).status === 0;

const COMMANDS = {
  ws: [process.execPath, 'ws-echo.js'],
  faye: [process.execPath, 'faye-echo.js'],
  rpc: [process.execPath, 'faye-json-rpc.js'],
  chat: [process.execPath, 'crossws-chat.js'],
  mqtt: [process.execPath, 'aedes-mqtt.js'],
  ticker: [process.execPath, 'ws-ticker.js'],
  python: [PYTHON, 'python-echo.py'],
} as const satisfies Record<string, readonly [command: string, script: string]>;

export interface ForeignServerOptions {
  readonly host?: string;
  readonly compression?: boolean;
  /** The one that it chooses where it is offered. */
  readonly subprotocol?: string;
  /** `chat` only: a sender does not receive itself; a user who is never let in. */
  readonly quiet?: boolean;
  readonly deaf?: string;
  /** `ticker` only: of each connection and symbol the tick that is left out, the one that is said twice, and where numbers begin anew. */
  readonly skip?: number;
  readonly twice?: number;
  readonly anew?: number;
  /** `ws` only. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
}

/** What came in since the last report. */
export interface ServerReport {
  readonly connections: readonly {
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly from: string;
    readonly subprotocol: string;
    readonly extensions: string;
    /** The common name of the client's certificate. */
    readonly clientName: string | null;
  }[];
  /** Messages by their size in bytes. */
  readonly sizes: Readonly<Record<'text' | 'binary', Readonly<Record<string, number>>>>;
}

export interface ForeignServer {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  report(): Promise<ServerReport>;
  stop(): Promise<void>;
}

export async function startForeignServer(
  kind: keyof typeof COMMANDS,
  options: ForeignServerOptions = {},
): Promise<ForeignServer> {
  const [command, script] = COMMANDS[kind];
  const child = spawn(
    command,
    [fileURLToPath(new URL(`./servers/${script}`, import.meta.url)), JSON.stringify(options)],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const stop = (): Promise<void> => stopProcess(child);

  async function nextLine(): Promise<unknown> {
    const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
    const { value, done } = await lines.next();
    clearTimeout(timer);
    if (done === true) throw new Error(`the ${kind} server ended: ${stderr}`);
    return JSON.parse(value);
  }

  const { listening: port } = (await nextLine()) as { listening: number };
  const host = options.host?.includes(':') === true ? `[${options.host}]` : (options.host ?? '127.0.0.1');
  return {
    pid: child.pid!,
    port,
    url: `${options.tls === undefined ? 'ws' : 'wss'}://${host}:${port}`,
    async report() {
      child.stdin.write('report\n');
      return (await nextLine()) as ServerReport;
    },
    stop,
  };
}

/** Resolves when the process is gone. */
export function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

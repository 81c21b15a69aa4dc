// Starts `server.js` in a process of its own and asks it what it saw.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('./server.js', import.meta.url));
const ANSWER_TIMEOUT_MS = 30_000;

export type KnownBehavior =
  | { readonly behavior: 'echo' | 'silent' }
  | { readonly behavior: 'delay'; readonly ms: number }
  | { readonly behavior: 'queue'; readonly meanServiceMs: number; readonly seed: number }
  | {
      readonly behavior: 'freeze';
      readonly forMs: number;
      readonly everyMs: number;
      readonly firstAtMs: number;
      readonly times: number;
      readonly serviceMs: number;
    }
  | { readonly behavior: 'duplicate'; readonly ms: number; readonly index: number };

/** A message as the server saw it. `arrivedNs` and `departedNs` are of the machine's clock, the others of the run's. */
export interface LoggedMessage {
  readonly stream: number;
  readonly seq: number;
  readonly dueNs: number;
  readonly sentNs: number;
  readonly arrivedNs: number;
  /** When the answer should have gone, by the behavior; 0 where it has no such time. */
  readonly plannedNs: number;
  /** When the answer was handed to the socket; 0 where there was none. */
  readonly departedNs: number;
}

export interface ServerCounts {
  /** Ever opened. */
  readonly connections: number;
  readonly open: number;
  readonly peakOpen: number;
  readonly messages: number;
}

export interface ServerLog {
  readonly counts: ServerCounts;
  /** In the order of arrival. */
  readonly log: readonly LoggedMessage[];
  readonly freezes: readonly { readonly fromNs: number; readonly toNs: number }[];
  /** How late the server's own timers fired while a client was open: the noise of the machine. */
  readonly pulseLateNs: readonly number[];
}

export interface KnownServer {
  readonly url: string;
  readonly pid: number;
  counts(): Promise<ServerCounts>;
  log(): Promise<ServerLog>;
  stop(): Promise<void>;
}

export async function startKnownServer(behavior: KnownBehavior): Promise<KnownServer> {
  const child = fork(SERVER, [JSON.stringify(behavior)], { serialization: 'advanced', execArgv: [] });
  const { listening } = await answerOf<{ listening: number }>(child);
  const ask = <T>(question: string): Promise<T> => {
    const answer = answerOf<T>(child);
    child.send(question);
    return answer;
  };
  return {
    url: `ws://127.0.0.1:${listening}`,
    pid: child.pid!,
    counts: async () => (await ask<{ counts: ServerCounts }>('counts')).counts,
    log: () => ask<ServerLog>('log'),
    stop: () => stop(child),
  };
}

/** One question at a time is open. */
function answerOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      finish();
    };
    const onMessage = (message: unknown): void => settle(() => resolve(message as T));
    const onExit = (code: number | null): void =>
      settle(() => reject(new Error(`the known server ended with exit code ${code}`)));
    const timer = setTimeout(
      () => settle(() => reject(new Error(`the known server said nothing for ${ANSWER_TIMEOUT_MS / 1000} s`))),
      ANSWER_TIMEOUT_MS,
    );
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

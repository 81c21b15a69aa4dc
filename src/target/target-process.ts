// The reference target in a process of its own, for the length of a run: what it uses must not be
// mistaken for what the generator uses.

import { type ChildProcess, fork } from 'node:child_process';
import { startTimer } from '../engine/clock.ts';
import { HighwaterError } from '../facts/error.ts';
import type { TargetHost, UnaskedDeath } from '../run/ports.ts';

const START_TIMEOUT_MS = 15_000;
const STOP_PATIENCE_MS = 3_000;

/** What the target's process says once it listens. */
export interface TargetListening {
  readonly url: string;
}

/** `targetPath`: the module that the process runs; it ends when its channel ends. */
export function createTargetHost(targetPath: string): TargetHost {
  return {
    async start() {
      let { child, url } = await startProcess(targetPath, 0);
      const port = Number(new URL(url).port);
      let onDeath: (death: UnaskedDeath) => void = () => {};
      let unasked: UnaskedDeath | null = null;
      /** Processes that were asked to end. */
      const asked = new WeakSet<ChildProcess>();
      const watch = (watched: ChildProcess): void => {
        watched.once('exit', (exitCode, signal) => {
          if (asked.has(watched)) return;
          unasked = { pid: watched.pid!, exitCode, signal };
          onDeath(unasked);
        });
      };
      const endBy = (ask: () => void): Promise<void> => {
        asked.add(child);
        return end(child, ask);
      };
      watch(child);
      return {
        url,
        pid: () => child.pid!,
        onDeath(notify) {
          onDeath = notify;
          if (unasked !== null) notify(unasked);
        },
        kill: () => endBy(() => child.kill('SIGKILL')),
        async startAgain() {
          ({ child, url } = await startProcess(targetPath, port));
          watch(child);
        },
        stop: () => endBy(() => child.disconnect()),
      };
    },
  };
}

/** Rejects with TARGET_START_FAILED. */
function startProcess(
  targetPath: string,
  port: number,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = fork(targetPath, [String(port)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
  });
  let lastOutput = '';
  // Where the system has no file or process for it, there is no stream either, and `error` follows.
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (text: string) => {
    lastOutput = (lastOutput + text).slice(-500);
  });
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => {
      timer.cancel();
      child.kill('SIGKILL');
      const problem = `target.url: expected the reference target to start, got: ${what}`;
      reject(new HighwaterError('TARGET_START_FAILED', [problem]));
    };
    const timer = startTimer(START_TIMEOUT_MS, () => fail(`no response within ${START_TIMEOUT_MS / 1000} s`));
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(lastOutput.trim() === '' ? `exit code ${code}` : lastOutput.trim()));
    child.once('message', (message) => {
      timer.cancel();
      child.removeAllListeners('exit');
      resolve({ child, url: (message as TargetListening).url });
    });
  });
}

/** Resolves when the process is gone; one that does not heed `ask` is killed. */
function end(child: ChildProcess, ask: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = startTimer(STOP_PATIENCE_MS, () => child.kill('SIGKILL'));
    child.once('exit', () => {
      timer.cancel();
      resolve();
    });
    ask();
  });
}

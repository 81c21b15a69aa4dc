// Workers as child processes of this one: file descriptors are limited per process, and an event loop of
// its own is what keeps a schedule. They talk by structured clone over IPC and end with the channel.

import { type ChildProcess, fork } from 'node:child_process';
import { startTimer } from '../engine/clock.ts';
import { HighwaterError } from '../facts/error.ts';
import type { Fleet, WorkerCommand, WorkerPool, WorkerPoolHandler, WorkerReport } from '../run/ports.ts';

const CLOSE_PATIENCE_MS = 3_000;
const LAST_OUTPUT_CHARACTERS = 500;

export interface ProcessFleetOptions {
  /** The module that a worker runs. */
  readonly workerPath: string;
  /** Says afterwards whether the kernel has killed for want of memory since; null where it has not. */
  watchMemory(): () => string | null;
}

export function createProcessFleet({ workerPath, watchMemory }: ProcessFleetOptions): Fleet {
  return {
    async start(workerCount: number, handler: WorkerPoolHandler): Promise<WorkerPool> {
      const children: ChildProcess[] = [];
      const causeOfKill = watchMemory();
      try {
        for (let worker = 0; worker < workerCount; worker++) {
          children.push(startWorker(workerPath, worker, handler, causeOfKill));
        }
        await Promise.all(children.map(spawned));
      } catch (error) {
        for (const child of children) child.kill('SIGKILL');
        throw new HighwaterError('WORKER_START_FAILED', [
          `workers: expected ${workerCount} processes to start, got: ${(error as Error).message}`,
        ]);
      }
      return {
        send: (worker: number, command: WorkerCommand) => sendTo(children[worker]!, command),
        kill: (worker: number) => void children[worker]!.kill('SIGKILL'),
        close: async () => void (await Promise.all(children.map(close))),
      };
    },
  };
}

function startWorker(
  workerPath: string,
  worker: number,
  handler: WorkerPoolHandler,
  causeOfKill: () => string | null,
): ChildProcess {
  const child = fork(workerPath, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A small young generation: a worker allocates little, and its clients should be what its memory is.
    execArgv: ['--max-semi-space-size=4'],
    // Ctrl-C is the coordinator's to handle: workers of its terminal group must not die of it.
    detached: true,
  });
  let lastOutput = '';
  // Where the system has no file or process for it, there is no stream either, and `error` follows.
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (text: string) => {
    lastOutput = (lastOutput + text).slice(-LAST_OUTPUT_CHARACTERS);
  });
  child.on('message', (report) => handler.report(worker, report as WorkerReport));
  child.on('exit', (code, signal) => {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    // Nobody who is killed has a last word.
    const why = signal === 'SIGKILL' ? (causeOfKill() ?? '') : lastOutput.trim();
    handler.died(worker, why === '' ? how : `${how}: ${why}`);
  });
  return child;
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

function sendTo(child: ChildProcess, command: WorkerCommand): void {
  // A child that is just dying takes no message; its death is reported by itself.
  if (child.connected) child.send(command, () => {});
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function close(child: ChildProcess): Promise<void> {
  if (isGone(child)) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = startTimer(CLOSE_PATIENCE_MS, () => child.kill('SIGKILL'));
    child.once('exit', () => {
      timer.cancel();
      resolve();
    });
    if (child.connected) child.disconnect();
    else child.kill('SIGKILL');
  });
}

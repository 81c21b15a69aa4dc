// Tries a protocol in a thread of its own, with a deadline: a module may loop, exit or leave something running.

import { Worker } from 'node:worker_threads';
import { startTimer } from '../engine/clock.ts';
import { describeThrown } from '../protocols/adapter-contract.ts';
import type { AdapterTrial } from '../run/ports.ts';

const DEADLINE_MS = 20_000;

/** `trialPath`: the module that the thread runs. `file`: absolute. */
export function tryAdapter(
  trialPath: string,
  file: string,
  row: Readonly<Record<string, string>>,
): Promise<AdapterTrial> {
  return new Promise((resolve) => {
    const thread = new Worker(trialPath, { workerData: { file, row }, stdout: true, stderr: true });
    const end = (trial: AdapterTrial): void => {
      timer.cancel();
      resolve(trial);
      void thread.terminate();
    };
    const timer = startTimer(DEADLINE_MS, () =>
      end({ kind: 'unloadable', got: `one that did not load within ${DEADLINE_MS / 1000} s` }),
    );
    thread.once('message', end);
    thread.once('error', (error) => end({ kind: 'unloadable', got: describeThrown(error) }));
    thread.once('exit', (code) => end({ kind: 'unloadable', got: `one that ends the process (exit code ${code})` }));
  });
}

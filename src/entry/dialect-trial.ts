// The main of a thread in which a dialect of the user's own is tried: whatever it does, the command goes on.

import { parentPort, workerData } from 'node:worker_threads';
import { describeThrown, dialectProblems } from '../dialects/dialect-contract.ts';
import type { DialectTrial } from '../run/ports.ts';
import { loadModule } from './load-module.ts';

const { file, row } = workerData as { file: string; row: Readonly<Record<string, string>> };

async function tryDialect(): Promise<DialectTrial> {
  try {
    const { dialect } = await loadModule(file);
    return { kind: 'tried', problems: dialectProblems(dialect, row) };
  } catch (error) {
    return { kind: 'unloadable', got: describeThrown(error) };
  }
}

parentPort!.postMessage(await tryDialect());

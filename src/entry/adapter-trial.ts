// The main of a thread in which a protocol of the user's own is tried: whatever it does, the command goes on.

import { parentPort, workerData } from 'node:worker_threads';
import { adapterProblems, describeThrown } from '../protocols/adapter-contract.ts';
import type { AdapterTrial } from '../run/ports.ts';
import { loadModule } from './load-module.ts';

const { file, row } = workerData as { file: string; row: Readonly<Record<string, string>> };

async function tryAdapter(): Promise<AdapterTrial> {
  try {
    const { protocol } = await loadModule(file);
    return { kind: 'tried', problems: adapterProblems(protocol, row) };
  } catch (error) {
    return { kind: 'unloadable', got: describeThrown(error) };
  }
}

parentPort!.postMessage(await tryAdapter());

// A ten-minute run: RSS of worker and coordinator from minute 2 to minute 10.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf, memoryOf, startHighwater } from '../highwater.js';
import { startEchoServer } from '../rig/processes.js';

const FROM_SECONDS = 120;
const TO_SECONDS = 600;
const EVERY_SECONDS = 10;

export async function rows({ rig }) {
  if (rig === null) return [];
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-flat-'));
  const server = await startEchoServer({ core: 0, limitSeconds: 700 });
  try {
    const url = `ws://127.0.0.1:${server.ports[0]}`;
    const child = startHighwater(
      [url, '-c', '1000', '-r', '2000/s', '-d', `${TO_SECONDS + 10}s`, '-w', '1'],
      directory,
    );
    const startedMs = Date.now();
    child.stdout.resume(); // its answer is not wanted, but must not wait in a full pipe
    const samples = [];
    while (Date.now() - startedMs < TO_SECONDS * 1000) {
      await sleep(EVERY_SECONDS * 1000);
      const [worker] = childrenOf(child.pid);
      samples.push({
        second: (Date.now() - startedMs) / 1000,
        worker: memoryOf(worker).rssBytes,
        coordinator: memoryOf(child.pid).rssBytes,
      });
    }
    child.kill('SIGINT');
    await new Promise((resolve) => child.once('exit', resolve));
    return ['worker', 'coordinator'].map((name) => {
      const steady = samples.filter((sample) => sample.second >= FROM_SECONDS);
      const grown = average(steady.slice(-6), name) - average(steady.slice(0, 6), name);
      return {
        claim: `a 10-minute run: RSS of the ${name} from minute 2 to 10`,
        goal: 'grows < 3 MB',
        measured: `${(grown / 1e6).toFixed(2)} MB (at the end ${(steady.at(-1)[name] / 1e6).toFixed(0)} MB)`,
        reached: grown < 3e6,
      };
    });
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Over a minute: the collector's saw-tooth is not growth. */
function average(samples, name) {
  return samples.reduce((sum, sample) => sum + sample[name], 0) / samples.length;
}

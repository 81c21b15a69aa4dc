import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import type { WorkerCommand, WorkerPool, WorkerPoolHandler } from '../run/ports.ts';
import { createProcessFleet } from './process-fleet.ts';

const workerPath = fileURLToPath(new URL('../../test/support/engine/fleet-worker.js', import.meta.url));

interface Log extends WorkerPoolHandler {
  readonly reports: { worker: number; report: unknown }[];
  readonly deaths: { worker: number; detail: string }[];
}

function log(): Log {
  const reports: Log['reports'] = [];
  const deaths: Log['deaths'] = [];
  return {
    reports,
    deaths,
    report: (worker, report) => void reports.push({ worker, report }),
    died: (worker, detail) => void deaths.push({ worker, detail }),
  };
}

const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await new Promise<void>((resolve) => void setImmediate(resolve));
};

const workerPools: WorkerPool[] = [];
afterEach(async () => {
  await Promise.all(workerPools.splice(0).map((workerPool) => workerPool.close()));
});

async function start(
  count: number,
  causeOfKill: string | null = null,
): Promise<{ workerPool: WorkerPool; seen: Log; pids: number[] }> {
  const seen = log();
  const workerPool = await createProcessFleet({ workerPath, watchMemory: () => () => causeOfKill }).start(count, seen);
  workerPools.push(workerPool);
  for (let worker = 0; worker < count; worker++) workerPool.send(worker, { kind: 'assign' } as WorkerCommand);
  await until(() => seen.reports.length === count);
  const pids = [...seen.reports]
    .sort((a, b) => a.worker - b.worker)
    .map(({ report }) => (report as { pid: number }).pid);
  return { workerPool, seen, pids };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a workerPool of processes', () => {
  test('each worker is one of its own and reports under its number', async () => {
    const { seen, pids } = await start(3);
    expect(seen.reports.map(({ worker }) => worker).sort()).toEqual([0, 1, 2]);
    expect(new Set(pids).size).toBe(3);
    expect(pids).not.toContain(process.pid);
    expect(seen.deaths).toEqual([]);
  });

  test('commands survive the way unchanged, also what JSON could not carry', async () => {
    const { workerPool, seen } = await start(1);
    const command: WorkerCommand = { kind: 'connect', originNs: 123_456_789_012_345_678_901n };
    workerPool.send(0, command);
    await until(() => seen.reports.length === 2);
    expect(seen.reports[1]!.report).toEqual({ kind: 'echo', command });
  });

  test('a death is told with the exit code and the last words, and the others live on', async () => {
    const { workerPool, seen, pids } = await start(2);
    workerPool.send(1, { kind: 'startMessages', atNs: 0 });
    await until(() => seen.deaths.length === 1);
    expect(seen.deaths[0]!.worker).toBe(1);
    expect(seen.deaths[0]!.detail).toMatch(/^exit code 3: x+it went wrong$/);
    expect(seen.deaths[0]!.detail.length).toBeLessThan(600);
    expect(isAlive(pids[0]!)).toBe(true);
    workerPool.send(1, { kind: 'stop' }); // to the dead: no effect, no throw
    workerPool.send(0, { kind: 'stop' });
    await until(() => seen.reports.length === 3);
  });

  test('killed: its death is told, with the signal', async () => {
    const { workerPool, seen, pids } = await start(2);
    workerPool.kill(0);
    await until(() => seen.deaths.length === 1);
    expect(seen.deaths).toEqual([{ worker: 0, detail: 'signal SIGKILL' }]);
    expect(isAlive(pids[0]!)).toBe(false);
    workerPool.kill(0); // twice is once
  });

  test('killed for want of memory: its death is told with that, and one that ended by itself is not', async () => {
    const { workerPool, seen } = await start(2, 'out of memory: its cgroup may use 256 MB');
    workerPool.kill(0);
    await until(() => seen.deaths.length === 1);
    expect(seen.deaths[0]!.detail).toBe('signal SIGKILL: out of memory: its cgroup may use 256 MB');
    workerPool.send(1, { kind: 'startMessages', atNs: 0 });
    await until(() => seen.deaths.length === 2);
    expect(seen.deaths[1]!.detail).toMatch(/^exit code 3: x+it went wrong$/);
  });

  test('dismissed: no child is left, and dismissing again is no harm', async () => {
    const { workerPool, pids } = await start(3);
    workerPool.kill(1);
    await workerPool.close();
    expect(pids.filter(isAlive)).toEqual([]);
    await workerPool.close();
  });

  test('a worker that does not go when the channel ends is killed', async () => {
    process.env.STUBBORN = '1';
    try {
      const { workerPool, pids } = await start(1);
      await workerPool.close();
      expect(pids.filter(isAlive)).toEqual([]);
    } finally {
      delete process.env.STUBBORN;
    }
  });

  test('a module that does not exist: the worker dies at once and says why', async () => {
    const seen = log();
    const workerPool = await createProcessFleet({
      workerPath: '/nowhere/worker.js',
      watchMemory: () => () => null,
    }).start(1, seen);
    workerPools.push(workerPool);
    await until(() => seen.deaths.length === 1);
    expect(seen.deaths[0]!.detail).toContain('exit code 1');
  });
});

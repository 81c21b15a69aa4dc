import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { MonitorReading } from '../../facts/monitor.ts';
import type { Monitor } from '../ports.ts';
import { startWatch, type WatchParts } from './watch.ts';

const MS = 1e6;
const TICK_MS = 40;

function watch(monitors: Readonly<Record<string, Monitor['read']>>, more: Partial<WatchParts> = {}) {
  const readings: MonitorReading[] = [];
  const startedMs = performance.now() + 10;
  const watched = Object.entries(monitors).map(([name, read]) => ({ name, monitor: { read } }));
  const stop = startWatch(watched, {
    nowNs: () => (performance.now() - startedMs) * MS,
    onReading: (reading) => readings.push(reading),
    tickNs: TICK_MS * MS,
    patienceMs: 20,
    ...more,
  });
  onTestFinished(stop);
  // A machine that others use may hold this process up: that is told beside what is read.
  const of = (name: string) =>
    readings.filter(({ monitor, gap }) => monitor === name && gap?.includes('the coordinator did not run') !== true);
  return { readings, stop, of };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await sleep(5);
}

const steady: Monitor['read'] = async () => ({ values: { depth: 7 }, gap: null });

test('every monitor is read at the start and then at each tick, on times that do not drift', async () => {
  const { of, readings: all } = watch({ one: steady });
  await until(() => of('one').length >= 8);
  const readings = of('one');
  expect(readings[0]).toEqual({ monitor: 'one', atNs: expect.any(Number), values: { depth: 7 }, gap: null });
  const ticks = readings.map(({ atNs }) => Math.floor(atNs / (TICK_MS * MS)));
  // A machine that held the process up before the first tick has it told.
  if (ticks[0] !== 0) expect(all[0]?.gap).toContain('the coordinator did not run');
  expect(ticks).toEqual([...ticks].sort((a, b) => a - b));
  expect(new Set(ticks).size).toBe(ticks.length);
});

test('a monitor that fails is a gap with its reason, and does not hold up the others', async () => {
  let turn = 0;
  const { of } = watch({
    flaky: async () => {
      if (turn++ % 2 === 0) throw new Error('connection refused');
      return { values: { depth: 1 }, gap: 'no series x' };
    },
    one: steady,
  });
  await until(() => of('flaky').length >= 4);
  expect(of('flaky').slice(0, 2)).toMatchObject([
    { values: {}, gap: 'connection refused' },
    { values: { depth: 1 }, gap: 'no series x' },
  ]);
  expect(of('one').filter(({ gap }) => gap === null).length).toBeGreaterThanOrEqual(4);
});

test('a monitor that does not answer is told to stop before the next tick, whether it obeys or not', async () => {
  let obeyed = 0;
  const { of } = watch({
    deaf: () => new Promise(() => {}),
    obedient: (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          obeyed++;
          reject(new Error('aborted'));
        });
      }),
  });
  await until(() => of('deaf').length >= 3 && of('obedient').length >= 3);
  expect(obeyed).toBeGreaterThanOrEqual(3);
  for (const name of ['deaf', 'obedient']) {
    expect(new Set(of(name).map(({ gap }) => gap))).toEqual(new Set(['no answer within 20 ms']));
  }
});

test('a coordinator that stood still says so, and goes on with the ticks that are to come', async () => {
  const { readings } = watch({ one: steady });
  await until(() => readings.length >= 1);
  const untilMs = performance.now() + 5 * TICK_MS;
  while (performance.now() < untilMs);
  await until(() => readings.length >= 4 && readings.at(-1)!.gap === null);
  expect(readings.some(({ gap }) => gap?.includes('the coordinator did not run') === true)).toBe(true);
});

test('after the end nothing is read or told, and what was being read is called off', async () => {
  let begun = false;
  let aborted = false;
  const { readings, stop } = watch(
    {
      slow: (signal) =>
        new Promise((_, reject) => {
          begun = true;
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('aborted'));
          });
        }),
    },
    { patienceMs: 10_000 },
  );
  await until(() => begun);
  stop();
  expect(aborted).toBe(true);
  await sleep(2 * TICK_MS);
  expect(readings).toEqual([]);
});

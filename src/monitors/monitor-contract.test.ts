// What every monitor keeps to, whatever it reads: the port is `Monitor` in `run/ports.ts`.

import { existsSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST_SERIES } from '../facts/monitor.ts';
import type { MonitorSettings } from '../plan/plan.ts';
import { localMonitors } from './local-monitors.ts';

/** Linux tells of processes and the machine there. */
const hasProc = existsSync('/proc/self/stat');
const isDeaf = { now: false };
const server = http.createServer((_, response) => {
  if (!isDeaf.now) response.end('up 1\n');
});
let url = '';
beforeAll(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const run = (source: string): MonitorSettings => ({
  kind: 'command',
  name: 'monitor',
  program: process.execPath,
  args: ['-e', source],
  directory: null,
});
const KINDS: Readonly<Record<MonitorSettings['kind'], () => MonitorSettings>> = {
  process: () => ({ kind: 'process', name: 'monitor', pid: process.pid }),
  referenceTarget: () => ({ kind: 'referenceTarget', name: 'monitor' }),
  machine: () => ({ kind: 'machine', name: 'monitor' }),
  prometheus: () => ({ kind: 'prometheus', name: 'monitor', url, series: ['up'] }),
  command: () => run('console.log(1)'),
};

describe.skipIf(!hasProc).each(Object.keys(KINDS) as MonitorSettings['kind'][])('a monitor of kind %s', (kind) => {
  test('has nothing wrong with it, and reads finite numbers, no fewer the second time', async () => {
    const settings = KINDS[kind]();
    expect(localMonitors.problem(settings)).toBeNull();
    const monitor = localMonitors.open(settings, () => process.pid);
    const first = await monitor.read(AbortSignal.timeout(10_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await monitor.read(AbortSignal.timeout(10_000));
    for (const { values, gap } of [first, second]) {
      expect(gap).toBeNull();
      expect(Object.keys(values).length).toBeGreaterThan(0);
      expect(Object.keys(values).length).toBeLessThanOrEqual(MOST_SERIES);
      for (const value of Object.values(values)) expect(value).toSatisfy(Number.isFinite);
    }
    expect(Object.keys(second.values)).toEqual(expect.arrayContaining(Object.keys(first.values)));
  });
});

describe('a monitor that is waited for', () => {
  test.each([
    ['prometheus', () => KINDS.prometheus()],
    ['command', () => run('setInterval(() => {}, 1000)')],
  ] as const)('of kind %s gives up when it is told to, with a reason', async (_, settings) => {
    isDeaf.now = true;
    const control = new AbortController();
    const reading = localMonitors.open(settings(), null).read(control.signal);
    setTimeout(() => control.abort(), 50);
    await expect(reading).rejects.toThrow(/./);
    isDeaf.now = false;
  });
});

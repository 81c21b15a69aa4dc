// What every probe keeps to, whatever it reads: the port is `Probe` in `run/ports.ts`.

import { existsSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST_SERIES } from '../facts/probe.ts';
import type { ProbeSettings } from '../plan/plan.ts';
import { localProbes } from './local-probes.ts';

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

const run = (source: string): ProbeSettings => ({
  kind: 'command',
  name: 'probe',
  program: process.execPath,
  args: ['-e', source],
  directory: null,
});
const KINDS: Readonly<Record<ProbeSettings['kind'], () => ProbeSettings>> = {
  process: () => ({ kind: 'process', name: 'probe', pid: process.pid }),
  referenceTarget: () => ({ kind: 'referenceTarget', name: 'probe' }),
  machine: () => ({ kind: 'machine', name: 'probe' }),
  prometheus: () => ({ kind: 'prometheus', name: 'probe', url, series: ['up'] }),
  command: () => run('console.log(1)'),
};

describe.skipIf(!hasProc).each(Object.keys(KINDS) as ProbeSettings['kind'][])('a probe of kind %s', (kind) => {
  test('has nothing wrong with it, and reads finite numbers, no fewer the second time', async () => {
    const settings = KINDS[kind]();
    expect(localProbes.problem(settings)).toBeNull();
    const probe = localProbes.open(settings, () => process.pid);
    const first = await probe.read(AbortSignal.timeout(10_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await probe.read(AbortSignal.timeout(10_000));
    for (const { values, gap } of [first, second]) {
      expect(gap).toBeNull();
      expect(Object.keys(values).length).toBeGreaterThan(0);
      expect(Object.keys(values).length).toBeLessThanOrEqual(MOST_SERIES);
      for (const value of Object.values(values)) expect(value).toSatisfy(Number.isFinite);
    }
    expect(Object.keys(second.values)).toEqual(expect.arrayContaining(Object.keys(first.values)));
  });
});

describe('a probe that is waited for', () => {
  test.each([
    ['prometheus', () => KINDS.prometheus()],
    ['command', () => run('setInterval(() => {}, 1000)')],
  ] as const)('of kind %s gives up when it is told to, with a reason', async (_, settings) => {
    isDeaf.now = true;
    const control = new AbortController();
    const reading = localProbes.open(settings(), null).read(control.signal);
    setTimeout(() => control.abort(), 50);
    await expect(reading).rejects.toThrow(/./);
    isDeaf.now = false;
  });
});

// The built command while its target is stopped, killed and restarted: what is found, and what must not be.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { runHighwater, startHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';

const LOAD = { connections: 50, messages: { open: { rate: '400/s', for: '8s' } } };

async function run(plan: object, args: readonly string[] = []): Promise<{ result: RunResult; stderr: string }> {
  const cwd = temporaryDirectory();
  const document = { target: { url: 'reference' }, load: LOAD, drain: '2s', ...plan };
  const file = writeInto(cwd, 'plan.json', JSON.stringify(document));
  const finished = await runHighwater(['run', file, '--json', ...args], { cwd });
  return { result: finished.result, stderr: finished.stderr };
}

const clean = { lost: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 };

describe('a target that stands still for five seconds', () => {
  test('shows as a stall of response times, and not as losses, disconnects or reconnects', async () => {
    const { result } = await run({
      reconnect: true,
      load: { ...LOAD, messages: { open: { rate: '400/s', for: '14s' } } },
      faults: [{ fault: 'stop', at: '5s', for: '5s', process: 'reference' }],
    });
    expect(result.messages).toMatchObject({ ...clean, unresolved: 0, due: 5600 });
    expect(result.messages.delivered).toBe(result.messages.sent);
    expect(result.connections).toMatchObject({ droppedByServer: 0, reconnected: 0, failed: 0 });
    expect(result.response.maxMs).toBeGreaterThan(4900);
    const [incident] = result.recovery?.incidents ?? [];
    expect(incident).toMatchObject({ name: 'stop reference', dropped: 0, failedBecause: null });
    // On a busy machine response times may not come back to what they were before; if they do, not before the service did.
    expect(incident?.responseBackSeconds ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(4);
    expect(result.recovery).toMatchObject({ availabilityRatio: 1, drops: 0 });
  });
});

describe('a target that is restarted', () => {
  test.each([
    ['1'],
    ['2'],
  ])('drops every client, which all come back (%s workers); nothing is lost', async (workers) => {
    const { result } = await run(
      {
        reconnect: { from: '50ms', to: '500ms' },
        faults: [{ fault: 'restart', at: '3s', for: '300ms', process: 'reference', name: 'deployment' }],
        thresholds: ['lost == 0', 'connections.gaveUp == 0', 'connections.reconnected == 50'],
      },
      ['-w', workers],
    );
    expect(result.messages).toMatchObject(clean);
    expect(result.messages.delivered + result.messages.unresolved).toBe(result.messages.sent);
    expect(result.connections).toMatchObject({ droppedByServer: 50, reconnected: 50, gaveUp: 0 });
    expect(result.connections.outage.count).toBe(50);
    const [incident] = result.recovery?.incidents ?? [];
    expect(incident).toMatchObject({ name: 'deployment', kind: 'restart', dropped: 50, reconnected: 50, gaveUp: 0 });
    const { firstDropSeconds, firstReconnectSeconds, lastReconnectSeconds, fromSecond, toSecond } = incident!;
    expect(firstDropSeconds).toBeLessThan(firstReconnectSeconds!);
    expect(firstReconnectSeconds).toBeLessThanOrEqual(lastReconnectSeconds!);
    // Nobody can come back before it listens again.
    expect(firstReconnectSeconds).toBeGreaterThan(0.25);
    expect(toSecond).toBeGreaterThan(fromSecond + 0.25);
    expect(incident?.messages).toMatchObject({ lost: 0, duplicated: 0, unresolved: result.messages.unresolved });
    expect(result.recovery?.availabilityRatio).toBeLessThan(1);
    expect(result.delivery.faultFreeOnly).toBe(false);
  });

  test('without reconnect loses its clients for good', async () => {
    const { result } = await run({ faults: [{ fault: 'restart', at: '3s', process: 'reference' }] });
    expect(result.connections).toMatchObject({ droppedByServer: 50, reconnected: 0, opened: 50 });
    expect(result.messages.unsent.socketClosed).toBeGreaterThan(1000);
    expect(result.recovery?.incidents[0]).toMatchObject({ dropped: 50, reconnected: 0, lastReconnectSeconds: null });
  });
});

test('a target that is killed leaves clients that give up', async () => {
  const { result } = await run({
    reconnect: { from: '10ms', to: '20ms', atMost: 5 },
    faults: [{ fault: 'kill', at: '3s', process: 'reference' }],
    thresholds: ['connections.gaveUp == 0'],
  });
  expect(result.connections).toMatchObject({ droppedByServer: 50, reconnected: 0, gaveUp: 50 });
  expect(result.verdict.thresholds[0]).toMatchObject({ kind: 'fail', observed: 50 });
});

describe('a process of somebody else’s', () => {
  test('is stopped by its number, and told to go on', async () => {
    const server = await startForeignServer('ws');
    const { result } = await run({
      target: { url: server.url },
      faults: [{ fault: 'stop', at: '3s', for: '700ms', process: server.pid }],
    });
    await server.stop();
    expect(result.messages).toMatchObject({ ...clean, unresolved: 0 });
    expect(result.response.maxMs).toBeGreaterThan(600);
    expect(result.recovery?.incidents[0]).toMatchObject({ failedBecause: null });
  });

  test('that is not there is named before anything starts', async () => {
    const server = await startForeignServer('ws');
    const { pid } = server;
    await server.stop();
    const cwd = temporaryDirectory();
    const faults = [{ fault: 'kill', at: '1s', process: pid }];
    const file = writeInto(cwd, 'plan.json', JSON.stringify({ target: { url: 'reference' }, load: LOAD, faults }));
    const finished = await runHighwater(['run', file], { cwd });
    expect(finished.exitCode).toBe(64);
    expect(finished.stderr).toContain(`expected a running process with id ${pid}, got none`);
  });
});

describe('a fault that lasts when the run is ended', () => {
  test('by Ctrl-C is undone: the process goes on, and no note is left', async () => {
    const cwd = temporaryDirectory();
    const server = await startForeignServer('ws');
    const faults = [{ fault: 'stop', at: '1s', for: '60s', process: server.pid }];
    const file = writeInto(cwd, 'plan.json', JSON.stringify({ target: { url: server.url }, load: LOAD, faults }));
    const running = startHighwater(['run', file, '--drain', '1s'], { cwd });
    await standsStill(server.pid, true);
    running.signal('SIGINT');
    expect((await running.finished).exitCode).toBe(130);
    await standsStill(server.pid, false);
    expect(readdirSync(path.join(cwd, '.highwater/faults'))).toEqual([]);
    await server.stop();
  });

  test('by kill -9 is undone by the next start, which says so', async () => {
    const cwd = temporaryDirectory();
    const server = await startForeignServer('ws');
    const faults = [{ fault: 'stop', at: '1s', for: '60s', process: server.pid }];
    const file = writeInto(cwd, 'plan.json', JSON.stringify({ target: { url: server.url }, load: LOAD, faults }));
    const running = startHighwater(['run', file], { cwd });
    await standsStill(server.pid, true);
    running.signal('SIGKILL');
    await running.finished;
    await standsStill(server.pid, true);
    const next = await runHighwater(['run', 'reference', '-c', '1', '-r', '10/s', '-d', '1s'], { cwd });
    expect(next.stderr).toContain(`resumed process ${server.pid}, which a killed run had left paused`);
    await standsStill(server.pid, false);
    await server.stop();
  });
});

/** The letter of proc(5): T stands still. */
async function standsStill(pid: number, isStill: boolean): Promise<void> {
  const look = (): boolean => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).startsWith('T');
  };
  for (let looks = 0; look() !== isStill; looks++) {
    if (looks > 1000) throw new Error(`expected the process ${isStill ? 'to stand still' : 'to go on'}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a command of one’s own that fails is a doubt about what seems kept', async () => {
  const { result, stderr } = await run({
    load: { connections: 5, messages: { open: { rate: '50/s', for: '3s' } } },
    faults: [{ fault: 'command', at: '1s', run: ['sh', '-c', 'echo no such service >&2; exit 4'] }],
    thresholds: ['lost == 0'],
  });
  expect(result.recovery?.incidents[0]?.failedBecause).toBe('sh: expected exit code 0, got 4. no such service');
  expect(result.verdict.doubts.map(({ kind }) => kind)).toContain('faultFailed');
  expect(stderr).toContain('the fault command sh could not be started: sh: expected exit code 0, got 4');
});

test('where nothing is broken, nothing is found, over a million messages', { timeout: 300_000 }, async () => {
  const { result } = await run({
    load: { connections: 20, messages: { closed: { inFlight: 64, for: '200s' } } },
    // However fast the machine is: it ends once there have been so many.
    abort: ['sent >= 1000000'],
    drain: '20s',
  });
  expect(result.messages.sent).toBeGreaterThanOrEqual(1_000_000);
  expect(result.messages).toMatchObject({ ...clean, unresolved: 0, delivered: result.messages.sent });
  expect(result.connections).toMatchObject({ opened: 20, failed: 0, droppedByServer: 0, reconnected: 0 });
  expect(result.delivery).toMatchObject({ consistentWith: 'exactly-once', approximate: false });
  expect(result.violations).toEqual([]);
});

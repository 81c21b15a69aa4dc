// The built command with pings of its own, against an echo server that this project did not write: connections that are dead
// without a word are found, as often as they are, and a healthy service is found to be healthy.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { runHighwater, startHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';

const CLIENTS = 20;
const PING = { every: '800ms', timeout: '400ms' };
const PLAN = {
  load: { connections: CLIENTS, messages: { open: { rate: '400/s', for: '3s' } } },
  thresholds: ['pings.unanswered == 0', 'lost == 0'],
};

/** Every client was found, once, and none of its messages is called lost. */
function expectAllFound({ pings, connections, messages, verdict, run }: RunResult): void {
  expect(pings).toMatchObject({ unanswered: CLIENTS });
  expect(connections).toMatchObject({ opened: CLIENTS, droppedByServer: CLIENTS, closeCodes: { 1006: CLIENTS } });
  expect(connections.failures).toEqual({
    pingTimeout: { count: CLIENTS, cause: { kind: 'timeout', of: 'pong', afterNs: 400e6 } },
  });
  expect(messages).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 });
  expect(messages.delivered + messages.unresolved).toBe(messages.sent);
  expect(verdict.thresholds[0]).toMatchObject({ kind: 'fail', observed: CLIENTS });
  // Not the drain, nor a timeout of the socket: the sending, and little more.
  expect(run.durationSeconds).toBeLessThan(8);
}

describe('pings', { concurrent: true, timeout: 60_000 }, () => {
  test('whose pongs are swallowed on the way find every client, within interval and timeout', async ({
    onTestFinished: whenOver,
  }) => {
    const cwd = temporaryDirectory(whenOver);
    const server = await startForeignServer('ws');
    whenOver(() => server.stop());
    writeInto(cwd, 'faults.yaml', 'faults: [{ fault: swallow_pong }]');
    const proxy = startHighwater(['proxy', '0', server.url, '--faults', 'faults.yaml', '--truth', 'truth.ndjson'], {
      cwd,
      whenOver,
    });
    const [, url = ''] = await proxy.prints('stdout', /^listening (ws:\S+)$/m);
    const plan = writeInto(cwd, 'plan.json', JSON.stringify({ ...PLAN, target: { url, ping: PING } }));
    const { result } = await runHighwater(['run', plan, '--json'], { cwd, whenOver });
    proxy.signal('SIGTERM');
    await proxy.finished;
    expectAllFound(result);
    // One ping each: none was asked a second time before its first was given up.
    expect(result.pings).toMatchObject({ sent: CLIENTS, answered: 0 });
    expect(result.messages.delivered).toBeGreaterThan(0);
    expect(result.messages.unsent.socketClosed).toBeGreaterThan(0);
    // With two seconds to spare for a busy machine.
    const lastOpen = result.timeline.findLast(({ connectionsOpen }) => connectionsOpen > 0);
    expect(lastOpen?.second ?? 0).toBeLessThan(result.connections.connectedSeconds! + 0.8 + 0.4 + 2);
    const truth = readFileSync(path.join(cwd, 'truth.ndjson'), 'utf8');
    expect(truth.match(/"act":"swallowPong"/g)).toHaveLength(CLIENTS);
  });

  test('to a service that stands still without closing anything find every client', async ({
    onTestFinished: whenOver,
  }) => {
    const cwd = temporaryDirectory(whenOver);
    const server = await startForeignServer('ws');
    whenOver(() => server.stop());
    const target = { url: server.url, ping: PING };
    const plan = writeInto(cwd, 'plan.json', JSON.stringify({ ...PLAN, target }));
    const running = startHighwater(['run', plan, '--json'], { cwd, whenOver });
    for (let open = 0, received = 0; open < CLIENTS || received === 0; await sleep(50)) {
      const { connections, sizes } = await server.report();
      open += connections.length;
      received += Object.keys(sizes.binary).length;
    }
    process.kill(server.pid, 'SIGSTOP');
    const { result } = await running.finished;
    expectAllFound(result);
    expect(result.messages.unresolved).toBeGreaterThan(0);
  });

  test('to a healthy service find nothing, and tell how long a pong takes', async ({ onTestFinished: whenOver }) => {
    const cwd = temporaryDirectory(whenOver);
    const server = await startForeignServer('ws', { compression: true });
    whenOver(() => server.stop());
    // Every client is asked once at least; the service may be as slow as a busy machine makes it.
    const target = { url: server.url, compression: 'on', ping: { every: '3s' } };
    const load = { connections: CLIENTS, messages: { open: { rate: '400/s', for: '3200ms' } } };
    const plan = writeInto(cwd, 'plan.json', JSON.stringify({ ...PLAN, load, target }));
    const { stdout } = await runHighwater(['run', plan], { cwd, whenOver });
    expect(stdout).toMatch(/pass {6}pings\.unanswered == 0 +0\n/);
    expect(stdout).toMatch(/\n {2}pings +sent \d+ {3}unanswered 0 {3}pong p50 [\d.]+ [um]?s {3}p99 .* max /);
    const { result } = await runHighwater(['report', 'latest', '--json'], { cwd, whenOver });
    const { pings, messages, connections } = result;
    expect(pings!.answered).toBeGreaterThanOrEqual(CLIENTS);
    expect(pings!.time.count).toBe(pings!.answered);
    expect(pings!.sent - pings!.answered).toBeLessThanOrEqual(2); // on their way at the end
    expect(messages).toMatchObject({ lost: 0, unresolved: 0, unexpected: 0, delivered: messages.sent });
    expect(connections).toMatchObject({ droppedByServer: 0, failed: 0, failures: {} });
  });
});

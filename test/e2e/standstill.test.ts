// The built command while it is stopped from outside: whatever the service did meanwhile is not laid on the service, in any phase, and
// the cause is named. What the service did wrong stays wrong.

import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import { startHighwater, temporaryDirectory, type WhenOver, writeInto } from '../support/highwater.ts';
import { childrenOf } from '../support/processes.ts';
import { whenRecorded } from '../support/run-events.ts';
import { startWsService } from '../support/ws-service.ts';

const STOP_MS = 2500;
/** Clients that have not answered a ping for so long are dropped. */
const PATIENCE_MS = 1200;
const PLAN = {
  protocol: { kind: 'echo', format: 'text' },
  load: { connections: 10, messages: { open: { rate: '100/s', for: '2s' } } },
  thresholds: ['connections.dropped == 0', 'lost == 0', 'response.p99 < 1s', 'duplicated == 0'],
  drain: '1s',
};

interface Parts {
  readonly victim: 'worker' | 'coordinator';
  /** From the first message. */
  readonly atMs: number;
  readonly plan?: Readonly<Record<string, unknown>>;
  readonly isDoubling?: boolean;
}

async function runStopped(
  { victim, atMs, plan = PLAN, isDoubling = false }: Parts,
  whenOver: WhenOver,
): Promise<{ readonly result: RunResult; readonly exitCode: number | null }> {
  const service = await startWsService({
    whenOver,
    message(socket, text) {
      setTimeout(() => {
        socket.send(text);
        if (isDoubling) socket.send(text);
      }, 150);
    },
    connected(socket) {
      let pongMs = performance.now();
      socket.on('pong', () => {
        pongMs = performance.now();
      });
      const tick = setInterval(() => {
        if (performance.now() - pongMs > PATIENCE_MS) socket.terminate();
        else socket.ping();
      }, PATIENCE_MS / 6);
      socket.once('close', () => clearInterval(tick));
    },
  });
  const cwd = temporaryDirectory(whenOver);
  const file = writeInto(cwd, 'plan.json', JSON.stringify({ target: { url: service.url }, ...plan }));
  const running = startHighwater(['run', file, '--json'], { cwd, whenOver });
  await whenRecorded(path.join(cwd, '.highwater/runs'), 'messagesStarted', () => false);
  await sleep(atMs);
  const victims = victim === 'coordinator' ? [running.pid] : childrenOf(running.pid);
  for (const pid of victims) process.kill(pid, 'SIGSTOP');
  await sleep(STOP_MS);
  for (const pid of victims) process.kill(pid, 'SIGCONT');
  const { result, exitCode } = await running.finished;
  return { result, exitCode };
}

const kindsOf = ({ verdict }: RunResult): string[] => verdict.doubts.map(({ kind }) => kind);

describe('a worker that is stopped', { concurrent: true, timeout: 60_000 }, () => {
  test.each([
    ['while it sends', 700],
    ['during the drain', 2050],
  ])('%s is the cause of what the service does about it', async (_, atMs) => {
    // `test.each` hands over no context.
    const clean: (() => void | Promise<void>)[] = [];
    try {
      const { result, exitCode } = await runStopped({ victim: 'worker', atMs }, (each) => void clean.push(each));
      expect(exitCode).toBe(2);
      expect(kindsOf(result)).toContain('standstill');
      expect(result.verdict.doubts.find(({ kind }) => kind === 'standstill')?.detail).toMatch(
        /^worker 0 did not run for 2\.\d s during .*the process was stopped, or got no CPU/,
      );
      expect(result.connections.droppedByServer).toBe(10);
      expect(result.generator.healthy).toBe(false);
    } finally {
      for (const each of clean.reverse()) await each();
    }
  });

  test('does not excuse what came twice', async ({ onTestFinished: whenOver }) => {
    const { result, exitCode } = await runStopped({ victim: 'worker', atMs: 700, isDoubling: true }, whenOver);
    expect(exitCode).toBe(1);
    expect(result.verdict.breaches.map(({ rule }) => rule)).toEqual(['duplicated == 0']);
  });
});

describe('a coordinator that is stopped', { concurrent: true, timeout: 60_000 }, () => {
  test('is no matter where no message passes it', async ({ onTestFinished: whenOver }) => {
    const { result } = await runStopped({ victim: 'coordinator', atMs: 700 }, whenOver);
    expect(kindsOf(result)).not.toContain('standstill');
    expect(result.verdict.breaches).toEqual([]);
    expect(result.messages).toMatchObject({ lost: 0, unresolved: 0 });
    expect(result.run.end).toBe('completed');
  });

  test('is a doubt where the fault proxy runs in it', async ({ onTestFinished: whenOver }) => {
    const plan = { ...PLAN, faults: [{ fault: 'latency', latency: '5ms', at: '200ms', for: '300ms' }] };
    const { result, exitCode } = await runStopped({ victim: 'coordinator', atMs: 700, plan }, whenOver);
    expect(exitCode).toBe(2);
    expect(kindsOf(result)).toContain('standstill');
    expect(result.verdict.breaches).toEqual([]);
  });
});

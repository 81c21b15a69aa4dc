// Moments that are further away than a timer of Node's can be (2^31 ms, 24.8 days): nothing happens before its time, and
// nobody is woken up meanwhile. Node warns of each such timer that is set.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import { NOTHING } from '../support/books.ts';
import { startHighwater, temporaryDirectory, type WhenOver, writeInto } from '../support/highwater.ts';
import { startWsService } from '../support/ws-service.ts';

const TOGETHER = { concurrent: true, timeout: 120_000 } as const;
const MESSAGES = { open: { rate: '40/s', for: '2s' } };

interface Ended {
  readonly result: RunResult;
  readonly warnings: string;
}

async function run(whenOver: WhenOver, plan: object, interruptAfterMs: number | null = null): Promise<Ended> {
  let connected = (): void => {};
  const isConnected = new Promise<void>((resolve) => (connected = resolve));
  const service = await startWsService({ whenOver, connected, bytes: (socket, data) => socket.send(data) });
  const cwd = temporaryDirectory(whenOver);
  const { target, ...others } = plan as { readonly target?: object };
  const document = { target: { url: service.url, ...target }, drain: '1s', ...others };
  const file = writeInto(cwd, 'plan.json', JSON.stringify(document));
  const warningsFile = path.join(cwd, 'warnings');
  const env = { NODE_OPTIONS: `--redirect-warnings=${warningsFile}` };
  const running = startHighwater(['run', file, '--json'], { cwd, whenOver, env });
  if (interruptAfterMs !== null) {
    await isConnected;
    await sleep(interruptAfterMs);
    running.signal('SIGINT');
  }
  const { result } = await running.finished;
  return { result, warnings: existsSync(warningsFile) ? readFileSync(warningsFile, 'utf8') : '' };
}

describe('what is due in 30 days does not happen today', TOGETHER, () => {
  test('clients that shall reset stay', async ({ onTestFinished }) => {
    const { result, warnings } = await run(onTestFinished, {
      load: { connections: 20, messages: MESSAGES, misbehaving: [{ kind: 'reset', share: '50%', after: '720h' }] },
    });
    expect(result.misbehaving[0]).toMatchObject({ clients: 10, connections: { opened: 10 } });
    expect(result.messages).toMatchObject({ ...NOTHING, delivered: 80 });
    expect(warnings).not.toContain('TimeoutOverflow');
  });

  test('the second copy of a message is not sent', async ({ onTestFinished }) => {
    const { result, warnings } = await run(onTestFinished, {
      load: { connections: 5, messages: MESSAGES },
      resend: { atMost: 0, idempotencyCheck: { share: '100%', copies: 2, every: '720h' } },
    });
    // The first copy of each of 80 messages goes at once.
    expect(result.messages.resent).toBe(80);
    expect(warnings).not.toContain('TimeoutOverflow');
  });

  test('clients of a curve with a step after 30 days are held, and nobody is woken up for it', async ({
    onTestFinished,
  }) => {
    const plan = { load: { connections: [{ to: 5 }, { hold: '720h' }, { to: 10 }] } };
    const { result, warnings } = await run(onTestFinished, plan, 2_000);
    expect(result.connections).toMatchObject({ opened: 5, failed: 0 });
    expect(warnings).not.toContain('TimeoutOverflow');
  });

  test('network faults, pings and clients that would open again wait as well', async ({ onTestFinished }) => {
    const { result, warnings } = await run(onTestFinished, {
      target: { ping: { every: '720h' } },
      load: { connections: 5, messages: MESSAGES },
      faults: [
        { fault: 'reset_peer', timeout: '720h', at: '0s' },
        { fault: 'latency', latency: '1ms', at: '700h' },
      ],
      reconnect: { from: '720h', to: '720h' },
    });
    expect(result.connections).toMatchObject({ opened: 5, droppedByServer: 0, failed: 0 });
    expect(result.messages).toMatchObject({ ...NOTHING, delivered: 80 });
    expect(warnings).not.toContain('TimeoutOverflow');
  });
});

// Moments that are further away than a timer of Node's can be (2^31 ms, 24.8 days): nothing happens before its time, and
// nobody is woken up meanwhile. Node warns of each such timer that is set.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
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
  const service = await startWsService({ whenOver, bytes: (socket, data) => socket.send(data) });
  const cwd = temporaryDirectory(whenOver);
  const document = { target: { url: service.url }, drain: '1s', ...plan };
  const file = writeInto(cwd, 'plan.json', JSON.stringify(document));
  const warningsFile = path.join(cwd, 'warnings');
  const env = { NODE_OPTIONS: `--redirect-warnings=${warningsFile}` };
  const running = startHighwater(['run', file, '--json'], { cwd, whenOver, env });
  const timer = interruptAfterMs === null ? null : setTimeout(() => running.signal('SIGINT'), interruptAfterMs);
  whenOver(() => {
    if (timer !== null) clearTimeout(timer);
  });
  const { result } = await running.finished;
  return { result, warnings: existsSync(warningsFile) ? readFileSync(warningsFile, 'utf8') : '' };
}

describe('what is due in 30 days does not happen today', TOGETHER, () => {
  test('lanes that shall reset stay', async ({ onTestFinished }) => {
    const { result, warnings } = await run(onTestFinished, {
      load: { connections: 20, messages: MESSAGES, misbehaving: [{ kind: 'reset', share: '50%', after: '720h' }] },
    });
    expect(result.misbehaving[0]).toMatchObject({ lanes: 10, connections: { opened: 10 } });
    expect(result.messages).toMatchObject({ ...NOTHING, delivered: 80 });
    expect(warnings).not.toContain('TimeoutOverflow');
  });

  test.each(['590h', '720h'])('a second copy after %s is not sent', async (every) => {
    const { result, warnings } = await run((clean) => void cleaners.push(clean), {
      load: { connections: 5, messages: MESSAGES },
      resend: { atMost: 0, probe: { share: '100%', copies: 2, every } },
    });
    for (const clean of cleaners.splice(0)) await clean();
    // The first copy of each of 80 messages goes at once.
    expect(result.delivery.reconnecting.resent).toBe(80);
    expect(warnings).not.toContain('TimeoutOverflow');
  });

  test('lanes of a curve with a step after 30 days are held, and nobody is woken up for it', async ({
    onTestFinished,
  }) => {
    const plan = { load: { connections: [{ to: 5 }, { hold: '720h' }, { to: 10 }] } };
    const { result, warnings } = await run(onTestFinished, plan, 4_000);
    expect(result.connections).toMatchObject({ opened: 5, failed: 0 });
    expect(warnings).not.toContain('TimeoutOverflow');
  });

  test('faults on the way, pings and probes of the plan wait as well', async ({ onTestFinished }) => {
    const { result, warnings } = await run(onTestFinished, {
      target: { url: (await startWsService({ whenOver: onTestFinished, bytes: (s, data) => s.send(data) })).url, ping: { every: '720h' } },
      load: { connections: 5, messages: MESSAGES },
      faults: [
        { fault: 'reset_peer', timeout: '720h' },
        { fault: 'latency', latency: '1ms', at: '700h' },
      ],
      reconnect: { after: '720h' },
    });
    expect(result.connections).toMatchObject({ opened: 5, droppedByServer: 0, failed: 0 });
    expect(result.messages).toMatchObject({ ...NOTHING, delivered: 80 });
    expect(warnings).not.toContain('TimeoutOverflow');
  });
});

const cleaners: (() => void | Promise<void>)[] = [];

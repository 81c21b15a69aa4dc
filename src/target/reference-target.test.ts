import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FAULTLESS } from '../injection/behavior.ts';
import { type ReferenceTarget, type ReferenceTargetOptions, startReferenceTarget } from './reference-target.ts';
import { createServices } from './services.ts';

const running: ReferenceTarget[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((target) => target.close()));
});

async function start(more: Partial<ReferenceTargetOptions> = {}): Promise<ReferenceTarget> {
  const target = await startReferenceTarget({
    host: '127.0.0.1',
    port: 0,
    serve: createServices(FAULTLESS, () => {}),
    compression: true,
    maxMessageBytes: 1000,
    ...more,
  });
  running.push(target);
  return target;
}

/** Sends one message and gives back what comes: the echo, or the code of the close. */
function exchange(url: string, message: string | Buffer): Promise<{ data: Buffer; isBinary: boolean } | number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.on('open', () => socket.send(message));
    socket.on('message', (data, isBinary) => {
      resolve({ data: data as Buffer, isBinary });
      socket.terminate();
    });
    socket.on('close', (code) => resolve(code));
    socket.on('error', reject);
  });
}

describe('the reference target', () => {
  test('sends every message back as it came: its bytes and its kind', async () => {
    for (const compression of [true, false]) {
      const { url } = await start({ compression });
      expect(await exchange(url, 'grüße')).toEqual({ data: Buffer.from('grüße'), isBinary: false });
      expect(await exchange(url, Buffer.of(0, 255, 7))).toEqual({ data: Buffer.of(0, 255, 7), isBinary: true });
      expect(await exchange(url, '')).toEqual({ data: Buffer.alloc(0), isBinary: false });
    }
  });

  test('refuses a message over its limit with 1009', async () => {
    const { url } = await start();
    expect(await exchange(url, 'x'.repeat(1001))).toBe(1009);
  });

  test('says where it listens', async () => {
    expect((await start()).url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
  });

  test('a port that is taken is the server’s own error', async () => {
    const { url } = await start();
    await expect(start({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('once closed it has let go of its connections and its port', async () => {
    const target = await start();
    const socket = new WebSocket(target.url);
    await new Promise((resolve) => socket.once('open', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await target.close();
    await closed;
    await start({ port: Number(new URL(target.url).port) });
  });
});

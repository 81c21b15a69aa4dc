// Clients that misbehave, through the built command, against services on `ws`: what the service does about them is named, and
// nothing of it is held against the clients that behave as they should.

import { describe, expect, test } from 'vitest';
import type { MisbehavingResult, RunResult } from '../../src/facts/result.ts';
import { NOTHING } from '../support/books.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { runHighwater, startHighwater, temporaryDirectory, type WhenOver, writeInto } from '../support/highwater.ts';
import { startWsService } from '../support/ws-service.ts';

/** They wait more than they work. */
const TOGETHER = { concurrent: true, timeout: 120_000 } as const;
const UNREAD_LIMIT_BYTES = 256 * 1024;
async function run(whenOver: WhenOver, url: string, plan: object): Promise<RunResult> {
  const cwd = temporaryDirectory(whenOver);
  const file = writeInto(cwd, 'plan.json', JSON.stringify({ target: { url }, drain: '5s', ...plan }));
  const finished = await runHighwater(['run', file, '--json'], { cwd, whenOver });
  return finished.result;
}

/** One client of two does not read; each is sent 3 MB a second, for so long that no buffer of the kernel's holds it. */
const UNREAD = {
  load: {
    connections: 2,
    bytes: '16KB',
    messages: { open: { rate: '200/s', for: '8s' } },
    misbehaving: [{ kind: 'slow-reader', share: '50%' }],
  },
};

function expectHealthy({ messages, connections }: RunResult, clients: number): void {
  expect(messages).toMatchObject({ ...NOTHING, delivered: messages.sent });
  expect(connections).toMatchObject({ opened: clients, failed: 0, droppedByServer: 0, closeCodes: {} });
}

const slowReader = ({ misbehaving }: RunResult): MisbehavingResult =>
  misbehaving.find(({ kind }) => kind === 'slow-reader')!;

describe('what a service does about clients that do not read', TOGETHER, () => {
  test('it buffers, which its memory shows', async ({ onTestFinished }) => {
    const echo = await startForeignServer('ws');
    const result = await run(onTestFinished, echo.url, { ...UNREAD, monitors: [{ name: 'service', pid: echo.pid }] });
    await echo.stop();
    expectHealthy(result, 1);
    expect(slowReader(result)).toMatchObject({ clients: 1, connections: { opened: 1, droppedByServer: 0 } });
    expect(slowReader(result).policy).toMatchObject({
      kind: 'buffers',
      evidence: expect.stringContaining('service grew by'),
    });
  });

  test('it disconnects them, with a code', async ({ onTestFinished }) => {
    const service = await startWsService({
      whenOver: onTestFinished,
      bytes(socket, data) {
        if (socket.bufferedAmount > UNREAD_LIMIT_BYTES) socket.terminate();
        else socket.send(data);
      },
    });
    const result = await run(onTestFinished, service.url, UNREAD);
    expectHealthy(result, 1);
    expect(slowReader(result).connections).toMatchObject({ droppedByServer: 1, closeCodes: { 1006: 1 } });
    expect(slowReader(result).policy).toMatchObject({ kind: 'disconnects' });
  });

  test('it drops messages to them: later ones come, and earlier ones do not', async ({ onTestFinished }) => {
    const service = await startWsService({
      whenOver: onTestFinished,
      bytes(socket, data) {
        if (socket.bufferedAmount <= UNREAD_LIMIT_BYTES) socket.send(data);
      },
    });
    const result = await run(onTestFinished, service.url, {
      load: {
        ...UNREAD.load,
        misbehaving: [{ kind: 'slow-reader', share: '50%', rate: '1500KB/s' }],
      },
    });
    expectHealthy(result, 1);
    expect(slowReader(result).policy).toMatchObject({ kind: 'drops' });
  });

  test('it stops reading from them', async ({ onTestFinished }) => {
    const service = await startWsService({
      whenOver: onTestFinished,
      bytes(socket, data) {
        if (socket.bufferedAmount > UNREAD_LIMIT_BYTES) socket.pause();
        socket.send(data);
      },
    });
    const result = await run(onTestFinished, service.url, UNREAD);
    expectHealthy(result, 1);
    expect(slowReader(result).policy).toMatchObject({ kind: 'stopsReading' });
  });

  test('in rooms it drops deliveries to them alone, which is counted, and not to the others', async ({
    onTestFinished,
  }) => {
    const cwd = temporaryDirectory(onTestFinished);
    writeInto(cwd, 'behavior.yaml', 'dropBeyond: 64KiB');
    const target = startHighwater(['target', '--behavior', 'behavior.yaml'], { cwd, whenOver: onTestFinished });
    const [, url = ''] = await target.prints('stdout', /^listening (\S+)$/m);
    const result = await run(onTestFinished, `${url}/rooms/\${room}?client=\${client}`, {
      load: {
        connections: 8,
        bytes: '16KB',
        rooms: { count: 2, publishers: 1 },
        messages: { open: { rate: '300/s', for: '8s' } },
        misbehaving: [{ kind: 'slow-reader', share: '25%', rate: '1MB/s' }],
      },
    });
    expect(result.messages).toMatchObject(NOTHING);
    expect(result.fanout).toMatchObject({ missed: 0, unresolved: 0, receivedRatio: 1 });
    expect(slowReader(result)).toMatchObject({ clients: 2, connections: { opened: 2 }, policy: { kind: 'drops' } });
    expect(slowReader(result).missed).toBeGreaterThan(0);
  });
});

describe('clients that misbehave in other ways', TOGETHER, () => {
  test('are counted by what they do and what becomes of them, and the others are as ever', async ({
    onTestFinished,
  }) => {
    const echo = await startForeignServer('ws');
    const result = await run(onTestFinished, echo.url, {
      load: {
        connections: 40,
        messages: { open: { rate: '400/s', for: '4s' } },
        misbehaving: [
          { kind: 'half-open', share: '5%' },
          { kind: 'reset', share: '5%', after: '500ms' },
          { kind: 'churn', share: '5%' },
          { kind: 'malformed-frames', share: '5%', after: '500ms' },
          { kind: 'slow-handshake', share: '5%', rate: '200B/s' },
          { kind: 'no-pong', share: '5%' },
        ],
      },
    });
    await echo.stop();
    expectHealthy(result, 28);
    expect(result.messages.due).toBe(1600);
    const [halfOpen, reset, churn, malformed, slowHandshake, noPong] = result.misbehaving;
    for (const { clients } of result.misbehaving) expect(clients).toBe(2);
    expect(halfOpen?.connections).toMatchObject({ opened: 2, droppedByServer: 0, endedByClient: 0 });
    for (const each of [reset, churn]) {
      const { opened, endedByClient, droppedByServer } = each!.connections;
      expect(droppedByServer).toBe(0);
      expect(endedByClient).toBeGreaterThan(4);
      expect(opened - endedByClient).toBeLessThanOrEqual(2);
    }
    const { droppedByServer, closeCodes } = malformed!.connections;
    expect(closeCodes).toEqual({ 1002: droppedByServer });
    expect(droppedByServer).toBeGreaterThan(4);
    expect(slowHandshake?.connections).toMatchObject({ opened: 2, failed: 0, droppedByServer: 0 });
    expect(noPong?.messages).toMatchObject({ delivered: noPong?.messages.sent });
    expect(result.misbehaving.flatMap(({ policy }) => policy ?? [])).toEqual([]);
  });

  test('a message that is too large is refused with 1009, by a service that has a limit', async ({
    onTestFinished,
  }) => {
    const service = await startWsService({
      whenOver: onTestFinished,
      maxPayload: 1024 * 1024,
      bytes: (socket, data) => socket.send(data),
    });
    const result = await run(onTestFinished, service.url, {
      load: {
        connections: 4,
        messages: { open: { rate: '100/s', for: '2s' } },
        misbehaving: [{ kind: 'oversized', share: '25%', bytes: '2MiB', after: '300ms' }],
      },
    });
    expectHealthy(result, 3);
    const [{ connections } = { connections: null }] = result.misbehaving;
    expect(connections?.droppedByServer).toBeGreaterThan(1);
    expect(Object.keys(connections?.closeCodes ?? {})).toEqual(['1009']);
  });
});

// The built command against services that let clients in and do not keep them: a run whose load was not there passes nothing, says how
// much of it lacked and what the service said, and a breach stays a breach.

import { describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { RunResult } from '../../src/facts/result.ts';
import { runHighwater, temporaryDirectory, type WhenOver, writeInto } from '../support/highwater.ts';
import { startWsService } from '../support/ws-service.ts';

interface Service {
  /** Closes a client so long after its opening. */
  readonly closeAfterMs?: number;
  /** Of the clients that come only these, by their place in the order of coming. */
  readonly closes?: (client: number) => boolean;
  /** How many clients are let in at all. */
  readonly letsIn?: number;
  readonly speaks?: (client: WebSocket) => void;
}

async function runAgainst(
  { closeAfterMs, closes = () => true, letsIn = Number.POSITIVE_INFINITY, speaks }: Service,
  plan: Readonly<Record<string, unknown>>,
  whenOver: WhenOver,
): Promise<{ readonly result: RunResult; readonly exitCode: number | null }> {
  let clients = 0;
  let seen = 0;
  const service = await startWsService({
    whenOver,
    refusal: () => (seen++ < letsIn ? null : 'HTTP/1.1 503 Service Unavailable'),
    message: (socket, text, isBinary) => socket.send(Buffer.from(text, 'utf8'), { binary: isBinary }),
    connected(socket) {
      speaks?.(socket);
      if (closeAfterMs === undefined || !closes(clients++)) return;
      const timer = setTimeout(() => socket.close(4401, 'token expired'), closeAfterMs);
      socket.once('close', () => clearTimeout(timer));
    },
  });
  const cwd = temporaryDirectory(whenOver);
  const file = writeInto(cwd, 'plan.json', JSON.stringify({ target: { url: service.url }, ...plan }));
  const { result, exitCode } = await runHighwater(['run', file, '--json'], { cwd, whenOver });
  return { result, exitCode };
}

const doubtsOf = ({ verdict }: RunResult): string[] =>
  verdict.doubts.filter(({ kind }) => kind === 'loadAbsent').map(({ detail }) => detail);

describe('a service that lets clients in and closes them', { concurrent: true, timeout: 60_000 }, () => {
  const HELD = { load: { connections: [{ to: 20 }, { hold: '3s' }] } };
  const SENT = { protocol: { kind: 'echo', format: 'text' }, drain: '1s' };

  test('is not passed by rules about connections that were held', async ({ onTestFinished: whenOver }) => {
    const plan = { ...HELD, thresholds: ['connections.failed == 0', 'handshake.p50 < 1s'] };
    const { result, exitCode } = await runAgainst({ closeAfterMs: 300 }, plan, whenOver);
    expect(exitCode).toBe(2);
    expect(result.verdict.thresholds.map(({ kind }) => kind)).toEqual(['inconclusive', 'inconclusive']);
    expect(doubtsOf(result)).toEqual([
      expect.stringMatching(
        /^the service did not get the planned load: clients were connected for \d+(\.\d+)? % of the planned time; the service closed 20 of 20 connections \d+ ms after opening: 4401 token expired$/,
      ),
    ]);
    expect(result.connections).toMatchObject({
      droppedByServer: 20,
      closeCodes: { 4401: 20 },
      lifetime: { count: 20 },
    });
    expect(result.connections.lifetime.p50Ms).toBeGreaterThanOrEqual(290);
  });

  test('nor by rules about pushes that were received', async ({ onTestFinished: whenOver }) => {
    const plan = {
      ...HELD,
      protocol: { kind: 'push', sequence: 'n' },
      contract: { delivery: 'exactly-once', order: 'per-stream' },
      thresholds: ['pushes.received >= 99%'],
    };
    const speaks = (socket: WebSocket): void => {
      let number = 0;
      const timer = setInterval(() => socket.send(JSON.stringify({ n: number++ })), 20);
      socket.once('close', () => clearInterval(timer));
    };
    const { result, exitCode } = await runAgainst({ closeAfterMs: 300, speaks }, plan, whenOver);
    expect(exitCode).toBe(2);
    expect(result.verdict.thresholds.every(({ kind }) => kind === 'inconclusive')).toBe(true);
    expect(doubtsOf(result)).toHaveLength(1);
  });

  test('nor by rules about messages, of which most were never sent', async ({ onTestFinished: whenOver }) => {
    const plan = {
      ...SENT,
      load: { connections: 20, messages: { open: { rate: '100/s', for: '3s' } } },
      contract: { delivery: 'exactly-once' },
      // What was on its way when a connection closed is unresolved.
      thresholds: ['delivered >= 50%'],
    };
    const { result, exitCode } = await runAgainst({ closeAfterMs: 300 }, plan, whenOver);
    expect(exitCode).toBe(2);
    expect(doubtsOf(result)).toEqual([
      expect.stringMatching(/\d+ of \d+ messages were sent \(unsent: connection closed \d+\); .*20 of 20 connections/),
    ]);
    expect(result.messages.unsent.socketClosed).toBeGreaterThan(200);
    expect(result.generator.missedWorkers).toBe(0);
  });

  test('nor where its clients come back for a moment each time', async ({ onTestFinished: whenOver }) => {
    const plan = {
      ...SENT,
      load: { connections: 10, messages: { open: { rate: '50/s', for: '3s' } } },
      reconnect: { from: '800ms', to: '800ms', backoff: 'constant' },
      thresholds: ['lost == 0', 'connections.gaveUp == 0'],
    };
    const { result, exitCode } = await runAgainst({ closeAfterMs: 60 }, plan, whenOver);
    expect(exitCode).toBe(2);
    expect(result.recovery!.availabilityRatio).toBeLessThan(0.5);
    expect(doubtsOf(result).length).toBeGreaterThan(0);
  });

  test('nor where it is one client in five, for half of the time', async ({ onTestFinished: whenOver }) => {
    const plan = { ...HELD, thresholds: ['connections.failed == 0'] };
    const { result } = await runAgainst({ closeAfterMs: 1500, closes: (client) => client % 5 === 0 }, plan, whenOver);
    expect(doubtsOf(result)).toEqual([expect.stringContaining('the service closed 4 of 20 connections')]);
    expect(result.verdict.kind).toBe('inconclusive');
  });

  test('and what it broke stays broken', async ({ onTestFinished: whenOver }) => {
    const plan = { ...HELD, thresholds: ['connections.dropped == 0'] };
    const { result, exitCode } = await runAgainst({ closeAfterMs: 300 }, plan, whenOver);
    expect(exitCode).toBe(1);
    expect(result.verdict.breaches).toEqual([{ rule: 'connections.dropped == 0', detail: 'observed 20' }]);
  });

  test('is no matter where it keeps them, or closes them at the end', async ({ onTestFinished: whenOver }) => {
    const plan = { ...HELD, thresholds: ['connections.failed == 0'] };
    const { result } = await runAgainst({}, plan, whenOver);
    expect(doubtsOf(result)).toEqual([]);
    expect(result.connections.lifetime.count).toBe(0);
  });
});

describe('a service that lets only some in', { concurrent: true, timeout: 60_000 }, () => {
  test('carries less than the plan asked for, and passes nothing', async ({ onTestFinished: whenOver }) => {
    const plan = { load: { connections: [{ to: 20 }, { hold: '2s' }] }, thresholds: ['handshake.p50 < 5s'] };
    const { result, exitCode } = await runAgainst({ letsIn: 15 }, plan, whenOver);
    expect(exitCode).toBe(2);
    expect(doubtsOf(result)).toEqual([
      expect.stringContaining(
        '5 of 20 connections failed to open: the service answered the upgrade with an HTTP status other than 101',
      ),
    ]);
  });
});

describe('clients that do not come back', { concurrent: true, timeout: 60_000 }, () => {
  const plan = {
    protocol: { kind: 'echo', format: 'text' },
    load: { connections: 20, messages: { open: { rate: '100/s', for: '5s' } } },
    reconnect: { from: '50ms', to: '200ms' },
    thresholds: ['outage.max < 1s', 'connections.gaveUp == 0'],
    drain: '1s',
  };

  test('count as missing in outages, and by themselves', async ({ onTestFinished: whenOver }) => {
    // All are closed after a second; of those that come again five are let in.
    const { result, exitCode } = await runAgainst(
      { closeAfterMs: 1000, closes: (client) => client < 20, letsIn: 25 },
      plan,
      whenOver,
    );
    // A generator that doubts its own times leaves the rule about them open.
    expect(exitCode).not.toBe(0);
    expect(result.verdict.thresholds.map(({ kind }) => kind)).not.toContain('pass');
    expect(result.connections).toMatchObject({ opened: 25, reconnected: 5, offline: 15, gaveUp: 0 });
    expect(doubtsOf(result)).toContainEqual(
      expect.stringMatching(
        /^15 of 20 clients were disconnected when sending ended; the longest outage lasted \d\.\d s$/,
      ),
    );
  });

  test('are none where all come back', async ({ onTestFinished: whenOver }) => {
    const { result } = await runAgainst({ closeAfterMs: 1000, closes: (client) => client < 20 }, plan, whenOver);
    expect(result.connections).toMatchObject({ opened: 40, reconnected: 20, offline: 0 });
  });
});

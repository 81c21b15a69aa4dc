import { describe, expect, test } from 'vitest';
import { type Outcome, RUN_NONCE, receivedCount, runScenario } from '../../../test/support/engine/engine-run.ts';
import { curve, MS, makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import { TURN_NS } from '../../../test/support/engine/virtual-clock.ts';
import type { PeerScript } from '../../../test/support/engine/websocket-peer.ts';
import type { Messages } from '../../plan/plan.ts';
import { countOpenMessages, createSchedule } from '../../plan/schedule/arrivals.ts';
import { createTypeOf } from '../../plan/schedule/message-types.ts';
import { createEchoCodec, DUE_NS, EchoReading, readEcho } from '../../protocols/echo/echo.ts';

const silent = (): PeerScript => ({ onMessage: () => {} });

/** When each message was due according to itself, from the first one on. */
function dueTimes(outcome: Outcome): number[] {
  const codec = createEchoCodec('binary', RUN_NONCE);
  return outcome.connections
    .flatMap((connection) => connection.received)
    .map(({ payload }) => {
      const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
      expect(readEcho(codec, payload, view, 0, payload.length)).toBe(EchoReading.stamped);
      return codec.numbers[DUE_NS]! - outcome.messagesAtNs!;
    })
    .sort((a, b) => a - b);
}

function scheduleOf(messages: Extract<Messages, { kind: 'open' }>, seed: number): number[] {
  const schedule = createSchedule(messages.curve, messages.arrival, seed, 0, 1);
  const due: number[] = [];
  for (; schedule.peekDueNs() < Number.POSITIVE_INFINITY; schedule.advance()) due.push(schedule.peekDueNs());
  return due;
}

describe('the open schedule', () => {
  test('sends exactly the planned number, each when it is due', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 3 }), messages: openMessages(100, 3 * SECOND) }),
    });
    expect(outcome.tally.messages).toMatchObject({ due: 300, sent: 300, delivered: 300, lost: 0, unresolved: 0 });
    expect(outcome.tally.histograms.sendLag.maxNs).toBe(0);
    expect(outcome.connections.map((connection) => connection.received.length)).toEqual([100, 100, 100]);
  });

  test('does not wait for replies', () => {
    const outcome = runScenario({ plan: makePlan({ messages: openMessages(100, 2 * SECOND) }), script: silent });
    expect(outcome.tally.messages).toMatchObject({ due: 200, sent: 200, delivered: 0, lost: 200 });
    expect(outcome.tally.histograms.sendLag.maxNs).toBe(0);
  });

  test.each([
    'constant',
    'poisson',
  ] as const)('three workers together send the %s schedule of one, message for message', (arrival) => {
    const messages: Messages = {
      kind: 'open',
      arrival,
      start: { kind: 'connected' },
      curve: curve(
        { to: 200, over: SECOND },
        { hold: SECOND },
        { burst: 500, for: SECOND / 2 },
        { to: 0, over: SECOND },
      ),
    };
    const plan = makePlan({ connections: curve({ to: 7 }), messages });
    const expected = scheduleOf(messages, plan.seed);
    for (const shards of [1, 3]) {
      const outcome = runScenario({ plan, shards });
      expect(outcome.tally.messages).toMatchObject({ due: expected.length, sent: expected.length });
      const due = dueTimes(outcome);
      expect(due).toHaveLength(expected.length);
      expect(Math.max(...due.map((ns, i) => Math.abs(ns - expected[i]!)))).toBeLessThan(1);
      // A timer's millisecond may pass before the next look.
      expect(outcome.tally.histograms.sendLag.maxNs).toBeLessThanOrEqual(1 * MS);
    }
    if (arrival === 'constant') expect(expected).toHaveLength(countOpenMessages(messages.curve));
  });

  test('precise pacing sends within a turn of the event loop, also when messages are closer than a timer can tell', () => {
    const plan = makePlan({ messages: openMessages(20_000, SECOND / 20) });
    const outcome = runScenario({ plan, precise: true });
    expect(outcome.tally.messages.sent).toBe(1000);
    expect(outcome.tally.histograms.sendLag.maxNs).toBeLessThanOrEqual(TURN_NS);
  });

  test('the mix is the one that seed, stream and number decide', () => {
    const mix = [
      { type: 'small', weight: 70, payloadBytes: 100, priority: null },
      { type: 'large', weight: 30, payloadBytes: 4096, priority: null },
    ] as const;
    const plan = makePlan({ messages: openMessages(100, 2 * SECOND), mix });
    const outcome = runScenario({ plan });
    const typeOf = createTypeOf(plan);
    const expected = Array.from({ length: 200 }, (_, seq) => mix[typeOf(0, seq)]!.payloadBytes);
    expect(outcome.connections[0]!.received.map(({ payload }) => payload.length)).toEqual(expected);
    expect(new Set(expected).size).toBe(2);
  });

  test('what is due at one moment on one client goes out in one write', () => {
    const writes: number[] = [];
    const outcome = runScenario({
      plan: makePlan({ messages: { ...openMessages(1000, SECOND), start: { kind: 'at', atNs: SECOND } } as Messages }),
      prepare: ({ clock }) => clock.after(1.5 * SECOND + 1, () => clock.jump(0.2 * SECOND)),
      listen: (network, accept) =>
        network.listen('10.0.0.1', 80, (peer) => {
          accept(peer);
          const { onBytes } = peer;
          peer.onBytes = (bytes) => {
            writes.push(bytes.length);
            onBytes(bytes);
          };
        }),
    });
    expect(outcome.tally.messages.sent).toBe(1000);
    expect(Math.max(...writes)).toBeGreaterThanOrEqual(200 * (64 + 6));
  });
});

describe('a message that cannot be sent is counted with its reason', () => {
  test('socketClosed: no client is open', () => {
    const outcome = runScenario({ plan: makePlan({ messages: openMessages(100, SECOND) }), listen: () => {} });
    expect(outcome.tally.messages).toMatchObject({ due: 100, sent: 0 });
    expect(outcome.tally.unsent).toEqual({
      overdue: 0,
      backpressure: 0,
      windowFull: 0,
      socketClosed: 100,
      adapterError: 0,
    });
    expect(outcome.tally.connections).toMatchObject({ attempted: 1, opened: 0, failed: 1 });
  });

  test('backpressure: the service does not read', () => {
    const frameBytes = 8 + 1000;
    const kernelBytes = 64 * 1024;
    const maxBufferedBytes = 10_000;
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(500, SECOND), bytes: 1000, target: { maxBufferedBytes } }),
      network: { kernelBytes },
      script: () => ({ onOpen: ({ peer }) => peer.pause() }),
    });
    // One message more goes out while no more than the limit is buffered.
    const sent = Math.floor((kernelBytes + maxBufferedBytes) / frameBytes) + 1;
    expect(outcome.tally.messages).toMatchObject({ due: 500, sent, delivered: 0, lost: sent });
    expect(outcome.tally.unsent).toEqual({
      overdue: 0,
      backpressure: 500 - sent,
      windowFull: 0,
      socketClosed: 0,
      adapterError: 0,
    });
  });

  test('backpressure passes when the service reads again', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(500, 2 * SECOND), bytes: 1000, target: { maxBufferedBytes: 10_000 } }),
      script: (clock) => ({
        onOpen: ({ peer }) => {
          peer.pause();
          clock.after(SECOND, () => peer.resume());
        },
      }),
    });
    const { messages, unsent } = outcome.tally;
    expect(unsent.backpressure).toBeGreaterThan(0);
    expect(messages.sent).toBe(1000 - unsent.backpressure);
    expect(messages.delivered).toBe(messages.sent);
    expect(messages.corrupted + messages.unexpected + messages.reordered).toBe(0);
  });

  test.each([
    ['binary', 1, 128],
    ['text', 1, 32],
    ['binary', 2, 256],
    ['text', 2, 256],
    ['binary', 43, 256],
    ['text', 87, 256],
  ] as const)('windowFull: %s messages of %i bytes keep %i in flight apart and no more', (format, bytes, most) => {
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(500, SECOND), bytes, format }),
      script: silent,
    });
    expect(outcome.tally.messages).toMatchObject({ due: 500, sent: most, lost: most });
    expect(outcome.tally.unsent).toEqual({
      overdue: 0,
      backpressure: 0,
      windowFull: 500 - most,
      socketClosed: 0,
      adapterError: 0,
    });
  });

  test('a message that carries its whole number needs no window', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(1000, SECOND), bytes: 44 }),
      script: silent,
    });
    expect(outcome.tally.messages).toMatchObject({ sent: 1000, lost: 1000 });
  });

  test('late: the generator stood still for ten seconds and gives up what is overdue by more than five', () => {
    const outcome = runScenario({
      plan: makePlan({
        messages: { ...openMessages(100, 20 * SECOND), start: { kind: 'at', atNs: SECOND } } as Messages,
      }),
      prepare: ({ clock }) => clock.after(2.505 * SECOND, () => clock.jump(10 * SECOND)),
    });
    expect(outcome.tally.messages).toMatchObject({ due: 2000, sent: 1500, delivered: 1500 });
    expect(outcome.tally.unsent).toEqual({
      overdue: 500,
      backpressure: 0,
      windowFull: 0,
      socketClosed: 0,
      adapterError: 0,
    });
    // What is sent late keeps its due time: the lag and the response time own up to it.
    expect(outcome.tally.histograms.sendLag.maxNs).toBeCloseTo(4.995 * SECOND, -3);
    expect(outcome.tally.histograms.response.maxNs).toBeGreaterThan(4.99 * SECOND);
    expect(outcome.tally.histograms.service.maxNs).toBeLessThan(1 * MS);
    expect(receivedCount(outcome)).toBe(1500);
  });
});

import { describe, expect, test } from 'vitest';
import { runScenario } from '../../../test/support/engine/engine-run.ts';
import { DELAY_NS } from '../../../test/support/engine/memory-network.ts';
import { closedMessages, curve, MS, makePlan, SECOND } from '../../../test/support/engine/plans.ts';
import type { VirtualClock } from '../../../test/support/engine/virtual-clock.ts';
import type { PeerScript } from '../../../test/support/engine/websocket-peer.ts';

const ROUND_TRIP_NS = 2 * DELAY_NS;

/** Answers after a while, and keeps the score of what it owes. */
function slow(
  delayNs: number,
  score: { expected: number; most: number; least: number } = { expected: 0, most: 0, least: 0 },
) {
  return (clock: VirtualClock): PeerScript => ({
    onMessage(connection, { payload, opcode }) {
      score.expected++;
      score.most = Math.max(score.most, score.expected);
      clock.after(delayNs, () => {
        score.expected--;
        connection.send(payload, opcode);
      });
    },
  });
}

describe('the closed loop', () => {
  test('keeps exactly so many messages in flight on each client, and no more', () => {
    const score = { expected: 0, most: 0, least: 0 };
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 3 }), messages: closedMessages(4, 2 * SECOND) }),
      script: slow(10 * MS, score),
    });
    expect(score.most).toBe(12);
    const { messages } = outcome.tally;
    expect(messages.due).toBe(messages.sent);
    expect(messages.delivered).toBe(messages.sent);
    // Each of the twelve places goes round once in ten milliseconds and the way there and back.
    expect(messages.sent).toBe(12 * Math.ceil((2 * SECOND) / (10 * MS + ROUND_TRIP_NS)));
    const steady = outcome.windows.filter((window) => window.second === 1);
    for (const window of steady) expect(window.health.inFlight).toBe(12);
  });

  test('its response time starts at the send: there is no due time of its own', () => {
    const outcome = runScenario({ plan: makePlan({ messages: closedMessages(1, SECOND) }), script: slow(5 * MS) });
    const { histograms } = outcome.tally;
    expect(histograms.sendLag.maxNs).toBe(0);
    expect(histograms.response.maxNs).toBe(5 * MS + ROUND_TRIP_NS);
    expect(histograms.service.maxNs).toBe(histograms.response.maxNs);
  });

  test.each([1 * MS, 10 * MS, 400 * MS])('thinks for %i ns between a reply and the next send', (thinkNs) => {
    const arrivals: number[] = [];
    const outcome = runScenario({
      plan: makePlan({ messages: closedMessages(1, 2 * SECOND, { thinkNs }) }),
      script: (clock) => ({
        onMessage(connection, { payload }) {
          arrivals.push(clock.nowNs());
          connection.send(payload);
        },
      }),
    });
    expect(outcome.tally.messages.delivered).toBe(outcome.tally.messages.sent);
    const gaps = arrivals.slice(1).map((ns, i) => ns - arrivals[i]!);
    // A timer's millisecond may be added, no more.
    for (const gap of gaps) {
      expect(gap).toBeGreaterThanOrEqual(thinkNs + ROUND_TRIP_NS - 1);
      expect(gap).toBeLessThanOrEqual(thinkNs + ROUND_TRIP_NS + 1 * MS);
    }
    expect(arrivals.length).toBeGreaterThanOrEqual(Math.floor((2 * SECOND) / (thinkNs + ROUND_TRIP_NS + 1 * MS)) - 1);
  });

  test('a reply that does not come in time gives its place free, and its message is lost in the end', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: closedMessages(1, 10 * SECOND, { replyTimeoutNs: 2 * SECOND }) }),
      script: () => ({
        onMessage(connection, { payload }, index) {
          if (index !== 3) connection.send(payload);
          if (index === 3) connection.peer.send(new Uint8Array([0x89, 0])); // alive: a ping
        },
      }),
    });
    const { messages } = outcome.tally;
    expect(messages.sent).toBeGreaterThan(100);
    expect(messages).toMatchObject({ lost: 1, unresolved: 0, delivered: messages.sent - 1 });
  });

  test.each([
    100 * MS,
    500 * MS,
    3 * SECOND,
  ])('a silent service gets one message for each reply timeout of %i ns', (replyTimeoutNs) => {
    const outcome = runScenario({
      plan: makePlan({ messages: closedMessages(1, 12 * SECOND, { replyTimeoutNs }) }),
      script: () => ({ onMessage: () => {} }),
    });
    const { sent } = outcome.tally.messages;
    expect(sent).toBeLessThanOrEqual((12 * SECOND) / replyTimeoutNs);
    // A timeout is noticed within a second at most, and within its own length where that is shorter.
    expect(sent).toBeGreaterThanOrEqual(
      Math.floor((12 * SECOND) / (replyTimeoutNs + Math.min(SECOND, replyTimeoutNs) + 50 * MS)),
    );
  });

  test('a reply later than its timeout still counts as delivered', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: closedMessages(1, 10 * SECOND, { replyTimeoutNs: SECOND }) }),
      script: slow(2.5 * SECOND),
    });
    const { messages } = outcome.tally;
    expect(messages).toMatchObject({ delivered: messages.sent, lost: 0 });
    expect(messages.sent).toBeGreaterThan(3);
  });

  test('a lost message frees its own place while the others go on', () => {
    const swallowed = new Set([10, 100, 200]);
    const outcome = runScenario({
      plan: makePlan({ messages: closedMessages(4, 20 * SECOND, { replyTimeoutNs: SECOND }) }),
      script: (clock) => ({
        onMessage(connection, { payload }, index) {
          if (!swallowed.has(index)) clock.after(10 * MS, () => connection.send(payload));
        },
      }),
    });
    const { messages } = outcome.tally;
    expect(messages.lost).toBe(3);
    // Four places for 20 s at some 10 ms a message, less three places for at most about three seconds each.
    expect(messages.sent).toBeGreaterThan(0.8 * 4 * 20 * 95);
  });

  test('a place that was given free is not given free again by the late reply', () => {
    let inFlight = 0;
    let most = 0;
    const outcome = runScenario({
      plan: makePlan({ messages: closedMessages(1, 20 * SECOND, { replyTimeoutNs: SECOND }) }),
      script: (clock) => ({
        onMessage(connection, { payload }) {
          most = Math.max(most, ++inFlight);
          clock.after(2.5 * SECOND, () => {
            inFlight--;
            connection.send(payload);
          });
        },
      }),
    });
    // One place, given free after one to two seconds, under replies that take two and a half.
    expect(most).toBeLessThanOrEqual(3);
    expect(outcome.tally.messages.sent).toBeLessThanOrEqual(21);
  });

  test('clients that open while it runs join in', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve({ to: 1 }, { hold: SECOND }, { to: 3 }, { hold: 2 * SECOND }),
        messages: closedMessages(2, 2.5 * SECOND),
      }),
      script: slow(100 * MS),
    });
    const counts = outcome.connections.map((connection) => connection.received.length);
    expect(counts).toHaveLength(3);
    expect(counts[0]).toBeGreaterThan(counts[1]!);
    expect(counts[1]).toBeGreaterThan(20);
    expect(Math.abs(counts[1]! - counts[2]!)).toBeLessThanOrEqual(2);
  });

  test('a client that comes back after a drop takes up its places again', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve({ to: 1 }, { hold: SECOND }, { to: 0 }, { hold: SECOND }, { to: 1 }, { hold: SECOND }),
        messages: closedMessages(2, 3 * SECOND, { thinkNs: 50 * MS }),
      }),
    });
    expect(outcome.connections).toHaveLength(2);
    for (const connection of outcome.connections) expect(connection.received.length).toBeGreaterThan(25);
    const { messages } = outcome.tally;
    expect(messages.delivered).toBe(messages.sent);
  });

  test('a drop leaves its messages unresolved and nobody sends on the dead client', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 2 }), messages: closedMessages(5, 2 * SECOND) }),
      script: (clock) => ({
        onOpen(connection) {
          if (connection.number === 0) clock.after(SECOND, () => connection.peer.reset());
        },
        onMessage(connection, { payload }) {
          clock.after(10 * MS, () => connection.send(payload));
        },
      }),
    });
    expect(outcome.tally.connections).toMatchObject({
      droppedByServer: 1,
      failures: { reset: 1 },
      closeCodes: { 1006: 1 },
    });
    expect(outcome.tally.messages).toMatchObject({ unresolved: 5, lost: 0 });
  });

  test.each([
    [1, 'binary', 128],
    [1, 'text', 32],
    [2, 'binary', 256],
    [16, 'text', 256],
  ] as const)('messages of %i bytes (%s) are in flight only as far as they can be told apart', (bytes, format, most) => {
    const score = { expected: 0, most: 0, least: 0 };
    const outcome = runScenario({
      plan: makePlan({ messages: closedMessages(1000, SECOND), bytes, format }),
      script: slow(10 * MS, score),
    });
    expect(score.most).toBe(most);
    const { messages, histograms } = outcome.tally;
    expect(messages).toMatchObject({ corrupted: 0, unexpected: 0, duplicated: 0, reordered: 0, lost: 0 });
    expect(messages.delivered).toBe(messages.sent);
    expect(histograms.service.minNs).toBe(10 * MS + ROUND_TRIP_NS);
    expect(histograms.service.maxNs).toBe(10 * MS + ROUND_TRIP_NS);
  });

  test('short messages that a silent service swallows never pass their window, however often the timeout comes', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: closedMessages(100, 5 * SECOND, { replyTimeoutNs: 200 * MS }), bytes: 1 }),
      script: () => ({ onMessage: () => {} }),
    });
    expect(outcome.tally.messages).toMatchObject({ sent: 128, lost: 128 });
    expect(outcome.tally.unsent.windowFull).toBeGreaterThan(0);
  });

  test('large messages in flight are no backpressure: the loop itself is the bound', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: closedMessages(64, SECOND), bytes: 10_000, target: { maxBufferedBytes: 1000 } }),
      script: slow(10 * MS),
    });
    expect(outcome.tally.unsent).toEqual({
      overdue: 0,
      backpressure: 0,
      windowFull: 0,
      socketClosed: 0,
      adapterError: 0,
    });
    expect(outcome.tally.messages.delivered).toBe(outcome.tally.messages.sent);
    expect(outcome.tally.messages.sent).toBeGreaterThan(64 * 10);
  });

  test('several workers send different message types by the same seed, and only their own clients', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 5 }), messages: closedMessages(1, SECOND) }),
      shards: 2,
      script: slow(20 * MS),
    });
    expect(outcome.connections).toHaveLength(5);
    for (const connection of outcome.connections) expect(connection.received).toHaveLength(50);
  });
});

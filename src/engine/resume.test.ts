// What becomes of messages whose connection dies and comes back: sent again in their order, held in their places, finalized
// where nothing comes back, and held against nobody.

import { describe, expect, test } from 'vitest';
import { runScenario, violations } from '../../test/support/engine/engine-run.ts';
import { closedMessages, curve, MS, makePlan, openMessages, SECOND } from '../../test/support/engine/plans.ts';
import type { VirtualClock } from '../../test/support/engine/virtual-clock.ts';
import { type PeerConnection, type PeerScript, switchingProtocols } from '../../test/support/engine/websocket-peer.ts';
import type { JsonProtocol, Reconnect, Resend } from '../plan/plan.ts';

const RECONNECT: Reconnect = { backoff: 'exponential', fromNs: 100 * MS, toNs: SECOND, jitter: 'none', atMost: 1000 };
const RESEND: Resend = { afterNs: 10 * SECOND, atMost: 3, idempotencyCheck: null };
const CHECK = { share: 0.5, copies: 1, everyNs: 10 * MS };

/** Answers after 50 ms, in order, each message once where `knows`; its first connection dies after a second. */
function orderly(knows: boolean, answer: (payload: Uint8Array) => Uint8Array = (payload) => payload) {
  return (clock: VirtualClock): PeerScript => {
    const known = new Set<string>();
    const dead = new Set<PeerConnection>();
    return {
      onMessage: (connection, { payload, opcode }) =>
        void clock.after(50 * MS, () => {
          if (dead.has(connection)) return;
          const key = Buffer.from(payload).toString('hex');
          if (knows && known.has(key)) return;
          known.add(key);
          connection.send(answer(payload), opcode);
        }),
      onOpen(connection) {
        if (connection.number > 0) return;
        clock.after(SECOND, () => {
          dead.add(connection);
          connection.peer.reset();
        });
      },
    };
  };
}

describe('an orderly service whose connection died is not blamed', () => {
  test('in the open model', () => {
    const { tally } = runScenario({
      plan: makePlan({ messages: openMessages(100, 4 * SECOND), plan: { reconnect: RECONNECT, resend: RESEND } }),
      script: orderly(false),
    });
    expect(tally.messages).toMatchObject({ lost: 0, unresolved: 0, reordered: 0, duplicated: 0, unexpected: 0 });
    expect(tally.messages.delivered).toBe(tally.messages.sent);
  });

  test('in the closed model, where what goes out again holds its place', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: closedMessages(4, 4 * SECOND), plan: { reconnect: RECONNECT, resend: RESEND } }),
      script: orderly(false),
    });
    expect(outcome.tally.messages).toMatchObject({ resent: 4, lost: 0, unresolved: 0, reordered: 0, duplicated: 0 });
    expect(violations(outcome)).toEqual({});
    expect(outcome.connections[1]!.received.slice(0, 4)).toHaveLength(4);
  });

  test('where copies are sent on purpose', () => {
    const resend = { ...RESEND, idempotencyCheck: CHECK };
    const { tally } = runScenario({
      plan: makePlan({ messages: openMessages(100, 4 * SECOND), plan: { reconnect: RECONNECT, resend } }),
      script: orderly(true),
    });
    expect(tally.messages).toMatchObject({ lost: 0, unresolved: 0, reordered: 0, duplicated: 0, late: 0 });
  });

  test('where only copies are sent, and what was in flight is finalized', () => {
    const resend = { ...RESEND, atMost: 0, idempotencyCheck: { ...CHECK, share: 1 } };
    const { tally } = runScenario({
      plan: makePlan({ messages: openMessages(100, 4 * SECOND), plan: { reconnect: RECONNECT, resend } }),
      script: orderly(true),
    });
    expect(tally.messages.unresolved).toBeGreaterThan(3);
    expect(tally.messages).toMatchObject({ lost: 0, reordered: 0, duplicated: 0, late: 0 });
  });

  test('where it tells a state, with messages in flight that it may have taken or not', () => {
    let count = 0;
    const counting = (payload: Uint8Array): Uint8Array => {
      const { id } = JSON.parse(new TextDecoder().decode(payload)) as { readonly id: string };
      return new TextEncoder().encode(JSON.stringify({ id, count: ++count }));
    };
    const protocol: JsonProtocol = {
      kind: 'json',
      template: JSON.stringify({ id: `\${id}` }),
      join: [],
      id: ['id'],
      error: null,
      ack: null,
      duplicate: null,
      payload: null,
      state: { count: ['count'], digest: null, shared: false },
      pushes: 'unexpected',
    };
    for (const resend of [null, RESEND]) {
      count = 0;
      const { tally } = runScenario({
        plan: makePlan({ messages: openMessages(100, 4 * SECOND), plan: { protocol, reconnect: RECONNECT, resend } }),
        script: orderly(false, counting),
      });
      expect(tally.delivery.states).toBeGreaterThan(300);
      expect(tally.messages).toMatchObject({ diverged: 0, lost: 0 });
    }
  });
});

describe('what is kept for a next connection is finalized where there is none', () => {
  const silent = (closesAtNs: number) => (clock: VirtualClock) => ({
    onMessage: () => {},
    // It says that it closes, and does not.
    onClose: () => {},
    onOpen: (connection: PeerConnection) => void clock.after(closesAtNs, () => connection.close(1001)),
  });

  test('as the run ends while the close goes on', () => {
    const { tally } = runScenario({
      plan: makePlan({
        messages: openMessages(100, 2 * SECOND),
        plan: { reconnect: RECONNECT, resend: RESEND, drainNs: 3 * SECOND },
      }),
      script: silent(1900 * MS),
    });
    expect(tally.messages).toMatchObject({ delivered: 0, lost: 0, unresolved: tally.messages.sent });
  });

  test('as the plan closes the client while the close goes on', () => {
    const { tally } = runScenario({
      plan: makePlan({
        connections: curve({ to: 2 }, { hold: 1900 * MS }, { to: 1 }, { hold: 3 * SECOND }),
        messages: openMessages(100, SECOND),
        plan: { reconnect: RECONNECT, resend: RESEND, drainNs: 3 * SECOND },
      }),
      script: silent(1800 * MS),
    });
    const { lost, unresolved, delivered, sent } = tally.messages;
    expect(delivered).toBe(0);
    expect(lost + unresolved).toBe(sent);
  });
});

describe('the time for which clients are open', () => {
  const openShares = (windows: ReturnType<typeof runScenario>['windows']): number[] =>
    windows.flatMap(({ connections: { openNs, wantedNs } }) => (wantedNs === 0 ? [] : [openNs / wantedNs]));

  test('is all of it where nothing happens', () => {
    const { windows } = runScenario({ plan: makePlan({ messages: openMessages(100, 3 * SECOND) }) });
    expect(new Set(openShares(windows))).toEqual(new Set([1]));
  });

  test('is not counted of clients that die for good', () => {
    const { windows } = runScenario({
      plan: makePlan({ connections: curve({ to: 3 }, { hold: 6 * SECOND }) }),
      script: (clock) => ({ onOpen: (connection) => void clock.after(SECOND, () => connection.peer.reset()) }),
    });
    const openNs = windows.reduce((sum, { connections }) => sum + connections.openNs, 0);
    const wantedNs = windows.reduce((sum, { connections }) => sum + connections.wantedNs, 0);
    expect(openNs / wantedNs).toBeGreaterThan(0.15);
    expect(openNs / wantedNs).toBeLessThan(0.18);
  });

  test('begins again with a client that had given up, and ends with one that the plan closes', () => {
    const { windows } = runScenario({
      plan: makePlan({
        connections: curve(
          { to: 1 },
          { hold: 3 * SECOND },
          { to: 0 },
          { hold: SECOND },
          { to: 1 },
          { hold: 4 * SECOND },
        ),
        plan: { reconnect: { ...RECONNECT, atMost: 2 } },
      }),
      script: (clock) => ({
        answer: (request, accept, number) =>
          number === 1 || number === 2
            ? 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'
            : switchingProtocols(request, accept),
        onOpen(connection) {
          if (connection.number === 0) clock.after(SECOND, () => connection.peer.reset());
        },
      }),
    });
    for (const { connections } of windows) expect(connections.openNs).toBeLessThanOrEqual(connections.wantedNs);
    const ofSecond = (second: number) => windows.find((window) => window.second === second)!.connections;
    expect(ofSecond(2)).toMatchObject({ openNs: 0, wantedNs: SECOND });
    expect(ofSecond(3).wantedNs).toBeLessThan(0.01 * SECOND);
    expect(ofSecond(6)).toMatchObject({ openNs: SECOND, wantedNs: SECOND });
  });
});

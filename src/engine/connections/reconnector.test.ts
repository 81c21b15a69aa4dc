import { describe, expect, test } from 'vitest';
import { runScenario } from '../../../test/support/engine/engine-run.ts';
import { curve, makePlan, openMessages } from '../../../test/support/engine/plans.ts';
import type { VirtualClock } from '../../../test/support/engine/virtual-clock.ts';
import type { PeerScript } from '../../../test/support/engine/websocket-peer.ts';
import { percentile } from '../../histogram/histogram.ts';
import type { Reconnect } from '../../plan/plan.ts';

const MS = 1e6;
const SECOND = 1e9;
const RECONNECT: Reconnect = {
  backoff: 'exponential',
  fromNs: 100 * MS,
  toNs: SECOND,
  jitter: 'none',
  atMost: 1000,
};

interface Story {
  readonly clients: number;
  readonly reconnect: Partial<Reconnect> | null;
  readonly script: (clock: VirtualClock) => PeerScript;
}

function tell({ clients, reconnect, ...scenario }: Story) {
  return runScenario({
    plan: makePlan({
      connections: curve({ to: clients }),
      messages: openMessages(100, 6 * SECOND),
      plan: { reconnect: reconnect === null ? null : { ...RECONNECT, ...reconnect } },
    }),
    ...scenario,
  });
}

/** Every connection of the first `clients` is reset after a second. */
const dropsAll =
  (clients: number) =>
  (clock: VirtualClock): PeerScript => ({
    onOpen(connection) {
      if (connection.number < clients) clock.after(SECOND, () => connection.peer.reset());
    },
  });

/** Refuses connections `from` up to `to − 1`. */
function refusing(from: number, to: number, clients: number) {
  return (clock: VirtualClock): PeerScript => ({
    ...dropsAll(clients)(clock),
    answer: (_request, accept, number) =>
      number >= from && number < to
        ? 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'
        : `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  });
}

describe('a client that was dropped', () => {
  test('opens again after its pause, and sends on: what was in flight is unresolved, and nothing is lost', () => {
    const { tally } = tell({ clients: 3, reconnect: {}, script: dropsAll(3) });
    expect(tally.connections).toMatchObject({
      attempted: 6,
      opened: 6,
      reconnected: 3,
      droppedByServer: 3,
      failed: 0,
      gaveUp: 0,
    });
    expect(tally.messages.lost).toBe(0);
    expect(tally.messages.delivered + tally.messages.unresolved).toBe(tally.messages.sent);
    expect(tally.messages.delivered).toBeGreaterThan(550);
    const outageNs = percentile(tally.histograms.outage, 50)!;
    expect(tally.histograms.outage.count).toBe(3);
    expect(outageNs).toBeGreaterThanOrEqual(100 * MS);
    expect(outageNs).toBeLessThan(102 * MS);
  });

  test('is down from its drop until it is open again; clients that never opened are not', () => {
    const downNs = (story: Story): number =>
      tell(story).windows.reduce((sum, { connections }) => sum + connections.downNs, 0);
    const three = downNs({ clients: 3, reconnect: {}, script: dropsAll(3) });
    expect(three).toBeGreaterThanOrEqual(300 * MS);
    expect(three).toBeLessThan(306 * MS);
    // Of five clients, the last two are refused; the first three are dropped once.
    const withRefused = tell({ clients: 5, reconnect: {}, script: refusing(3, 5, 3) });
    const refused = withRefused.windows.reduce((sum, window) => sum + window.connections.downNs, 0);
    const notOpen = withRefused.windows.reduce(
      (sum, window) => sum + window.connections.wantedNs - window.connections.openNs,
      0,
    );
    expect(Math.abs(refused - three)).toBeLessThan(3 * MS);
    expect(notOpen).toBeGreaterThan(refused + 9 * SECOND);
  });

  test('that is back in the same window shows in its lowest, and not in the count at its end', () => {
    const { windows } = tell({ clients: 3, reconnect: {}, script: dropsAll(3) });
    const dropped = windows.filter(({ connections }) => connections.droppedByServer > 0);
    expect(
      dropped.map(({ connections: { open, lowestOpen, reconnected } }) => ({ open, lowestOpen, reconnected })),
    ).toEqual([{ open: 3, lowestOpen: 0, reconnected: 3 }]);
    const calm = windows.slice(2, -1).filter(({ connections }) => connections.droppedByServer === 0);
    expect(calm.length).toBeGreaterThan(3);
    for (const { connections } of calm) expect(connections.lowestOpen).toBe(3);
  });

  test('without a way back is down until it is not wanted any more', () => {
    const { windows } = tell({ clients: 3, reconnect: null, script: dropsAll(3) });
    const downNs = windows.reduce((sum, { connections }) => sum + connections.downNs, 0);
    expect(downNs).toBeGreaterThan(3 * 4 * SECOND);
    expect(downNs).toBeLessThan(3 * 7 * SECOND);
  });

  test('stays closed where the plan does not say so', () => {
    const { tally } = tell({ clients: 3, reconnect: null, script: dropsAll(3) });
    expect(tally.connections).toMatchObject({ attempted: 3, opened: 3, reconnected: 0 });
    expect(tally.histograms.outage.count).toBe(0);
  });

  test('waits twice as long after each attempt that fails, up to the longest pause', () => {
    const outage = (reconnect: Partial<Reconnect>): number => {
      const { tally } = tell({ clients: 1, reconnect, script: refusing(1, 5, 1) });
      expect(tally.connections).toMatchObject({ attempted: 6, opened: 2, failed: 4, reconnected: 1 });
      return Math.round(tally.histograms.outage.maxNs / (10 * MS)) * 10;
    };
    expect(outage({})).toBe(100 + 200 + 400 + 800 + 1000);
    expect(outage({ toNs: 300 * MS })).toBe(100 + 200 + 300 + 300 + 300);
    expect(outage({ backoff: 'constant' })).toBe(5 * 100);
  });

  test('is given up after so many attempts', () => {
    const { tally } = tell({ clients: 2, reconnect: { atMost: 3 }, script: refusing(2, 100, 2) });
    expect(tally.connections).toMatchObject({ attempted: 8, opened: 2, failed: 6, reconnected: 0, gaveUp: 2 });
  });

  test('comes back at a moment of its own where there is jitter, and with all others where there is none', () => {
    const spreadNs = (jitter: Reconnect['jitter']): number => {
      const { tally } = tell({ clients: 50, reconnect: { jitter }, script: dropsAll(50) });
      expect(tally.connections).toMatchObject({ reconnected: 50 });
      const { outage } = tally.histograms;
      return outage.maxNs - outage.minNs;
    };
    expect(spreadNs('none')).toBeLessThan(5 * MS);
    expect(spreadNs('full')).toBeGreaterThan(50 * MS);
  });

  test('may be dropped again and again', () => {
    const { tally } = tell({ clients: 1, reconnect: {}, script: dropsAll(4) });
    expect(tally.connections).toMatchObject({ opened: 5, reconnected: 4, droppedByServer: 4 });
    expect(tally.histograms.outage.count).toBe(4);
  });
});

test('a client that the plan closes does not come back', () => {
  const { tally } = runScenario({
    plan: makePlan({
      connections: curve({ to: 4, over: SECOND }, { to: 1, over: SECOND }, { hold: SECOND }),
      plan: { reconnect: RECONNECT },
    }),
  });
  expect(tally.connections).toMatchObject({ opened: 4, reconnected: 0 });
});

test('nor one that was waiting for its messages when the service dropped it', () => {
  const { tally } = runScenario({
    plan: makePlan({
      connections: curve({ to: 3 }, { hold: 2 * SECOND }, { to: 1 }, { hold: 6 * SECOND }),
      messages: openMessages(100, 6 * SECOND),
      plan: { reconnect: RECONNECT },
    }),
    // It answers nothing, and drops each connection a second after the plan has closed two of them.
    script: (clock) => ({
      onMessage: () => {},
      onOpen: (connection) => void clock.after(3 * SECOND, () => connection.peer.reset()),
    }),
  });
  expect(tally.connections).toMatchObject({ droppedByServer: 4, reconnected: 2, opened: 5 });
});

test('a service that accepts and drops at once is come back to ever later, and given up in the end', () => {
  const { tally } = tell({
    clients: 2,
    reconnect: { fromNs: 10 * MS, toNs: SECOND, atMost: 5 },
    script: () => ({ onOpen: (connection) => connection.peer.reset() }),
  });
  // 10, 20, 40, 80 and 160 ms later.
  expect(tally.connections).toMatchObject({ opened: 12, reconnected: 10, gaveUp: 2 });
});

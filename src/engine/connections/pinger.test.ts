import { describe, expect, test } from 'vitest';
import { failures, type Outcome, runScenario, type Scenario } from '../../../test/support/engine/engine-run.ts';
import { curve, MS, makePlan, openMessages, type PlanParts, SECOND } from '../../../test/support/engine/plans.ts';
import { createVirtualClock, type VirtualClock } from '../../../test/support/engine/virtual-clock.ts';
import type { PeerConnection, PeerScript } from '../../../test/support/engine/websocket-peer.ts';
import { createDensityFacts } from '../../measure/density.ts';
import { createRecorder } from '../../measure/recorder.ts';
import type { Reconnect, Resend } from '../../plan/plan.ts';
import { createAccounting } from '../hot/accounting.ts';
import { Client } from './client.ts';
import { createPinger } from './pinger.ts';

const NO_SOCKET = { writableLength: 0, end() {}, destroy() {}, reset() {}, pause() {}, resume() {} } as const;

const PING = { everyNs: SECOND, timeoutNs: 500 * MS };
const RECONNECT: Reconnect = { backoff: 'constant', fromNs: 100 * MS, toNs: SECOND, jitter: 'none', atMost: 1000 };
const RESEND: Resend = { afterNs: 30 * SECOND, atMost: 3, idempotencyCheck: null };
/** A client is looked after at every tick, and judged by what had come at the tick before. */
const TICKS_NS = 2 * 20 * MS + MS;

const SWALLOW: PeerScript = { onPing: () => {} };

interface Told extends Outcome {
  /** By connection: when it opened, its pings came, and it ended. */
  readonly openedNs: readonly number[];
  readonly pingedNs: readonly (readonly number[])[];
}

/** Ten clients for nearly five seconds, if nothing else is said. */
function tell(script: PeerScript, parts: PlanParts = {}, more: Partial<Scenario> = {}): Told {
  const openedNs: number[] = [];
  const pingedNs: number[][] = [];
  const plan = makePlan({
    connections: curve({ to: 10 }, { hold: 4.95 * SECOND }),
    ...parts,
    target: { ping: PING, ...parts.target },
  });
  const outcome = runScenario({
    plan,
    ...more,
    script: (clock) => ({
      ...script,
      onOpen(connection) {
        openedNs[connection.number] = clock.nowNs();
        pingedNs[connection.number] = [];
        script.onOpen?.(connection);
      },
      onPing(connection, payload, index) {
        pingedNs[connection.number]!.push(clock.nowNs());
        if (script.onPing === undefined) connection.pong(payload);
        else script.onPing(connection, payload, index);
      },
    }),
  });
  return { ...outcome, openedNs, pingedNs };
}

function expectNothingFound({ tally }: Outcome): void {
  expect(tally.pings.unanswered).toBe(0);
  expect(tally.connections).toMatchObject({ droppedByServer: 0, failures: {}, closeCodes: {} });
  expect(tally.messages).toMatchObject({ lost: 0, unresolved: 0 });
}

describe('a service that answers', () => {
  test('is pinged by each client once in every interval, and nothing is found', () => {
    const outcome = tell({});
    expectNothingFound(outcome);
    const { pings, histograms } = outcome.tally;
    // Client 0 at every whole second, client 1 a tenth after it, and so on.
    for (const { pings, number } of outcome.connections) expect(pings).toHaveLength(number === 0 ? 4 : 5);
    expect(pings).toEqual({ sent: 49, answered: 49, unanswered: 0 });
    expect(histograms.ping).toMatchObject({ count: 49 });
    expect(histograms.ping.maxNs).toBeLessThan(MS);
  });

  test('late, but within the timeout, is timed as it was', () => {
    const outcome = tell(
      {},
      {},
      {
        network: { delayNs: () => 240 * MS },
      },
    );
    expectNothingFound(outcome);
    expect(outcome.tally.histograms.ping.minNs).toBeGreaterThan(475 * MS);
    expect(outcome.tally.histograms.ping.maxNs).toBeLessThan(485 * MS);
  });

  test('may be silent but for its pongs, and may be asked while messages go', () => {
    const outcome = tell({}, { messages: openMessages(1000, 5 * SECOND) });
    expectNothingFound(outcome);
    expect(outcome.tally.messages.delivered).toBe(5000);
  });

  test('is not asked where the plan does not say so', () => {
    const outcome = tell({}, { target: { ping: null } });
    expect(outcome.tally.pings).toEqual({ sent: 0, answered: 0, unanswered: 0 });
    expect(outcome.connections.flatMap(({ pings }) => pings)).toEqual([]);
  });
});

describe('a client without its pong', () => {
  test('is dropped within interval and timeout, each counted once, and no message is called lost', () => {
    const ended: number[] = [];
    const clockOf: { clock: VirtualClock | null } = { clock: null };
    const outcome = tell(
      {
        ...SWALLOW,
        onOpen({ peer, number }) {
          const { onEnd } = peer;
          peer.onEnd = (isClean) => {
            ended[number] = clockOf.clock!.nowNs();
            onEnd(isClean);
          };
        },
        onMessage: () => {},
      },
      { messages: openMessages(100, 4 * SECOND) },
      { prepare: ({ clock }) => Object.assign(clockOf, { clock }) },
    );
    const { tally } = outcome;
    expect(tally.pings).toEqual({ sent: 10, answered: 0, unanswered: 10 });
    expect(tally.connections).toMatchObject({
      opened: 10,
      droppedByServer: 10,
      failures: { pingTimeout: 10 },
      closeCodes: { 1006: 10 },
    });
    expect(tally.messages).toMatchObject({ lost: 0, unresolved: tally.messages.sent });
    expect(failures(outcome)).toEqual([{ failure: 'pingTimeout', detail: 'no pong within 500 ms' }]);
    for (const [number, { left, closeCode, pings }] of outcome.connections.entries()) {
      // Dead is dead: no close frame, no FIN.
      expect({ left, closeCode, pings: pings.length }).toEqual({ left: 'gone', closeCode: null, pings: 1 });
      const foundNs = ended[number]! - outcome.openedNs[number]!;
      expect(foundNs).toBeLessThanOrEqual(PING.everyNs + PING.timeoutNs + TICKS_NS);
      expect(ended[number]! - outcome.pingedNs[number]![0]!).toBeGreaterThanOrEqual(PING.timeoutNs);
    }
  });

  test('is the only one that is found', () => {
    const outcome = tell({
      onPing: (connection, payload, index) => {
        if (connection.number % 3 === 0 && index === 2) return;
        connection.pong(payload);
      },
    });
    expect(outcome.tally.pings).toMatchObject({ unanswered: 4 });
    expect(outcome.tally.connections).toMatchObject({ droppedByServer: 4, failures: { pingTimeout: 4 } });
    for (const { pings, number, left } of outcome.connections) {
      if (number % 3 === 0) expect({ left, pings: pings.length }).toEqual({ left: 'gone', pings: 3 });
      else expect(pings).toHaveLength(5);
    }
  });

  test('opens again where the plan says so, and is pinged there', () => {
    const { tally, connections, pingedNs } = tell(
      { onPing: (connection, payload) => (connection.number < 10 ? undefined : connection.pong(payload)) },
      { plan: { reconnect: RECONNECT } },
    );
    expect(tally.connections).toMatchObject({ droppedByServer: 10, reconnected: 10, opened: 20 });
    expect(tally.histograms.outage).toMatchObject({ count: 10 });
    expect(connections).toHaveLength(20);
    expect(tally.pings).toMatchObject({ unanswered: 10 });
    for (const times of pingedNs.slice(10)) expect(times.length).toBeGreaterThanOrEqual(3);
  });

  test('has what was in flight sent again on its next connection, where the plan says that', () => {
    const { tally } = tell(
      {
        onMessage: (connection, { payload, opcode }) =>
          connection.number < 10 ? undefined : connection.send(payload, opcode),
        onPing: (connection, payload) => (connection.number < 10 ? undefined : connection.pong(payload)),
      },
      { messages: openMessages(100, 3 * SECOND), plan: { reconnect: RECONNECT, resend: RESEND } },
    );
    expect(tally.messages.resent).toBeGreaterThan(10);
    expect(tally.messages).toMatchObject({ lost: 0, unresolved: 0, duplicated: 0, delivered: tally.messages.sent });
  });

  test('is found though its socket takes nothing, with one ping waiting and no more', () => {
    const { tally } = tell(
      { onOpen: ({ peer }) => peer.pause() },
      {
        connections: curve({ to: 1 }),
        messages: openMessages(1000, 3 * SECOND),
        target: { maxBufferedBytes: 5000 },
      },
      { network: { kernelBytes: 1000 } },
    );
    expect(tally.unsent.backpressure).toBeGreaterThan(0);
    expect(tally.pings).toEqual({ sent: 1, answered: 0, unanswered: 1 });
    expect(tally.connections.failures).toEqual({ pingTimeout: 1 });
    expect(tally.messages).toMatchObject({ lost: 0, unresolved: tally.messages.sent });
  });

  test('is found while it waits for its last messages, which are unresolved then, and its drain is over', () => {
    const { tally, finishedNs } = tell(
      { ...SWALLOW, onMessage: () => {} },
      {
        connections: curve({ to: 10 }, { hold: SECOND }, { to: 0 }, { hold: 9 * SECOND }),
        messages: openMessages(1000, 900 * MS),
        plan: { drainNs: 8 * SECOND },
      },
    );
    expect(tally.connections.failures).toEqual({ pingTimeout: 10 });
    expect(tally.messages).toMatchObject({ lost: 0, unresolved: tally.messages.sent });
    expect(finishedNs).toBeLessThan(11 * SECOND);
  });

  test('at the end of the run is not waited for longer than its pong', () => {
    const { tally, finishedNs } = tell(
      {
        onPing: (connection, payload, index) => (index > 0 ? undefined : connection.pong(payload)),
        onMessage: () => {},
      },
      { connections: curve({ to: 10 }), messages: openMessages(100, SECOND), plan: { drainNs: 30 * SECOND } },
    );
    expect(tally.connections.failures).toEqual({ pingTimeout: 10 });
    expect(tally.messages).toMatchObject({ lost: 0, unresolved: 100 });
    expect(finishedNs).toBeLessThan(4 * SECOND);
  });
});

describe('a pong that is none of the ping that waits', () => {
  const one: PlanParts = { connections: curve({ to: 1 }, { hold: 5 * SECOND }) };

  test('one that comes too late finds nobody', () => {
    const late = (clock: VirtualClock, lateNs: number): PeerScript => ({
      onPing: (connection, payload) => void clock.after(lateNs, () => connection.pong(payload)),
    });
    const run = (lateNs: number) =>
      runScenario({ plan: makePlan({ ...one, target: { ping: PING } }), script: (clock) => late(clock, lateNs) }).tally;
    expect(run(450 * MS).pings).toMatchObject({ answered: 4, unanswered: 0 });
    expect(run(600 * MS).pings).toEqual({ sent: 1, answered: 0, unanswered: 1 });
  });

  test('one of an older ping, and one that nobody asked for, answer nothing', () => {
    let first: Uint8Array | null = null;
    const { tally } = tell(
      {
        onOpen: (connection) => connection.pong(new Uint8Array(8)),
        onPing(connection, payload, index) {
          if (index === 0) {
            first = payload;
            connection.pong(payload);
            connection.pong(payload);
            return;
          }
          const longer = Uint8Array.of(...payload, 0);
          for (const other of [first!, new Uint8Array(0), new Uint8Array(8), payload.slice(0, 7), longer])
            connection.pong(other);
        },
      },
      one,
    );
    expect(tally.pings).toEqual({ sent: 2, answered: 1, unanswered: 1 });
  });

  test('one of the connection before answers nothing on the next', () => {
    const before: Uint8Array[] = [];
    const { tally, connections } = tell(
      {
        onPing(connection, payload) {
          before.push(payload);
          if (connection.number === 1) connection.pong(before[0]!);
          if (connection.number === 2) connection.pong(payload);
        },
      },
      { ...one, plan: { reconnect: RECONNECT } },
    );
    expect(tally.pings).toMatchObject({ unanswered: 2 });
    expect(tally.connections.droppedByServer).toBe(2);
    expect(connections).toHaveLength(3);
    expect(new Set(before.map((payload) => Buffer.from(payload).toString('hex'))).size).toBe(before.length);
  });

  test('one of another client answers nothing', () => {
    const waiting: PeerConnection[] = [];
    const { tally } = tell(
      {
        onOpen: (connection) => void waiting.push(connection),
        onPing(connection, payload) {
          for (const other of waiting) if (other !== connection) other.pong(payload);
        },
      },
      { connections: curve({ to: 4 }, { hold: 3 * SECOND }) },
    );
    expect(tally.pings).toEqual({ sent: 4, answered: 0, unanswered: 4 });
  });
});

describe('pings are spread over the interval', () => {
  test.each([1, 2])('however many clients open at once (%i workers)', (shards) => {
    const { pingedNs, openedNs } = tell(
      {},
      {
        connections: curve({ to: 500 }, { hold: 4 * SECOND }),
        target: { ping: { everyNs: SECOND, timeoutNs: SECOND } },
      },
      { shards },
    );
    const perTick = new Map<number, number>();
    for (const ns of pingedNs.flat()) {
      const tick = Math.floor(ns / (20 * MS));
      perTick.set(tick, (perTick.get(tick) ?? 0) + 1);
    }
    // A fiftieth of them.
    expect(Math.max(...perTick.values())).toBeLessThanOrEqual(12);
    const firstNs = pingedNs.map((times, number) => times[0]! - openedNs[number]!);
    expect(Math.max(...firstNs)).toBeLessThanOrEqual(SECOND + TICKS_NS);
    const driftNs = pingedNs.flatMap((times) => times.slice(1).map((ns, i) => Math.abs(ns - times[i]! - SECOND)));
    expect(Math.max(...driftNs)).toBeLessThanOrEqual(TICKS_NS);
  });

  test('and come no later than an interval after the opening, whenever that is', () => {
    const { pingedNs, openedNs } = tell({}, { connections: curve({ to: 50, over: 3 * SECOND }, { hold: 2 * SECOND }) });
    for (const [number, times] of pingedNs.entries()) {
      expect(times[0]! - openedNs[number]!).toBeLessThanOrEqual(SECOND + TICKS_NS);
    }
  });
});

describe('while this process stands still', () => {
  test('no client dies of it, and its end brings no burst', () => {
    const outcome = tell(
      {},
      { connections: curve({ to: 20 }, { hold: 9 * SECOND }) },
      { prepare: ({ clock }) => void clock.after(2.305 * SECOND, () => clock.jump(3 * SECOND)) },
    );
    expectNothingFound(outcome);
    const times = outcome.pingedNs.flat().sort((a, b) => a - b);
    for (const ns of times)
      expect(times.filter((other) => Math.abs(other - ns) < 9 * MS).length).toBeLessThanOrEqual(3);
  });

  test('the time is not the service’s: a client dies so much later', () => {
    const first = (forNs: number): number => {
      const { events } = tell(
        SWALLOW,
        {
          connections: curve({ to: 1 }, { hold: 9 * SECOND }),
          target: { ping: { everyNs: 2 * SECOND, timeoutNs: SECOND } },
        },
        { prepare: ({ clock }) => void clock.after(2.5 * SECOND, () => clock.jump(forNs)) },
      );
      return events.find(({ kind }) => kind === 'failure')!.atNs;
    };
    expect(first(0)).toBeLessThan(3.1 * SECOND);
    expect(first(3 * SECOND)).toBeGreaterThan(5.9 * SECOND);
    expect(first(3 * SECOND)).toBeLessThan(6.2 * SECOND);
  });

  test('and what is pinged after it has no more time than before', () => {
    const { clients, pinger, found, pongOf } = bareClients(1);
    pinger.tick(0, 0);
    pinger.pong(clients[0]!, pongOf(0), 0, 8);
    pinger.tick(1000 * MS, 0);
    pinger.pong(clients[0]!, pongOf(1), 0, 8);
    pinger.tick(5000 * MS, 3500 * MS);
    pinger.tick(5500 * MS, 0); // the third ping goes
    pinger.tick(6000 * MS, 0);
    expect(found).toEqual([]);
    pinger.tick(6020 * MS, 0);
    expect(found).toEqual([0]);
  });

  test('a pong that lies unread when a client’s time is over is read first, however short the standstill', () => {
    const { clients, pinger, found, pongOf } = bareClients(1);
    pinger.tick(1000 * MS, 0);
    pinger.tick(1400 * MS, 0);
    // The next tick comes late, and before what has arrived is read.
    pinger.tick(1550 * MS, 0);
    expect(found).toEqual([]);
    pinger.pong(clients[0]!, pongOf(0), 0, 8);
    pinger.tick(1570 * MS, 0);
    pinger.tick(1590 * MS, 0);
    expect(found).toEqual([]);
  });

  test('and one that has not come by then is not waited for any longer', () => {
    const { pinger, found } = bareClients(1);
    for (const ms of [1000, 1400, 1550]) pinger.tick(ms * MS, 0);
    expect(found).toEqual([]);
    pinger.tick(1570 * MS, 0);
    expect(found).toEqual([0]);
  });
});

test('a pinger without clients has nothing to do', () => {
  const { pinger, found } = bareClients(0);
  pinger.tick(5 * SECOND, 0);
  expect(found).toEqual([]);
});

/** A pinger by itself, whose ticks and pongs come when the test says. */
function bareClients(count: number) {
  const clock = createVirtualClock();
  const written: Uint8Array[] = [];
  const found: number[] = [];
  const fail = (): never => {
    throw new Error('nothing is to be said');
  };
  const clients = Array.from({ length: count }, (_, index) => new Client(index, index));
  for (const client of clients) {
    client.state = 'open';
    client.socket = { ...NO_SOCKET, write: (bytes) => written.push(Uint8Array.from(bytes)) };
  }
  const accounting = createAccounting({
    clients: count,
    density: createDensityFacts(),
    fanout: null,
    pushes: null,
    states: null,
    acks: null,
    byType: null,
    maxBufferedBytes: 1e6,
    maskSeed: 99,
    recorder: createRecorder(),
    report: fail,
    sends: false,
    notUnderstood: fail,
    refusedWith: fail,
    unreadable: fail,
  });
  const pinger = createPinger({
    ping: PING,
    run: 1,
    clients,
    clientCount: count,
    accounting,
    clock: { ...clock, nowNs: () => tickNs },
    silent(client) {
      found.push(client.index);
      pinger.forget(client);
    },
  });
  let tickNs = 0;
  return {
    clients,
    found,
    pinger: {
      ...pinger,
      tick(nowNs: number, stalledNs: number) {
        tickNs = nowNs;
        pinger.tick(nowNs, stalledNs);
      },
    },
    /** The payload of the n-th ping. */
    pongOf(n: number): Uint8Array {
      const frame = written[n]!;
      return frame.slice(6).map((byte, i) => byte ^ frame[2 + (i & 3)]!);
    },
  };
}

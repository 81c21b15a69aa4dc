import { describe, expect, test } from 'vitest';
import { failures, receivedCount, runScenario, violations } from '../../test/support/engine/engine-run.ts';
import { closedMessages, curve, MS, makePlan, openMessages, SECOND } from '../../test/support/engine/plans.ts';
import type { VirtualClock } from '../../test/support/engine/virtual-clock.ts';
import { type PeerScript, switchingProtocols } from '../../test/support/engine/websocket-peer.ts';
import { percentile } from '../histogram/histogram.ts';
import type { Messages } from '../plan/plan.ts';

const at = (atNs: number, messages: Messages): Messages => ({ ...messages, start: { kind: 'at', atNs } }) as Messages;

/** Answers every message after a while. */
const slow =
  (delayNs: number) =>
  (clock: VirtualClock): PeerScript => ({
    onMessage: (connection, { payload, opcode }) => void clock.after(delayNs, () => connection.send(payload, opcode)),
  });

describe('the connection curve', () => {
  test('clients open along it, are held, close from the top, and open again', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve(
          { to: 10, over: SECOND },
          { hold: 1.5 * SECOND },
          { to: 4 },
          { hold: SECOND },
          { to: 8 },
          { hold: SECOND },
        ),
      }),
    });
    expect(outcome.tally.connections).toMatchObject({ attempted: 14, opened: 14, failed: 0, droppedByServer: 0 });
    const openAt = (seconds: number): number =>
      outcome.windows.find(({ untilNs }) => untilNs === seconds * SECOND)!.connections.open;
    // Client 0 opens at once, the tenth at 0.9 s.
    expect([1, 2, 3, 4].map(openAt)).toEqual([10, 10, 4, 8]);
    expect(outcome.connections).toHaveLength(14);
    for (const connection of outcome.connections) expect(connection.closeCode).toBe(1000);
    expect(outcome.tally.connections.closeCodes).toEqual({});
  });

  test('three workers open the clients of one, each its own', () => {
    const connections = curve({ to: 7, over: SECOND }, { hold: SECOND }, { to: 2, over: SECOND });
    const outcome = runScenario({ plan: makePlan({ connections }), shards: 3 });
    expect(outcome.tally.connections).toMatchObject({ attempted: 7, opened: 7 });
    const inSecond1 = outcome.windows.filter(({ second }) => second === 1).map(({ connections }) => connections.open);
    expect(inSecond1).toEqual([3, 2, 2]);
  });

  test('a worker without a client of its own says that it is connected, and finishes', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 1, over: 100 * MS }), messages: openMessages(30, SECOND) }),
      shards: 2,
    });
    expect(outcome.connectedNs[1]).toBe(100 * MS);
    // The schedule is shared out without regard to clients: the second worker has nobody to send on.
    expect(outcome.tally.unsent.socketClosed).toBe(15);
    expect(outcome.tally.messages).toMatchObject({ due: 30, sent: 15, delivered: 15 });
  });

  test('connected waits for every client of the first segment, whatever later clients do', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve({ to: 2 }, { hold: 100 * MS }, { to: 6, over: SECOND }, { hold: 5 * SECOND }),
        messages: openMessages(10, SECOND),
      }),
      script: (clock) => ({
        answer(request, accept, number) {
          if (number > 1) return switchingProtocols(request, accept);
          clock.after(3 * SECOND, () => outcomePeer(number, switchingProtocols(request, accept)));
          return null;
        },
        onOpen: () => {},
      }),
      listen(network, accept) {
        network.listen('10.0.0.1', 80, (peer) => {
          peers.push(peer);
          accept(peer);
        });
      },
    });
    expect(outcome.connectedNs[0]).toBeGreaterThan(3 * SECOND);
  });
  const peers: { send(bytes: Uint8Array): void }[] = [];
  const outcomePeer = (number: number, text: string): void => peers[number]!.send(Buffer.from(text, 'latin1'));

  test('a client that is closed while it waits for its turn and wanted again is opened once', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve(
          { to: 450 },
          { hold: 100 * MS },
          { to: 420 },
          { hold: 10 * MS },
          { to: 450 },
          { hold: 3 * SECOND },
        ),
      }),
      network: { delayNs: () => 80 * MS },
    });
    expect(outcome.tally.connections).toMatchObject({ attempted: 450, opened: 450, failed: 0 });
    expect(outcome.connections).toHaveLength(450);
    expect(Math.max(...outcome.windows.map(({ connections }) => connections.peakOpen))).toBe(450);
  });

  test('at most 400 clients are on their way at once', () => {
    let connecting = 0;
    let most = 0;
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 1000 }, { hold: 3 * SECOND }) }),
      script: () => ({
        answer(request, accept) {
          connecting++;
          most = Math.max(most, connecting);
          return switchingProtocols(request, accept);
        },
        onOpen: () => {},
      }),
      prepare: ({ clock }) => {
        const look = (): void => {
          connecting = 0;
          clock.after(0.5 * MS, look);
        };
        look();
      },
    });
    expect(outcome.tally.connections.opened).toBe(1000);
    expect(most).toBeLessThanOrEqual(400);
  });

  test('a client that retires waits for what is in flight and loses nothing', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve({ to: 4 }, { hold: SECOND }, { to: 1 }, { hold: 2 * SECOND }),
        messages: openMessages(100, 2.5 * SECOND),
      }),
      script: slow(300 * MS),
    });
    expect(outcome.tally.messages).toMatchObject({ due: 250, sent: 250, delivered: 250, lost: 0, unresolved: 0 });
  });

  test('clients that retire with the plan’s end have the whole drain for what is in flight', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve({ to: 2 }, { hold: SECOND }, { to: 0 }),
        messages: at(0.1 * SECOND, openMessages(100, 0.9 * SECOND)),
      }),
      script: slow(500 * MS),
    });
    expect(outcome.tally.messages).toMatchObject({ sent: 90, delivered: 90, lost: 0 });
  });

  test('what a retiring client has not got back when the drain is over is lost', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve({ to: 2 }, { hold: SECOND }, { to: 0 }, { hold: 10 * SECOND }),
        messages: at(0.1 * SECOND, openMessages(100, 0.8 * SECOND)),
        plan: { drainNs: SECOND },
      }),
      script: () => ({
        onMessage(connection, { payload }, index) {
          if (index % 8 !== 0) connection.send(payload);
        },
      }),
    });
    expect(outcome.tally.messages).toMatchObject({ sent: 80, delivered: 70, lost: 10, unresolved: 0 });
    expect(violations(outcome)).toEqual({ lost: 10 });
  });
});

describe('the end', () => {
  test('a duplicate that comes 400 ms after the last message is still seen', () => {
    // The last is due a millisecond before a window is cut, or well before.
    for (const atNs of [1.009 * SECOND, 1.5 * SECOND]) {
      const outcome = runScenario({
        plan: makePlan({ messages: at(atNs, openMessages(100, SECOND)) }),
        script: (clock) => ({
          onMessage(connection, { payload }, index) {
            connection.send(payload);
            if (index === 99) clock.after(400 * MS, () => connection.send(payload));
          },
        }),
      });
      expect(outcome.tally.messages).toMatchObject({ duplicated: 1, delivered: 100 });
    }
  });

  test('the drain waits as long as the plan allows and not longer', () => {
    for (const [delayNs, delivered] of [
      [1.9 * SECOND, 10],
      [2.3 * SECOND, 0],
    ] as const) {
      const outcome = runScenario({
        plan: makePlan({ messages: at(SECOND, openMessages(1000, 10 * MS)), plan: { drainNs: 2 * SECOND } }),
        script: slow(delayNs),
      });
      expect(outcome.tally.messages).toMatchObject({ sent: 10, delivered, lost: 10 - delivered });
    }
  });

  test('a drain of nothing closes at once', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(100, SECOND), plan: { drainNs: 0 } }),
      script: slow(250 * MS),
    });
    expect(outcome.tally.messages.lost).toBeGreaterThanOrEqual(20);
    expect(outcome.finishedNs).toBeLessThan(1.2 * SECOND);
  });

  test('a run without messages lasts as long as its connection curve', () => {
    const outcome = runScenario({ plan: makePlan({ connections: curve({ to: 5 }, { hold: 3 * SECOND }) }) });
    expect(outcome.finishedNs).toBeGreaterThanOrEqual(3 * SECOND);
    expect(outcome.finishedNs).toBeLessThan(3.1 * SECOND);
  });

  test('a service that does not answer the close handshake is waited for two seconds', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(10, SECOND) }),
      script: () => ({ onClose: () => {} }),
    });
    expect(outcome.tally.messages).toMatchObject({ sent: 10, delivered: 10 });
    expect(outcome.connections[0]).toMatchObject({ closeCode: 1000, left: 'gone' });
    expect(outcome.tally.connections.failures).toEqual({});
  });

  test('stop() mid-run: nothing becomes due any more, what is in flight comes home', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 3 }), messages: at(SECOND, openMessages(100, 10 * SECOND)) }),
      script: slow(200 * MS),
      prepare: ({ clock, engines }) => clock.after(3.005 * SECOND, () => engines[0]!.stop()),
    });
    expect(outcome.tally.messages).toMatchObject({ due: 201, sent: 201, delivered: 201, lost: 0 });
    expect(outcome.finishedNs).toBeLessThan(4.5 * SECOND);
  });

  test('stop() in the closed loop sends nothing more, thinking clients included', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve({ to: 3 }),
        messages: at(SECOND, closedMessages(2, 10 * SECOND, { thinkNs: 100 * MS })),
      }),
      script: slow(50 * MS),
      prepare: ({ clock, engines }) => clock.after(2 * SECOND, () => engines[0]!.stop()),
    });
    const { messages } = outcome.tally;
    expect(messages.delivered).toBe(messages.sent);
    expect(outcome.finishedNs).toBeLessThan(3 * SECOND);
  });

  test('stop() after a hang counts what cannot be caught up with as late', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: at(SECOND, openMessages(100, 20 * SECOND)) }),
      prepare: ({ clock, engines }) =>
        clock.after(2.005 * SECOND, () => {
          clock.jump(10 * SECOND);
          engines[0]!.stop();
        }),
    });
    expect(outcome.tally.messages).toMatchObject({ due: 1101, sent: 601 });
    expect(outcome.tally.unsent.overdue).toBe(1101 - outcome.tally.messages.sent);
  });

  test('stop() while clients are opening gives them up without counting them as failed', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 600 }, { hold: 5 * SECOND }), messages: openMessages(100, SECOND) }),
      script: () => ({ answer: () => null }),
      prepare: ({ clock, engines }) => clock.after(SECOND, () => engines[0]!.stop()),
    });
    expect(outcome.tally.connections).toMatchObject({ attempted: 400, opened: 0, failed: 0 });
    expect(outcome.connectedNs).toEqual([null]);
    expect(outcome.tally.messages.due).toBe(0);
    expect(outcome.finishedNs).toBeLessThan(1.2 * SECOND);
  });

  test('stop() twice, before the first message, and after the end changes nothing', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: at(2 * SECOND, openMessages(100, SECOND)) }),
      prepare: ({ clock, engines }) => {
        for (const ns of [SECOND, SECOND, 1.001 * SECOND, 8 * SECOND]) clock.after(ns, () => engines[0]!.stop());
      },
    });
    expect(outcome.tally.messages.due).toBe(0);
    expect(outcome.connections[0]!.closeCode).toBe(1000);
  });

  test('messages that were to start after the stop never start', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: at(2 * SECOND, openMessages(100, SECOND)) }),
      prepare: ({ clock, engines }) => {
        clock.after(SECOND, () => engines[0]!.stop());
        clock.after(SECOND + 1, () => engines[0]!.startMessages(2 * SECOND));
      },
    });
    expect(outcome.tally.messages.due).toBe(0);
  });
});

describe('windows of a run', () => {
  test('are cut at every second and every edge between stages, and belong to one of each', () => {
    const outcome = runScenario({
      plan: makePlan({
        messages: {
          kind: 'open',
          arrival: 'constant',
          start: { kind: 'at', atNs: 1.25 * SECOND },
          curve: curve({ rate: 100, for: 0.5 * SECOND }, { to: 200, over: SECOND }, { burst: 400, for: 0.5 * SECOND }),
        },
      }),
    });
    const cuts = outcome.windows.map(({ second, stage, untilNs }) => [second, stage, Math.round(untilNs / MS)]);
    expect(cuts.slice(0, 7)).toEqual([
      [0, -1, 1000],
      [1, -1, 1250],
      [1, 0, 1750],
      [1, 1, 2000],
      [2, 1, 2750],
      [2, 2, 3000],
      [3, 2, 3250],
    ]);
    const sentIn = (stage: number): number =>
      outcome.windows.filter((window) => window.stage === stage).reduce((sum, { messages }) => sum + messages.sent, 0);
    expect([sentIn(-1), sentIn(0), sentIn(1), sentIn(2), sentIn(3)]).toEqual([0, 50, 150, 200, 0]);
    expect(receivedCount(outcome)).toBe(400);
  });

  test('Little’s law holds to the last bit: the in-flight integral is the sum of service times', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 3 }), messages: openMessages(500, 2 * SECOND) }),
      script: slow(30 * MS),
    });
    const { service } = outcome.tally.histograms;
    const serviceNs = service.sumHigh * 2 ** 52 + service.sumLowNs;
    // Service times drop their fraction of a nanosecond.
    expect(Math.abs(outcome.tally.health.inFlightNs - serviceNs)).toBeLessThan(outcome.tally.messages.sent);
  });

  test('a hang of the event loop shows as its delay', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 1 }, { hold: 3 * SECOND }) }),
      prepare: ({ clock }) => clock.after(SECOND, () => clock.jump(0.7 * SECOND)),
    });
    const { eventLoopDelay } = outcome.tally.histograms;
    expect(eventLoopDelay.maxNs).toBeGreaterThan(0.67 * SECOND);
    // One hang is as many late ticks as it swallowed: a hang now and then must not vanish in a percentile.
    const fewest = 100 - (100 * 16) / eventLoopDelay.count;
    expect(percentile(eventLoopDelay, fewest)).toBeGreaterThan(0.3 * SECOND);
    expect(eventLoopDelay.maxNs).toBeLessThanOrEqual(0.7 * SECOND);
  });
});

test('nothing that is wrong is reported of a run in which nothing went wrong', () => {
  const outcome = runScenario({
    plan: makePlan({ connections: curve({ to: 5 }), messages: openMessages(1000, 3 * SECOND, 'poisson') }),
    shards: 2,
  });
  const { messages } = outcome.tally;
  expect(messages).toEqual({
    ...messages,
    rejected: 0,
    lost: 0,
    unresolved: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
    unexpected: 0,
  });
  expect(messages.delivered).toBe(messages.due);
  expect(outcome.events).toEqual([]);
  expect(failures(outcome)).toEqual([]);
});

describe('a process that stands still in the drain', () => {
  test('does not hold its own time against the service: what came meanwhile is read, and nothing is lost', () => {
    const outcome = runScenario({
      // Answers take 300 ms, and the loop hangs for longer than the drain, just as the last messages are under way.
      plan: makePlan({ messages: openMessages(100, SECOND), plan: { drainNs: SECOND } }),
      script: slow(300 * MS),
      prepare: ({ clock }) => clock.after(1.1 * SECOND, () => clock.jump(5 * SECOND)),
    });
    expect(outcome.tally.messages).toMatchObject({ sent: 100, delivered: 100, lost: 0, late: 0 });
  });

  test('what does not come in the time that is left is lost all the same', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(100, SECOND), plan: { drainNs: SECOND } }),
      script: () => ({ onMessage: () => {} }),
      prepare: ({ clock }) => clock.after(1.1 * SECOND, () => clock.jump(5 * SECOND)),
    });
    expect(outcome.tally.messages).toMatchObject({ sent: 100, delivered: 0, lost: 100 });
    expect(outcome.finishedNs).toBeLessThan(9 * SECOND);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Outcome, RUN_NONCE, runScenario, violations } from '../../../test/support/engine/engine-run.ts';
import { closedMessages, curve, MS, makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import type { PeerConnection, PeerScript, Received } from '../../../test/support/engine/websocket-peer.ts';
import { repeats } from '../../../test/support/repeats.ts';
import { createEchoCodec, writeEcho } from '../../protocols/echo/echo.ts';
import { createRandom } from '../../random/generator.ts';

type OnMessage = NonNullable<PeerScript['onMessage']>;

/** A hundred messages of 64 bytes on one client, and a service that does this with them. */
function withService(onMessage: OnMessage, parts: Parameters<typeof makePlan>[0] = {}): Outcome {
  return runScenario({
    plan: makePlan({ messages: openMessages(100, SECOND), ...parts }),
    script: () => ({ onMessage }),
  });
}

const echo = (connection: PeerConnection, { payload, opcode }: Received): void => connection.send(payload, opcode);

function foreignMessage(run: number, stream: number, sequence: number, bytes = 64): Uint8Array {
  const codec = createEchoCodec('binary', run);
  const out = new Uint8Array(bytes);
  writeEcho(codec, out, new DataView(out.buffer), 0, bytes, 0, stream, sequence, 0, 0, 0);
  return out;
}

describe('what became of each message is counted exactly', () => {
  const clean = { lost: 0, unresolved: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 };

  test('delivered: all of them, and nothing else is seen', () => {
    const outcome = withService(echo);
    expect(outcome.tally.messages).toMatchObject({ sent: 100, delivered: 100, ...clean });
    expect(outcome.events).toEqual([]);
  });

  test('lost: every seventh is swallowed', () => {
    const outcome = withService((connection, message, index) => {
      if (index % 7 !== 3) echo(connection, message);
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, sent: 100, delivered: 86, lost: 14 });
    const lost = outcome.events.flatMap((event) => (event.kind === 'violation' ? [event.seq] : []));
    expect(lost).toEqual([3, 10, 17, 24, 31, 38, 45, 52, 59, 66, 73, 80, 87, 94]);
  });

  test('lost: the last ones, which no later arrival gives away', () => {
    const outcome = withService((connection, message, index) => {
      if (index < 97) echo(connection, message);
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 97, lost: 3 });
  });

  test('duplicated: one more for each copy beyond the first', () => {
    const outcome = withService((connection, message, index) => {
      for (let copy = 0; copy <= (index % 10 === 0 ? 3 : 0); copy++) echo(connection, message);
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 100, duplicated: 30 });
    expect(violations(outcome)).toEqual({ duplicated: 30 });
  });

  test('reordered: a message after one with a higher number', () => {
    let held: Received | null = null;
    const outcome = withService((connection, message, index) => {
      if (index % 20 === 5) held = message;
      else echo(connection, message);
      if (index % 20 === 8) echo(connection, held!);
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 100, reordered: 5 });
    const found = outcome.events.filter((event) => event.kind === 'violation');
    expect(found[0]).toMatchObject({ violation: 'reordered', seq: 5, after: 8, extent: 3, push: null });
  });

  test('lost: one that only came damaged says so, and one that never came does not', () => {
    const outcome = withService((connection, message, index) => {
      if (index === 20) return;
      if (index === 30) message.payload[message.payload.length - 1]! ^= 1;
      echo(connection, message);
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 98, lost: 2, corrupted: 1 });
    const found = outcome.events.flatMap((event) =>
      event.kind === 'violation' && event.violation === 'lost' ? [[event.seq, event.damaged]] : [],
    );
    expect(found).toEqual([
      [20, false],
      [30, true],
    ]);
  });

  test('a flood of duplicates is described a hundred times and hides no loss', () => {
    const outcome = withService((connection, message, index) => {
      if (index === 0) return;
      for (let copies = 0; copies < 3; copies++) echo(connection, message);
    });
    const kinds = outcome.events.flatMap((event) => (event.kind === 'violation' ? [event.violation] : []));
    expect(outcome.tally.messages).toMatchObject({ delivered: 99, duplicated: 198, lost: 1 });
    expect(kinds.filter((kind) => kind === 'duplicated')).toHaveLength(100);
    expect(kinds.at(-1)).toBe('lost');
  });

  test('lost: each hole names the messages on either side of it', () => {
    const outcome = withService((connection, message, index) => {
      if (index !== 0 && index !== 40 && index !== 41 && index < 98) echo(connection, message);
    });
    const found = outcome.events.flatMap((event) =>
      event.kind === 'violation' && event.violation === 'lost' ? [[event.seq, event.previous, event.next]] : [],
    );
    expect(found).toEqual([
      [0, null, 1],
      [40, 39, 42],
      [41, 39, 42],
      [98, 97, null],
      [99, 97, null],
    ]);
    expect(outcome.tally.delivery.loss).toMatchObject({ periods: 3, longestPeriod: 2, noticeable: 2 });
  });

  test('late: finalized when its client died, and sent on the next connection of the client', () => {
    let swallowed: Received | null = null;
    const outcome = withService(
      (connection, message, index) => {
        if (connection.number === 0 && index === 10) swallowed = message;
        else echo(connection, message);
        if (connection.number === 0 && index === 20) connection.close(4000);
        if (connection.number === 1 && index === 5) echo(connection, swallowed!);
      },
      { connections: curve({ to: 1 }, { hold: 500 * MS }, { to: 0 }, { hold: 50 * MS }, { to: 1 }, { hold: SECOND }) },
    );
    expect(outcome.tally.messages.late).toBe(1);
    expect(outcome.tally.messages).toMatchObject({ duplicated: 0, lost: 0, unexpected: 0 });
  });

  test('corrupted: one flipped bit in a payload; the message itself is lost', () => {
    const outcome = withService((connection, { payload }, index) => {
      if (index % 25 === 0) payload[50]! ^= 4;
      connection.send(payload);
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 96, corrupted: 4, lost: 4 });
  });

  test('unexpected: messages of another run, of another client, of a number never sent, of the other kind, of anything', () => {
    const foreign: ((connection: PeerConnection, message: Received) => void)[] = [
      (connection) => connection.send(foreignMessage(RUN_NONCE + 1, 0, 3)),
      (connection) => connection.send(foreignMessage(RUN_NONCE, 1, 3)),
      (connection) => connection.send(foreignMessage(RUN_NONCE, 0, 3000)),
      (connection) => connection.send(foreignMessage(RUN_NONCE, 0, -1)),
      (connection) => connection.send(foreignMessage(RUN_NONCE, 0, 3.5)),
      (connection, { payload }) =>
        connection.send(
          payload.map((byte) => byte & 0x7f),
          1,
        ),
      (connection) => connection.send(new Uint8Array(64)),
      (connection) => connection.send(new TextEncoder().encode('{"error":"you are not welcome here, go away"}')),
      (connection) => connection.send(new Uint8Array(0)),
      (connection) => connection.send(new Uint8Array(3)),
      (connection) => connection.send(new Uint8Array(20)),
    ];
    const outcome = withService((connection, message, index) => {
      foreign[index]?.(connection, message);
      echo(connection, message);
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 100, unexpected: foreign.length });
    expect(violations(outcome)).toEqual({ unexpected: foreign.length });
  });

  test('a client that gets another client’s messages delivers none of them', () => {
    const connections: PeerConnection[] = [];
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 2 }), messages: openMessages(100, SECOND) }),
      script: () => ({
        onOpen: (connection) => void connections.push(connection),
        onMessage: (connection, { payload }) => connections[1 - connection.number]!.send(payload),
      }),
    });
    expect(outcome.tally.messages).toMatchObject({ sent: 100, delivered: 0, lost: 100, unexpected: 100 });
  });

  test('an empty message, or a shortened one, stands for no short message', () => {
    for (const shorten of [
      (payload: Uint8Array) => payload.subarray(0, 0),
      (payload: Uint8Array) => payload.subarray(0, 1),
    ]) {
      const outcome = withService(
        (connection, { payload }, index) => connection.send(index % 10 === 0 ? shorten(payload) : payload),
        { bytes: 4 },
      );
      const { messages } = outcome.tally;
      expect(messages).toMatchObject({ sent: 100, delivered: 90, lost: 10, duplicated: 0, reordered: 0 });
      expect(messages.unexpected + messages.corrupted).toBe(10);
    }
  });

  test.each([
    ['binary', 8],
    ['binary', 30],
    ['text', 16],
    ['text', 60],
  ] as const)('a flipped bit in a short %s message of %i bytes is never taken for a delivery', (format, bytes) => {
    const outcome = withService(
      (connection, { payload, opcode }, index) => {
        if (index % 4 === 0) payload[index % bytes]! ^= 1;
        connection.send(payload, opcode);
      },
      { format, bytes },
    );
    const { messages } = outcome.tally;
    expect(messages).toMatchObject({ delivered: 75, lost: 25, duplicated: 0, reordered: 0 });
    expect(messages.corrupted + messages.unexpected).toBe(25);
  });

  test('only the first hundred violations are described; all are counted', () => {
    const outcome = withService((connection, message) => {
      echo(connection, message);
      echo(connection, message);
      echo(connection, message);
    });
    expect(outcome.tally.messages.duplicated).toBe(200);
    expect(violations(outcome)).toEqual({ duplicated: 100 });
  });

  test('times of short messages are their own, though only a number comes back', () => {
    const outcome = runScenario({
      plan: makePlan({
        messages: openMessages(100, SECOND),
        mix: [
          { type: 'tiny', weight: 1, payloadBytes: 1, priority: null },
          { type: 'short', weight: 1, payloadBytes: 20, priority: null },
          { type: 'long', weight: 1, payloadBytes: 200, priority: null },
        ],
      }),
      script: (clock) => ({
        onMessage: (connection, { payload }) => void clock.after(70 * MS, () => connection.send(payload)),
      }),
    });
    const { messages, histograms } = outcome.tally;
    expect(messages).toMatchObject({ ...clean, delivered: 100 });
    expect(histograms.service).toMatchObject({ minNs: 70.2 * MS, maxNs: 70.2 * MS });
  });

  test('mask keys differ from frame to frame and the plain payload never shows in them', () => {
    const outcome = withService(echo);
    const keys = outcome.connections[0]!.received.map(({ maskKey }) => maskKey);
    expect(new Set(keys).size).toBe(100);
  });
});

/** What a service that does as it likes has done to each client, in order of what it sent. */
interface Log {
  readonly arrivals: number[];
  damaged: number;
  foreign: number;
}

/** Drops, copies, delays, damages and invents, as a seed decides. */
function unruly(seed: number, logs: Map<number, Log>, canDamage: boolean) {
  const random = createRandom(seed);
  return (clock: { after(delayNs: number, callback: () => void): unknown }): PeerScript => ({
    onMessage(connection, { payload, opcode }, index) {
      let log = logs.get(connection.number);
      if (log === undefined) {
        log = { arrivals: [], damaged: 0, foreign: 0 };
        logs.set(connection.number, log);
      }
      const own = log;
      const sendLater = (): void => {
        clock.after(Math.floor(random() * 3) * 17 * MS, () => {
          own.arrivals.push(index);
          connection.send(payload, opcode);
        });
      };
      const die = random();
      if (die < 0.1) return;
      if (die < 0.15 && canDamage) {
        own.damaged++;
        const damaged = payload.slice();
        damaged[Math.floor(random() * damaged.length)]! ^= 1 << Math.floor(random() * 7);
        connection.send(damaged, opcode);
        return;
      }
      if (die > 0.97) {
        own.foreign++;
        connection.send(foreignMessage(1, 0, index), 2);
      }
      const copies = random() < 0.1 ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) sendLater();
    },
  });
}

function expectedCounts(logs: Iterable<Log>): { delivered: number; duplicated: number; reordered: number } {
  const counts = { delivered: 0, duplicated: 0, reordered: 0 };
  for (const { arrivals } of logs) {
    const seen = new Set<number>();
    for (const index of arrivals) {
      if (seen.has(index)) counts.duplicated++;
      else {
        counts.delivered++;
        if (index < Math.max(-1, ...seen)) counts.reordered++;
        seen.add(index);
      }
    }
  }
  return counts;
}

describe('whatever the service does, the engine’s counts are the service’s log', () => {
  const plans = fc.record({
    seed: fc.nat(),
    clients: fc.integer({ min: 1, max: 4 }),
    shards: fc.integer({ min: 1, max: 3 }),
    perSecond: fc.integer({ min: 20, max: 600 }),
    forNs: fc.integer({ min: 100, max: 900 }).map((ms) => ms * MS),
    arrival: fc.constantFrom('constant' as const, 'poisson' as const),
    format: fc.constantFrom('binary' as const, 'text' as const),
    bytes: fc.constantFrom(2, 8, 20, 64, 88, 200, 70_000),
    closed: fc.boolean(),
    precise: fc.boolean(),
  });

  test('random plans against a service that drops, copies, delays, damages and invents', () => {
    fc.assert(
      fc.property(plans, ({ seed, clients, shards, perSecond, forNs, arrival, format, bytes, closed, precise }) => {
        const logs = new Map<number, Log>();
        const outcome = runScenario({
          plan: makePlan({
            connections: curve({ to: clients }),
            messages: closed
              ? closedMessages(3, forNs, { replyTimeoutNs: 100 * MS })
              : openMessages(perSecond, forNs, arrival),
            format,
            bytes,
          }),
          shards,
          precise,
          script: unruly(seed, logs, bytes >= 16),
        });
        const { messages } = outcome.tally;
        const expected = expectedCounts(logs.values());
        const sent = outcome.connections.reduce((sum, { received }) => sum + received.length, 0);
        const oddities = [...logs.values()].reduce((sum, { damaged, foreign }) => sum + damaged + foreign, 0);
        expect(messages).toMatchObject({ sent, ...expected, lost: sent - expected.delivered, unresolved: 0 });
        expect(messages.corrupted + messages.unexpected).toBe(oddities);
      }),
      { numRuns: repeats(60) },
    );
  });
});

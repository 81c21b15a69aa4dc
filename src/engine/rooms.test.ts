// Clients that receive one another, in virtual time and over several workers: what each received is joined with what was sent.

import { describe, expect, test } from 'vitest';
import { type Outcome, runScenario, violations } from '../../test/support/engine/engine-run.ts';
import { closedMessages, curve, MS, makePlan, openMessages, SECOND } from '../../test/support/engine/plans.ts';
import type { VirtualClock } from '../../test/support/engine/virtual-clock.ts';
import type { PeerConnection, PeerScript } from '../../test/support/engine/websocket-peer.ts';
import { createSpreadJoin, type Fanout, joinReceivers } from '../analysis/figures/fanout.ts';
import { percentile } from '../histogram/histogram.ts';
import type { JsonProtocol, Plan, Rooms } from '../plan/plan.ts';

const PROTOCOL: JsonProtocol = {
  kind: 'json',
  template: JSON.stringify({ room: `\${room}`, id: `\${id}`, text: `\${payload}` }),
  join: [JSON.stringify({ join: `\${room}`, client: `\${client}` })],
  id: ['id'],
  error: null,
  ack: null,
  duplicate: null,
  state: null,
  payload: ['text'],
  pushes: 'unexpected',
};
const ROOMS: Rooms = { count: 2, publishers: 1, self: true, settleNs: SECOND };
const clean = { lost: 0, unresolved: 0, rejected: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 };

interface Delivery {
  readonly to: number;
  readonly from: number;
  readonly index: number;
}
/** How often a message is sent to a member; −1: once, and so that nobody can read it. */
type Deliver = (delivery: Delivery) => number;

/** A chat service with rooms. Clients are known by the join. */
function chat(
  clock: VirtualClock,
  deliver: Deliver,
  isLater: (delivery: Delivery) => boolean = () => false,
): PeerScript {
  const members = new Map<PeerConnection, { readonly room: unknown; readonly client: number }>();
  const counts = new Map<number, number>();
  return {
    onClose(connection, code) {
      members.delete(connection);
      connection.close(code);
      connection.peer.end();
    },
    onMessage(connection, { payload }) {
      const message = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
      if ('join' in message) {
        members.set(connection, { room: message.join, client: Number(message.client) });
        return;
      }
      const from = members.get(connection)!.client;
      const index = counts.get(from) ?? 0;
      counts.set(from, index + 1);
      for (const [member, { room, client }] of members) {
        if (room !== message.room) continue;
        const delivery = { to: client, from, index };
        const copies = deliver(delivery);
        if (copies < 0) member.send(new TextEncoder().encode('{"not JSON'), 1);
        for (let copy = 0; copy < copies; copy++) {
          const send = (): void => member.send(payload, 1);
          if (isLater(delivery)) clock.after(300 * MS, send);
          else send();
        }
      }
    },
  };
}

interface Received extends Outcome {
  readonly fanout: Fanout;
}

function inRooms(
  deliver: Deliver,
  parts: {
    rooms?: Partial<Rooms>;
    clients?: number;
    shards?: number;
    plan?: Partial<Parameters<typeof makePlan>[0]>;
  } = {},
  isLater?: (delivery: Delivery) => boolean,
): Received {
  const rooms = { ...ROOMS, ...parts.rooms };
  const plan: Plan = makePlan({
    connections: curve({ to: parts.clients ?? 10 }),
    messages: openMessages(100, SECOND),
    bytes: 200,
    rooms,
    ...parts.plan,
    plan: {
      protocol: PROTOCOL,
      drainNs: SECOND,
      contract: { delivery: 'none', order: 'per-channel', integrity: 'none', replay: 'none' },
      ...parts.plan?.plan,
    },
  });
  const outcome = runScenario({
    plan,
    script: (clock) => chat(clock, deliver, isLater),
    ...(parts.shards === undefined ? {} : { shards: parts.shards }),
  });
  const receiverFacts = outcome.events.flatMap((event) => (event.kind === 'receivers' ? [event.receivers] : []));
  return { ...outcome, fanout: joinReceivers(rooms, receiverFacts) };
}

/** Two rooms of five clients each with one sender: every message is expected by four others. */
describe.each([1, 2, 3])('with %i workers', (shards) => {
  test('all is received by everybody: nothing is missed', () => {
    const { tally, fanout, events } = inRooms(() => 1, { shards });
    expect(tally.messages).toMatchObject({ sent: 100, delivered: 100, ...clean });
    expect(fanout).toMatchObject({ expected: 400, missed: 0, unresolved: 0, offline: 0, messagesMissed: 0 });
    expect(tally.fanout.received).toBe(400);
    expect(fanout.receivers).toMatchObject({ count: 10, complete: 10, worst: [] });
    expect(fanout.firstMissed).toEqual([]);
    expect(events.filter(({ kind }) => kind === 'violation')).toEqual([]);
  });

  test('one member of a room is left out: it misses every message, and is named', () => {
    const { tally, fanout } = inRooms(({ to }) => (to === 6 ? 0 : 1), { shards });
    expect(fanout).toMatchObject({ expected: 400, missed: 50, messagesMissed: 50 });
    expect(tally.fanout.received).toBe(350);
    expect(fanout.receivers).toMatchObject({ complete: 9, worst: [{ client: 6, expected: 50, received: 0 }] });
    expect(tally.messages).toMatchObject({ delivered: 100, ...clean });
  });

  test('holes and the last messages are missed alike', () => {
    const isGone = ({ to, index }: Delivery): boolean =>
      (to === 4 && index % 10 === 3) || (to === 5 && index >= 45) || (to === 7 && index === 0);
    const { tally, fanout } = inRooms((delivery) => (isGone(delivery) ? 0 : 1), { shards });
    expect(fanout).toMatchObject({ expected: 400, missed: 5 + 5 + 1, messagesMissed: 5 + 5 + 1 });
    // Of eleven the ten lowest: client 4 misses each tenth of sender 0, client 5 the last five of sender 1, client 7 its first.
    const of = (stream: number, ...numbers: number[]) => numbers.map((seq) => ({ stream, seq, receivers: 1 }));
    expect(fanout.firstMissed).toEqual([...of(1, 0), ...of(0, 3, 13, 23, 33, 43), ...of(1, 45, 46, 47, 48)]);
    expect(tally.fanout.received).toBe(389);
  });

  test('what is missing when something came that cannot be read is unresolved, and what is missing later is missed', () => {
    const isGone = ({ to, index }: Delivery): boolean =>
      (to === 4 && (index === 5 || index === 30)) || (to === 6 && index === 48);
    const isUnreadable = ({ to, index }: Delivery): boolean => (to === 4 && index === 10) || (to === 6 && index === 49);
    const { tally, fanout } = inRooms((delivery) => (isGone(delivery) ? 0 : isUnreadable(delivery) ? -1 : 1), {
      shards,
    });
    expect(tally.messages.unreadable).toBe(2);
    expect(fanout).toMatchObject({ expected: 400, missed: 1, unresolved: 4, messagesMissed: 1 });
    expect(tally.fanout.received).toBe(395);
    expect(tally.messages).toMatchObject({ delivered: 100, ...clean });
  });

  test('a message that two members miss is one message and two deliveries', () => {
    const { fanout } = inRooms(({ to, index }) => (to >= 6 && to % 2 === 0 && index === 7 ? 0 : 1), { shards });
    expect(fanout).toMatchObject({ missed: 2, messagesMissed: 1 });
    expect(fanout.firstMissed).toEqual([{ stream: 0, seq: 7, receivers: 2 }]);
  });

  test('received twice is duplicated, once for each that received it so', () => {
    const { tally, fanout } = inRooms(({ to, index }) => (to !== 0 && index === 20 ? 2 : 1), { shards });
    // Four others receive #20 of client 0 twice, and of client 1 all five of the room.
    expect(tally.messages).toMatchObject({ ...clean, duplicated: 9 });
    expect(fanout).toMatchObject({ expected: 400, missed: 0 });
    expect(violations({ ...inRooms(({ to, index }) => (to === 8 && index === 20 ? 2 : 1)) })).toEqual({
      duplicated: 1,
    });
  });

  test('received after later ones is reordered, with its extent', () => {
    const { tally, fanout } = inRooms(
      () => 1,
      { shards },
      ({ to, index }) => to === 8 && index === 10,
    );
    expect(tally.messages).toMatchObject({ ...clean, reordered: 1 });
    // 300 ms late at 50 messages a second in its room.
    expect(tally.delivery.extent).toEqual({ count: 1, sum: 14, max: 14 });
    expect(fanout.missed).toBe(0);
  });

  test('where the sender receives nothing of its own, the outcome of a message is that of its deliveries', () => {
    const { tally, fanout } = inRooms(({ to, from, index }) => (to === from || (to === 6 && index < 5) ? 0 : 1), {
      shards,
      rooms: { self: false },
    });
    expect(tally.messages).toMatchObject({ sent: 100, delivered: 0, ...clean });
    expect(fanout).toMatchObject({ expected: 400, missed: 5, messagesMissed: 5, messagesUnresolved: 0 });
  });

  test('times are from the due moment, whichever worker the receiver is of', () => {
    const { tally, windows } = inRooms(() => 1, { shards });
    expect(tally.histograms.fanout.count).toBe(400);
    expect(percentile(tally.histograms.fanout, 100)).toBeLessThan(20 * MS);
    const join = createSpreadJoin();
    for (const window of windows) join.add(window.second, window.fanout.spread);
    const { messages, histograms } = join.finish();
    expect(messages).toBe(100);
    expect(histograms.last.maxNs).toBeGreaterThanOrEqual(histograms.first.maxNs);
  });
});

describe('who churns', () => {
  test('a client that comes later is expected what follows the first that it receives', () => {
    const { tally, fanout } = inRooms(() => 1, {
      plan: {
        connections: curve({ to: 6 }, { hold: 2 * SECOND }, { to: 10 }, { hold: SECOND }),
        messages: openMessages(100, 2 * SECOND),
      },
    });
    expect(tally.messages).toMatchObject(clean);
    expect(fanout).toMatchObject({ missed: 0, unresolved: 0 });
    expect(fanout.expected).toBe(tally.fanout.received);
    expect(fanout.receivers.count).toBe(6);
  });

  test('it may miss nothing after that', () => {
    const { fanout } = inRooms(({ to, from, index }) => (to === 8 && from === 0 && index === 90 ? 0 : 1), {
      plan: {
        connections: curve({ to: 6 }, { hold: 1.5 * SECOND }, { to: 10 }, { hold: SECOND }),
        messages: openMessages(100, 2 * SECOND),
      },
    });
    expect(fanout).toMatchObject({ missed: 1, messagesMissed: 1 });
  });

  test('a client that leaves is expected nothing after the last that it received; one that comes back was offline', () => {
    const { tally, fanout } = inRooms(() => 1, {
      plan: {
        connections: curve(
          { to: 10 },
          { hold: 1.5 * SECOND },
          { to: 6 },
          { hold: 0.5 * SECOND },
          { to: 10 },
          { hold: SECOND },
        ),
        messages: openMessages(100, 2 * SECOND),
      },
    });
    expect(tally.messages).toMatchObject(clean);
    expect(fanout).toMatchObject({ missed: 0, unresolved: 0 });
    expect(fanout.expected).toBe(tally.fanout.received);
    // Four clients were away for half a second of 50 messages a second and room.
    expect(fanout.offline).toBeGreaterThanOrEqual(4 * 23);
    expect(fanout.offline).toBeLessThanOrEqual(4 * 27);
  });
});

test('of a room of many senders everybody receives all others', () => {
  const { tally, fanout } = inRooms(() => 1, { rooms: { publishers: 5 }, shards: 2 });
  expect(tally.messages).toMatchObject({ sent: 100, delivered: 100, ...clean });
  expect(fanout).toMatchObject({ expected: 400, missed: 0 });
});

test('a closed loop goes on when the sender receives its own message', () => {
  const { tally, fanout } = inRooms(() => 1, { plan: { messages: closedMessages(1, 200 * MS) } });
  expect(tally.messages.sent).toBeGreaterThan(50);
  expect(tally.messages).toMatchObject({ delivered: tally.messages.sent, ...clean });
  expect(fanout).toMatchObject({ expected: 4 * tally.messages.sent, missed: 0 });
});

describe.each([1, 2, 3])('one order for all clients of a room, with %i workers', (shards) => {
  const talkative = { rooms: { publishers: 3 }, shards };

  test('a service that keeps it: everything is compared and nothing disagrees', () => {
    const { tally, fanout } = inRooms(() => 1, talkative);
    expect(tally.messages).toMatchObject({ ...clean, totalOrderViolations: 0 });
    expect(fanout.totalOrderViolations).toBe(0);
    // In each worker one client of each room is the reference: the others compare all that they receive with it.
    const references = [2, 2, 6][shards - 1]!;
    expect(tally.fanout.compared).toBeGreaterThanOrEqual(0.95 * 50 * (10 - references));
    expect(fanout.compared).toBe(50 * (references - 2));
  });

  test('losses are no disagreement, whoever has them', () => {
    const { tally, fanout } = inRooms(({ to, index }) => ((to + index) % 7 === 3 ? 0 : 1), talkative);
    expect(fanout.missed).toBeGreaterThan(20);
    expect(tally.messages.totalOrderViolations + fanout.totalOrderViolations).toBe(0);
  });

  test('a message that one client receives after one of another sender, and all others before it, disagrees', () => {
    // Of room 0; client 0 sends it, so the next ones of clients 2 and 4 come first at client 8.
    const { tally, fanout } = inRooms(
      () => 1,
      talkative,
      ({ to, from, index }) => to === 8 && from === 0 && index >= 16,
    );
    expect(tally.messages.reordered).toBe(0);
    expect(tally.messages.totalOrderViolations + fanout.totalOrderViolations).toBeGreaterThanOrEqual(1);
  });
});

test('a disagreement is told with both messages', () => {
  const outcome = inRooms(
    () => 1,
    { rooms: { publishers: 3 } },
    ({ to, from, index }) => to === 8 && from === 0 && index === 5,
  );
  const found = outcome.events.flatMap((event) =>
    event.kind === 'violation' && event.violation === 'totalOrder' ? [event] : [],
  );
  expect(found[0]).toMatchObject({ client: 8, stream: 0, seq: 5, before: { seq: expect.any(Number) } });
  expect([2, 4]).toContain(found[0]!.before.stream);
});

test('messages of another room, or of a client that only listens, are unexpected', () => {
  const stray: PeerScript = {
    onMessage(connection, { payload }, index) {
      const message = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
      if (!('id' in message)) return;
      connection.send(payload, 1);
      const [run, , seq, due, lag] = String(message.id).split('-');
      const from = index === 10 ? '1' : '2';
      if (index === 10 || index === 20) {
        const text = JSON.stringify({ ...message, id: [run, from, seq, due, lag].join('-') });
        connection.send(new TextEncoder().encode(text), 1);
      }
    },
  };
  const outcome = runScenario({
    plan: makePlan({
      connections: curve({ to: 4 }),
      messages: openMessages(100, SECOND),
      bytes: 200,
      rooms: ROOMS,
      plan: { protocol: { ...PROTOCOL, payload: null }, drainNs: SECOND },
    }),
    script: () => stray,
  });
  expect(outcome.tally.delivery.unexpected.otherStream).toBe(3);
});

/** One room of four clients; client 0 sends a hundred messages in a second. */
const one: Rooms = { count: 1, publishers: 1, self: true, settleNs: SECOND };

describe('what is not expected is not missed', () => {
  test('a straggler behind our close frame is late, and the books balance', () => {
    const { tally, fanout } = inRooms(
      () => 1,
      { rooms: one, clients: 4, plan: { plan: { protocol: PROTOCOL, drainNs: 100 * MS } } },
      ({ to, index }) => to === 3 && index >= 90,
    );
    expect(fanout.expected).toBe(tally.fanout.received + fanout.missed + fanout.unresolved);
    expect(fanout.missed).toBeGreaterThan(0);
    expect(tally.messages.duplicated).toBe(0);
  });

  test('nor does a straggler spoil the account of a client that leaves and comes back', () => {
    const { tally, fanout } = inRooms(
      () => 1,
      {
        rooms: one,
        plan: {
          connections: curve(
            { to: 4 },
            { hold: 1.5 * SECOND },
            { to: 3 },
            { hold: 0.6 * SECOND },
            { to: 4 },
            { hold: SECOND },
          ),
          messages: openMessages(100, 2 * SECOND),
        },
      },
      ({ to, index }) => to === 3 && index >= 40 && index < 50,
    );
    expect(fanout.missed).toBe(0);
    expect(fanout.expected).toBe(tally.fanout.received + fanout.unresolved);
  });

  test('history that a service sends behind the first live message is no duplicate', () => {
    const script = (): PeerScript => {
      const members = new Set<PeerConnection>();
      const history: Uint8Array[] = [];
      const told = new Set<PeerConnection>();
      return {
        onMessage(connection, { payload }) {
          if (new TextDecoder().decode(payload).includes('join')) {
            members.add(connection);
            return;
          }
          for (const member of members) {
            member.send(payload, 1);
            // Whoever came later is told the last five behind the first that it receives.
            if (told.has(member)) continue;
            told.add(member);
            for (const old of history.slice(-5)) member.send(old, 1);
          }
          history.push(payload);
        },
      };
    };
    const rooms = one;
    const plan = makePlan({
      connections: curve({ to: 3 }, { hold: 1.5 * SECOND }, { to: 4 }, { hold: SECOND }),
      messages: openMessages(100, SECOND),
      bytes: 200,
      rooms,
      plan: { protocol: PROTOCOL, drainNs: SECOND },
    });
    const { tally } = runScenario({ plan, script });
    expect(tally.messages).toMatchObject(clean);
  });

  describe('what the service refuses', () => {
    /** It refuses each tenth message, so many times over, and passes the others on. */
    function refusing(self: boolean, refusals: number) {
      const script = (): PeerScript => {
        const members = new Set<PeerConnection>();
        return {
          onMessage(connection, { payload }) {
            const message = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
            if ('join' in message) members.add(connection);
            else if (Number(String(message.id).split('-')[2]) % 10 === 0) {
              const refusal = new TextEncoder().encode(JSON.stringify({ id: message.id, error: 'too fast' }));
              for (let said = 0; said < refusals; said++) connection.send(refusal, 1);
            } else for (const member of members) if (self || member !== connection) member.send(payload, 1);
          },
        };
      };
      const rooms = { ...one, self };
      const plan = makePlan({
        connections: curve({ to: 4 }),
        messages: openMessages(100, SECOND),
        bytes: 200,
        rooms,
        plan: { protocol: { ...PROTOCOL, error: ['error'] }, drainNs: SECOND },
      });
      const { tally, events } = runScenario({ plan, script });
      const receiverFacts = events.flatMap((event) => (event.kind === 'receivers' ? [event.receivers] : []));
      return { tally, fanout: joinReceivers(rooms, receiverFacts) };
    }

    test.each([true, false])('is expected by nobody (self: %j)', (self) => {
      const { tally, fanout } = refusing(self, 1);
      expect(tally.messages).toMatchObject({ sent: 100, rejected: 10, duplicated: 0 });
      expect(fanout).toMatchObject({ expected: 270, missed: 0, messagesMissed: 0 });
    });

    test.each([true, false])('and refuses again counts once, and nobody misses it (self: %j)', (self) => {
      const { tally, fanout } = refusing(self, 2);
      expect(tally.messages).toMatchObject({ sent: 100, rejected: 10, duplicated: 10 });
      expect(fanout).toMatchObject({ expected: 270, missed: 0, messagesMissed: 0, messagesUnresolved: 0 });
      expect(fanout.receivers).toMatchObject({ count: 4, complete: 4, worst: [] });
    });
  });

  test('what was in flight when its sender was dropped is unresolved, unless somebody received it', () => {
    const script = (clock: VirtualClock): PeerScript => {
      const members = new Set<PeerConnection>();
      return {
        onMessage(connection, { payload }) {
          const message = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
          if ('join' in message) {
            members.add(connection);
            return;
          }
          const seq = Number(String(message.id).split('-')[2]);
          if (seq === 50) connection.peer.reset();
          if (seq < 50) clock.after(100 * MS, () => [...members].map((member) => member.send(payload, 1)));
        },
      };
    };
    const plan = makePlan({
      connections: curve({ to: 4 }),
      messages: openMessages(100, SECOND),
      bytes: 200,
      rooms: one,
      plan: { protocol: PROTOCOL, drainNs: SECOND },
    });
    const { tally, events } = runScenario({ plan, script });
    const receiverFacts = events.flatMap((event) => (event.kind === 'receivers' ? [event.receivers] : []));
    const fanout = joinReceivers(one, receiverFacts);
    expect(tally.messages.unresolved).toBeGreaterThan(5);
    expect(fanout.missed).toBe(0);
    // #0 to #49 were passed on; what was sent after them nobody received.
    expect(fanout.unresolved).toBe(3 * (tally.messages.sent - 50));
  });

  test('a message that nobody was there to receive is not delivered', () => {
    const { fanout } = inRooms(() => 1, {
      rooms: { ...one, self: false },
      plan: {
        connections: curve({ to: 4 }, { hold: 1.5 * SECOND }, { to: 1 }, { hold: SECOND }),
        messages: openMessages(100, SECOND),
      },
    });
    expect(fanout.messagesUnresolved).toBeGreaterThan(40);
  });
});

test('a number that its sender has not come to is never sent, and spoils nothing', () => {
  const script = (): PeerScript => {
    const members = new Set<PeerConnection>();
    return {
      onMessage(connection, { payload }) {
        const text = new TextDecoder().decode(payload);
        if (text.includes('join')) {
          members.add(connection);
          return;
        }
        const forged = text.replace(/-0-5-/, '-0-1005-').replace(/-0-7-/, '-0-9007199254740991-');
        for (const member of members) {
          if (forged !== text && member !== connection) member.send(new TextEncoder().encode(forged), 1);
          member.send(payload, 1);
        }
      },
    };
  };
  const plan = makePlan({
    connections: curve({ to: 4 }),
    messages: openMessages(100, SECOND),
    bytes: 200,
    rooms: one,
    plan: { protocol: { ...PROTOCOL, payload: null }, drainNs: SECOND },
  });
  const { tally, events } = runScenario({ plan, script });
  const receiverFacts = events.flatMap((event) => (event.kind === 'receivers' ? [event.receivers] : []));
  expect(tally.messages).toMatchObject({ ...clean, delivered: 100, unexpected: 6 });
  expect(tally.delivery.unexpected.neverSent).toBe(6);
  expect(joinReceivers(one, receiverFacts)).toMatchObject({ expected: 300, missed: 0, forged: 0 });
});

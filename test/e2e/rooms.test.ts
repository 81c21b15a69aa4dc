// The built command against chat services of somebody else's making: every message is expected by everybody in its room.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ForeignServer, type ForeignServerOptions, startForeignServer } from '../support/foreign-server.ts';
import { type FinishedHighwater, runHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';

const PROTOCOL = {
  kind: 'json',
  join: [{ type: 'join', room: `room-\${room}`, user: `user-\${client}` }],
  send: { type: 'say', room: `room-\${room}`, id: `\${id}`, text: `\${payload}` },
  id: 'message.id',
  payload: 'message.text',
  pushes: 'ignore',
};
const RULES = {
  contract: { delivery: 'exactly-once', order: 'per-stream', integrity: 'checksum' },
  thresholds: ['fanout.received >= 100%', 'fanout.missed == 0'],
  drain: '1s',
};
/** Six rooms of four clients each, two of which send: each message is expected by three others. */
const LOAD = {
  connections: 24,
  messages: { open: { rate: '300/s', for: '2s' } },
  bytes: 200,
  rooms: { count: 6, publishers: 2, settle: '500ms' },
};

async function run(url: string, plan: object, args: readonly string[] = []): Promise<FinishedHighwater> {
  const cwd = temporaryDirectory();
  const document = { target: { url }, protocol: PROTOCOL, load: LOAD, ...RULES, ...plan };
  return runHighwater(['run', writeInto(cwd, 'plan.json', JSON.stringify(document)), '--json', ...args], { cwd });
}

async function runOnChat(options: ForeignServerOptions, plan: object, args: readonly string[] = []) {
  const server = await startForeignServer('chat', options);
  try {
    return await run(server.url, plan, args);
  } finally {
    await server.stop();
  }
}

const rulesOf = ({ result }: FinishedHighwater): Record<string, string> =>
  Object.fromEntries(result.verdict.thresholds.map(({ expression, kind }) => [expression, kind]));

describe('a chat service with rooms, without code', () => {
  test.each([
    ['1'],
    ['2'],
    ['3'],
  ])('%s workers: everybody receives everything once, in order and whole', async (workers) => {
    const finished = await runOnChat({}, {}, ['-w', workers]);
    const { messages, fanout } = finished.result;
    expect(messages).toMatchObject({ sent: 600, delivered: 600, lost: 0, duplicated: 0, reordered: 0, unexpected: 0 });
    expect(fanout).toMatchObject({
      expected: 1800,
      received: 1800,
      missed: 0,
      unresolved: 0,
      offline: 0,
      receivedRatio: 1,
    });
    expect(fanout?.receivers).toEqual({ count: 24, complete: 24, worst: [] });
    expect(fanout?.times.count).toBe(1800);
    expect(fanout?.spread.messages).toBe(600);
    expect(Object.values(rulesOf(finished))).toEqual(['pass', 'pass', 'pass', 'pass', 'pass']);
  });

  test('a member whom the service forgets receives nothing: found, named, and the contract is broken', async () => {
    const finished = await runOnChat({ deaf: 'user-13' }, {}, ['-w', '2']);
    const { fanout, verdict } = finished.result;
    // Client 13 is in room 1, where a sixth of the messages is said.
    expect(fanout).toMatchObject({ expected: 1800, received: 1700, missed: 100 });
    expect(fanout?.receivers).toEqual({ count: 24, complete: 23, worst: [{ client: 13, expected: 100, received: 0 }] });
    expect(rulesOf(finished)).toMatchObject({ 'delivery: exactly-once': 'fail', 'fanout.missed == 0': 'fail' });
    expect(verdict.breaches.map(({ detail }) => detail)).toContain('100 missed');
    expect(finished.exitCode).toBe(1);
  });

  test('where a sender does not receive itself, its messages fared as the others received them', async () => {
    const load = { ...LOAD, rooms: { ...LOAD.rooms, self: false } };
    const whole = await runOnChat({ quiet: true }, { load }, ['-w', '2']);
    expect(whole.result.messages).toMatchObject({ sent: 600, delivered: 600, lost: 0, unresolved: 0 });
    const deaf = await runOnChat({ quiet: true, deaf: 'user-13' }, { load }, ['-w', '2']);
    expect(deaf.result.messages).toMatchObject({ sent: 600, delivered: 500, lost: 100 });
    expect(deaf.result.fanout).toMatchObject({ expected: 1800, missed: 100 });
  });

  test('a sender that does not receive itself although it should has lost what it said', async () => {
    const { result } = await runOnChat({ quiet: true }, {});
    expect(result.messages).toMatchObject({ sent: 600, delivered: 0, lost: 600 });
    expect(result.fanout).toMatchObject({ missed: 0, received: 1800 });
  });
});

describe('an MQTT broker, by a protocol of thirty lines', () => {
  let server: ForeignServer;
  beforeAll(async () => {
    server = await startForeignServer('mqtt');
  });
  afterAll(() => server.stop());
  const protocol = new URL('../../examples/mqtt.ts', import.meta.url).pathname;

  test('everybody who subscribes receives everything once, in order and whole', async () => {
    const target = { url: server.url, subprotocols: ['mqtt'] };
    const finished = await run(server.url, { target, protocol }, ['-w', '2']);
    expect(finished.result.messages).toMatchObject({ sent: 600, delivered: 600, lost: 0, unexpected: 0, corrupted: 0 });
    expect(finished.result.fanout).toMatchObject({ expected: 1800, received: 1800, missed: 0 });
    expect(finished.result.response.count).toBe(600);
    expect(Object.values(rulesOf(finished))).toEqual(['pass', 'pass', 'pass', 'pass', 'pass']);
  });
});

test('the reference target has rooms of its own', async () => {
  const { result } = await run('reference', { protocol: 'echo', load: { ...LOAD, bytes: 100 } }, ['-w', '2']);
  expect(result.messages).toMatchObject({ sent: 600, delivered: 600, lost: 0, unexpected: 0 });
  expect(result.fanout).toMatchObject({ expected: 1800, received: 1800, missed: 0 });
});

test('a plan whose rooms cannot be is refused, with all that is wrong with them', async () => {
  const cwd = temporaryDirectory();
  const plan = {
    target: { url: `ws://127.0.0.1:9/\${room}` },
    load: { connections: 10, messages: { closed: { for: '1s' } }, rooms: { count: 6, publishers: 0, selfs: false } },
  };
  const wrong = await runHighwater(['check', writeInto(cwd, 'plan.json', JSON.stringify(plan))], { cwd });
  expect(wrong.exitCode).toBe(64);
  expect(wrong.stderr).toMatch(/load\.rooms\.publishers: expected a whole number of at least 1, got 0/);
  expect(wrong.stderr).toMatch(/load\.rooms\.selfs: .*\(did you mean "self"\?\)/);
  const rooms = { count: 6, self: false };
  const other = { ...plan, load: { ...plan.load, rooms } };
  const refused = await runHighwater(['check', writeInto(cwd, 'plan.json', JSON.stringify(other))], { cwd });
  expect(refused.stderr).toMatch(
    /load\.rooms\.count: expected at least two clients for each room, so at most 5 rooms, got 6/,
  );
  expect(refused.stderr).toMatch(/load\.rooms\.self: expected true with closed messages/);
  const { rooms: _, ...load } = plan.load;
  const without = await runHighwater(['check', writeInto(cwd, 'plan.json', JSON.stringify({ ...plan, load }))], {
    cwd,
  });
  expect(without.stderr).toMatch(/target\.url: expected load\.rooms, because \$\{room\} is used/);
});

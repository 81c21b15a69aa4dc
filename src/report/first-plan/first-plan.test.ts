import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeats } from '../../../test/support/repeats.ts';
import type { FirstPlan } from '../../analysis/discover/first-plan.ts';
import type { Recognition } from '../../analysis/discover/recognize.ts';
import { parsePlanText } from '../../plan/parse.ts';
import { createSecretPlaces } from '../../plan/templates/placeholders.ts';
import { renderFirstImpression } from '../terminal/first-impression.ts';
import { plainStyle } from '../terminal/style.ts';
import { renderFirstPlan } from './first-plan.ts';

const seen = {
  evidence: ['it was seen'],
  caveats: [],
  sample: null,
  isShared: false,
  login: null,
  typeKey: 'type',
} as const;
const ECHO: Recognition = { kind: 'echo', format: 'text', ...seen };
const PUSH: Recognition = {
  kind: 'push',
  sequence: { path: ['data', 'seq'], channel: ['symbol'], steps: 4, byOne: 4, channels: 2 },
  ...seen,
};
const service = {
  send: { type: 'echo', id: `\${id}`, text: `\${payload}` },
  id: ['replyTo'],
  ack: null,
  payload: null,
  error: null,
  refusedAll: false,
  isDouble: false,
};
const JSON_SERVICE: Recognition = { kind: 'json', service, pushes: false, ...seen };

const planFor = (recognition: Recognition, more: Partial<FirstPlan> = {}): FirstPlan => ({
  recognition,
  name: 'chat',
  target: { url: 'wss://chat.example.com/ws', headers: {}, subprotocols: [], compression: false, tls: {} },
  variables: [],
  join: [],
  connections: 100,
  rate: '100/s',
  duration: '30s',
  bytes: null,
  rules: ['response.p99 < 500ms', 'connections.failed == 0'],
  ...more,
});
const parsed = (plan: FirstPlan, env = {}) => {
  const result = parsePlanText(renderFirstPlan(plan), 'yaml', { env });
  if (!result.ok) throw new Error(`${JSON.stringify(result.problems)}\n${renderFirstPlan(plan)}`);
  return result.plan;
};

describe('what was recognized becomes the protocol', () => {
  test('echo', () => {
    expect(parsed(planFor(ECHO))).toMatchObject({
      name: 'chat',
      protocol: { kind: 'echo', format: 'text' },
      load: { messages: { kind: 'open' }, mix: [{ payloadBytes: 100 }] },
      contract: { delivery: 'exactly-once', order: 'per-stream', integrity: 'checksum' },
      thresholds: [{ expression: 'response.p99 < 500ms' }, { expression: 'connections.failed == 0' }],
    });
  });

  test('json, with every path that was found', () => {
    const found = { ...service, id: ['$id'], ack: ['ack'], payload: ['items', '0', 'text'], error: ['error'] };
    expect(parsed(planFor({ ...JSON_SERVICE, service: found, pushes: true }))).toMatchObject({
      protocol: {
        kind: 'json',
        id: ['$id'],
        ack: ['ack'],
        payload: ['items', '0', 'text'],
        error: ['error'],
        pushes: 'ignore',
      },
      contract: { delivery: 'exactly-once', integrity: 'checksum' },
    });
  });

  test('json without: the missing paths stand as comments, and nothing is promised of them', () => {
    expect(renderFirstPlan(planFor(JSON_SERVICE))).toMatch(/^ {2}# ack: PATH +# the field .*\n {2}# payload: PATH/m);
    expect(parsed(planFor(JSON_SERVICE))).toMatchObject({
      protocol: { ack: null, payload: null },
      contract: { integrity: 'none' },
    });
  });

  test('acknowledgements that cannot be told apart promise at least once', () => {
    const double = { ...JSON_SERVICE, service: { ...service, isDouble: true } };
    expect(parsed(planFor(double)).contract).toMatchObject({ delivery: 'at-least-once' });
  });

  test('a service that refused everything: what to fill in', () => {
    const refused = { ...JSON_SERVICE, service: { ...service, refusedAll: true } };
    expect(renderFirstPlan(planFor(refused))).toMatch(/# FILL IN: the service rejected this message\..*\n {2}send: /);
  });

  test('push: connections only, and its own rules', () => {
    const text = renderFirstPlan(planFor(PUSH, { rules: ['pushes.missed == 0'] }));
    expect(text).toMatch(/^ {2}kind: push .*\n {2}# join: .*\n {2}sequence: data\.seq .*\n {2}channel: symbol /m);
    expect(text).toMatch(/^ {2}connections: .*\n {4}- \{ to: 100, over: 1s \}\n {4}- \{ hold: 30s \}\n/m);
    expect(text).not.toMatch(/messages:|contract:/);
    expect(text).toMatch(/ {2}- pushes\.missed == 0\n/);
  });

  test.each([
    'silent',
    'notAsked',
    'closes',
    'unread',
  ] as const)('unknown (%s): connections are opened and held', (why) => {
    const plan = planFor({ kind: 'unknown', why, ...seen }, { rules: ['connections.failed == 0'] });
    expect(renderFirstPlan(plan)).toMatch(/^# FILL IN: /m);
    expect(parsed(plan).load).toMatchObject({
      messages: { kind: 'none' },
      connections: [{ to: 100 }, { shape: 'hold' }],
    });
  });

  test('what a client says first is kept, also where nothing was recognized', () => {
    const join = [{ type: 'subscribe', topic: `room-\${client}` }];
    expect(parsed(planFor({ kind: 'unknown', why: 'silent', ...seen }, { join, rules: [] })).protocol).toMatchObject({
      kind: 'json',
      pushes: 'ignore',
    });
    expect(parsed(planFor(JSON_SERVICE, { join })).protocol).toMatchObject({ join: [JSON.stringify(join[0])] });
  });
});

describe('a room', () => {
  const rooms = (more: Partial<FirstPlan>) => parsed(planFor({ ...ECHO, isShared: true }, more)).load.rooms;

  test('what others receive is expected by them', () => expect(rooms({})).toMatchObject({ count: 1, self: true }));

  test('one client alone, too many of them, or a size that may be too short to say whose a message is, leaves it as a comment', () => {
    expect(rooms({ connections: 1 })).toBeNull();
    expect(rooms({ connections: 5000 })).toBeNull();
    expect(rooms({ bytes: '10' })).toBeNull();
  });
});

test('the target is written as it was given, but for secrets', () => {
  const places = createSecretPlaces();
  const target = {
    url: 'wss://chat.example.com/ws?room=1',
    headers: { Authorization: places.header('Authorization', 'Bearer abc'), 'X-Note': 'a: "b" #c' },
    subprotocols: ['chat.v2'],
    compression: true,
    tls: { ca: 'ca.pem', insecure: true },
  };
  const plan = planFor(ECHO, { target, variables: places.variables });
  expect(renderFirstPlan(plan)).toMatch(/# set AUTHORIZATION before a run: the header Authorization/);
  expect(parsed(plan, { AUTHORIZATION: 'xyz' }).target).toMatchObject({
    urls: ['wss://chat.example.com/ws?room=1'],
    headers: { Authorization: 'Bearer xyz', 'X-Note': 'a: "b" #c' },
    subprotocols: ['chat.v2'],
    compression: { kind: 'deflate' },
    tls: { caFile: 'ca.pem', insecure: true },
  });
});

const words = fc.string({ unit: 'binary', maxLength: 60 });
const key = fc.stringMatching(/^[\w$@-]{1,20}$/);
const path = fc.array(key, { minLength: 1, maxLength: 6 });
const maybePath = fc.option(path);
const told = {
  evidence: fc.array(words, { minLength: 1, maxLength: 3 }),
  caveats: fc.array(words),
  sample: fc.option(words),
  isShared: fc.boolean(),
  login: fc.option(
    fc.record({ seenIn: fc.constantFrom('message', 'close'), said: words, word: fc.constantFrom('auth', 'login') }),
  ),
  typeKey: key,
};
const recognition = fc.oneof(
  fc.record({ kind: fc.constant('echo'), format: fc.constantFrom('binary', 'text'), ...told }),
  fc.record({
    kind: fc.constant('json'),
    pushes: fc.boolean(),
    service: fc.record({
      send: fc
        .dictionary(
          key.filter((name) => name !== '__proto__'),
          fc.constantFrom(`\${payload}`, `\${seq}`, 'x: y', 3, null, ['a,b']),
        )
        .map((send) => ({ ...send, id: `\${id}`, text: `\${payload}` })),
      id: path,
      ack: maybePath,
      payload: maybePath,
      error: maybePath,
      refusedAll: fc.boolean(),
      isDouble: fc.boolean(),
    }),
    ...told,
  }),
  fc.record({ kind: fc.constant('unknown'), why: fc.constantFrom('silent', 'notAsked', 'closes', 'unread'), ...told }),
) as unknown as fc.Arbitrary<Recognition>;

describe('whatever a service says', () => {
  test('the plan for it is accepted, with the paths as they were found', () => {
    fc.assert(
      fc.property(recognition, fc.integer({ min: 1, max: 100_000 }), (found, connections) => {
        const { protocol } = parsed(planFor(found, { connections, rules: ['connections.failed == 0'] }));
        if (found.kind !== 'json') return;
        const { id, ack, payload, error } = found.service;
        expect(protocol).toMatchObject({ id, ack, payload, error });
      }),
      { numRuns: repeats(300) },
    );
  });

  test('no word of it ends a line or reaches the terminal as a command', () => {
    fc.assert(
      fc.property(recognition, fc.constantFrom(null, 40, 80), (found, columns) => {
        const text =
          renderFirstPlan(planFor(found)) +
          renderFirstImpression({ ...planFor(found), url: 'ws://x', file: 'a.yaml' }, plainStyle(false, columns));
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        for (const line of text.split('\n')) expect(line.length).toBeLessThan(2_000);
      }),
    );
  });
});

test('the impression names the evidence, what to set and what to type next', () => {
  const variables = [{ name: 'TOKEN', place: 'the header X' }];
  const text = renderFirstImpression(
    { ...planFor(ECHO), url: 'ws://x', variables, file: "it's.yaml" },
    plainStyle(false),
  );
  expect(text).toMatch(/an echo service, text\n\n {2}seen +it was seen\n {2}wrote/);
  expect(text).toMatch(/export TOKEN=/);
  expect(text).toContain("highwater check 'it'\\''s.yaml'\n");
  expect(text).not.toMatch(/^ {2}(try|login) /m);
});

describe('a service that wants a login first', () => {
  const login = { seenIn: 'message', said: '{"type":"auth_required"}', word: 'auth' } as const;
  const found: Recognition = { kind: 'unknown', why: 'unread', ...seen, sample: login.said, login };
  const impression = (more: Partial<FirstPlan> = {}): string =>
    renderFirstImpression({ ...planFor(found, more), url: 'ws://x', file: 'highwater.yaml' }, plainStyle(false, 80));

  test('is called so, with what it said and a command to copy', () => {
    expect(impression().split('\n')).toEqual([
      ' ws://x   not recognized, it wants a login first',
      '',
      '  seen      it was seen',
      '  login     the service wants a login first: {"type":"auth_required"}',
      '  wrote     highwater.yaml (see FILL IN in the file)',
      '',
      '  try       log in first: set TOKEN, and change the message to what the service',
      '            expects:',
      '            highwater init wss://chat.example.com/ws \\',
      `              --join '{"type":"auth","token":"\${env.TOKEN}"}' --yes --force`,
      '  next      highwater check highwater.yaml',
      '            highwater run highwater.yaml',
      '',
    ]);
  });

  test('is not told twice what it said', () => {
    const said = 'close code 4401, defined by the application: log in';
    const closing: Recognition = {
      ...found,
      evidence: [`it ended: ${said}`],
      login: { ...login, seenIn: 'close', said },
    };
    const text = renderFirstImpression({ ...planFor(closing), url: 'ws://x', file: null }, plainStyle(false));
    expect(text).toMatch(/^ {2}login +the service closes the connection because it wants a login first$/m);
  });

  test('has the login to fill in in its plan', () => {
    const text = renderFirstPlan(planFor(found));
    expect(text).toContain('# FILL IN: The service wants a login first.');
    expect(text).toContain(`#   join: [ { type: auth, token: "\${env.TOKEN}" } ]`);
    const refused: Recognition = { ...JSON_SERVICE, service: { ...service, refusedAll: true }, login };
    const withoutLogin = renderFirstPlan(planFor(refused));
    expect(withoutLogin).toContain(`  # join: [ { type: auth, token: "\${env.TOKEN}" } ]`);
    expect(withoutLogin).not.toContain('rejected this message');
    expect(renderFirstPlan(planFor({ ...refused, login: null }))).not.toContain('login');
  });
});

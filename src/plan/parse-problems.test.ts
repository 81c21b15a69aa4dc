import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeats } from '../../test/support/repeats.ts';
import { parsePlan, parsePlanText } from './parse.ts';
import { formatProblem } from './problems.ts';

const target = { url: 'ws://chat.example.com/ws' };
const load = { connections: [{ to: 10, over: '1s' }, { hold: '5s' }] };
const minimal = { target, load };

const messages = { open: { rate: '10/s', for: '5s' } };
const sending = { target, load: { messages } };
const json = { ...sending, protocol: { kind: 'json', send: { id: `\${id}` } } };
const push = { ...minimal, protocol: { kind: 'push', sequence: 'seq' } };
const inRooms = { target, load: { ...load, messages, rooms: { count: 2 } } };

function problemsOf(document: unknown): string[] {
  const parsed = parsePlan(document, { env: {} });
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

describe('a usual mistake is one problem, with the form that is meant', () => {
  const messages = (given: unknown) => ({ target, load: { messages: given } });
  test.each([
    [
      { target: 'ws://x', load },
      'target: expected a target with at least a url, got "ws://x" (write target: { url: ws://x })',
    ],
    [{ target: ['ws://x', 'ws://y'], load }, '(write target: { url: [ws://x, ws://y] })'],
    [messages({ rate: '10/s' }), '(write messages: { open: { rate: 10/s, for: 60s } })'],
    [messages({ rate: '10/s', for: '10s' }), '(write messages: { open: { rate: 10/s, for: 10s } })'],
    [messages({ inFlight: 2, for: '10s' }), '(write messages: { closed: { inFlight: 2, for: 10s } })'],
    [messages('10/s'), '(write messages: { open: { rate: 10/s, for: 60s } })'],
    [messages({ open: '10/s' }), '(write open: { rate: 10/s, for: 60s })'],
    [messages({ closed: 5 }), '(write closed: { inFlight: 5, for: 60s })'],
    [{ target, load: { rate: '10/s' } }, '(write messages: { open: { rate: 10/s, for: 60s } })'],
    [{ target, load: 100 }, '(write load: { connections: 100 })'],
    [{ ...minimal, thresholds: 'lost == 0' }, '(write thresholds: ["lost == 0"])'],
    [{ ...minimal, thresholds: [{ 'lost{type=chat} == 0': null }] }, 'put the rule in quotes'],
    [{ ...minimal, abort: [{ lost: 5 }] }, 'put the rule in quotes'],
    [{ ...minimal, protocol: 'json' }, '(write protocol: { kind: json,'],
    [{ ...minimal, contract: 'exactly-once' }, '(write contract: { delivery: exactly-once })'],
    [{ ...minimal, reconnect: 'yes' }, '(write true)'],
    [{ target: { ...target, headers: ['A: b'] }, load }, '(write each as a key with its value'],
  ])('%j', (document, says) => {
    const problems = problemsOf(document);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(says);
  });

  test.each([
    [{ target: 5, load }, 'target: expected a target with at least a url, got 5'],
    [messages({ open: [] }), 'load.messages.open: expected a list of segments, at least one, got an empty list'],
    [
      { ...minimal, contract: 'always' },
      'contract: expected a contract: { delivery, order, integrity, replay }, got "always"',
    ],
  ])('another one is told as ever: %j', (document, says) => {
    expect(problemsOf(document)).toEqual([says]);
  });

  test('a password in what was written is not told', () => {
    expect(problemsOf({ target: 'ws://ann:hunter2@x', load })[0]).not.toContain(
      'write target: { url: ws://ann:hunter2',
    );
  });

  test('no clients are one problem', () => {
    expect(
      problemsOf({ target, load: { ...load, connections: 0, messages: { open: { rate: '1/s', for: '1s' } } } }),
    ).toEqual(['load.connections: expected at least one client, got none (start with { to: 100 })']);
  });
});

describe('problems', () => {
  test.each([
    [{ target }, 'load: expected the load'],
    [{ target, load: {} }, 'load: expected connections, messages or both, got neither'],
    [{ target, load: { connections: 5 } }, 'load.connections: expected a duration, because there are no messages'],
    [{ target, load: { connections: [{ hold: '5s' }] } }, 'load.connections: expected at least one client, got none'],
    [
      { target, load: { connections: [] } },
      'load.connections: expected a list of segments, at least one, got an empty list',
    ],
    [{ target, load: { connections: { to: 2.5 } } }, 'load.connections.to: expected a whole number of clients'],
    [
      { target, load: { connections: -1 } },
      'load.connections: expected a whole number of clients up to 10000000, got -1',
    ],
    [{ target, load: { connections: Number.NaN } }, 'load.connections: expected a number of clients'],
    [
      { target, load: { connections: [{ to: 5 }, { hold: '0s' }] } },
      'load.connections[1].hold: expected a duration above 0',
    ],
    [{ target, load: { connections: { to: 5, over: '1s', hold: '1s' } } }, 'a segment does one thing'],
    [{ target, load: { connections: [{ to: 5, over: '2000h' }, { hold: '2000h' }] } }, 'at most 104 days'],
    [{ target, load: { messages: { open: { to: '5/s' } } } }, 'load.messages.open: expected a duration, got nothing'],
    [
      { target, load: { messages: { open: { rate: '0/s', for: '1s' } } } },
      'load.messages.open: expected at least one message',
    ],
    [{ target, load: { messages: { open: { rate: '1e10/s', for: '1s' } } } }, 'a rate of at most 1e9/s'],
    [
      { target, load: { messages: { open: { rate: '1/s', for: '1s' }, closed: {} } } },
      'either open or closed, got both',
    ],
    [
      { target, load: { ...load, rooms: { count: 6 } } },
      'load.rooms.count: expected at least two clients for each room, so at most 5 rooms, got 6 (open more clients)',
    ],
    [
      { target, load: { connections: [{ to: 10000 }, { hold: '1s' }], rooms: { count: 2 } } },
      'load.rooms: expected at most 20,000,000 pairs of receiver and sender, got 50,000,000 (set publishers, or use more rooms)',
    ],
    [
      { ...minimal, protocol: { kind: 'json', send: { id: `\${id}` }, join: [{ join: `\${room}` }] } },
      `protocol.join: expected load.rooms, because \${room} is used`,
    ],
    [
      { ...minimal, protocol: { kind: 'json', send: { id: `\${id}` }, join: [{ token: `\${row.token}` }] } },
      `target.rows: expected a CSV file, because \${row.token} is used, got nothing (write rows: users.csv)`,
    ],
    [
      { ...minimal, protocol: { kind: 'json', send: { id: `\${id}`, urgency: `\${priority}` } } },
      `protocol.send: expected a mix with a priority, because \${priority} is used, got none`,
    ],
    [{ ...minimal, protocol: 'own.py' }, 'protocol: expected the path of a module that exports a protocol'],
    [{ ...minimal, protocol: 7 }, 'protocol: expected a protocol: echo'],
    [
      { ...minimal, thresholds: ['lost{type=chat} == 0'] },
      'thresholds[0]: expected a type of the mix: message, got "chat"',
    ],
    [
      { ...minimal, thresholds: ['lost{priority=high} == 0'] },
      'thresholds[0]: expected a mix with a priority, got "high"',
    ],
    [{ ...minimal, abort: ['fanout.missed > 5'] }, 'abort[0]: expected a condition that can be checked during the run'],
    [{ ...minimal, resend: { after: '0s' } }, 'resend.after: expected a duration above 0'],
    [
      { ...minimal, resend: { idempotencyCheck: {} } },
      'resend.idempotencyCheck.share: expected a percentage from 0% to 100%',
    ],
    [{ target, load: { messages: {} } }, 'load.messages: expected open or closed, got neither'],
    [{ target, load: { messages: { closed: {} } } }, 'load.messages.closed.for: expected a duration'],
    [
      { target, load: { ...load, bytes: 5, mix: [{ type: 'a' }] } },
      'load.bytes: expected no bytes together with a mix',
    ],
    [{ target, load: { ...load, bytes: 0 } }, 'load.bytes: expected a size from 1 B to 64MiB, got 0'],
    [
      { target, load: { ...load, mix: [{ type: 'a', weight: -1 }] } },
      'load.mix[0].weight: expected a weight above 0, got -1',
    ],
    [{ target, load: { ...load, bytes: '20MiB' } }, 'target.maxMessage: expected at least the largest message'],
    [{ ...minimal, reconect: {} }, 'reconect: expected one of'],
    ...(
      [
        ['corrupted == 0', json, 'protocol.payload, the field of a reply that returns what was sent'],
        ['corrupted == 0', push, 'another protocol, because the content of a push is unknown'],
        ['rejected == 0', json, 'protocol.error, for a rule about rejected messages'],
        ['rejected == 0', sending, 'protocol.error, for a rule about rejected messages'],
        ['lost == 0', push, 'load.messages, for a rule about sent messages'],
        ['response.p99 < 1s', push, 'load.messages, for a rule about sent messages'],
        ['throughput.sent > 1/s', minimal, 'load.messages, for a rule about sent messages'],
        ['duplicated == 0', minimal, 'load.messages, for a rule about replies'],
        ['corrupted == 0', minimal, 'load.messages, for a rule about damage'],
        ['totalOrderViolations == 0', inRooms, 'contract.order: per-channel, for a rule about total order'],
      ] as const
    ).map(([rule, document, expected]): [unknown, string] => [
      { ...document, thresholds: [rule] },
      `thresholds[0]: expected ${expected}, got "${rule}" (with this plan it is never counted)`,
    ]),
    ...(
      [
        ['integrity', 'checksum', json, 'protocol.payload, the field of a reply that returns what was sent'],
        ['integrity', 'checksum', push, 'another protocol, because the content of a push is unknown'],
        ['integrity', 'checksum', minimal, 'load.messages, for a rule about damage'],
        [
          'integrity',
          'checksum',
          { target, load: { messages, bytes: 4 } },
          'messages of at least 8 bytes, because shorter ones have no room for a checksum',
        ],
        [
          'integrity',
          'checksum',
          { ...sending, load: { messages, bytes: 15 }, protocol: { kind: 'echo', format: 'text' } },
          'messages of at least 16 bytes, because shorter ones have no room for a checksum',
        ],
        ['delivery', 'exactly-once', minimal, 'none, or load.messages'],
        ['order', 'per-stream', minimal, 'none, or load.messages'],
      ] as const
    ).map(([clause, asked, document, expected]): [unknown, string] => [
      { ...document, contract: { [clause]: asked } },
      `contract.${clause}: expected ${expected}, got ${asked} (with this plan it can never fail)`,
    ]),
    [
      { ...inRooms, load: { ...inRooms.load, rooms: { count: 2, publishers: 1 } }, contract: { order: 'per-channel' } },
      'contract.order: expected per-stream, because only one client of each room sends, got per-channel',
    ],
    [
      { ...json, protocol: { ...json.protocol, payload: 'text' } },
      `protocol.send: expected \${payload}, because protocol.payload checks it in replies, got none`,
    ],
    [{ ...minimal, thresholds: ['delivered >= 101%'] }, 'thresholds[0]: expected a count such as 0 or a percentage'],
    [{ ...minimal, thresholds: 'delivered >= 99%' }, 'thresholds: expected a list of rules'],
    [{ ...minimal, target: { url: [] } }, 'target.url: expected a URL or a list of URLs, at least 1'],
    [
      { ...minimal, target: { ...target, rows: 'a.csv', headers: { Host: 'x', host: 'y' } } },
      'target.headers.host: expected each header once',
    ],
    [
      { ...minimal, target: { ...target, headers: { cookie: 'a=b' }, cookies: { a: 'b' } } },
      'target.cookies: expected cookies or a Cookie header',
    ],
    [{ ...minimal, target: { ...target, tls: { cert: 'a.pem' } } }, 'target.tls.key: expected the key that belongs'],
    [
      { ...minimal, target: { ...target, subprotocols: ['a', 'a'] } },
      'target.subprotocols[1]: expected each subprotocol once',
    ],
    [
      { ...minimal, target: { ...target, ping: { every: '5s', timeout: '6s' } } },
      'target.ping.timeout: expected at most 5.0 s, the value of every, got 6.0 s (a ping must be answered or time out before the next one)',
    ],
    [
      { ...minimal, target: { ...target, ping: { every: '50ms' } } },
      'target.ping.every: expected at least 100 ms, got',
    ],
    [{ ...minimal, target: { ...target, ping: { timeout: '9ms' } } }, 'target.ping.timeout: expected at least 100 ms'],
    [{ ...minimal, target: { ...target, ping: 10 } }, 'target.ping: expected true, or { every, timeout }, got 10'],
    [{ ...minimal, target: { ...target, ping: { evry: '1s' } } }, 'did you mean "every"?'],
    [
      { ...minimal, thresholds: ['pings.unanswered == 0'] },
      'thresholds[0]: expected target.ping, for a rule about pings',
    ],
    [{ ...minimal, abort: ['ping.p99 > 1s'] }, 'abort[0]: expected target.ping, for a rule about pings'],
    [{ ...minimal, target: { url: `ws://h/\${row.a}` } }, 'target.rows: expected a CSV file'],
    [JSON.parse('{"target":{"__proto__":{}},"load":{}}'), 'target.__proto__: expected a key of a plan'],
    [{ ...minimal, name: () => 1 }, 'name: expected plain data, got a function'],
    [{ ...minimal, name: new Date(0) }, 'name: expected plain data, got an object'],
  ])('case %#: %j', (document, problem) => {
    const problems = problemsOf(document);
    expect(problems.join('\n')).toContain(problem);
  });

  test('are reported all at once, across sections', () => {
    const problems = problemsOf({
      target: { url: 'http://x/', tls: { key: 'k' } },
      load: { connections: 0, messages: { open: { to: 'fast' } }, mix: [{ type: 'a' }, { type: 'a', bytes: 'x' }] },
      drain: 5,
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'target.url',
      'load.messages.open.to',
      'load.mix[1].bytes',
      'load.mix[1].type',
      'drain',
      'load.connections',
    ]);
  });

  test('of a text carry the place of a syntax error', () => {
    const parsed = parsePlanText('target: {\n', 'yaml', { env: {} });
    expect(!parsed.ok && parsed.problems[0].path).toMatch(/^line/);
    expect(parsePlanText(JSON.stringify(minimal), 'json', { env: {} }).ok).toBe(true);
    expect(problemsOf(null)).toEqual(['plan: expected a plan: at least target and load, got nothing']);
  });

  test('are few and short however large the document', () => {
    const problems = problemsOf({
      ...minimal,
      name: 'x'.repeat(1e7),
      thresholds: Array(900)
        .fill(5)
        .map((_, i) => i),
    });
    expect(problems.length).toBeLessThanOrEqual(101);
    expect(Math.max(...problems.map((problem) => problem.length))).toBeLessThan(400);
  });
});

test.each([
  ['an echo', { ...sending, thresholds: ['corrupted == 0', 'duplicated == 0', 'reordered == 0', 'lost == 0'] }],
  ['an echo', { ...sending, contract: { delivery: 'exactly-once', order: 'per-stream', integrity: 'checksum' } }],
  [
    'json with all that can be looked for',
    {
      ...json,
      protocol: { kind: 'json', send: { id: `\${id}`, text: `\${payload}` }, payload: 'text', error: 'error' },
      thresholds: ['corrupted == 0', 'rejected == 0'],
      contract: { integrity: 'checksum' },
    },
  ],
  [
    'pushes',
    { ...push, thresholds: ['duplicated == 0', 'pushes.missed == 0'], contract: { delivery: 'exactly-once' } },
  ],
  ['clients that only stay', { ...minimal, thresholds: ['connections.failed == 0', 'unexpected == 0'] }],
  ['rooms', { ...inRooms, thresholds: ['totalOrderViolations == 0'], contract: { order: 'per-channel' } }],
  ['a module', { ...sending, protocol: './own.mjs', thresholds: ['rejected == 0', 'corrupted == 0'] }],
])('rules that %s can break are taken', (_what, document) => expect(problemsOf(document)).toEqual([]));

describe('hostile documents', () => {
  function deep(levels: number): unknown {
    return levels === 0 ? 1 : { load: deep(levels - 1) };
  }

  test('a cycle, a depth and a width without end are problems', () => {
    const cycle: Record<string, unknown> = { ...minimal };
    cycle.load = cycle;
    expect(problemsOf(cycle).join()).toContain('32 levels');
    expect(problemsOf(deep(5000)).length).toBeGreaterThan(0);
    expect(problemsOf({ ...minimal, thresholds: Array(200_000).fill('sent > 1') }).join()).toContain(
      'a larger document',
    );
  });

  test('nothing makes it throw', () => {
    const keys = fc.constantFrom(
      'target',
      'load',
      'url',
      'connections',
      'messages',
      'open',
      'mix',
      'profiles',
      '__proto__',
    );
    const anything = fc.anything({
      key: keys,
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
    });
    fc.assert(
      fc.property(anything, fc.dictionary(keys, anything), (value, members) => {
        for (const document of [value, { ...minimal, ...members }, { target, load: { ...load, ...members } }]) {
          expect(problemsOf(document).filter((line) => /[\p{Cc}]/u.test(line))).toEqual([]);
        }
      }),
      { numRuns: repeats(300) },
    );
  });

  test('no text makes it throw', () => {
    const parts = fc.constantFrom(
      'target',
      ': ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '!!x ',
      '|',
      '"',
      "'",
      '? ',
      '#',
      '%',
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(parts, { maxLength: 12 }).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom('yaml' as const, 'json' as const), (text, format) => {
        expect(parsePlanText(text, format, { env: {} }).ok).toBe(false);
      }),
      { numRuns: repeats(500) },
    );
  });
});

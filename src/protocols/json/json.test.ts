import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJsonCodec, JsonReading, type JsonShape, readJson, writeJson } from './json.ts';
import { type JsonSetting, layOutJoin } from './layout.ts';

const RUN = 0x00ed_0001;
const TEMPLATE = JSON.stringify({
  type: 'chat',
  id: `\${id}`,
  n: `\${seq}`,
  from: `\${client}`,
  text: `\${payload}`,
  note: 'grüße "x"',
});
const shape = (more: Partial<JsonShape> = {}): JsonShape => ({
  template: TEMPLATE,
  id: ['replyTo'],
  error: ['error'],
  payload: ['data', 'text'],
  join: [],
  ack: null,
  duplicate: null,
  state: null,
  pushes: 'unexpected',
  ...more,
});
const setting: JsonSetting = {
  run: RUN,
  mix: [
    { type: 'chat', priority: null, payloadBytes: 200 },
    { type: 'an "order"', priority: 'höchste', payloadBytes: 500 },
  ],
  timed: false,
  rows: [],
  feeder: [],
  feederOrder: 'sequential',
  seed: 1,
  roomOf: (stream) => stream % 10,
};
const codec = createJsonCodec(shape(), setting);
const nameOf = (stream: number, sequence: number) => ({ stream, sequence, dueNs: 0, sentNs: 0 });

function sent(type: number, stream: number, sequence: number): Record<string, unknown> {
  const length = writeJson(codec, type, nameOf(stream, sequence));
  return JSON.parse(Buffer.from(codec.layout.message.subarray(0, length)).toString('utf8')) as Record<string, unknown>;
}

function read(document: unknown, by = codec): JsonReading {
  const bytes = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
  return readJson(by, bytes, 0, bytes.length);
}

const names = fc.record({
  stream: fc.nat(2 ** 31 - 1),
  sequence: fc.oneof(fc.nat(1000), fc.maxSafeNat()),
  type: fc.nat(1),
});

describe('what is sent', () => {
  test('is the template with id, number, client and payload in it, numbers as numbers', () => {
    expect(sent(0, 12, 345)).toMatchObject({
      type: 'chat',
      id: '00ed0001-12-345',
      n: 345,
      from: 12,
      note: 'grüße "x"',
    });
  });

  test('has the size of its type, to the byte, whatever its number', () => {
    fc.assert(
      fc.property(names, ({ stream, sequence, type }) => {
        expect(writeJson(codec, type, nameOf(stream, sequence))).toBe([200, 500][type]);
      }),
    );
  });

  test('is as long as the template where that needs more, or has no payload', () => {
    const bare = createJsonCodec(shape({ template: `{"id":"\${id}"}` }), {
      ...setting,
      mix: [{ type: 'chat', priority: null, payloadBytes: 10 }],
    });
    expect(writeJson(bare, 0, nameOf(1, 2))).toBe('{"id":"00ed0001-1-2"}'.length);
  });
});

describe('what the mix says of a message', () => {
  const template = JSON.stringify({ id: `\${id}`, kind: `\${type}`, urgency: `\${priority}`, text: `\${payload}` });
  const classed = createJsonCodec(shape({ template }), setting);
  const documentOf = (type: number): Record<string, unknown> => {
    const length = writeJson(classed, type, nameOf(1, 2));
    return JSON.parse(Buffer.from(classed.layout.message.subarray(0, length)).toString('utf8')) as Record<
      string,
      unknown
    >;
  };

  test('stands in it: its type and its priority, which is empty where it has none', () => {
    expect(documentOf(0)).toMatchObject({ kind: 'chat', urgency: '' });
    expect(documentOf(1)).toMatchObject({ kind: 'an "order"', urgency: 'höchste' });
  });

  test('leaves it the size of its type', () => {
    expect([0, 1].map((type) => writeJson(classed, type, nameOf(1, 2)))).toEqual([200, 500]);
  });

  test('is known where the payload comes back, and a character less is damage', () => {
    for (const type of [0, 1]) {
      const { id: replyTo, text } = documentOf(type) as { id: string; text: string };
      expect(read({ replyTo, data: { text } }, classed)).toBe(JsonReading.message);
      expect(read({ replyTo, data: { text: text.slice(1) } }, classed)).toBe(JsonReading.corrupted);
    }
  });
});

describe('what is sent first', () => {
  test('is the join, with client and room in it', () => {
    const join = [JSON.stringify({ join: `\${room}`, as: `user-\${client}` }), '{"ready":true}'];
    const joining = createJsonCodec(shape({ join }), setting);
    const text = (index: number): string =>
      Buffer.from(joining.layout.message.subarray(0, layOutJoin(joining.layout, index, 37))).toString('utf8');
    expect([text(0), text(1)]).toEqual(['{"join":7,"as":"user-37"}', '{"ready":true}']);
  });
});

describe('what comes from a CSV file', () => {
  const rows = [
    { token: 'a-1', 'full name': 'Ann "A" Ähm' },
    { token: 'b-2', 'full name': 'Bob' },
  ];
  const template = JSON.stringify({ id: `\${id}`, by: `\${row.full name}`, text: `\${payload}` });
  const join = [JSON.stringify({ auth: `\${row.token}` })];
  const fed = createJsonCodec(shape({ template, join }), { ...setting, rows });
  const documentOf = (length: number): Record<string, unknown> =>
    JSON.parse(Buffer.from(fed.layout.message.subarray(0, length)).toString('utf8')) as Record<string, unknown>;

  test('stands in what the client says first and in every message, row by row and client by client', () => {
    expect([0, 1, 2].map((stream) => documentOf(layOutJoin(fed.layout, 0, stream)))).toEqual([
      { auth: 'a-1' },
      { auth: 'b-2' },
      { auth: 'a-1' },
    ]);
    expect(documentOf(writeJson(fed, 0, nameOf(2, 5))).by).toBe('Ann "A" Ähm');
    expect(documentOf(writeJson(fed, 0, nameOf(3, 5))).by).toBe('Bob');
  });

  test('leaves the message the size of its type', () => {
    for (const stream of [0, 1]) expect(writeJson(fed, 0, nameOf(stream, 5))).toBe(200);
  });
});

describe('what comes', () => {
  test('an answer names its message, whichever it is', () => {
    fc.assert(
      fc.property(names, ({ stream, sequence, type }) => {
        const { id, text } = sent(type, stream, sequence);
        expect(read({ ok: true, replyTo: id, data: { text } })).toBe(JsonReading.message);
        expect([codec.name.stream, codec.name.sequence]).toEqual([stream, sequence]);
      }),
    );
  });

  test('a rejection says why, in whatever form but null and false', () => {
    const { id, text } = sent(0, 1, 2);
    for (const error of ['full', 0, true, { code: 5 }])
      expect(read({ replyTo: id, error })).toBe(JsonReading.rejection);
    for (const error of [null, false]) expect(read({ replyTo: id, error, data: { text } })).toBe(JsonReading.message);
  });

  test('any other character, a missing one, or the payload of another message is corrupted', () => {
    const { id, text } = sent(0, 1, 2) as { id: string; text: string };
    for (let at = 0; at < text.length; at++) {
      const damaged = `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`;
      expect(read({ replyTo: id, data: { text: damaged } })).toBe(JsonReading.corrupted);
    }
    const other = sent(0, 1, 3).text;
    for (const wrong of [text.slice(1), `${text}x`, other, 7, undefined]) {
      expect(read({ replyTo: id, data: { text: wrong } })).toBe(JsonReading.corrupted);
    }
  });

  test('a message of another run is stale; one without an id of ours is the service’s own', () => {
    expect(read({ replyTo: '12345678-1-2' })).toBe(JsonReading.stale);
    for (const replyTo of [
      undefined,
      null,
      5,
      '',
      'hello',
      '00ed0001-1',
      '00ed0001-1-x',
      '00ed0001--2',
      '00ed0001-1-2-3-4',
      '00ed0001-1-2-',
    ]) {
      expect(read({ replyTo, id: '00ed0001-1-2' })).toBe(JsonReading.other);
    }
  });

  test('what is no JSON is unreadable, but for plain text that is too short for an id', () => {
    for (const text of ['', 'hello', '\u0000']) expect(read(text)).toBe(JsonReading.plain);
    for (const text of ['{"replyTo":"00ed0001-1-2"', '{', 'a sentence, longer than an id'])
      expect(read(text)).toBe(JsonReading.unreadable);
    fc.assert(fc.property(fc.string(), (text) => void read(text)));
  });

  test('an error anywhere makes an answer unreadable, though its id was read before it, and the byte is known', () => {
    const ours = '{"replyTo":"00ed0001-1-2","data":{"text":"x"},"n":';
    for (const word of [
      'NaN',
      'Infinity',
      '-Infinity',
      '01',
      '1.',
      '.5',
      '+1',
      'undefined',
      "'x'",
      '"a\nb"',
      '"\\x"',
    ]) {
      expect(read(`${ours}${word}}`), word).toBe(JsonReading.unreadable);
      expect(codec.unreadable).toBe('notJson');
      expect(codec.scanner.brokenAt).toBeGreaterThanOrEqual(ours.length);
      expect(codec.scanner.brokenAt).toBeLessThanOrEqual(ours.length + word.length);
    }
  });

  test('an id is found whichever of its characters are escaped, at a key that is escaped, behind a byte order mark', () => {
    const escaped = [...'00ed0001-1-2'].map((character) => `\\u00${character.charCodeAt(0).toString(16)}`).join('');
    const withoutText = createJsonCodec(shape({ payload: null }), setting);
    for (const text of [
      `{"replyTo":"00ed0001\\u002d1\\u002D2"}`,
      `{"replyTo":"${escaped}"}`,
      `{"reply\\u0054o":"00ed0001-1-2"}`,
      `\ufeff\r\n\t {"replyTo" : "00ed0001-1-2" } \n`,
      `{"deep":${'['.repeat(900)}${']'.repeat(900)},"replyTo":"00ed0001-1-2"}`,
    ]) {
      expect(read(text, withoutText)).toBe(JsonReading.message);
      expect(withoutText.name).toMatchObject({ stream: 1, sequence: 2 });
    }
  });

  test('a payload that came back with escapes in it is whole', () => {
    const { id, text } = sent(0, 3, 4) as { id: string; text: string };
    const escaped = `\\u00${text.charCodeAt(0).toString(16)}${text.slice(1).replaceAll('-', '\\u002d')}`;
    expect(read(`{"replyTo":"${id}","data":{"text":"${escaped}"}}`)).toBe(JsonReading.message);
    expect(read(`{"replyTo":"${id}","data":{"text":"${escaped.slice(6)}"}}`)).toBe(JsonReading.corrupted);
  });

  test.each([
    ['severalDocuments', '{"replyTo":"00ed0001-1-2"}\n{"replyTo":"00ed0001-1-3"}\n'],
    ['severalDocuments', '{"replyTo":"00ed0001-1-2"}{"replyTo":"00ed0001-1-3"}'],
    ['severalDocuments', '{"replyTo":"00ed0001-1-2"}\u001e'],
    ['severalDocuments', '[{"replyTo":"00ed0001-1-2"},{"replyTo":"00ed0001-1-3"}]'],
    ['severalDocuments', '\n[{"replyTo":"00ed0001-1-2"}]'],
    ['tooDeep', `${'['.repeat(1001)}${']'.repeat(1001)}`],
    ['compressed', 'H4sIAAAAAAAAA6tWykxRslIyVNJRKkgsLgYAJ3Q0lRIAAAA='],
    ['otherEncoding', Buffer.from('{"replyTo":"00ed0001-1-2"}', 'utf16le').toString('latin1')],
    ['notJson', '42["message",{"replyTo":"00ed0001-1-2"}]'],
    ['notJson', `{"other":"${'x'.repeat(400)}\n"}`],
  ])('is %s: %s', (kind, text) => {
    expect(read(text)).toBe(JsonReading.unreadable);
    expect(codec.unreadable).toBe(kind);
  });

  test.each([
    '[{"other":1},{"other":2}]',
    '[]',
    '[1,2]',
    '{"list":[{"replyTo":"00ed0001-1-2"}]}',
    '17',
    '"hello"',
  ])('what is JSON and not for us stays what it is: %s', (text) => {
    expect(read(text)).toBe(JsonReading.other);
  });
});

import { describe, expect, test } from 'vitest';
import { causeText } from '../../facts/failure-cause.ts';
import { type Recognition, recognize } from './recognize.ts';
import { nextTestMessage, shapeOf, USUAL_SHAPES } from './test-messages.ts';
import type { Observation, TestMessage, Transcript } from './transcript.ts';

const ASKING = { shapes: USUAL_SHAPES, isGiven: false, nonce: '5eed0001' };
const EMPTY: Transcript = {
  received: [],
  sent: [],
  endings: [],
  receivedByListener: 0,
  unkept: 0,
  watchedMs: 2000,
  maySend: true,
};

type Service = (message: string, format: 'text' | 'binary') => readonly (string | object)[];
const text = (said: string | object): string => (typeof said === 'string' ? said : JSON.stringify(said));
const received = (sentBefore: number, said: string | object, format: 'text' | 'binary' = 'text'): Observation => ({
  connection: 0,
  sentBefore,
  format,
  text: text(said),
  bytes: text(said).length,
});

/** The whole conversation with a service by script, as `discover` would have it. */
function converse(service: Service, pushes: readonly (string | object)[] = [], asking = ASKING): Transcript {
  let transcript: Transcript = { ...EMPTY, received: pushes.map((said) => received(0, said)) };
  for (
    let testMessage = nextTestMessage(transcript, asking);
    testMessage !== null;
    testMessage = nextTestMessage(transcript, asking)
  ) {
    const sent: readonly TestMessage[] = [...transcript.sent, testMessage];
    const format = testMessage.kind === 'binary' ? 'binary' : 'text';
    const answers = service(testMessage.text, format).map((said) =>
      received(sent.length, said, said === testMessage.text ? format : 'text'),
    );
    transcript = { ...transcript, sent, received: [...transcript.received, ...answers] };
  }
  return transcript;
}
/** A service that reads JSON and answers what is no document with nothing. */
const json =
  (answer: (document: Record<string, unknown>) => readonly object[]): Service =>
  (message) =>
    message.startsWith('{') ? answer(JSON.parse(message) as Record<string, unknown>) : [];
const jsonService = (recognition: Recognition) => {
  if (recognition.kind !== 'json') throw new Error(`expected json, got ${JSON.stringify(recognition)}`);
  return recognition.service;
};

describe('echo', () => {
  test('of everything is a binary echo, with the count of what came back', () => {
    const found = recognize(converse((message) => [message]));
    expect(found).toMatchObject({ kind: 'echo', format: 'binary', caveats: [] });
    expect(found.evidence[0]).toBe('the service returned 3 of 3 binary messages unchanged, and a JSON document');
  });

  test('of text only is a text echo', () => {
    expect(recognize(converse((message, format) => (format === 'text' ? [message] : [])))).toMatchObject({
      kind: 'echo',
      format: 'text',
    });
  });

  test('that greets is an echo, with the greeting as a caveat', () => {
    const found = recognize(converse((message) => [message], ['Request served by 4d89']));
    expect(found.kind).toBe('echo');
    expect(found.caveats[0]).toContain('Request served by 4d89');
  });

  test('of bytes that come back as text is none', () => {
    const asText: Service = (message, format) => (format === 'binary' ? [`${message}!`] : []);
    expect(recognize(converse(asText)).kind).toBe('unknown');
  });

  test('of documents alone is JSON that returns id and payload', () => {
    expect(jsonService(recognize(converse(json((document) => [document]))))).toMatchObject({
      id: ['id'],
      payload: ['text'],
      ack: null,
    });
  });
});

describe('JSON with ids', () => {
  test('the id at replyTo, and no payload', () => {
    const found = recognize(converse(json(({ id }) => [{ replyTo: id, ok: true }])));
    expect(jsonService(found)).toMatchObject({
      id: ['replyTo'],
      payload: null,
      ack: null,
      error: null,
      isDouble: false,
    });
    expect(found.evidence).toContain('the service returned the id at replyTo in 3 of 3 answers');
    expect(found).toMatchObject({ pushes: false });
  });

  test('id and payload in an envelope', () => {
    const found = recognize(converse(json((document) => [{ from: 'me', items: [{ message: document }] }])));
    expect(jsonService(found)).toMatchObject({
      id: ['items', '0', 'message', 'id'],
      payload: ['items', '0', 'message', 'text'],
    });
  });

  test('of two places the one whose name is of an id', () => {
    const found = recognize(converse(json(({ id }) => [{ note: id, replyTo: id }])));
    expect(jsonService(found).id).toEqual(['replyTo']);
  });

  test('the shape that the service knows is the one that is sent', () => {
    const rpc = json(({ method, id, params }) =>
      method === undefined ? [] : [{ jsonrpc: '2.0', id, result: params }],
    );
    expect(jsonService(recognize(converse(rpc)))).toMatchObject({
      send: { jsonrpc: '2.0', method: 'echo' },
      id: ['id'],
      payload: ['result', 'text'],
    });
  });

  test('a message of the user’s own is the only one that is tried', () => {
    const send = { op: 'say', ref: `\${id}`, body: `\${payload}`, n: `\${seq}` };
    const transcript = converse(
      json(({ ref, n }) => [{ ref, got: typeof n }]),
      [],
      { ...ASKING, shapes: [shapeOf(send)], isGiven: true },
    );
    expect(jsonService(recognize(transcript))).toMatchObject({ send, id: ['ref'] });
    expect(transcript.received[0]?.text).toContain('"got":"number"');
  });

  test.each([
    ['returns every document as it is', (message: string) => [message]],
    ['answers nothing', () => []],
  ])('a message of the user’s own goes to a service that %s, and no bytes or plain text do', (_, answer) => {
    const send = { op: 'say', ref: `\${id}`, body: `\${payload}` };
    const given = { ...ASKING, shapes: [shapeOf(send)], isGiven: true };
    const { sent } = converse((message) => answer(message), [], given);
    expect(new Set(sent.map(({ kind }) => kind))).toEqual(new Set(['json']));
    const usual = converse((message) => answer(message), [], { ...given, isGiven: false });
    expect(usual.sent.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['binary', 'text']));
  });

  test('no id but the text: the id goes where the text was', () => {
    const found = recognize(converse(json(({ text: said }) => (said === undefined ? [] : [{ said }]))));
    expect(jsonService(found)).toMatchObject({ id: ['said'], send: { type: 'echo', text: `\${id}` }, payload: null });
    expect(found.caveats[0]).toMatch(/the id instead of the text/);
  });

  test('what it says of its own accord is told apart, and no document of that is an answer', () => {
    const found = recognize(
      converse(
        json(({ id }) => [{ id }]),
        [{ type: 'welcome', id: 'other' }],
      ),
    );
    expect(found).toMatchObject({ kind: 'json', pushes: true });
  });

  test('an answer that comes late is still that of its message', () => {
    const transcript = converse(json(({ id }) => [{ id }]));
    const late = {
      ...transcript,
      received: transcript.received.map((each) => ({ ...each, sentBefore: transcript.sent.length })),
    };
    expect(recognize(late)).toEqual(recognize(transcript));
  });

  test('text that only has the id in it is not taken for an answer with a path', () => {
    const found = recognize(converse((message) => [`you said ${message}`]));
    expect(found).toMatchObject({ kind: 'unknown', why: 'unread' });
    expect(found.sample).toContain('you said');
  });
});

test('what a second connection receives too is said in a room, and in none where it receives nothing', () => {
  const transcript = converse((message) => [message]);
  const found = recognize({ ...transcript, receivedByListener: 4 });
  expect(found).toMatchObject({ kind: 'echo', isShared: true });
  expect(found.evidence.at(-1)).toMatch(/second connection received 4 of the test messages/);
  expect(recognize(transcript).isShared).toBe(false);
  expect(recognize({ ...transcript, receivedByListener: null }).isShared).toBe(false);
});

describe('acknowledgements', () => {
  test('apart from the message, by the path that only they have', () => {
    const found = recognize(converse(json(({ id, text: said }) => [{ ack: id }, { event: 'said', id, text: said }])));
    expect(jsonService(found)).toMatchObject({ ack: ['ack'], id: ['id'], payload: ['text'], isDouble: false });
    expect(found.evidence.join()).toMatch(/also sent acknowledgements, with the id at ack/);
  });

  test('by the name, where nothing returns the payload', () => {
    const found = recognize(converse(json(({ id }) => [{ type: 'done', id }, { ackId: id }])));
    expect(jsonService(found)).toMatchObject({ ack: ['ackId'], id: ['id'], payload: null });
  });

  test('an answer alone is not one, whatever its name', () => {
    expect(jsonService(recognize(converse(json(({ id }) => [{ ack: id }]))))).toMatchObject({ ack: null, id: ['ack'] });
  });

  test('with the id at the same path cannot be told apart, and that is said', () => {
    const found = recognize(
      converse(
        json(({ id, text: said }) => [
          { type: 'ack', id },
          { type: 'said', id, text: said },
        ]),
      ),
    );
    expect(jsonService(found)).toMatchObject({ ack: null, isDouble: true });
    expect(found.caveats[0]).toMatch(/acknowledgements cannot be told from replies/);
  });
});

describe('errors', () => {
  const strict = (error: (id: unknown) => object): Service =>
    json(({ type, id }) => [type === 'echo' ? { id, done: true } : error(id)]);

  test('by a path that has something, seen on a message that nobody knows', () => {
    const found = recognize(converse(strict((id) => ({ id, error: { code: 4 } }))));
    expect(jsonService(found).error).toEqual(['error']);
  });

  test('by a word: the path that only errors have', () => {
    const found = recognize(converse(strict((id) => ({ type: 'error', id, reason: 'no such type' }))));
    expect(jsonService(found).error).toEqual(['reason']);
  });

  test('by a word alone: said, not guessed', () => {
    const found = recognize(converse(json(({ type, id }) => [{ id, status: type === 'echo' ? 'fine' : 'error' }])));
    expect(jsonService(found).error).toBeNull();
    expect(found.caveats[0]).toMatch(/errors are marked by error at status/);
  });

  test('with the id in another place than answers have it: said, as the plan cannot match them', () => {
    const found = recognize(converse(json(({ type, id }) => [type === 'echo' ? { replyTo: id } : { id, error: 4 }])));
    expect(jsonService(found)).toMatchObject({ id: ['replyTo'], error: null });
    expect(found.caveats[0]).toMatch(/errors have the id at id, which the plan does not read/);
  });

  test('an empty error is none', () => {
    expect(jsonService(recognize(converse(json(({ id }) => [{ id, error: null }]))))).toMatchObject({
      error: null,
      refusedAll: false,
    });
  });

  test('to every message: the shape that the refusals resemble, and what to fill in', () => {
    const rpc = json(({ id }) => [{ jsonrpc: '2.0', id, error: { code: -32601 } }]);
    const transcript = converse(rpc);
    const found = recognize(transcript);
    expect(jsonService(found)).toMatchObject({
      refusedAll: true,
      error: ['error'],
      id: ['id'],
      send: { jsonrpc: '2.0' },
    });
    // It speaks JSON: it is told nothing else.
    expect(transcript.sent.every(({ kind }) => kind === 'json')).toBe(true);
  });
});

describe('pushes', () => {
  const nothing: Service = () => [];
  const ticks = (make: (i: number) => object): readonly object[] => Array.from({ length: 8 }, (_, i) => make(i));
  const sequenceOf = (pushes: readonly (object | string)[]) => {
    const found = recognize(converse(nothing, pushes));
    return found.kind === 'push' ? found.sequence : found.kind;
  };

  test('a number that goes up by one', () => {
    expect(sequenceOf(ticks((i) => ({ data: { seq: 70 + i }, ts: 1.7e12 + 900 * i })))).toMatchObject({
      path: ['data', 'seq'],
      channel: null,
      steps: 7,
      byOne: 7,
    });
  });

  test('within a channel', () => {
    const pushes = ticks((i) => ({ n: 5 + (i >> 1), symbol: i % 2 === 0 ? 'AAA' : 'BBB', side: 'buy' }));
    expect(sequenceOf(pushes)).toMatchObject({ path: ['n'], channel: ['symbol'], channels: 2 });
  });

  test('over all channels: then the channel is not named', () => {
    expect(sequenceOf(ticks((i) => ({ seq: i, symbol: i % 2 === 0 ? 'AAA' : 'BBB' })))).toMatchObject({
      channel: null,
    });
  });

  test('a gap now and then is said, as it may be what the service loses', () => {
    const found = recognize(
      converse(
        nothing,
        ticks((i) => ({ seq: i < 4 ? i : i + 1 })),
      ),
    );
    expect(found.caveats[0]).toMatch(/jumped 1 times/);
  });

  test.each([
    ['a time stamp', ticks((i) => ({ ts: 1_700_000_000 + i }))],
    ['a price', ticks((i) => ({ price: [5, 6, 4, 8, 8, 1, 2, 3][i] }))],
    ['a number that goes up by much', ticks((i) => ({ seq: 100 * i }))],
    ['two messages', ticks((i) => ({ seq: i })).slice(0, 2)],
    ['text', ['one', 'two', 'three', 'four']],
  ])('%s is no sequence', (_name, pushes) => expect(sequenceOf(pushes)).toBe('unknown'));

  test('numbers that begin again on another connection are no step back', () => {
    const transcript = converse(nothing, [...ticks((i) => ({ seq: i })), ...ticks((i) => ({ seq: i }))]);
    const pushes = transcript.received.map((each, i) => ({ ...each, connection: i < 8 ? 0 : 1 }));
    expect(recognize({ ...transcript, received: pushes }).kind).toBe('push');
    expect(recognize(transcript).kind).toBe('unknown');
  });
});

describe('what is not recognized is said plainly', () => {
  test('silence', () => {
    const transcript = converse(() => []);
    const found = recognize(transcript);
    expect(found).toMatchObject({ kind: 'unknown', why: 'silent', sample: null });
    expect(found.evidence[0]).toBe(`it sent nothing in 2.0 s, and no reply to ${transcript.sent.length} messages`);
  });

  test('nothing asked', () => {
    expect(recognize({ ...EMPTY, maySend: false })).toMatchObject({ kind: 'unknown', why: 'notAsked' });
  });

  test('a service that closes', () => {
    const cause = { kind: 'closeFrame', code: 4401, reason: 'log in first' } as const;
    const found = recognize({ ...EMPTY, endings: [{ sentBefore: 0, kind: 'closedByServer', cause }] });
    expect(found).toMatchObject({ kind: 'unknown', why: 'closes' });
    expect(found.evidence[0]).toBe(`the service ended the connection before anything was sent: ${causeText(cause)}`);
  });

  test.each([
    '',
    '{',
    '[1,2',
    '{"a":',
    'null',
    '7',
    `{"${'x'.repeat(500)}":1}`,
    '['.repeat(30_000),
  ])('garbage (%#)', (garbage) => {
    expect(recognize(converse(() => [garbage], [garbage, garbage, garbage])).kind).toBe('unknown');
  });
});

test('no service is sent more than a dozen or so messages, and a JSON service nothing but JSON', () => {
  for (const service of [json(({ id }) => [{ id }]), json(({ id }) => [{ id, error: 'x' }])]) {
    expect(converse(service).sent.map(({ kind }) => kind)).not.toContain('binary');
  }
  for (const service of [() => [], (message: string) => [message], json(() => [{ error: 'x' }])] as Service[]) {
    expect(converse(service).sent.length).toBeLessThanOrEqual(12);
  }
});

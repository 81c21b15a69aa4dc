import { describe, expect, test } from 'vitest';
import type { ProtocolAdapter } from './adapter.ts';
import { adapterProblems, describeThrown, incomingProblem } from './adapter-contract.ts';

/** Keeps every clause. */
const lines: ProtocolAdapter = ({ client, room, row }) => ({
  join: [`JOIN ${room} AS ${row.user ?? client}`],
  encode: ({ id, payload }) => `SAY ${id} ${payload}`,
  decode(received) {
    const [word, id = '', payload = ''] = String(received).split(' ');
    return word === 'SAY' ? [{ kind: 'message', id, payload }] : [];
  },
});
const textOf = (protocol: unknown): string =>
  adapterProblems(protocol)
    .map(({ where, expected, got }) => `${where}: expected ${expected}, got ${got}`)
    .join('\n');

describe('the contract of a protocol', () => {
  test('is kept by one that keeps it', () => {
    expect(adapterProblems(lines)).toEqual([]);
  });

  test('gives it the row that it asks for', () => {
    const strict: ProtocolAdapter = (client) => ({ ...lines(client), join: [client.row.token!] });
    expect(adapterProblems(strict, { token: 'abc' })).toEqual([]);
    expect(textOf(strict)).toBe('join: expected strings or bytes, got undefined');
  });

  test('tells everything that is wrong with the shape at once', () => {
    expect(textOf(() => ({ join: 'JOIN', decode: 5 }))).toBe(
      'join: expected a list of strings or bytes, got "JOIN"\n' +
        'encode: expected a function, got undefined\n' +
        'decode: expected a function, got 5',
    );
  });

  test.each([
    [undefined, 'protocol: expected a function that takes a client, got undefined'],
    [() => null, 'protocol: expected an object with encode and decode, got null'],
    [
      () => ({ ...lines({ client: 0, room: 0, row: {} }), encode: () => '' }),
      'encode: expected a string or bytes, not empty, got ""',
    ],
    [
      () => ({ ...lines({ client: 0, room: 0, row: {} }), encode: () => new Uint8Array(5) }),
      'encode: expected different messages for different ids, got the same message for two ids',
    ],
  ])('refuses %s', (protocol, problem) => {
    expect(textOf(protocol)).toBe(problem);
  });

  test('reports a getter that throws, as of a function that does', () => {
    const broken = {
      get encode(): never {
        throw new RangeError('no');
      },
      decode: () => [],
    };
    expect(textOf(() => broken)).toMatch(
      /^encode: expected not to throw, got RangeError: no at .*adapter-contract\.test\.ts:\d+:\d+$/,
    );
  });
});

describe('what decode gives back', () => {
  test.each([
    [[], null],
    [[{ kind: 'message', id: 'x', payload: 'y', duplicate: true, state: { expected: 'a', got: 'b' } }], null],
    [[{ kind: 'acknowledgement', id: 'x' }, { kind: 'rejection', id: 'y' }, { kind: 'unexpected' }], null],
    [[{ kind: 'reply', send: new Uint8Array(1) }], null],
    [{}, 'a list of entries'],
    [[null], 'a kind out of'],
    [[{ kind: 'constructor' }], 'a kind out of'],
    [[{ kind: 'acknowledgement' }], 'an id (string) with kind acknowledgement'],
    [[{ kind: 'message', id: 'x', payload: 5 }], 'a payload that is a string'],
    [[{ kind: 'message', id: 'x', state: { expected: 1 } }], 'a state { expected, got } of two strings'],
    [[{ kind: 'reply' }], 'send (a string or bytes)'],
  ])('%j: %s', (incoming, problem) => {
    const found = incomingProblem(incoming);
    if (problem === null) expect(found).toBeNull();
    else expect(found?.expected).toContain(problem);
  });
});

describe('what was thrown', () => {
  test('is told in few characters, whatever it is', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    expect(describeThrown('text')).toBe('"text"');
    expect(describeThrown(Object.create(null))).toBe('{}');
    expect(describeThrown(circular)).toBe('a object');
    expect(describeThrown(10n)).toBe('a bigint');
    expect(describeThrown(new Error('x'.repeat(1e6))).length).toBeLessThan(1000);
  });

  test('a place is looked for in the stack, not in the message', () => {
    const text = describeThrown(new Error(`cannot parse ${'('.repeat(1000)}/srv/of/the/service.js:1:1)`));
    expect(text).toMatch(/ at .*adapter-contract\.test\.ts:\d+:\d+$/);
    expect(text).not.toContain('service.js');
  });
});

// A protocol of the user's own: what is wrong with it is said before the run where it can be, and counted where it cannot.

import { describe, expect, test } from 'vitest';
import { failureCauseText } from '../support/failures.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { type FinishedHighwater, runHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';

/** A line protocol on an echo server: `SAY id payload`. */
const LINES = `
export const protocol = () => ({
  encode: ({ id, payload }) => 'SAY ' + id + ' ' + payload,
  decode(received) {
    const [word, id, payload] = String(received).split(' ');
    return word === 'SAY' ? [{ kind: 'message', id, payload }] : [{ kind: 'unexpected' }];
  },
});
`;

async function runWith(source: string, args: readonly string[] = [], command = 'run'): Promise<FinishedHighwater> {
  const server = await startForeignServer('faye');
  const cwd = temporaryDirectory();
  writeInto(cwd, 'lines.ts', source);
  const plan = {
    target: { url: server.url },
    protocol: './lines.ts',
    load: { connections: 5, messages: { open: { rate: '200/s', for: '1s' } } },
    contract: { delivery: 'exactly-once', integrity: 'checksum' },
    drain: '500ms',
  };
  try {
    return await runHighwater([command, writeInto(cwd, 'plan.json', JSON.stringify(plan)), ...args], { cwd });
  } finally {
    await server.stop();
  }
}

test('every message is verified', async () => {
  const { result } = await runWith(LINES, ['--json']);
  expect(result.messages).toMatchObject({ sent: 200, delivered: 200, lost: 0, corrupted: 0, unexpected: 0 });
  expect(result.response.count).toBe(200);
  expect(result.verdict.thresholds.map(({ kind }) => kind)).toEqual(['pass', 'pass']);
});

describe('before the run', () => {
  test.each([
    ['does not load', 'export const protocol = (', /lines\.ts: expected a module that loads, got .*lines\.ts:1:2\d/s],
    ['imports what is not there', `import 'no-such-package';`, /expected a module that loads, got .*no-such-package/],
    [
      'throws when it loads',
      'throw new Error("no license")',
      /expected a module that loads, got Error: no license at .*lines\.ts:1:\d/,
    ],
    [
      'exports no protocol',
      'export const dialekt = 1;',
      /lines\.ts: protocol: expected a function that takes a client, got undefined/,
    ],
    [
      'returns nothing',
      'export const protocol = () => {};',
      /protocol: expected an object with encode and decode, got undefined/,
    ],
    [
      'lacks a function',
      'export const protocol = () => ({ encode: () => "x" });',
      /decode: expected a function, got undefined/,
    ],
    [
      'encodes nothing',
      'export const protocol = () => ({ encode: () => 5, decode: () => [] });',
      /encode: expected a string or bytes, not empty, got 5/,
    ],
    [
      'encodes all messages alike',
      'export const protocol = () => ({ encode: () => "x", decode: () => [] });',
      /encode: expected different messages for different ids, got the same message for two ids/,
    ],
    [
      'throws at what a service may send',
      '\n\nexport const protocol = () => ({\n encode: ({ id }) => id,\n decode: (text) => [JSON.parse(text)],\n});',
      /decode: expected not to throw when given "", got SyntaxError: .* at .*lines\.ts:5:\d+/,
    ],
    [
      'means something that nobody knows',
      'export const protocol = () => ({ encode: ({ id }) => id, decode: () => [{ kind: "massage" }] });',
      /decode: expected a kind out of message, acknowledgement, rejection, unexpected, unreadable, reply, got \{"kind":"massage"\}/,
    ],
    ['ends the process', 'process.exit(0)', /expected a module that loads, got one that ends the process/],
    [
      'never comes back',
      'export const protocol = () => ({ encode: ({ id }) => id, decode() { for (;;); } });',
      /expected a module that loads, got one that did not load within 20 s/,
    ],
    [
      'leaves something running and throws what is no error',
      'setInterval(() => {}, 1000); export const protocol = () => { throw Object.create(null); };',
      /protocol: expected not to throw, got /,
    ],
    [
      'gives promises',
      'export const protocol = () => ({ encode: ({ id }) => id, decode: async () => { throw new Error("late"); } });',
      /decode: expected a list of entries, got /,
    ],
    [
      'means what JSON does not have',
      'export const protocol = () => ({ encode: ({ id }) => id, decode: () => [{ kind: "message", id: 10n }] });',
      /decode: expected an id \(string\) with kind message, got a bigint/,
    ],
    [
      'joins with a number',
      'export const protocol = () => ({ join: [7], encode: ({ id }) => id, decode: () => [] });',
      /join: expected strings or bytes, got 7/,
    ],
  ])('a protocol that %s: what and where, and exit code 64', async (_, source, sentence) => {
    const { exitCode, stderr } = await runWith(source, [], 'check');
    expect(stderr).toMatch(/PROTOCOL_INVALID/);
    expect(stderr).toMatch(sentence);
    expect(exitCode).toBe(64);
  });

  test('a protocol that is not there', async () => {
    const cwd = temporaryDirectory();
    const plan = {
      target: { url: 'ws://127.0.0.1:9' },
      protocol: './none.ts',
      load: { connections: [{ to: 1 }, { hold: '1s' }] },
    };
    const { exitCode, stderr } = await runHighwater(['run', writeInto(cwd, 'plan.json', JSON.stringify(plan))], {
      cwd,
    });
    expect(stderr).toMatch(/PROTOCOL_INVALID/);
    expect(exitCode).toBe(64);
  });
});

describe('in the middle of a run', () => {
  test('a decode that throws is counted, with an example, and the run is inconclusive', async () => {
    const source = LINES.replace(
      '    const [word',
      "    if (/-7 /.test(String(received))) throw new RangeError('seven');\n    const [word",
    );
    const { result, exitCode } = await runWith(source, ['--json']);
    expect(result.connections.failures.adapterError?.count).toBe(5);
    expect(failureCauseText(result, 'adapterError')).toMatch(/^decode: RangeError: seven at .*lines\.ts:5:\d+$/);
    expect(result.messages).toMatchObject({ sent: 200, delivered: 195, lost: 5 });
    expect(result.verdict.doubts.map(({ kind }) => kind)).toContain('adapterError');
    expect(exitCode).toBe(2);
  });

  test('a message that cannot be encoded is not sent, and said so', async () => {
    const source = LINES.replace("'SAY ' + id", "(/-7$/.test(id) && id !== 'x' ? fail() : 'SAY ' + id)");
    const { result } = await runWith(source, ['--json']);
    // The number is not taken, so that the client goes on to fail at it.
    expect(result.messages.unsent.adapterError).toBe(5 * (40 - 7));
    expect(result.messages).toMatchObject({ sent: 35, delivered: 35, lost: 0 });
    expect(result.verdict.kind).toBe('inconclusive');
  });

  test('whatever it throws or gives back, the run goes on', async () => {
    const source = LINES.replace(
      '    const [word',
      `    if (/-7 /.test(String(received))) throw Object.create(null);
    if (/-8 /.test(String(received))) return Promise.reject(new Error('late'));
    if (/-9 /.test(String(received))) throw new Error('cannot parse ' + 'x'.repeat(1e6));
    const [word`,
    );
    const { result } = await runWith(source, ['--json']);
    expect(result.connections.failures.adapterError?.count).toBe(15);
    expect(result.messages).toMatchObject({ sent: 200, delivered: 185, lost: 15 });
    expect(result.generator.missedWorkers).toBe(0);
  });

  test('answers whose ids are not ours leave everything open', async () => {
    const { result, exitCode } = await runWith(LINES.replace("message', id", "message', id: id.slice(1)"), ['--json']);
    expect(result.messages.unexpected).toBe(200);
    expect(result.verdict.doubts.map(({ kind }) => kind)).toContain('unmatched');
    expect(exitCode).toBe(2);
  });

  test('a reply of the protocol goes out', async () => {
    const source = LINES.replace(
      "return word === 'SAY'",
      "if (word === 'PING') return [];\n    if (/-3$/.test(id)) return [{ kind: 'reply', send: 'PING x' }, { kind: 'message', id, payload }];\n    return word === 'SAY'",
    );
    const { result } = await runWith(source, ['--json']);
    expect(result.messages).toMatchObject({ delivered: 200, unexpected: 0 });
  });
});

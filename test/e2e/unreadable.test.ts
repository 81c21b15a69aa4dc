// The built command against services whose answers come and cannot be read: they are named by what they are, and are neither
// lost nor a heartbeat.

import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { RunResult } from '../../src/facts/result.ts';
import type { UnreadableKind } from '../../src/facts/unreadable.ts';
import { runHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';
import { documentOf, startWsService } from '../support/ws-service.ts';

const JSON_PLAN = {
  protocol: { kind: 'json', send: { id: `\${id}` }, id: 'id' },
  load: { connections: 3, messages: { open: { rate: '60/s', for: '2s' } } },
  thresholds: ['lost == 0', 'delivered >= 99.9%', 'sent == 120'],
};
const PUSH_PLAN = {
  protocol: { kind: 'push', sequence: 'seq', channel: 's' },
  load: { connections: [{ to: 2 }, { hold: '2s' }] },
  thresholds: ['pushes.missed == 0'],
};

interface Told {
  readonly result: RunResult;
  readonly stderr: string;
}

async function run(url: string, plan: object): Promise<Told> {
  const cwd = temporaryDirectory();
  const document = { target: { url }, contract: { delivery: 'exactly-once' }, drain: '500ms', ...plan };
  return runHighwater(['run', writeInto(cwd, 'plan.json', JSON.stringify(document)), '--json'], { cwd });
}

/** What becomes of the answers: `answer` sends the nth of a connection. */
async function answered(answer: (socket: WebSocket, id: string, index: number) => void): Promise<Told> {
  const counts = new Map<WebSocket, number>();
  const { url } = await startWsService({
    message(socket, text) {
      const index = counts.get(socket) ?? 0;
      counts.set(socket, index + 1);
      answer(socket, String(documentOf(text).id), index);
    },
  });
  return run(url, JSON_PLAN);
}

/** Each connection is told what `say` makes of 1, 2, 3 …, fifty in a second. */
async function told(say: (n: number) => string | null): Promise<Told> {
  const { url } = await startWsService({
    connected(socket) {
      let n = 0;
      const timer = setInterval(() => {
        const text = say(++n);
        if (text !== null) socket.send(text);
      }, 20);
      socket.on('close', () => clearInterval(timer));
    },
  });
  return run(url, PUSH_PLAN);
}

const kindsOf = ({ delivery }: RunResult): readonly string[] => Object.keys(delivery.unreadable);
const ruleOf = ({ verdict }: RunResult, expression: string): string | undefined =>
  verdict.thresholds.find((each) => each.expression === expression)?.kind;
const doubtOf = ({ verdict }: RunResult): string =>
  verdict.doubts.find(({ kind }) => kind === 'unreadable')?.detail ?? '';

/** Books hold, and nothing is said that nobody knows. */
function expectUndecided({ result }: Told, kind: UnreadableKind): void {
  const { messages } = result;
  expect(kindsOf(result)).toEqual([kind]);
  expect(messages.delivered + messages.rejected + messages.lost + messages.unresolved).toBe(messages.sent);
  expect(messages.lost).toBe(0);
  expect(messages.unexpected).toBe(0);
  expect(result.verdict.kind).toBe('inconclusive');
  expect(doubtOf(result)).not.toBe('');
}

describe('answers that cannot be read', () => {
  test('a bare NaN in each tenth: 12 of 120 are unresolved, and the byte is told', async () => {
    const outcome = await answered((socket, id, index) =>
      socket.send(`{"id":"${id}","temperature":${index % 10 === 9 ? 'NaN' : 21.5}}`),
    );
    expectUndecided(outcome, 'notJson');
    const { result } = outcome;
    expect(result.messages).toMatchObject({ sent: 120, delivered: 108, unresolved: 12, unreadable: 12 });
    expect(result.delivery.unreadable.notJson?.first?.text).toMatch(
      /^byte \d\d of \{"id":"\w{8}-\d-\d+","temperature":NaN\}/,
    );
    expect(doubtOf(result)).toMatch(/12 of 120 .*12 are not JSON/);
    expect([ruleOf(result, 'lost == 0'), ruleOf(result, 'delivered >= 99.9%'), ruleOf(result, 'sent == 120')]).toEqual([
      'inconclusive',
      'inconclusive',
      'pass',
    ]);
  });

  test('where none can be read the notice says what came, and not to set protocol.id', async () => {
    const outcome = await answered((socket, id) => socket.send(`{"id":"${id}","temperature":NaN}`));
    expectUndecided(outcome, 'notJson');
    expect(outcome.stderr).toMatch(/messages came that are not JSON/);
    expect(outcome.stderr).not.toMatch(/set protocol\.id/);
  });

  test.each(['lines', 'array'])('several documents in one message, as %s, after one that came alone', async (form) => {
    const waiting = new Map<WebSocket, string[]>();
    const outcome = await answered((socket, id, index) => {
      const document = `{"id":"${id}","ok":true}`;
      if (index === 0) {
        socket.send(document);
        return;
      }
      const documents = waiting.get(socket) ?? [];
      waiting.set(socket, documents);
      documents.push(document);
      if (documents.length > 1) return;
      setTimeout(() => {
        const all = documents.splice(0);
        if (form === 'array') socket.send(`[${all.join(',')}]`);
        else socket.send(all.length === 1 ? all[0]! : all.join('\n'));
      }, 200);
    });
    expectUndecided(outcome, 'severalDocuments');
    expect(outcome.result.messages.delivered).toBeGreaterThan(0);
  });

  test.each([
    ['gzip', gzipSync],
    ['zlib', deflateSync],
    ['raw deflate', deflateRawSync],
  ])('compressed in binary frames: %s', async (_, pack) => {
    const outcome = await answered((socket, id) => socket.send(pack(JSON.stringify({ id, status: 'ok' }))));
    expectUndecided(outcome, 'compressed');
    expect(doubtOf(outcome.result)).toMatch(
      /120 begin like compressed data: use a custom protocol that decompresses them/,
    );
  });

  test.each([
    ['UTF-16', 'otherEncoding', (id: string) => Buffer.from(`{"id":"${id}"}`, 'utf16le')],
    ['Latin-1', 'otherEncoding', (id: string) => Buffer.from(`{"id":"${id}","where":"Zürich"}`, 'latin1')],
    ['a binary format', 'notText', (id: string) => Buffer.concat([Buffer.of(0x82, 0xa2, 0xc0), Buffer.from(id)])],
  ] as const)('%s in binary frames', async (_, kind, pack) => {
    expectUndecided(await answered((socket, id) => socket.send(pack(id))), kind);
  });

  test('what is lost beside them is lost: a client that never has an unreadable one keeps its breach', async () => {
    const { result } = await answered((socket, id, index) => {
      const isBroken = id.split('-')[1] === '0' && index === 20;
      if (isBroken) socket.send('{"id":');
      else if (index !== 10) socket.send(`{"id":"${id}"}`);
    });
    expect(result.messages).toMatchObject({ sent: 120, lost: 2, unresolved: 2, unreadable: 1 });
    expect(result.verdict.kind).toBe('fail');
    expect(ruleOf(result, 'lost == 0')).toBe('fail');
  });

  test('escapes in id and key, a byte order mark and deep nesting are JSON: all are delivered', async () => {
    const { result } = await answered((socket, id, index) => {
      const deep = `${'['.repeat(500)}${']'.repeat(500)}`;
      const texts = [
        `{"id":"${id.replaceAll('-', '\\u002d')}"}`,
        `{"i\\u0064":"${id}"}`,
        `\ufeff{"id":"${id}"}`,
        `{"deep":${deep},"id":"${id}"}`,
      ];
      socket.send(texts[index % texts.length]!);
    });
    expect(result.messages).toMatchObject({ sent: 120, delivered: 120, lost: 0, unreadable: 0, unexpected: 0 });
    expect(kindsOf(result)).toEqual([]);
  });

  test('a greeting and a heartbeat, in JSON or in a word, are none', async () => {
    const { result } = await answered((socket, id) => {
      socket.send('pong');
      socket.send('{"type":"heartbeat"}');
      socket.send(`{"id":"${id}"}`);
    });
    expect(result.messages).toMatchObject({ sent: 120, delivered: 120, unreadable: 0, unexpected: 240 });
  });
});

describe('pushes that cannot be placed', () => {
  test('numbers that are ranges: nothing is missed for sure', async () => {
    let last = 0;
    const ends = Array.from({ length: 1000 }, (_, n) => (last += 1 + ((n * 7) % 9)));
    const { result } = await told((n) => JSON.stringify({ s: 'BTCUSDT', seq: ends[n] }));
    expect(kindsOf(result)).toEqual(['numbersNotByOne']);
    expect(result.pushes).toMatchObject({ missed: 0 });
    expect(result.pushes!.unresolved).toBeGreaterThan(0);
    expect(result.verdict.kind).toBe('inconclusive');
  });

  test('numbers that pass 2^53, one of which is left out: never a pass, and the share is told', async () => {
    const { result } = await told((n) => (n === 60 ? null : `{"s":"a","seq":${9007199254740960n + BigInt(n)}}`));
    expect(kindsOf(result)).toEqual(['numberTooLarge']);
    expect(result.pushes).toMatchObject({ missed: 0 });
    expect(result.verdict.kind).toBe('inconclusive');
    expect(doubtOf(result)).toMatch(/\d+ of \d+ received messages? .* ha(s|ve) a sequence number of 2\^53 or more/);
  });

  test('numbers that all lie beyond it: the notice and the doubt say so, and not to set protocol.sequence elsewhere', async () => {
    const { result } = await told((n) => `{"s":"a","seq":"${9223372036854770000n + BigInt(n)}"}`);
    expect(kindsOf(result)).toEqual(['numberTooLarge']);
    expect(result.verdict.kind).toBe('inconclusive');
    expect(result.verdict.doubts.map(({ detail }) => detail).join()).not.toContain('set sequence to');
  });

  test('in lines: what came so is not missed', async () => {
    // Of each ten two come in one message.
    const { result } = await told((n) => {
      if (n % 10 === 9) return null;
      return n % 10 === 0 && n > 0 ? `{"s":"a","seq":${n - 1}}\n{"s":"a","seq":${n}}` : `{"s":"a","seq":${n}}`;
    });
    expect(kindsOf(result)).toEqual(['severalDocuments']);
    expect(result.pushes).toMatchObject({ missed: 0 });
    expect(result.pushes!.unresolved).toBeGreaterThan(0);
    expect(result.verdict.kind).toBe('inconclusive');
  });

  test('one that is left out of numbers that go up by one is missed, as ever', async () => {
    const { result } = await told((n) => (n === 20 ? null : `{"s":"a","seq":${n}}`));
    expect(kindsOf(result)).toEqual([]);
    expect(result.pushes).toMatchObject({ missed: 2, unresolved: 0 });
    expect(result.verdict.kind).toBe('fail');
  });
});

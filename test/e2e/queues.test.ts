// The built command against the queues of the reference target: what overflows is announced, and every refusal is counted
// as often, and in the type, as the truth log says.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import type { TruthLine } from '../../src/injection/truth.ts';
import { parsePlan } from '../../src/plan/parse.ts';
import { createTypeOf } from '../../src/plan/schedule/message-types.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { runHighwater, startHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';

const MIX = [
  { type: 'chat', weight: 90, bytes: 150, priority: 'low' },
  { type: 'typing', weight: 5, bytes: 120, priority: 'low' },
  { type: 'order', weight: 5, bytes: 200, priority: 'high' },
];

interface Queued {
  readonly result: RunResult;
  readonly refused: readonly (TruthLine & { readonly act: 'refuse' })[];
  /** The type of each refused message, worked out from its number alone. */
  readonly refusedTypes: readonly string[];
}

async function queue(behavior: string, load: object, thresholds: readonly string[]): Promise<Queued> {
  const cwd = temporaryDirectory();
  writeInto(cwd, 'behavior.yaml', behavior);
  const target = startHighwater(['target', '--behavior', 'behavior.yaml', '--truth', 'truth.ndjson'], { cwd });
  const [, url = ''] = await target.prints('stdout', /^listening (\S+)$/m);
  const document = {
    target: { url: `${url}/queues/work?client=\${client}` },
    protocol: {
      kind: 'json',
      send: { type: `\${type}`, id: `\${id}`, priority: `\${priority}`, text: `\${payload}` },
      error: 'error',
      payload: 'text',
    },
    load: { connections: 10, mix: MIX, ...load },
    contract: { delivery: 'exactly-once', integrity: 'checksum' },
    thresholds,
    drain: '30s', // as long as it takes: it ends as soon as all have come
  };
  const { result } = await runHighwater(['run', writeInto(cwd, 'plan.json', JSON.stringify(document)), '--json'], {
    cwd,
  });
  target.signal('SIGTERM');
  await target.finished;
  const lines = readFileSync(path.join(cwd, 'truth.ndjson'), 'utf8').split('\n').filter(Boolean);
  const refused = lines.map((line) => JSON.parse(line) as TruthLine).filter((line) => line.act === 'refuse');
  const parsed = parsePlan(document, { env: {}, fallbackProfile: null });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const typeOf = createTypeOf(parsed.plan);
  return { result, refused, refusedTypes: refused.map(({ stream, seq }) => MIX[typeOf(stream, seq)]!.type) };
}

const rulesOf = ({ verdict }: RunResult): Record<string, string> =>
  Object.fromEntries(verdict.thresholds.map(({ expression, kind }) => [expression, kind]));

describe('a queue that is offered ten times what it can work off', () => {
  test('refuses the low and keeps the high, and nothing is lost: message by message as the truth log says', async () => {
    // More places than there are messages of high priority in the whole run: however the machine stumbles, none of them
    // has to go.
    const { result, refused, refusedTypes } = await queue(
      'queue: { capacity: 300, rate: 100/s, priorities: [high, low] }',
      { messages: { open: { rate: '1000/s', for: '2s' } } },
      ['rejected{priority=high} == 0', 'rejected{priority=low} == 0', 'lost == 0'],
    );
    const { messages, types } = result;
    expectBalancedBooks(result);
    expect(messages).toMatchObject({
      rejected: refused.length,
      delivered: messages.sent - refused.length,
      lost: 0,
      unresolved: 0,
      duplicated: 0,
      corrupted: 0,
      unexpected: 0,
    });
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused.map(({ stream, seq }) => `${stream} #${seq}`)).size).toBe(refused.length);
    expect(Object.fromEntries(types.map(({ type, messages: { rejected } }) => [type, rejected]))).toEqual({
      chat: refusedTypes.filter((type) => type === 'chat').length,
      typing: refusedTypes.filter((type) => type === 'typing').length,
      order: 0,
    });
    expect(refusedTypes).not.toContain('order');
    // What the template said of each is what the plan says of it.
    expect(new Set(refused.map(({ priority }) => priority))).toEqual(new Set(['low']));
    const orders = types.find(({ type }) => type === 'order')!.messages.sent;
    expect(orders).toBeGreaterThan(0);
    expect(orders, 'there is room for all that is high').toBeLessThan(300);
    expect(rulesOf(result)).toMatchObject({
      'rejected{priority=high} == 0': 'pass',
      'rejected{priority=low} == 0': 'fail',
      'lost == 0': 'pass',
    });
  });
});

describe('a queue with room for all', () => {
  test('refuses nothing, and nothing is found refused', async () => {
    const { result, refused } = await queue(
      'queue: { capacity: 1000, rate: 1000/s }',
      { messages: { open: { rate: '400/s', for: '1s' } } },
      ['rejected == 0', 'lost == 0'],
    );
    const { messages } = result;
    expectBalancedBooks(result);
    expect(refused).toEqual([]);
    expect(messages).toMatchObject({ delivered: messages.sent, rejected: 0, lost: 0, unexpected: 0, corrupted: 0 });
    expect(messages.sent).toBeGreaterThan(0);
    expect(rulesOf(result)).toMatchObject({ 'rejected == 0': 'pass', 'lost == 0': 'pass' });
  });
});

test('what a queue cannot be is refused, all at once', async () => {
  const cwd = temporaryDirectory();
  writeInto(cwd, 'bad.yaml', 'queue: { capacity: 0, rate: 5, priorities: [high, high], size: 3 }');
  const { exitCode, stderr } = await runHighwater(['target', '--behavior', 'bad.yaml'], { cwd });
  expect(exitCode).toBe(64);
  for (const line of [
    /BEHAVIOR_INVALID {2}queue\.capacity: expected a whole number from 1 to 100000, got 0/,
    /BEHAVIOR_INVALID {2}queue\.rate: expected a rate such as 500\/s, got 5 \(add a unit: 5\/s\)/,
    /BEHAVIOR_INVALID {2}queue\.priorities: expected each priority once, got a list/,
    /BEHAVIOR_INVALID {2}queue\.size: expected one of capacity, rate, priorities, got the unknown key "size"/,
  ]) {
    expect(stderr).toMatch(line);
  }
});

// The built command against services that speak of their own accord: what they say is judged by their own numbers.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { violationText } from '../../src/report/words/violation-text.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import {
  type FinishedHighwater,
  runHighwater,
  startHighwater,
  temporaryDirectory,
  writeInto,
} from '../support/highwater.ts';

const RULES = {
  contract: { delivery: 'exactly-once', order: 'per-stream' },
  thresholds: ['pushes.missed == 0', 'pushes.received >= 99.9%', 'reordered == 0'],
  drain: '500ms',
};

async function run(plan: object, args: readonly string[] = []): Promise<FinishedHighwater> {
  const cwd = temporaryDirectory();
  return runHighwater(['run', writeInto(cwd, 'plan.json', JSON.stringify({ ...RULES, ...plan })), '--json', ...args], {
    cwd,
  });
}

const rulesOf = ({ result }: FinishedHighwater): Record<string, string> =>
  Object.fromEntries(result.verdict.thresholds.map(({ expression, kind }) => [expression, kind]));

interface Act {
  readonly act: string;
  readonly to: number;
  readonly stream: number;
  readonly seq: number;
}

/** The feed of the reference target: 100 pushes a second over two channels, and what its truth log says. */
async function runOnFeed(behavior: string, shared: boolean, args: readonly string[] = []) {
  const cwd = temporaryDirectory();
  writeInto(cwd, 'behavior.yaml', behavior);
  const target = startHighwater(['target', '--behavior', 'behavior.yaml', '--truth', 'truth.ndjson'], { cwd });
  const [, url = ''] = await target.prints('stdout', /^listening (\S+)$/m);
  const finished = await run(
    {
      target: { url: `${url}/tickers/all?client=\${client}&rate=100/s&channels=2` },
      protocol: { kind: 'push', sequence: 'seq', channel: 'channel', shared },
      load: { connections: [{ to: 8 }, { hold: '4s' }] },
    },
    args,
  );
  target.signal('SIGTERM');
  await target.finished;
  const truth = readFileSync(path.join(cwd, 'truth.ndjson'), 'utf8').trim().split('\n');
  return { finished, acts: truth.map((line) => JSON.parse(line) as Act) };
}

/** Far enough behind the first that every client receives, and before the last. */
const named = (stream: number, seqs: readonly number[]): string =>
  `[${seqs.map((seq) => `{ stream: ${stream}, seq: ${seq} }`).join(', ')}]`;

describe('a feed that errs on purpose', () => {
  test.each([
    [false, '1'],
    [true, '1'],
    [true, '2'],
  ])('shared numbers %s, %s workers: every act is found, and nothing else', async (shared, workers) => {
    const behavior = `
faults:
  - { kind: drop, messages: ${named(0, [110, 111, 130])} }
  - { kind: duplicate, messages: ${named(0, [115])} }
  - { kind: reorder, messages: ${named(1, [120, 140])}, by: 3 }
  - { kind: drop, messages: [{ stream: 1, seq: 150, to: 3 }] }
`;
    const { finished, acts } = await runOnFeed(behavior, shared, ['-w', workers]);
    const { messages, pushes, violations } = finished.result;
    const actsOf = (kind: string): readonly Act[] => acts.filter(({ act }) => act === kind);
    expect(actsOf('drop')).toHaveLength(3 * 8 + 1);
    expect(pushes).toMatchObject({ missed: 25, unresolved: 0, offline: 0, unjudged: 0 });
    expect(pushes?.expected).toBe((pushes?.received ?? 0) + 25);
    expect(messages).toMatchObject({
      due: 0,
      sent: 0,
      duplicated: actsOf('duplicate').length,
      reordered: actsOf('reorder').length,
      unexpected: 0,
    });
    expect(messages).toMatchObject({ duplicated: 8, reordered: 16 });
    const missed = violations.filter(({ violation }) => violation === 'missed').map(violationText);
    expect(new Set(missed)).toEqual(
      new Set([
        '#110 to #111 of c0 never came; #109 and #112 did',
        '#130 of c0 never came; #129 and #131 did',
        '#150 of c1 never came; #149 and #151 did',
      ]),
    );
    expect(violations.find((found) => found.violation === 'missed' && found.seq === 150)?.client).toBe(3);
    expect(rulesOf(finished)).toEqual({
      'pushes.missed == 0': 'fail',
      'pushes.received >= 99.9%': 'fail',
      'reordered == 0': 'fail',
      'delivery: exactly-once': 'fail',
      'order: per-stream': 'fail',
    });
    expect(pushes?.skew?.pushes ?? null).toEqual(shared ? expect.any(Number) : null);
  });

  test('a client that is evicted in silence is found only where all clients receive the same numbers', async () => {
    const behavior = 'faults: [{ kind: evict, messages: [{ stream: 0, seq: 100, to: 5 }] }]';
    const { finished, acts } = await runOnFeed(behavior, true);
    const { pushes, violations } = finished.result;
    expect(pushes?.missed).toBeGreaterThan(50);
    expect(pushes?.missed).toBeLessThanOrEqual(acts.filter(({ act }) => act === 'drop').length);
    expect(new Set(violations.map(({ client }) => client))).toEqual(new Set([5]));
    expect(violationText(violations[0]!)).toMatch(/^#\d+ to #\d+ of c\d never came; another client received #\d+$/);

    const alone = (await runOnFeed(behavior, false)).finished.result;
    expect(alone.pushes).toMatchObject({ missed: 0 });
  });

  test('one that does nothing wrong passes', async () => {
    const { finished } = await runOnFeed('faults: []', true, ['-w', '2']);
    expect(finished.result.pushes).toMatchObject({
      missed: 0,
      unresolved: 0,
      offline: 0,
      unjudged: 0,
      receivedRatio: 1,
    });
    expect(finished.result.pushes?.firstPush.count).toBe(8);
    expect(finished.result.messages).toMatchObject({ duplicated: 0, reordered: 0, unexpected: 0 });
    expect(finished.result.delivery.consistentWith).toBe('exactly-once');
    expect(finished.result.violations).toEqual([]);
  });
});

const TICKER = {
  kind: 'push',
  join: [{ op: 'subscribe', symbols: ['BTC', `L-\${client}`] }],
  sequence: 'data.id',
  channel: 'data.symbol',
};

describe('a market feed of somebody else’s making', () => {
  test('is received after its subscription, each symbol by itself; heartbeats are not judged', async () => {
    const server = await startForeignServer('ticker', { skip: 30, twice: 40 });
    const { result } = await run({
      target: { url: server.url },
      protocol: TICKER,
      load: { connections: [{ to: 5 }, { hold: '2s' }] },
    });
    await server.stop();
    expect(result.pushes).toMatchObject({ missed: 10, unresolved: 0 });
    expect(result.pushes?.unjudged).toBeGreaterThanOrEqual(10);
    expect(result.messages).toMatchObject({ duplicated: 10, reordered: 0, unexpected: 0 });
    const details = new Set(result.violations.map(violationText));
    expect(details).toContain('#9007199254030 of BTC never came; #9007199254029 and #9007199254031 did');
    expect(details).toContain('push #9007199254040 of L-3 arrived again');
  });

  test('that numbers anew in mid-connection is said to have done so: nothing is a duplicate, and nothing is decided by that', async () => {
    const server = await startForeignServer('ticker', { anew: 50, skip: 80 });
    const finished = await run({
      target: { url: server.url },
      protocol: TICKER,
      load: { connections: [{ to: 5 }, { hold: '2s' }] },
    });
    await server.stop();
    const { result } = finished;
    expect(result.messages).toMatchObject({ duplicated: 0, reordered: 0, unexpected: 0 });
    // Each of five clients receives two symbols; of each, number 30 of the second numbering is left out.
    expect(result.pushes).toMatchObject({ renumbered: 10, accounts: 20, missed: 10, unresolved: 0 });
    expect(rulesOf(finished)).toEqual({
      'delivery: exactly-once': 'fail',
      'order: per-stream': 'inconclusive',
      'pushes.missed == 0': 'fail',
      'pushes.received >= 99.9%': 'fail',
      'reordered == 0': 'inconclusive',
    });
    expect(result.verdict.doubts.map(({ kind }) => kind)).toContain('renumbered');
  });

  test('whose numbers are looked for in the wrong place is said to be not understood', async () => {
    const server = await startForeignServer('ticker');
    const finished = await run({
      target: { url: server.url },
      protocol: { ...TICKER, sequence: 'seq' },
      load: { connections: [{ to: 5 }, { hold: '2s' }] },
    });
    await server.stop();
    const { verdict, pushes } = finished.result;
    expect(pushes).toMatchObject({ expected: 0, received: 0 });
    expect(verdict.kind).toBe('inconclusive');
    expect(verdict.doubts.map(({ kind }) => kind)).toContain('unmatched');
    expect(finished.stderr).toContain('a number is looked for at seq with a channel at data.symbol');
  });

  test('is judged beside messages of our own, where the json protocol says how it is numbered', async () => {
    const server = await startForeignServer('ticker', { skip: 30 });
    const { result } = await run({
      target: { url: server.url },
      protocol: {
        kind: 'json',
        join: TICKER.join,
        send: { op: 'echo', id: `\${id}` },
        pushes: { sequence: 'data.id', channel: 'data.symbol' },
      },
      load: { connections: [{ to: 5 }, { hold: '2s' }], messages: { open: { rate: '50/s', for: '1s' } } },
    });
    await server.stop();
    expect(result.messages).toMatchObject({ sent: 50, delivered: 0, lost: 50 });
    expect(result.pushes).toMatchObject({ missed: 10, unresolved: 0 });
  });
});

// Faults at times of the plan, through the built command: on the way to an echo server that this project did not write, and in
// the kernel of a network namespace that the test makes. Each shows as what it is, as often as it was done, and as nothing else.

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import type { TruthLine } from '../../src/injection/truth.ts';
import { NOTHING } from '../support/books.ts';
import { type ForeignServer, startForeignServer, stopProcess } from '../support/foreign-server.ts';
import {
  HIGHWATER,
  type HighwaterOptions,
  runHighwater,
  temporaryDirectory,
  type WhenOver,
  writeInto,
} from '../support/highwater.ts';

/** They wait more than they work. */
const TOGETHER = { concurrent: true, timeout: 120_000 } as const;
let echo: ForeignServer;

beforeAll(async () => {
  echo = await startForeignServer('ws');
});

afterAll(() => echo?.stop());

interface Ran {
  readonly result: RunResult;
  readonly stderr: string;
  readonly truth: readonly TruthLine[];
}

async function run(whenOver: WhenOver, plan: object, options: HighwaterOptions = {}): Promise<Ran> {
  const cwd = temporaryDirectory(whenOver);
  const document = {
    target: { url: echo.url },
    load: { connections: 10, messages: { open: { rate: '500/s', for: '6s' } } },
    drain: '3s',
    ...plan,
  };
  const file = writeInto(cwd, 'plan.json', JSON.stringify(document));
  const { result, stderr } = await runHighwater(['run', file, '--json'], { cwd, whenOver, ...options });
  const runs = path.join(cwd, '.highwater/runs');
  const truthFile = path.join(runs, readdirSync(runs)[0]!, 'truth.ndjson');
  return { result, stderr, truth: readTruth(truthFile) };
}

function readTruth(file: string): readonly TruthLine[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as TruthLine);
  } catch {
    return [];
  }
}

/** The greatest 99th percentile among the seconds that lie wholly within two times of the run. */
function worstP99Ms({ timeline }: RunResult, from: number, to: number): number {
  const within = timeline.filter(({ second }) => second >= from && second + 1 <= to);
  return Math.max(...within.map(({ responseP99Ms }) => responseP99Ms ?? 0));
}

describe('a network fault, at its time', TOGETHER, () => {
  test('latency slows the seconds in which it is on, and changes nothing else', async ({ onTestFinished }) => {
    const { result, truth } = await run(onTestFinished, {
      faults: [{ fault: 'latency', at: '2s', for: '3s', latency: '100ms', jitter: '20ms' }],
      thresholds: ['response.p99 < 70ms during latency', 'connections.dropped == 0 during faults', 'reordered == 0'],
    });
    expect(result.verdict.thresholds.map(({ kind }) => kind)[0]).not.toBe('pass');
    expect(result.verdict.thresholds.map(({ observed }) => observed).slice(1)).toEqual([0, 0]);
    expect(result.messages).toMatchObject({ ...NOTHING, delivered: result.messages.sent, due: 3000 });
    expect(result.connections).toMatchObject({ opened: 10, failed: 0, droppedByServer: 0 });
    expect(result.recovery?.incidents).toMatchObject([{ name: 'latency', kind: 'latency', dropped: 0 }]);
    const [{ fromSecond, toSecond } = { fromSecond: 0, toSecond: 0 }] = result.recovery?.incidents ?? [];
    expect(worstP99Ms(result, Math.ceil(fromSecond), Math.floor(toSecond ?? 0))).toBeGreaterThan(79);
    expect(truth.map(({ act }) => act)).toEqual(['switch', 'switch']);
  });

  test('messages break while it is on, exactly those of the truth log, and no others', async ({ onTestFinished }) => {
    const { result, truth } = await run(onTestFinished, {
      // All in one direction, and what holds messages back in the end: no message meets two of them, however late it is.
      faults: [
        { fault: 'drop', at: '1s', for: '900ms', rate: '5%', stream: 'up' },
        { fault: 'duplicate', at: '2s', for: '900ms', rate: '5%', stream: 'up' },
        { fault: 'corrupt', at: '3s', for: '900ms', rate: '5%', stream: 'up' },
        { fault: 'reorder', at: '4s', for: '900ms', rate: '5%', by: 3, stream: 'up' },
      ],
    });
    const done = (act: TruthLine['act']): number => truth.filter((line) => line.act === act).length;
    const { messages } = result;
    expect(messages).toMatchObject({
      lost: done('drop') + done('damage'),
      duplicated: done('duplicate'),
      reordered: done('reorder'),
      corrupted: done('damage'),
      unresolved: 0,
      unexpected: 0,
    });
    for (const act of ['drop', 'duplicate', 'reorder', 'damage'] as const) expect(done(act)).toBeGreaterThan(0);
    expect(result.recovery?.incidents.map(({ did }) => did)).toMatchObject([
      { dropped: messages.lost - messages.corrupted },
      { duplicated: messages.duplicated },
      { damaged: messages.corrupted },
      { reordered: messages.reordered },
    ]);
    expect(result.verdict.doubts.map(({ kind }) => kind)).not.toContain('faultWithoutEffect');
    expect(result.connections).toMatchObject({ failed: 0, droppedByServer: 0 });
    const places = (isIt: (line: TruthLine) => boolean): number[] =>
      truth.flatMap((line, place) => (isIt(line) ? [place] : []));
    const [on = 0, off = 0] = places((line) => line.act === 'switch' && line.fault === 'drop');
    expect(places(({ act }) => act === 'drop').every((place) => on < place && place < off)).toBe(true);
  });

  test('down cuts off a share of the clients, which all come back', async ({ onTestFinished }) => {
    const { result, truth } = await run(onTestFinished, {
      reconnect: { from: '50ms', to: '200ms' },
      faults: [{ fault: 'down', at: '2s', for: '700ms' }],
      thresholds: ['lost == 0', 'connections.gaveUp == 0'],
    });
    expect(result.connections).toMatchObject({ droppedByServer: 10, reconnected: 10, gaveUp: 0 });
    expect(result.messages).toMatchObject({ ...NOTHING, unresolved: result.messages.unresolved });
    const [incident] = result.recovery?.incidents ?? [];
    expect(incident).toMatchObject({ name: 'down', dropped: 10, reconnected: 10 });
    expect(incident!.firstReconnectSeconds).toBeGreaterThan(0.6);
    // Whoever tried in the meantime was cut off as well.
    expect(truth.filter(({ act }) => act === 'cut').length).toBe(10 + result.connections.failed);
    expect(result.verdict.thresholds.map(({ kind }) => kind)).not.toContain('fail');
  });

  test('a narrow way caps the throughput: what no longer fits is not sent, and nothing is damaged', async ({
    onTestFinished,
  }) => {
    const { result } = await run(onTestFinished, {
      load: { connections: 2, bytes: '256KiB', messages: { open: { rate: '80/s', for: '5s' } } },
      target: { url: echo.url, maxBuffered: '1MiB' },
      drain: '1s',
      faults: [{ fault: 'bandwidth', at: '1s', rate: '1MB/s', stream: 'up' }],
    });
    const { messages, timeline, throughput } = result;
    expect(messages).toMatchObject({ duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 });
    expect(messages.unsent.backpressure).toBeGreaterThan(50);
    expect(result.connections).toMatchObject({ failed: 0, droppedByServer: 0 });
    expect(throughput.deliveredPerSecond).toBeLessThan(60);
    const waiting = timeline.map(({ sent, delivered }) => sent - delivered);
    expect(Math.max(...waiting)).toBeGreaterThan(0);
  });

  test('that leads through a proxy to nobody is told', async ({ onTestFinished }) => {
    const { result, stderr } = await run(onTestFinished, {
      target: { url: 'ws://127.0.0.1:1/' },
      load: { connections: { to: 1, over: '1s' } },
      faults: [{ fault: 'latency', at: '0s', latency: '1ms' }],
    });
    expect(stderr).toContain('ws://127.0.0.1:1 cannot be reached: connect ECONNREFUSED');
    expect(result.connections).toMatchObject({ opened: 0 });
  });
});

const mayMakeNetworks = spawnSync('sh', ['-c', 'unshare --net nft list ruleset'], { stdio: 'ignore' }).status === 0;
if (!mayMakeNetworks) {
  process.stderr.write('SKIPPED: packet faults need root, unshare and nft: their tests do not run here\n');
}
const ownNetwork = { ownNetwork: true } as const;

describe.skipIf(!mayMakeNetworks && process.env.CI !== 'true')('packets', TOGETHER, () => {
  test('that are lost slow some messages, and lose none', async ({ onTestFinished }) => {
    const { result, stderr } = await run(
      onTestFinished,
      {
        target: { url: 'reference' },
        faults: [{ fault: 'packet_loss', at: '2s', for: '3s', rate: '5%' }],
        monitors: [{ name: 'network', machine: true }],
      },
      ownNetwork,
    );
    expect(stderr).not.toContain('SKIPPED');
    expect(result.messages).toMatchObject({ ...NOTHING, delivered: result.messages.sent, due: 3000 });
    expect(result.connections).toMatchObject({ opened: 10, failed: 0, droppedByServer: 0 });
    expect(result.recovery?.incidents).toMatchObject([{ name: 'packet_loss', failedBecause: null, dropped: 0 }]);
    expect(result.resources.network?.tcpRetransmitsPerSecond?.max).toBeGreaterThan(0);
  });

  test('of which none arrives stall every client; then all goes on, and nothing was lost', async ({
    onTestFinished,
  }) => {
    const { result } = await run(
      onTestFinished,
      { target: { url: 'reference' }, faults: [{ fault: 'partition', at: '2s', for: '1s' }] },
      ownNetwork,
    );
    expect(result.messages).toMatchObject({ ...NOTHING, delivered: result.messages.sent });
    expect(result.connections).toMatchObject({ failed: 0, droppedByServer: 0 });
    expect(result.response.maxMs).toBeGreaterThan(900);
    expect(result.recovery?.incidents).toMatchObject([{ name: 'partition', failedBecause: null }]);
  });

  test('over a slow link take their time, and none is lost', async ({ onTestFinished }) => {
    const { result } = await run(
      onTestFinished,
      {
        target: { url: 'reference' },
        load: { connections: 2, bytes: '32KiB', messages: { open: { rate: '60/s', for: '4s' } } },
        faults: [{ fault: 'link_rate', at: '1s', for: '2s', rate: '1MB/s' }],
      },
      ownNetwork,
    );
    expect(result.messages).toMatchObject({ ...NOTHING, delivered: result.messages.sent });
    expect(result.recovery?.incidents).toMatchObject([{ name: 'link_rate', failedBecause: null }]);
    expect(worstP99Ms(result, 2, 4)).toBeGreaterThan(100);
  });

  test.for([
    ['at the end of the run', false],
    ['at Ctrl-C', true],
  ] as const)('pass again %s: no rule and no queue is left behind', async ([, isInterrupted], { onTestFinished }) => {
    const cwd = temporaryDirectory(onTestFinished);
    const plan = {
      target: { url: 'reference' },
      load: { connections: 2, messages: { open: { rate: '20/s', for: isInterrupted ? '60s' : '2s' } } },
      drain: '1s',
      faults: [
        { fault: 'packet_loss', at: '300ms', rate: '1%' },
        { fault: 'link_rate', at: '300ms', rate: '10MB/s' },
      ],
    };
    const file = writeInto(cwd, 'plan.json', JSON.stringify(plan));
    const script = 'ip link set lo up && "$@" >&2; nft list ruleset; tc qdisc show dev lo';
    const command = ['unshare', '--net', 'sh', '-c', script, 'sh', process.execPath, HIGHWATER, 'run', file];
    const running = finished(command, cwd, onTestFinished);
    if (isInterrupted) {
      const notes = path.join(cwd, '.highwater/faults');
      await until(() => filesIn(notes).length === 2);
      process.kill(Number(/^kernel-(\d+)-/.exec(filesIn(notes)[0]!)?.[1]), 'SIGINT');
    }
    const { stdout, stderr } = await running;
    expect(stderr).not.toContain('SKIPPED');
    expect(stderr).toMatch(/packet_loss at [\d.]+ m?s, for/);
    expect(stderr).toMatch(/link_rate at [\d.]+ m?s, for/);
    expect(stdout.trim()).toBe('qdisc noqueue 0: root refcnt 2');
  });

  test('pass again after a run that was killed, once the next has begun, which says so', async ({ onTestFinished }) => {
    const cwd = temporaryDirectory(onTestFinished);
    const plan = {
      target: { url: 'reference' },
      load: { connections: 1, messages: { open: { rate: '10/s', for: '60s' } } },
      faults: [
        { fault: 'packet_loss', at: '100ms', rate: '50%' },
        { fault: 'link_rate', at: '100ms', rate: '10MB/s' },
      ],
    };
    const file = writeInto(cwd, 'plan.json', JSON.stringify(plan));
    const next = `"$1" "$2" run reference -c 1 -r 10/s -d 500ms >&2`;
    const script = `ip link set lo up; "$1" "$2" run "$3" >&2; nft list ruleset; ${next}; echo AFTER; nft list ruleset; tc qdisc show dev lo`;
    const command = ['unshare', '--net', 'sh', '-c', script, 'sh', process.execPath, HIGHWATER, file];
    const running = finished(command, cwd, onTestFinished);
    const notes = path.join(cwd, '.highwater/faults');
    await until(() => filesIn(notes).length === 2);
    const pid = Number(/^kernel-(\d+)-/.exec(filesIn(notes)[0]!)?.[1]);
    await until(() => spawnSync('sh', ['-c', `nsenter -t ${pid} -n tc qdisc show dev lo`]).stdout.includes('tbf'));
    process.kill(pid, 'SIGKILL');
    const { stdout, stderr } = await running;
    const [before = '', after = ''] = stdout.split('AFTER\n');
    expect(before).toContain(`table inet highwater_${pid}_packet_loss`);
    expect(stderr).toContain(`(nft delete table inet highwater_${pid}_packet_loss)`);
    expect(stderr).toContain('(tc qdisc del dev lo root)');
    expect(after.trim()).toBe('qdisc noqueue 0: root refcnt 2');
    expect(filesIn(notes)).toEqual([]);
  });

  test('of which a fault affected none were not lost, and it says so', async ({ onTestFinished }) => {
    const { result } = await run(
      onTestFinished,
      {
        target: { url: 'reference' },
        load: { connections: 1, messages: { open: { rate: '10/s', for: '1s' } } },
        faults: [{ fault: 'packet_loss', at: '300ms', for: '200ms', rate: '0.0001%' }],
      },
      ownNetwork,
    );
    expect(result.recovery?.incidents[0]).toMatchObject({ failedBecause: null, did: { droppedPackets: 0 } });
    expect(result.verdict.doubts).toContainEqual(expect.objectContaining({ kind: 'faultWithoutEffect' }));
  });
});

describe('a fault that did nothing', TOGETHER, () => {
  test('leaves what seems kept undecided, and says why', async ({ onTestFinished }) => {
    const { result, truth } = await run(onTestFinished, {
      // The next message goes when the last has come: none can overtake another.
      load: { connections: 1, messages: { closed: { inFlight: 1, for: '3s' } } },
      faults: [
        { fault: 'reorder', at: '0s', rate: '100%', by: 3 },
        { fault: 'swallow_pong', at: '0s' },
      ],
      thresholds: ['lost == 0'],
    });
    expect(truth.map(({ act }) => act)).not.toContain('reorder');
    expect(result.messages).toMatchObject({ ...NOTHING, delivered: result.messages.sent });
    const [reorder, pongs] = result.recovery?.incidents ?? [];
    expect(reorder?.did).toMatchObject({ chosen: reorder?.did?.passed, reordered: 0 });
    expect(reorder?.did?.chosen).toBeGreaterThan(0);
    expect(pongs?.did).toEqual({ swallowedPongs: 0 });
    expect(result.verdict.kind).toBe('inconclusive');
    const doubts = result.verdict.doubts.filter(({ kind }) => kind === 'faultWithoutEffect');
    expect(doubts.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(
        /^the fault reorder had no effect: it held \d+ messages back.*send more on each connection$/,
      ),
      expect.stringMatching(/^the fault swallow_pong had no effect: no pong passed.*target\.ping/),
    ]);
  });

  test('is one that had no traffic in its time; the same with traffic is none', async ({ onTestFinished }) => {
    const latency = (at: string) => ({ name: at, fault: 'latency', at, for: '1s', latency: '1ms' });
    const { result } = await run(onTestFinished, {
      load: {
        connections: 1,
        messages: {
          open: [{ to: '20/s' }, { hold: '1s' }, { to: '0/s' }, { hold: '4s' }, { to: '20/s' }, { hold: '1s' }],
        },
      },
      faults: [latency('200ms'), latency('3500ms'), latency('60s')],
      thresholds: ['lost == 0'],
    });
    expect(result.recovery?.incidents.map(({ did }) => (did?.delayedBytes ?? 0) > 0)).toEqual([true, false]);
    const doubts = result.verdict.doubts.filter(({ kind }) => kind === 'faultWithoutEffect');
    expect(doubts.map(({ detail }) => detail)).toEqual([
      expect.stringContaining('the fault 3500ms had no effect: no byte passed'),
      expect.stringContaining('the fault 60s had no effect: the load ended before 60.0 s'),
    ]);
  });
});

test('a fault that this machine cannot do is skipped, loudly, and the run does not pass for it', async ({
  onTestFinished,
}) => {
  const { result, stderr } = await run(
    onTestFinished,
    {
      load: { connections: 2, messages: { open: { rate: '20/s', for: '1s' } } },
      faults: [{ fault: 'link_rate', at: '200ms', for: '300ms', rate: '1MB/s' }],
      thresholds: ['lost == 0'],
    },
    {},
  );
  expect(stderr).toContain('SKIPPED: this machine cannot do the fault link_rate: expected ');
  expect(result.recovery?.incidents[0]?.failedBecause).toContain('expected ');
  expect(result.verdict.kind).toBe('inconclusive');
});

interface Finished {
  readonly stdout: string;
  readonly stderr: string;
}

function finished([file = '', ...args]: readonly string[], cwd: string, whenOver: WhenOver): Promise<Finished> {
  const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  whenOver(() => stopProcess(child));
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return new Promise((resolve) => child.once('close', () => resolve(output)));
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let looks = 0; !isSo(); looks++) {
    if (looks > 1000) throw new Error('it never came true');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

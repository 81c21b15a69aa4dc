// Whether the numbers are true, and whether the instrument says so where they are not: servers whose answer is known,
// compared with their own log. Every check is a function that returns what is wrong; it must return nothing for the
// command as built, and something for a copy of it that was broken on purpose.
//
// The machine may be busy. What is claimed of a time is therefore claimed against the server's log of the same
// messages, with a tolerance that follows from the histogram, from the sample size, or from the noise that the server
// felt in the same seconds (`disagreements`).

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { Doubt } from '../../src/facts/result.ts';
import { expectBalancedBooks } from '../support/books.ts';
import type { KnownBehavior, ServerLog } from '../support/known-servers/known-server.ts';
import {
  disagreements,
  expectedBy,
  mean,
  ms,
  noiseNs,
  percentileOf,
  quantile,
  sojournsOnScheduleNs,
} from '../support/known-servers/samples.ts';
import { STATISTICS, samplingRange, describe as statisticsOf, theory } from '../support/known-servers/single-queue.ts';
import { type CommandOptions, createWorkbench, type Measured } from '../support/known-servers/workbench.ts';

const bench = createWorkbench();
afterAll(() => bench.clear());

/** These mostly wait, and a run of 30 s takes longer on a busy machine. */
const TOGETHER = { concurrent: true, timeout: 150_000 } as const;

interface Measurement extends Measured {
  readonly log: ServerLog;
}

/** One run against a server of its own. */
async function measure(
  behavior: KnownBehavior,
  flags: readonly string[],
  options?: CommandOptions,
): Promise<Measurement> {
  const server = await bench.server(behavior);
  const measured = await bench.measure(['run', server.url, ...flags], options);
  const log = await server.log();
  await server.stop();
  expectBalancedBooks(measured.result);
  return { ...measured, log };
}

const RESPONSE_STARTS_AT_THE_SEND = {
  file: 'engine/hot/accounting.js',
  from: 'record(recorder.histograms.response, receivedNs - dueNs)',
  to: 'record(recorder.histograms.response, receivedNs - sentNs)',
};

describe('a target that freezes for 1 s in every 10 s', TOGETHER, () => {
  // What hides a freeze is the closed loop: it sends nothing while it waits, so of all that should have been sent in
  // the frozen second it sends one message. What does not hide it here is the service time: Highwater goes on sending
  // on schedule while the target is frozen, so a message waits in the target's socket, which is after it was sent.
  // Response and service differ by the generator's own lateness, and nothing else ("a slow generator" below).
  const PERIOD_MS = 10_000;
  const FREEZE = { behavior: 'freeze', forMs: 1000, everyMs: PERIOD_MS, firstAtMs: 4500, serviceMs: 5 } as const;
  const OPEN = ['-c', '1', '-r', '160/s', '--pace', 'economical', '-t', 'response.p99 < 500ms'];

  /**
   * A share of the messages is due in a freeze and waits for its end: what is exceeded by 1 % of them is the x with
   * (sum of the freezes' rest beyond x) = 1 % of the run. A freeze of 1 s in 10 s: 0.5, 0.9 and 0.99 s.
   */
  function frozenNs(freezesNs: readonly number[], runNs: number, percent: number): number {
    let low = 0;
    let high = Math.max(...freezesNs);
    for (let step = 0; step < 60; step++) {
      const x = (low + high) / 2;
      const beyondNs = freezesNs.reduce((sum, freezeNs) => sum + Math.max(0, freezeNs - x), 0);
      if (beyondNs > (1 - percent / 100) * runNs) low = x;
      else high = x;
    }
    return low;
  }

  /** From the end of a freeze to the answer of a message that waited for it: what the target took itself, by its log. */
  function serviceAfterFreezeNs({ log, freezes }: ServerLog, originNs: number): number {
    const waited = freezes.flatMap(({ fromNs, toNs }) =>
      log
        .filter(({ sentNs }) => sentNs + originNs > fromNs && sentNs + originNs < toNs)
        .map(({ departedNs }) => departedNs - toNs),
    );
    return quantile(waited, 50);
  }

  function whatIsHidden({ result, log }: Measurement, runMs: number): string[] {
    const expected = expectedBy(log);
    const problems = disagreements('response', result.response, expected.response, log);
    const freezesNs = log.freezes.map(({ fromNs, toNs }) => toNs - fromNs);
    if (freezesNs.length !== runMs / PERIOD_MS) problems.push(`the target froze ${freezesNs.length} times`);
    const serviceNs = serviceAfterFreezeNs(log, expected.originNs);
    for (const percent of result.response.count >= 2995 ? [95, 99, 99.9] : [95, 99]) {
      const leastNs = frozenNs(freezesNs, runMs * 1e6, percent);
      const mostNs = leastNs + serviceNs;
      const readNs = percentileOf(result.response, percent);
      // What was due in a freeze waited for its end, whatever else the machine did.
      if (readNs < 0.95 * leastNs)
        problems.push(`p${percent}: read ${ms(readNs)}, by the freezes it is ${ms(leastNs)}`);
      // On a machine that froze the target, or halted the generator, at other times too, the log knows it.
      const loggedNs = quantile(expected.response, percent);
      if (loggedNs > 1.025 * mostNs) console.log(`not only frozen: p${percent} is ${ms(loggedNs)} by the log`);
      else if (readNs > 1.05 * mostNs) {
        problems.push(`p${percent}: read ${ms(readNs)}, by the freezes it is ${ms(mostNs)}`);
      }
    }
    return problems;
  }

  test('the freeze arithmetic gives the published figures', () => {
    const [p95, p99, p999] = [95, 99, 99.9].map((percent) => frozenNs([1e9], 10e9, percent) / 1e9);
    expect(p95).toBeCloseTo(0.5, 6);
    expect(p99).toBeCloseTo(0.9, 6);
    expect(p999).toBeCloseTo(0.99, 6);
  });

  test('shows in the response time of an open load, p99 0.90 s, and is hidden from a closed loop', async () => {
    const [open, closed] = await Promise.all([
      measure({ ...FREEZE, times: 2 }, [...OPEN, '-d', '20s']),
      measure({ ...FREEZE, times: 2 }, ['-c', '1', '--closed', '1', '-d', '20s']),
    ]);
    expect(whatIsHidden(open, 20_000)).toEqual([]);
    expect(open.result.messages).toMatchObject({ due: 3200, sent: 3200, delivered: 3200 });
    expect(open.result.verdict.kind).not.toBe('pass');

    // The same freezes, met by one message each.
    expect(closed.log.freezes).toHaveLength(2);
    expect(closed.result.response.maxMs).toBeGreaterThan(900);
    expect(closed.result.response.p99Ms).toBeLessThan(open.result.response.p99Ms! / 2);
    expect(closed.result.response.hdr).toBe(closed.result.service.hdr);

    const { stdout } = await bench.run(['report', open.result.run.id]);
    expect(stdout).toMatch(/^ {2}response +p50 .*p99 \d/m);
    expect(stdout).toMatch(/^ {2}service +p50 .*p99 \d/m);
  });

  test('a generator that waits for replies before it sends on is found out by these checks', async () => {
    const command = bench.broken([
      {
        file: 'engine/load/open-model.js',
        from: 'if (dueNs > untilNs ||',
        to: 'if (dueNs > untilNs || accounting.recorder.inFlight > 0 ||',
      },
      { file: 'engine/load/open-model.js', from: 'send(dueNs, nowNs);', to: 'send(nowNs, nowNs);' },
    ]);
    const blind = await measure({ ...FREEZE, times: 1 }, [...OPEN, '-d', '10s'], { command });
    expect(blind.result.response.p99Ms).toBeLessThan(500);
    expect(whatIsHidden(blind, 10_000).join('\n')).toMatch(/p99: read/);
  });
});

describe('a target with a single queue and exponential service', TOGETHER, () => {
  const MEAN_SERVICE_MS = 10;
  const REPLICATIONS = 2000;

  test.for([
    { utilization: 0.5, rate: '50/s', seconds: 30 },
    { utilization: 0.8, rate: '80/s', seconds: 30 },
  ])('at utilization $utilization is read as its own log and as queueing theory have it', async (load) => {
    const { utilization, rate, seconds } = load;
    const flags = ['-c', '4', '-r', rate, '--poisson', '--seed', '11', '--pace', 'economical', '-d', `${seconds}s`];
    const { result, log } = await measure({ behavior: 'queue', meanServiceMs: MEAN_SERVICE_MS, seed: 5 }, flags);
    const expected = expectedBy(log);
    expect(disagreements('response', result.response, expected.response, log)).toEqual([]);
    expect(disagreements('service', result.service, expected.service, log)).toEqual([]);

    const queue = { arrivalsPerSecond: utilization * (1000 / MEAN_SERVICE_MS), meanServiceMs: MEAN_SERVICE_MS };
    expect(theory(queue).mean).toBeCloseTo(MEAN_SERVICE_MS / (1 - utilization), 9);
    const ranges = samplingRange(queue, result.response.count, REPLICATIONS);
    // The response has more in it than the model: by the log send lag, the way there, departures later than planned, and
    // who came late had others wait; then the way back. A percentile moves by what one in a hundred of these exceeds, as
    // in `disagreements`.
    const onScheduleNs = sojournsOnScheduleNs(log);
    const besideNs = expected.response.map((ns, index) => ns - onScheduleNs[index]!);
    const besideMs = {
      mean: result.response.meanMs! - mean(onScheduleNs) / 1e6,
      percentile: (quantile(besideNs, 99) + 2e6 + 2 * quantile(log.pulseLateNs, 99)) / 1e6,
    };
    const read = { mean: result.response.meanMs!, p50: 0, p90: 0, p99: 0 };
    for (const percent of [50, 90, 99] as const) read[`p${percent}`] = percentileOf(result.response, percent) / 1e6;
    for (const name of STATISTICS) {
      const { low, high } = ranges[name];
      expect(low, `theory ${theory(queue)[name]}`).toBeLessThan(theory(queue)[name]);
      expect(high, `theory ${theory(queue)[name]}`).toBeGreaterThan(theory(queue)[name]);
      expect(read[name], name).toBeGreaterThan(low);
      const beside = name === 'mean' ? besideMs.mean : besideMs.percentile;
      expect(read[name], name).toBeLessThan(high + beside);
    }
    console.log(`M/M/1 at ${utilization}, ms:`, {
      read,
      log: statisticsOf(expected.held.map((ns) => ns / 1e6)),
      onSchedule: statisticsOf(onScheduleNs.map((ns) => ns / 1e6)),
      besideMs,
      theory: theory(queue),
      ranges,
    });
  });
});

describe('a generator that was made slow', TOGETHER, () => {
  const SLOW = {
    NODE_OPTIONS: `--import ${pathToFileURL(fileURLToPath(new URL('../support/known-servers/slow-worker.js', import.meta.url)))}`,
  };
  const FLAGS = ['-c', '2', '-r', '200/s', '-d', '5s', '--pace', 'economical'];
  const ALWAYS_KEPT = [...FLAGS, '-t', 'response.p99 < 30s', '-t', 'lost == 0'];

  /** The times of a slow generator are late, and it must say of every one of them how late. */
  function whatIsUntrue({ result, log }: Measurement): string[] {
    const expected = expectedBy(log);
    const problems = disagreements('send lag', result.sendLag, expected.sendLag, { ...log, pulseLateNs: [0] });
    const rateNs = 1e9 / 200;
    const dueNs = log.log.map((message) => message.dueNs).sort((a, b) => a - b);
    const strays = dueNs.filter((ns, index) => Math.abs(ns - dueNs[0]! - index * rateNs) > 1);
    if (strays.length > 0) problems.push(`${strays.length} messages were not due on schedule`);
    // Message by message received - due = (received - sent) + (sent - due), so the means add up.
    const sumMs = result.service.meanMs! + result.sendLag.meanMs!;
    if (Math.abs(result.response.meanMs! - sumMs) > 1e-6 * sumMs) {
      problems.push(`response ${result.response.meanMs} ms is not service + send lag, ${sumMs} ms`);
    }
    return problems;
  }

  /** The lateness stands in the messages themselves, so the server knows whether there is reason to doubt. */
  function isLate({ log }: Measurement): boolean {
    return quantile(expectedBy(log).sendLag, 99) > 100e6;
  }

  function doubts({ result }: Measurement): Doubt['kind'][] {
    return result.verdict.doubts.map((doubt) => doubt.kind);
  }

  test('is inconclusive before a fast target, and names its send lag', async () => {
    const late = await measure({ behavior: 'echo' }, ALWAYS_KEPT, { env: SLOW });
    expect(isLate(late)).toBe(true);
    expect(late.exitCode).toBe(2);
    expect(late.result.verdict.kind).toBe('inconclusive');
    expect(doubts(late)).toContain('sendLag');
    expect(late.result.generator.healthy).toBe(false);
    expect(late.result.verdict.thresholds.map(({ kind }) => kind)).toEqual(['inconclusive', 'pass']);
    expect(whatIsUntrue(late)).toEqual([]);
  });

  test('is inconclusive without a rule about times too', async () => {
    const late = await measure({ behavior: 'echo' }, [...FLAGS, '-t', 'lost == 0'], { env: SLOW });
    expect(late.result.verdict.thresholds.map(({ kind }) => kind)).toEqual(['pass']);
    expect(late.exitCode).toBe(2);
    expect(doubts(late)).toContain('sendLag');
  });

  test('is inconclusive before a slow target: the breach may be its own', async () => {
    const late = await measure({ behavior: 'delay', ms: 300 }, [...FLAGS, '-t', 'response.p99 < 100ms'], {
      env: SLOW,
    });
    expect(isLate(late)).toBe(true);
    expect(late.result.response.p99Ms).toBeGreaterThan(300);
    expect(late.exitCode).toBe(2);
    expect(late.result.verdict.breaches).toEqual([]);
    expect(doubts(late)).toContain('sendLag');
    expect(whatIsUntrue(late)).toEqual([]);
  });

  test('still fails a target that sends one message twice', async () => {
    const rules = ['-t', 'response.p99 < 100ms', '-t', 'duplicated == 0'];
    const late = await measure({ behavior: 'duplicate', ms: 300, index: 100 }, [...FLAGS, ...rules], { env: SLOW });
    expect(isLate(late)).toBe(true);
    expect(late.result.messages.duplicated).toBe(1);
    expect(late.exitCode).toBe(1);
    expect(late.result.verdict.breaches.map(({ rule }) => rule)).toEqual(['duplicated == 0']);
    expect(late.result.verdict.thresholds.map(({ kind }) => kind)).toEqual(['inconclusive', 'fail']);
    expect(doubts(late)).toContain('sendLag');
  });

  test('is not doubted where nothing slows it, unless the machine itself did', async () => {
    const prompt = await measure({ behavior: 'echo' }, ALWAYS_KEPT);
    const lagNs = expectedBy(prompt.log).sendLag;
    // The limits of analysis/judge/health.ts: below both of them there is nothing to doubt.
    const isPrompt = quantile(lagNs, 99) < 9.9e6 && quantile(lagNs, 99.9) < 99e6;
    if (isPrompt) expect(doubts(prompt)).not.toContain('sendLag');
    expect(whatIsUntrue(prompt)).toEqual([]);
  });

  test('without its doubt about send lag is found out by these checks', async () => {
    const command = bench.broken([
      { file: 'analysis/judge/health.js', from: '...sendLagDoubts(facts.sending),', to: '' },
    ]);
    const late = await measure({ behavior: 'echo' }, ALWAYS_KEPT, { env: SLOW, command });
    expect(isLate(late)).toBe(true);
    expect(doubts(late)).not.toContain('sendLag');
  });

  test('whose response time starts at the send is found out by these checks', async () => {
    const command = bench.broken([RESPONSE_STARTS_AT_THE_SEND]);
    const late = await measure({ behavior: 'echo' }, ALWAYS_KEPT, { env: SLOW, command });
    expect(whatIsUntrue(late).join('\n')).toMatch(/is not service \+ send lag/);
  });
});

describe('a target that keeps every message for 50 ms', () => {
  const HELD_MS = 50;
  const FLAGS = ['-c', '1', '-r', '100/s', '-d', '8s', '--pace', 'precise'];

  function whatIsAdded({ result, log }: Measurement): string[] {
    const { held } = expectedBy(log);
    const problems = disagreements('response', result.response, expectedBy(log).response, log);
    if (result.response.minMs! < quantile(held, 0) / 1e6) problems.push(`a response of ${result.response.minMs} ms`);
    // The 5th percentile knows no noise; half of the messages may know what nine in ten of the server's timers knew.
    for (const [percent, slackNs] of [
      [5, 2e6],
      [50, 2e6 + noiseNs(log)],
    ] as const) {
      const addedNs = percentileOf(result.response, percent) - quantile(held, percent);
      if (addedNs > slackNs) problems.push(`p${percent}: ${ms(addedNs)} more than the target kept them`);
    }
    return problems;
  }

  test('is read as 50 ms, not as 50 and what the tool takes itself', async () => {
    const measured = await measure({ behavior: 'delay', ms: HELD_MS }, FLAGS);
    const heldMs = quantile(expectedBy(measured.log).held, 50) / 1e6;
    expect(heldMs).toBeGreaterThanOrEqual(HELD_MS);
    expect(whatIsAdded(measured)).toEqual([]);
    const { p50Ms } = measured.result.response;
    console.log(
      `a target that keeps messages for ${heldMs.toFixed(3)} ms (its log, median) is read as ${p50Ms!.toFixed(3)} ms`,
    );
  });

  test('a receiver that stamps 10 ms late is found out by these checks', async () => {
    const command = bench.broken([
      {
        file: 'engine/connections/connection-lifecycle.js',
        from: 'accounting.receivedNs = clock.nowNs();',
        to: 'accounting.receivedNs = clock.nowNs() + 10e6;',
      },
    ]);
    const measured = await measure({ behavior: 'delay', ms: HELD_MS }, FLAGS, { command });
    expect(whatIsAdded(measured).join('\n')).toMatch(/p5: .* more than the target kept them/);
  });
});

interface Rig {
  buildRig(): { readonly echoServer: string } | null;
  startEchoServer(): Promise<{ readonly ports: readonly number[]; stop(): Promise<void> }>;
}

describe('the floor', () => {
  const FLAGS = ['-c', '1', '-r', '500/s', '-d', '4s', '--pace', 'precise'];

  /** The C echo server of the benchmarks; `ws` where there is no compiler. */
  async function startInstantEcho(): Promise<{ name: string; url: string; stop(): Promise<void> }> {
    const folder = path.resolve(import.meta.dirname, '../../bench/rig');
    if (existsSync(path.join(folder, 'build.js'))) {
      const load = (name: string): Promise<unknown> => import(pathToFileURL(path.join(folder, name)).href);
      const rig = { ...((await load('build.js')) as object), ...((await load('processes.js')) as object) } as Rig;
      if (rig.buildRig() !== null) {
        const echo = await rig.startEchoServer();
        return { name: 'a C echo server', url: `ws://127.0.0.1:${echo.ports[0]}`, stop: () => echo.stop() };
      }
    }
    return { name: 'a ws echo server', ...(await bench.server({ behavior: 'echo' })) };
  }

  test('of what can be read is far below a millisecond on a quiet machine, and is printed', async () => {
    const echo = await startInstantEcho();
    try {
      const { result } = await bench.measure(['run', echo.url, ...FLAGS]);
      expectBalancedBooks(result);
      expect(result.response.count).toBe(2000);
      const [p5, p50, p99] = [5, 50, 99].map((percent) => percentileOf(result.response, percent));
      console.log(`the floor, against ${echo.name}: response p5 ${ms(p5!)}, p50 ${ms(p50!)}, p99 ${ms(p99!)}`);
      // The messages that met no noise; generous, as a machine may have none.
      expect(p5).toBeLessThan(5e6);
    } finally {
      await echo.stop();
    }
  });
});

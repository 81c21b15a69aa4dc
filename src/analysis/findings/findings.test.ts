import { describe, expect, test } from 'vitest';
import { makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import { completedRun, makeWindow } from '../../../test/support/engine/windows.ts';
import type { MonitorReading } from '../../facts/monitor.ts';
import type { RunResult } from '../../facts/result.ts';
import { createRandom } from '../../random/generator.ts';
import { createJudge } from '../judge/judge.ts';

const MS = 1e6;
const MB = 1e6;
const SECONDS = 60;

interface Facts {
  /** By second: what the monitor `target` read. */
  readonly values?: (second: number) => Readonly<Record<string, number>>;
  readonly gapAt?: number;
  /** By second: the response time of all its messages. */
  readonly responseNs?: (second: number) => number;
  readonly sendLagNs?: number;
  readonly perSecond?: number;
}

function judged({ values, gapAt, responseNs = () => 5 * MS, sendLagNs = 0, perSecond = 200 }: Facts): RunResult {
  const plan = makePlan({ messages: openMessages(perSecond, SECONDS * SECOND) });
  const judge = createJudge(plan, completedRun(0, SECONDS * SECOND), () => '');
  for (let second = 0; second < SECONDS; second++) {
    const times = (ns: number): number[] => Array<number>(perSecond).fill(ns);
    const response = times(responseNs(second));
    judge.window(
      makeWindow({
        second,
        stage: 0,
        messages: { due: perSecond, sent: perSecond, delivered: perSecond },
        times: { response, service: response, sendLag: times(sendLagNs) },
        health: { elapsedNs: SECOND, cpuNs: 0.2 * SECOND, rssBytes: 50 * MB + second * MB, inFlightNs: 0 },
      }),
    );
    if (values === undefined) continue;
    const reading: MonitorReading = { monitor: 'target', atNs: second * SECOND, values: values(second), gap: null };
    judge.reading(second === gapAt ? { ...reading, values: {}, gap: 'connection refused' } : reading);
  }
  return judge.finish();
}

describe('what monitors read', () => {
  const result = judged({ values: (t) => ({ rssBytes: 100 * MB + MB * t, threads: t === 30 ? 9 : 4 }), gapAt: 7 });

  test('is in the result, series by series, with its gaps', () => {
    expect(result.resources.target).toEqual({
      rssBytes: { first: 100 * MB, max: 159 * MB, last: 159 * MB, slopePerMinute: expect.closeTo(60 * MB, -1) },
      threads: { first: 4, max: 9, last: 4, slopePerMinute: 0 },
    });
    expect(result.monitors).toEqual([{ name: 'target', readings: 59, gaps: 1, firstGap: 'connection refused' }]);
  });

  test('is in the timeline, but for details', () => {
    expect(result.timeline[3]!.resources).toEqual({ 'target.rssBytes': 103 * MB });
    expect(result.timeline[7]!.resources).toEqual({});
  });

  test('stands beside what the generator uses, which nobody measures twice', () => {
    expect(Object.keys(result.resources)).toEqual(['target', 'generator']);
    expect(result.resources.generator).toMatchObject({
      cpuRatio: { first: expect.closeTo(0.2), max: expect.closeTo(0.2) },
      rssBytes: { first: 50 * MB, last: 109 * MB, slopePerMinute: expect.closeTo(60 * MB, -1) },
    });
    expect(judged({})).toMatchObject({ monitors: [], findings: [] });
  });
});

describe('a leak', () => {
  const leaksOf = (values: NonNullable<Facts['values']>) => judged({ values }).findings;

  test('is found in memory, with its slope, its interval and its evidence', () => {
    const [leak, ...others] = leaksOf((t) => ({ rssBytes: 100 * MB + MB * t + (t % 2) * 0.2 * MB }));
    expect(others).toEqual([]);
    expect(leak).toMatchObject({ kind: 'leak', series: 'target.rssBytes', fromSecond: 12, toSecond: 59 });
    const [growth] = leak!.evidence;
    expect(growth.slopePerMinute / (60 * MB)).toBeCloseTo(1, 1);
    const [low, high] = growth.intervalPerMinute;
    expect(low).toBeLessThanOrEqual(growth.slopePerMinute);
    expect(high).toBeGreaterThanOrEqual(growth.slopePerMinute);
    expect(leak!.confidence).toBeGreaterThan(0.99);
    expect(growth).toMatchObject({ unit: 'bytes', points: 48 });
    expect(growth.start / MB).toBeCloseTo(112, 0);
    expect(growth.growth / MB).toBeGreaterThan(46);
    expect(growth.growth / MB).toBeLessThan(48);
  });

  test('is found in file descriptors and in what Prometheus clients tell of memory', () => {
    const names = [
      'fileDescriptors',
      'process_open_fds',
      'go_memstats_heap_inuse_bytes{job="x"}',
      'process_resident_memory_bytes',
    ];
    const found = leaksOf((t) =>
      Object.fromEntries(names.map((name) => [name, name.includes('bytes') ? 1e8 + 1e6 * t : 20 + t])),
    );
    expect(found.map(({ kind, series }) => [kind, series])).toEqual(names.map((name) => ['leak', `target.${name}`]));
  });

  test('is none where a counter counts, a load is used, or nobody would notice', () => {
    expect(
      leaksOf((t) => ({
        requests_total: 1e6 * t,
        go_memstats_alloc_bytes_total: 1e9 * t,
        memoryUsedBytes: 1e9 + 1e7 * t,
        cpuRatio: 0.01 * t,
        queueDepth: t,
        rssBytes: 100 * MB + 0.1 * MB * t,
        fileDescriptors: 1000 + t,
      })),
    ).toEqual([]);
  });

  test('is none in the noise of a collector', () => {
    const random = createRandom(5);
    expect(leaksOf((t) => ({ rssBytes: 100 * MB + 3 * MB * (t % 7) + MB * random() }))).toEqual([]);
  });
});

describe('a drift', () => {
  const rising = (t: number): number => 5 * MS + 0.1 * MS * t;

  test('is found in response times that climb under an even load', () => {
    const found = judged({ responseNs: rising }).findings;
    expect(found.map(({ kind, series }) => [kind, series])).toEqual([
      ['drift', 'response.p50'],
      ['drift', 'response.p99'],
    ]);
    expect(found[0]!.evidence[0].slopePerMinute).toBeCloseTo(6, 1);
    expect(found[0]).toMatchObject({ fromSecond: 12, toSecond: 59 });
    expect(found[0]!.evidence[0].unit).toBe('ms');
    expect(found[0]!.evidence[0].start).toBeCloseTo(6.2, 1);
    expect(found[0]!.evidence[0].growth).toBeCloseTo(4.7, 1);
  });

  test('is none where it is small, where they are few, or where the generator may be its cause', () => {
    expect(judged({ responseNs: (t) => 5 * MS + 0.01 * MS * t }).findings).toEqual([]);
    expect(judged({ responseNs: rising, perSecond: 50 }).findings.map(({ series }) => series)).toEqual([
      'response.p50',
    ]);
    expect(judged({ responseNs: rising, perSecond: 9 }).findings).toEqual([]);
    const late = judged({ responseNs: rising, sendLagNs: 200 * MS });
    expect([late.findings, late.verdict.doubts.some(({ kind }) => kind === 'sendLag')]).toEqual([[], true]);
  });

  test('is none in noise', () => {
    const random = createRandom(11);
    expect(judged({ responseNs: () => 5 * MS + 20 * MS * random() }).findings).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import { repeats } from '../../../test/support/repeats.ts';
import { normal, type Simulation, simulateRun } from '../../../test/support/runs/simulated.ts';
import type { Comparison, MetricComparison } from '../../facts/comparison.ts';
import { createRandom } from '../../random/generator.ts';
import type { NonEmpty } from '../../units/non-empty.ts';
import { areApart } from './by-blocks.ts';
import { estimateOfValues } from './by-ranks.ts';
import { compare, DEFAULT_MARGIN_RATIO, judgeMetrics, SHARE_MARGIN } from './compare.ts';
import { METRIC_KINDS } from './compared-metrics.ts';
import type { RunSample } from './run-sample.ts';

const PAIRS = repeats(200);
const MARGIN = { ratio: DEFAULT_MARGIN_RATIO, shareDifference: SHARE_MARGIN };

function compared(baseline: NonEmpty<RunSample>, candidate: NonEmpty<RunSample>): Comparison {
  return compare({
    baseline: { reference: 'before', runs: baseline },
    candidate: { reference: 'now', runs: candidate },
    part: { kind: 'steady', seconds: baseline[0].steps.length },
    marginRatio: DEFAULT_MARGIN_RATIO,
    differences: [],
    notes: [],
  });
}

function group(count: number, first: number, simulation: Omit<Simulation, 'seed'>): NonEmpty<RunSample> {
  const [run, ...others] = Array.from({ length: count }, (_, i) => simulateRun({ ...simulation, seed: first + i }));
  return [run!, ...others];
}

const metric = (comparison: Comparison, name: MetricComparison['metric']): MetricComparison =>
  comparison.metrics.find((each) => each.metric === name)!;

/** Hundreds of comparisons take half a minute, and longer on a busy machine. */
const MANY = { timeout: 240_000 } as const;

describe('groups of runs', MANY, () => {
  /** What each run came to, metric by metric: they rise and fall together, and each has noise of its own. */
  function changesOfPair(
    seed: number,
    slower: number,
    runNoise: number,
    drift: number,
    inTurn = true,
  ): readonly MetricComparison[] {
    const random = createRandom(seed);
    const names = [
      'response.p50',
      'response.p90',
      'response.p99',
      'response.p99.9',
      'service.p99',
      'handshake.p99',
    ] as const;
    let wandering = normal(random);
    const values = { before: names.map((): number[] => []), now: names.map((): number[] => []) };
    for (let run = 0; run < 16; run++) {
      // Baseline and candidate in turn, or one after the other, while the machine drifts.
      const isBaseline = inTurn ? run % 2 === 0 : run < 8;
      wandering = 0.7 * wandering + Math.sqrt(1 - 0.7 ** 2) * normal(random);
      const side = isBaseline ? values.before : values.now;
      const level = isBaseline ? 1 : 1 + slower;
      const shared = runNoise * 0.7 * normal(random) + drift * wandering;
      side.forEach(
        (list, place) => void list.push(level * (10 + place) * Math.exp(shared + runNoise * 0.7 * normal(random))),
      );
    }
    const found = names.map((name, place) => ({
      metric: name,
      estimate: estimateOfValues({ unit: 'ms' }, [values.before[place]!, 8], [values.now[place]!, 8]),
    }));
    return judgeMetrics(found, MARGIN, 8);
  }

  const isCalled = (metrics: readonly MetricComparison[], change: MetricComparison['change']): boolean =>
    metrics.some((each) => each.change === change);

  test.each([
    [0.02, 0],
    [0.04, 0],
    [0.04, 0.03],
    [0.12, 0],
    [0.12, 0.08],
  ])('of the same service are worse or better in at most 5 of 100 comparisons: noise %d, drift %d', (runNoise, drift) => {
    let called = 0;
    for (let seed = 0; seed < PAIRS; seed++) {
      const metrics = changesOfPair(seed, 0, runNoise, drift);
      if (isCalled(metrics, 'worse') || isCalled(metrics, 'better')) called++;
    }
    expect(called).toBeLessThanOrEqual(0.05 * PAIRS);
  });

  test('made one side after the other while the machine drifts are called too often: hence the warning', () => {
    const called = Array.from({ length: PAIRS }, (_, seed) => changesOfPair(seed, 0, 0.04, 0.06, false)).filter(
      (metrics) => isCalled(metrics, 'worse') || isCalled(metrics, 'better'),
    );
    expect(called.length).toBeGreaterThan(0.1 * PAIRS);
  });

  test('eight a side and 10 % slower are worse in at least 90 of 100 comparisons, and never better', () => {
    const found = Array.from({ length: PAIRS }, (_, seed) => changesOfPair(seed, 0.1, 0.04, 0));
    expect(found.filter((metrics) => isCalled(metrics, 'worse')).length).toBeGreaterThanOrEqual(0.9 * PAIRS);
    expect(found.filter((metrics) => isCalled(metrics, 'better'))).toEqual([]);
  });

  test('of runs of seconds are told by all that the runs have, and what a plan has not is left out', () => {
    const quick = group(4, 1, { seconds: 20, runNoise: 0.01 });
    const slow = group(5, 100, { seconds: 20, runNoise: 0.01, levelMs: 6 });
    const comparison = compared(quick, slow);
    expect(comparison).toMatchObject({ change: 'worse', method: { kind: 'ranks' }, part: { kind: 'steady' } });
    expect(metric(comparison, 'response.p50')).toMatchObject({ change: 'worse', unit: 'ms', better: 'lower' });
    const { effect, interval, baseline, candidate } = metric(comparison, 'response.p50');
    expect([baseline, candidate]).toEqual([expect.closeTo(5, 0), expect.closeTo(6, 0)]);
    expect(effect).toBeCloseTo(0.2, 1);
    expect(interval![0]).toBeLessThan(effect!);
    expect(metric(comparison, 'delivered')).toMatchObject({ change: 'same', pValue: null, effect: 0 });
    expect(comparison.leftOut.map(({ metric: name }) => name)).toEqual([
      'fanout.p99',
      'fanout.received',
      'firstPush.p99',
      'pushes.received',
    ]);
    expect(compared(slow, quick).change).toBe('better');
  });

  test('that lose messages are worse in what is delivered, however few they are in percent', () => {
    const whole = group(5, 1, { seconds: 10 });
    const comparison = compared(whole, group(5, 50, { seconds: 10, lostRatio: 0.004 }));
    expect(metric(comparison, 'delivered')).toMatchObject({ change: 'worse', unit: 'share' });
    expect(metric(comparison, 'delivered').effect).toBeCloseTo(-0.004, 3);
  });

  test('are the same only where the whole interval lies within the margin', () => {
    const still = { seconds: 20, runNoise: 0.004, noise: 0.01 };
    const comparison = compared(group(8, 1, still), group(8, 100, still));
    expect(metric(comparison, 'response.p50').change).toBe('same');
    expect(comparison.change === 'same' || comparison.change === 'sameInPart').toBe(true);
    const loud = { seconds: 10, runNoise: 0.2 };
    const unsure = metric(compared(group(4, 1, loud), group(4, 100, loud)), 'response.p50');
    expect(unsure.change).toBe('inconclusive');
    expect(unsure.runsNeeded).toBeGreaterThan(4);
    expect(unsure.smallestVisible).toBeGreaterThan(0.2);
  });

  test('of which one has too few samples for a percentile have no data on it', () => {
    const scarce = { seconds: 10, perSecond: 50 };
    const comparison = compared(group(4, 1, scarce), group(4, 9, scarce));
    expect(metric(comparison, 'response.p99.9')).toMatchObject({ change: 'noData', effect: null });
    expect(metric(comparison, 'response.p99.9').reason).toMatch(/8 of 8 runs have too few samples/);
  });
});

describe('one run per side', MANY, () => {
  function falseAlarms(pairs: number, simulation: Omit<Simulation, 'seed'>): number {
    let called = 0;
    for (let pair = 0; pair < pairs; pair++) {
      const { change } = compared(group(1, 2 * pair, simulation), group(1, 2 * pair + 1, simulation));
      if (change === 'worse' || change === 'better') called++;
    }
    return called / pairs;
  }

  test('of the same service is rarely worse or better, though its seconds depend on each other', () => {
    expect(falseAlarms(PAIRS / 4, { seconds: 10, perSecond: 60, persistence: 0.6 })).toBeLessThanOrEqual(0.05);
    expect(falseAlarms(PAIRS / 10, { seconds: 60, perSecond: 40, persistence: 0.6, noise: 0.1 })).toBeLessThanOrEqual(
      0.05,
    );
  });

  test('is worse where it is half as slow again, says that it is weak, and says so each time', () => {
    const comparison = compared(group(1, 1, { seconds: 60 }), group(1, 2, { seconds: 60, levelMs: 7.5 }));
    expect(comparison).toMatchObject({
      change: 'worse',
      method: { kind: 'blocks', weakness: 'one run per side', resamples: 2000, blockSeconds: expect.any(Number) },
    });
    const { effect, interval } = metric(comparison, 'response.p50');
    expect(effect).toBeCloseTo(0.5, 1);
    expect(interval![0]).toBeGreaterThan(0.2);
    expect(compared(group(1, 1, { seconds: 60 }), group(1, 2, { seconds: 60, levelMs: 7.5 }))).toEqual(comparison);
  });

  test('that are far apart are decided, however few their seconds are, and stay weak', () => {
    for (const [levelMs, perSecond] of [
      [20, 400],
      [20, 20],
      [1, 400],
    ] as const) {
      const quick = group(1, 1, { seconds: 7, levelMs: 0.13, perSecond });
      const slow = group(1, 2, { seconds: 7, levelMs, perSecond });
      const comparison = compared(quick, slow);
      expect(comparison).toMatchObject({ change: 'worse', method: { kind: 'blocks', weakness: 'one run per side' } });
      expect(metric(comparison, 'response.p50').change).toBe('worse');
      expect(metric(comparison, 'response.p50').effect).toBeGreaterThan(5);
      expect(metric(compared(slow, quick), 'response.p50').change).toBe('better');
    }
  });

  test('of which one is not quite twice as slow are left to the test', () => {
    const comparison = compared(group(1, 1, { seconds: 7 }), group(1, 2, { seconds: 7, levelMs: 9 }));
    expect(comparison.metrics.filter(({ isApart }) => isApart)).toEqual([]);
  });

  test.each([
    { noise: 0.05, persistence: 0.6, runNoise: 0.12 },
    { noise: 0.12, persistence: 0.9, runNoise: 0.12 },
    { noise: 0.3, persistence: 0.95, runNoise: 0.15 },
  ])('of the same service are hardly ever taken to be far apart: %j', (noise) => {
    const sources = Object.values(METRIC_KINDS).flatMap(({ source, unit }) =>
      source.kind === 'run' || unit === 'share' ? [] : [source],
    );
    let called = 0;
    for (let pair = 0; pair < 5 * PAIRS; pair++) {
      const simulation = { seconds: 4 + (pair % 9), perSecond: 10, ...noise };
      const before = simulateRun({ ...simulation, seed: 2 * pair });
      const now = simulateRun({ ...simulation, seed: 2 * pair + 1 });
      if (sources.some((source) => areApart(source, before.steps, now.steps))) called++;
    }
    expect(called).toBeLessThanOrEqual(0.01 * 5 * PAIRS);
  });

  test('does not weigh what a run has only once, and says what would', () => {
    const comparison = compared(group(1, 1, { seconds: 60 }), group(1, 2, { seconds: 60 }));
    expect(metric(comparison, 'handshake.p99')).toMatchObject({
      change: 'inconclusive',
      interval: null,
      runsNeeded: 5,
    });
  });

  test('that is too short to be cut is not weighed at all', () => {
    const comparison = compared(group(1, 1, { seconds: 3 }), group(1, 2, { seconds: 3, levelMs: 50 }));
    expect(comparison).toMatchObject({ change: 'inconclusive', method: { blockSeconds: null } });
    expect(metric(comparison, 'response.p50').reason).toMatch(/3 s are too short/);
    expect(metric(comparison, 'response.p50').effect).toBeGreaterThan(5);
  });

  test('against three is weak as well', () => {
    const comparison = compared(group(3, 1, { seconds: 30 }), group(1, 9, { seconds: 30 }));
    expect(comparison.method).toMatchObject({ kind: 'blocks', weakness: 'fewer than four runs per side' });
  });

  test('of messages that are lost now and were not is worse in what is delivered', () => {
    const comparison = compared(group(1, 1, { seconds: 40 }), group(1, 2, { seconds: 40, lostRatio: 0.02 }));
    expect(metric(comparison, 'delivered')).toMatchObject({ change: 'worse' });
    expect(metric(comparison, 'delivered').effect).toBeCloseTo(-0.02, 2);
  });
});

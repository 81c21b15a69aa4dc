import { describe, expect, test } from 'vitest';
import { makeSummary } from '../../../test/support/history.ts';
import { repeats } from '../../../test/support/repeats.ts';
import type { RunSummary } from '../../facts/run-summary.ts';
import { createRandom } from '../../random/generator.ts';
import { type PlanTrend, planTrend, type TrendFigure } from './plan-trend.ts';

const BASE = makeSummary({ id: 'base' });
const RUNS = 50;
/** The run, counted from 1, from which on a change is planted. */
const PLANTED = 30;

/** In the order of time. */
function runsOf(count: number, changes: (place: number) => Partial<RunSummary>): readonly RunSummary[] {
  return Array.from({ length: count }, (_, place) => {
    const startedAt = new Date(Date.UTC(2026, 10, 1) + place * 3_600_000).toISOString();
    const git = { commit: `${place + 1}`.padStart(40, '0'), branch: 'main', isDirty: false };
    return { ...BASE, id: `run-${place + 1}`, startedAt, git, ...changes(place) };
  });
}

function trendOf(summaries: readonly RunSummary[]): PlanTrend {
  const found = planTrend(summaries);
  if (found.kind !== 'trend') throw new Error(`expected a trend, got ${JSON.stringify(found)}`);
  return found;
}

/** Normal, after Box and Muller; of mean 0 and standard deviation 1. */
function normalFrom(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

interface Simulated {
  readonly seed: number;
  readonly noiseRatio: number;
  /** Of times, from the planted run on. */
  readonly factor?: number;
  /** The share of runs whose times are ten times as long. */
  readonly outlierShare?: number;
}

function simulated({ seed, noiseRatio, factor = 1, outlierShare = 0 }: Simulated): readonly RunSummary[] {
  const random = createRandom(seed);
  const normal = normalFrom(random);
  return runsOf(RUNS, (place) => {
    const slower = (place + 1 >= PLANTED ? factor : 1) * (random() < outlierShare ? 10 : 1);
    const noisy = (value: number): number => value * Math.max(0.1, 1 + noiseRatio * normal());
    return {
      responseP50Ms: noisy(10) * slower,
      responseP99Ms: noisy(25) * slower,
      deliveredPerSecond: noisy(1000),
      sent: 10_000,
      delivered: 10_000 - Math.floor(random() * 3),
    };
  });
}

const changed = ({ changes }: PlanTrend, figure: TrendFigure) => changes.filter((change) => change.figure === figure);
const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, seed) => seed + 1);

describe('a plan that got slower', () => {
  const trend = trendOf(runsOf(RUNS, (place) => ({ responseP50Ms: place + 1 >= PLANTED ? 18 : 12 })));

  test('has a change at the first slower run, with its commit, the levels and that it is worse', () => {
    expect(trend.changes).toEqual([
      {
        figure: 'responseP50Ms',
        run: trend.runs[29],
        place: 29,
        before: expect.closeTo(12, 9),
        after: expect.closeTo(18, 9),
        changeRatio: expect.closeTo(0.5, 9),
        pValue: expect.closeTo(0, 9),
        direction: 'worse',
      },
    ]);
    expect(trend.runs[29]).toMatchObject({ id: 'run-30', git: { commit: '30'.padStart(40, '0') } });
  });

  test('and fast again has both changes, the latest first', () => {
    const levels = trendOf(runsOf(40, (place) => ({ responseP99Ms: place >= 12 && place < 27 ? 30 : 20 })));
    expect(levels.changes.map(({ place, direction }) => [place, direction])).toEqual([
      [27, 'better'],
      [12, 'worse'],
    ]);
  });
});

test('fewer delivered are worse, and more are better, also from nothing at all', () => {
  const fewer = trendOf(runsOf(20, (place) => ({ sent: 1000, delivered: place < 8 ? 1000 : 990 })));
  expect(fewer.changes).toMatchObject([{ figure: 'deliveredRatio', place: 8, before: 1, direction: 'worse' }]);
  const more = trendOf(runsOf(20, (place) => ({ deliveredPerSecond: place < 8 ? 0 : 500 })));
  expect(more.changes).toMatchObject([{ place: 8, changeRatio: null, direction: 'better' }]);
});

test('a change of less than the margin is none, however sure it is', () => {
  const trend = trendOf(runsOf(RUNS, (place) => ({ responseP50Ms: place < 25 ? 100 : 104 })));
  expect(trend.changes).toEqual([]);
});

describe('runs that cannot be held against the latest', () => {
  const odd: Readonly<Record<number, Partial<RunSummary>>> = {
    2: { end: 'aborted', generatorHealthy: false, responseP50Ms: 900 },
    5: { generatorHealthy: false, responseP50Ms: 900 },
    6: { generatorHealthy: false, responseP50Ms: 900 },
    7: { profile: 'other', responseP50Ms: 900 },
    9: { machine: { ...BASE.machine, cpuModel: 'other' }, responseP50Ms: 900 },
  };

  test('are left out, and counted once each', () => {
    const trend = trendOf(runsOf(30, (place) => odd[place] ?? { responseP50Ms: place < 20 ? 10 : 20 }));
    expect(trend.leftOut).toEqual({ notCompleted: 1, inDoubt: 2, otherProfile: 1, otherMachine: 1 });
    expect(trend.runs).toHaveLength(25);
    expect(trend.changes).toMatchObject([{ figure: 'responseP50Ms', run: { id: 'run-21' }, place: 15 }]);
  });

  test('do not hide the first that can: a change is that run’s', () => {
    const trend = trendOf(
      runsOf(30, (place) => ({ generatorHealthy: place !== 15, responseP50Ms: place < 15 ? 10 : 20 })),
    );
    expect(trend.changes).toMatchObject([{ run: { id: 'run-17' } }]);
  });

  test('leave too few to tell anything by: ten are enough', () => {
    const leftOut = { notCompleted: 0, inDoubt: 0, otherProfile: 0, otherMachine: 0 };
    expect(planTrend([])).toEqual({ kind: 'tooFew', count: 0, leftOut });
    const runs = runsOf(10, (place) => ({ responseP50Ms: place < 5 ? 10 : 20 }));
    expect(planTrend(runs.slice(1))).toEqual({ kind: 'tooFew', count: 9, leftOut });
    expect(trendOf(runs).changes).toHaveLength(1);
  });
});

test('a figure that is known of too few runs, or of none, has no change; of the others it is found at the right run', () => {
  const few = trendOf(runsOf(30, (place) => ({ responseP50Ms: place < 21 ? null : 5 * place, responseP99Ms: null })));
  expect(few.changes).toEqual([]);
  const some = trendOf(runsOf(30, (place) => ({ responseP99Ms: place % 3 === 0 ? null : place < 15 ? 10 : 20 })));
  expect(some.changes).toMatchObject([{ figure: 'responseP99Ms', run: { id: 'run-17' }, place: 16 }]);
});

describe('of simulated histories of fifty runs', () => {
  test('at most 5 % of those in which nothing changed have a change of any figure, at noise of 4 %', () => {
    const all = seeds(400);
    const wrong = all.filter((seed) => trendOf(simulated({ seed, noiseRatio: 0.04 })).changes.length > 0);
    expect(wrong.length / all.length).toBeLessThanOrEqual(0.05);
  });

  test.each([
    ['none', 0, 0.95],
    ['one in twenty', 0.05, 0.85],
  ])('a fifth slower from the thirtieth on is found there or beside it, where %s went astray', (_, outlierShare, share) => {
    const all = seeds(repeats(200));
    const found = all.filter((seed) => {
      const runs = simulated({ seed, noiseRatio: 0.04, factor: 1.2, outlierShare });
      const changes = changed(trendOf(runs), 'responseP99Ms');
      return changes.some(({ place, direction }) => direction === 'worse' && Math.abs(place + 1 - PLANTED) <= 1);
    });
    expect(found.length / all.length).toBeGreaterThanOrEqual(share);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { areaAt, curveOf, curves, timeOfAreaNs } from '../../../test/support/curve.ts';
import { NS_PER_SECOND } from '../../units/duration.ts';
import { shareCount } from '../../units/shares.ts';
import { countOpenMessages, createSchedule, type Schedule } from './arrivals.ts';
import { curveDurationNs, totalArea } from './curve.ts';

const S = NS_PER_SECOND;
const shardCounts = fc.integer({ min: 1, max: 5 });
const arrivals = fc.constantFrom('constant' as const, 'poisson' as const);

function take(schedule: Schedule): [index: number, dueNs: number][] {
  const taken: [number, number][] = [];
  for (; schedule.peekDueNs() !== Number.POSITIVE_INFINITY; schedule.advance()) {
    taken.push([schedule.peekIndex(), schedule.peekDueNs()]);
  }
  return taken;
}

describe('constant arrivals', () => {
  test('8000/s for 60 s are exactly 480,000 messages, 125 us apart', () => {
    const curve = curveOf({ to: 8000 }, { hold: 60 * S });
    expect(countOpenMessages(curve)).toBe(480_000);
    const schedule = createSchedule(curve, 'constant', 1, 0, 1);
    let count = 0;
    for (; schedule.peekDueNs() !== Number.POSITIVE_INFINITY; schedule.advance()) {
      if (Math.abs(schedule.peekDueNs() - count * 125_000) > 1e-3) throw new Error(`message ${count} is off`);
      count += 1;
    }
    expect(count).toBe(480_000);
  });

  test('message i of a linear ramp is due where the formula of a uniform acceleration puts it', () => {
    const due = take(createSchedule(curveOf({ to: 100, over: 10 * S }), 'constant', 1, 0, 1));
    expect(due).toHaveLength(500);
    for (const [i, dueNs] of due) expect(dueNs).toBeCloseTo(Math.sqrt((2 * i) / 10) * S, 0);
  });

  test('a burst comes on top for its time only', () => {
    const curve = curveOf({ to: 10 }, { hold: 1 * S }, { burst: 100, for: 1 * S }, { hold: 1 * S });
    const due = take(createSchedule(curve, 'constant', 1, 0, 1)).map(([, dueNs]) => dueNs);
    expect(due.filter((ns) => ns < S)).toHaveLength(10);
    expect(due.filter((ns) => ns >= S && ns < 2 * S)).toHaveLength(100);
    expect(due.filter((ns) => ns >= 2 * S)).toHaveLength(10);
  });

  test('the cursor agrees with the inverse of the area, message by message', () => {
    fc.assert(
      fc.property(curves, (curve) => {
        for (const [i, dueNs] of take(createSchedule(curve, 'constant', 1, 0, 1))) {
          if (Math.abs(dueNs - timeOfAreaNs(curve, i)) < 1) continue;
          // Where the level is next to nothing, many moments have the same area.
          expect(areaAt(curve, dueNs)).toBeCloseTo(areaAt(curve, timeOfAreaNs(curve, i)), 6);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('each shard has its share of the count', () => {
    fc.assert(
      fc.property(curves, shardCounts, (curve, shards) => {
        for (let shard = 0; shard < shards; shard++) {
          expect(take(createSchedule(curve, 'constant', 1, shard, shards))).toHaveLength(
            shareCount(countOpenMessages(curve), shard, shards),
          );
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('any arrivals', () => {
  test('the shards together are the unsharded schedule', () => {
    fc.assert(
      fc.property(curves, arrivals, fc.nat(), shardCounts, (curve, arrival, seed, shards) => {
        const whole = take(createSchedule(curve, arrival, seed, 0, 1));
        const parts = Array.from({ length: shards }, (_, k) => take(createSchedule(curve, arrival, seed, k, shards)));
        const union = parts.flat().sort(([a], [b]) => a - b);
        // An exponential piece is solved from where its shard stood: equal up to the solver's precision.
        expect(union.map(([index]) => index)).toEqual(whole.map(([index]) => index));
        for (const [i, [, dueNs]] of union.entries()) expect(Math.abs(dueNs - whole[i]![1])).toBeLessThan(1);
      }),
      { numRuns: 60 },
    );
  });

  test('are in order and end with the curve', () => {
    fc.assert(
      fc.property(curves, arrivals, fc.nat(), (curve, arrival, seed) => {
        const due = take(createSchedule(curve, arrival, seed, 0, 1)).map(([, dueNs]) => dueNs);
        expect(due.every((dueNs, i) => i === 0 || dueNs >= due[i - 1]!)).toBe(true);
        expect(due.every((dueNs) => dueNs >= 0 && dueNs <= curveDurationNs(curve))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('a curve without duration has none', () => {
    expect(createSchedule(curveOf({ to: 5 }), 'constant', 1, 0, 1).peekDueNs()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('Poisson arrivals', () => {
  const curve = curveOf({ to: 100 }, { hold: 10 * S }, { to: 300, over: 10 * S });

  test('the same seed repeats them and another does not', () => {
    const due = (seed: number) => take(createSchedule(curve, 'poisson', seed, 0, 1));
    expect(due(1)).toEqual(due(1));
    expect(due(1)).not.toEqual(due(2));
  });

  test('counts over seeds have the mean and the variance of the area', () => {
    const counts = Array.from({ length: 400 }, (_, seed) => take(createSchedule(curve, 'poisson', seed, 0, 1)).length);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1);
    const area = totalArea(curve);
    expect(Math.abs(mean - area)).toBeLessThan(4 * Math.sqrt(area / counts.length));
    // The variance of a sample variance is about 2 sigma^4 / n.
    expect(Math.abs(variance / area - 1)).toBeLessThan(4 * Math.sqrt(2 / counts.length));
  });

  test('gaps on a hold are exponential: Kolmogorov-Smirnov finds nothing', () => {
    const due = take(createSchedule(curveOf({ to: 1000 }, { hold: 20 * S }), 'poisson', 11, 0, 1));
    const gaps = due.slice(1).map(([, dueNs], i) => (dueNs - due[i]![1]) / 1e6);
    gaps.sort((a, b) => a - b);
    const distance = gaps.reduce((worst, gap, i) => {
      const expected = 1 - Math.exp(-gap);
      return Math.max(worst, Math.abs(expected - i / gaps.length), Math.abs(expected - (i + 1) / gaps.length));
    }, 0);
    // The critical value at 0.1 %.
    expect(distance * Math.sqrt(gaps.length)).toBeLessThan(1.95);
  });
});

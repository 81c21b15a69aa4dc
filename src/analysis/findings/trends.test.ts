import { describe, expect, test } from 'vitest';
import { repeats } from '../../../test/support/repeats.ts';
import { createRandom, type Random } from '../../random/generator.ts';
import { lineThrough, type Point, steadyClimb } from './trends.ts';

const SECOND = 1e9;
const MB = 1e6;
const SEEDS = Array.from({ length: repeats(200) }, (_, seed) => seed);
const MEMORY = { leastShare: 0.05, least: 10 * MB };

/** One value a second. */
const series = (seconds: number, valueAt: (second: number) => number): Point[] =>
  Array.from({ length: seconds }, (_, second) => ({ atNs: second * SECOND, value: valueAt(second) }));

/** Box and Muller's transform. */
const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** By name: a series of so many seconds that a seed draws, and in which nothing leaks. */
const CALM: Readonly<Record<string, (seconds: number, random: Random) => Point[]>> = {
  'independent noise': (seconds, random) => {
    const level = 50 * MB + 200 * MB * random();
    const spread = level * 0.3 * random();
    return series(seconds, () => level + spread * normal(random));
  },
  'noise that remembers the second before': (seconds, random) => {
    const memory = 0.5 + 0.4 * random();
    let deviation = 0;
    return series(seconds, () => {
      deviation = memory * deviation + 8 * MB * normal(random);
      return 150 * MB + deviation;
    });
  },
  'the saw-tooth of a collector': (seconds, random) => {
    const period = 2 + Math.floor(random() * (seconds / 2));
    const phase = random() * period;
    const height = 100 * MB * random();
    return series(seconds, (t) => 100 * MB + (height * ((t + phase) % period)) / period + MB * normal(random));
  },
  'one step': (seconds, random) => {
    const at = seconds * random();
    const height = 100 * MB * random();
    return series(seconds, (t) => 100 * MB + (t > at ? height : 0) + 0.5 * MB * normal(random));
  },
  'a warm-up that levels off': (seconds, random) => {
    const finalizes = seconds * (0.05 + 0.25 * random());
    return series(seconds, (t) => 100 * MB + 80 * MB * (1 - Math.exp(-t / finalizes)) + 0.5 * MB * normal(random));
  },
  'nothing at all': (seconds) => series(seconds, () => 100 * MB),
};

describe('a climb', () => {
  describe.each(Object.keys(CALM))('is not found in %s', (name) => {
    test.each([20, 60, 120])('of %i s', (seconds) => {
      const found = SEEDS.filter(
        (seed) => steadyClimb(CALM[name]!(seconds, createRandom(seed, seconds)), MEMORY) !== null,
      );
      expect(found).toEqual([]);
    });
  });

  test('is called by mistake no more often than its significance says, even in noise with a long memory', () => {
    for (const memory of [0.8, 0.9]) {
      const found = Array.from({ length: repeats(1000) }, (_, seed) => {
        const random = createRandom(seed, 4);
        let deviation = 0;
        const noise = series(60, () => {
          deviation = memory * deviation + 8 * MB * normal(random);
          return 150 * MB + deviation;
        });
        return steadyClimb(noise, MEMORY) !== null;
      });
      expect(found.filter(Boolean).length / found.length, `memory ${memory}`).toBeLessThan(0.01);
    }
  });

  test.each([20, 60, 120])('that was planted in noise is found in %i s, within a tenth', (seconds) => {
    for (const seed of SEEDS) {
      const random = createRandom(seed, 1000 + seconds);
      const perSecond = (20 * MB + 200 * MB * random()) / seconds;
      const spread = 0.02 * perSecond * seconds;
      const line = steadyClimb(
        series(seconds, (t) => 100 * MB + perSecond * t + spread * normal(random)),
        MEMORY,
      );
      expect(line, `seed ${seed}`).not.toBeNull();
      expect(Math.abs((line!.slopePerNs * SECOND) / perSecond - 1), `seed ${seed}`).toBeLessThan(0.1);
    }
  });

  test('that was planted under a saw-tooth is found along its floor, within a tenth', () => {
    for (const seed of SEEDS) {
      const random = createRandom(seed, 3);
      const period = 4 + Math.floor(random() * 5);
      const perSecond = MB * (0.5 + random());
      const height = 40 * MB * random();
      const line = steadyClimb(
        series(120, (t) => 100 * MB + perSecond * t + (height * (t % period)) / period + 0.5 * MB * normal(random)),
        MEMORY,
      );
      expect(line, `seed ${seed}`).not.toBeNull();
      expect(Math.abs((line!.slopePerNs * SECOND) / perSecond - 1), `seed ${seed}`).toBeLessThan(0.1);
    }
  });

  test('needs to matter: by share and by size', () => {
    const slow = series(60, (t) => 100 * MB + 0.1 * MB * t);
    expect(steadyClimb(slow, MEMORY)).toBeNull();
    expect(steadyClimb(slow, { leastShare: 0.05, least: MB })).not.toBeNull();
    expect(steadyClimb(slow, { leastShare: 0.07, least: MB })).toBeNull();
  });

  test('needs enough points', () => {
    expect(
      steadyClimb(
        series(14, (t) => 100 * MB * t),
        MEMORY,
      ),
    ).toBeNull();
    expect(
      steadyClimb(
        series(15, (t) => 100 * MB * t),
        MEMORY,
      ),
    ).not.toBeNull();
    expect(lineThrough(series(14, (t) => t))).toBeNull();
  });

  test('goes by time, where seconds are missing', () => {
    const whole = series(100, (t) => 100 * MB + MB * t);
    const holed = whole.filter((_, t) => t < 30 || t > 60);
    expect(steadyClimb(holed, MEMORY)!.slopePerNs * SECOND).toBeCloseTo(MB, 0);
    expect(steadyClimb(holed, MEMORY)).toMatchObject({ start: 100 * MB, growth: 99 * MB });
  });
});

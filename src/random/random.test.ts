import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exponential, uniform, weightedIndex } from './distributions.ts';
import { createRandom, createUint32Generator, hash01 } from './generator.ts';

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** Pearson's statistic over 256 cells: 255 degrees of freedom, mean 255, standard deviation 22.6. */
function chiSquared256(draw: (i: number) => number, count: number): number {
  const cells = new Float64Array(256);
  for (let i = 0; i < count; i++) cells[Math.floor(draw(i) * 256)]! += 1;
  const expected = count / 256;
  return cells.reduce((sum, cell) => sum + (cell - expected) ** 2 / expected, 0);
}

describe('the generator', () => {
  test('the same seed and stream give the same sequence', () => {
    fc.assert(
      fc.property(seeds, fc.nat(1000), (seed, stream) => {
        const one = createUint32Generator(seed, stream);
        const other = createUint32Generator(seed, stream);
        return Array.from({ length: 10 }, () => one() === other()).every(Boolean);
      }),
    );
  });

  test('neighboring seeds, seeds that differ above bit 32, and streams give different sequences', () => {
    const firsts = [
      createUint32Generator(1)(),
      createUint32Generator(2)(),
      createUint32Generator(1 + 2 ** 32)(),
      createUint32Generator(1, 1)(),
      createUint32Generator(1, 2)(),
    ];
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  test('draws lie in [0, 1) and fill it evenly', () => {
    const random = createRandom(42);
    expect(chiSquared256(random, 100_000)).toBeLessThan(255 + 5 * 22.6);
    const draws = Array.from({ length: 1000 }, random);
    expect(draws.every((u) => u >= 0 && u < 1)).toBe(true);
  });

  test('every one of the 32 bits is set half of the time', () => {
    const next = createUint32Generator(7);
    const ones = new Float64Array(32);
    for (let i = 0; i < 20_000; i++) {
      const word = next();
      for (let bit = 0; bit < 32; bit++) ones[bit]! += (word >>> bit) & 1;
    }
    for (const count of ones) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(5000));
  });
});

describe('the hash', () => {
  test('consecutive indexes fill [0, 1) evenly, also beyond 2^32', () => {
    expect(chiSquared256((i) => hash01(1, i), 100_000)).toBeLessThan(255 + 5 * 22.6);
    expect(chiSquared256((i) => hash01(1, 2 ** 40 + i), 100_000)).toBeLessThan(255 + 5 * 22.6);
  });

  test('one flipped bit of the index changes about half of the bits', () => {
    let changed = 0;
    for (let index = 0; index < 2000; index++) {
      const before = hash01(9, index) * 2 ** 32;
      const after = hash01(9, index ^ (1 << (index % 31))) * 2 ** 32;
      for (let rest = ((before >>> 0) ^ (after >>> 0)) >>> 0; rest !== 0; rest >>>= 1) changed += rest & 1;
    }
    expect(changed / 2000).toBeGreaterThan(15);
    expect(changed / 2000).toBeLessThan(17);
  });

  test('seeds choose independently of each other', () => {
    let same = 0;
    for (let index = 0; index < 10_000; index++) if (hash01(1, index) < 0.5 === hash01(2, index) < 0.5) same++;
    expect(Math.abs(same - 5000)).toBeLessThan(250);
  });
});

describe('distributions', () => {
  test('the exponential has mean 1 and variance 1', () => {
    const random = createRandom(3);
    const draws = Array.from({ length: 50_000 }, () => exponential(random));
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    expect(mean).toBeCloseTo(1, 1);
    expect(Math.abs(variance - 1)).toBeLessThan(0.06);
  });

  test('the exponential is finite at both ends of the source', () => {
    expect(exponential(() => 0)).toBe(0);
    expect(exponential(() => 1 - 2 ** -32)).toBeLessThan(23);
  });

  test('uniform stays between its bounds', () => {
    const random = createRandom(4);
    for (let i = 0; i < 1000; i++) {
      const x = uniform(random, 5, 7);
      expect(x >= 5 && x < 7).toBe(true);
    }
    expect(uniform(random, 3, 3)).toBe(3);
  });

  test('a weighted choice agrees with a linear search', () => {
    const weights = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (list, u) => {
        const cumulative: number[] = [];
        for (const weight of list) cumulative.push((cumulative.at(-1) ?? 0) + weight);
        const wanted = u * (cumulative.at(-1) ?? 0);
        expect(weightedIndex(cumulative, u)).toBe(cumulative.findIndex((total) => total > wanted));
      }),
    );
  });

  test('weights 70 and 30 are chosen 70 and 30 times in a hundred', () => {
    let second = 0;
    for (let i = 0; i < 10_000; i++) second += weightedIndex([70, 100], hash01(5, i));
    expect(Math.abs(second - 3000)).toBeLessThan(5 * Math.sqrt(2100));
  });
});

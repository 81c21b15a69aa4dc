import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../random/generator.ts';
import {
  autocorrelation,
  blockLength,
  createBlocks,
  drawBlocks,
  insightOf,
  persistenceOf,
  spreadOf,
} from './blocks.ts';
import { benjaminiHochberg } from './many.ts';
import { normalQuantile, normalUpperTail } from './normal.ts';
import { hodgesLehmann, mannWhitney } from './ranks.ts';
import {
  logGamma,
  regularizedBeta,
  studentQuantile,
  studentTest,
  studentUpperTail,
  variance,
  welchTest,
} from './student.ts';

const figures = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const groups = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 9 });

describe("Student's distribution", () => {
  test('stands on functions that have the published values', () => {
    expect(logGamma(10.5)).toBeCloseTo(13.940625219403763, 12);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 13);
    expect(regularizedBeta(0.4, 2, 3)).toBeCloseTo(0.5248, 14);
    expect(regularizedBeta(0.05, 0.5, 10)).toBeCloseTo(0.6828484245344547, 13);
    // Of Fisher's distribution: 44 / (44 + 3·5.405).
    expect(regularizedBeta(44 / (44 + 3 * 5.405), 22, 1.5)).toBeCloseTo(0.002966349333103237, 14);
  });

  test('has the published tails and quantiles', () => {
    expect(studentUpperTail(2.5, 10)).toBeCloseTo(0.01572342211830441, 14);
    expect(studentQuantile(0.975, 3)).toBeCloseTo(3.1824463052837078, 12);
    expect(studentQuantile(0.975, 8)).toBeCloseTo(2.306004135204166, 12);
    expect(studentQuantile(0.025, 8)).toBeCloseTo(-2.306004135204166, 12);
    expect(studentQuantile(0.5, 4)).toBeCloseTo(0, 12);
  });

  test('factorials are those of whole numbers, and the beta function has two sides', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 150 }), (n) => {
        expect(logGamma(n + 1) - logGamma(n)).toBeCloseTo(Math.log(n), 10);
      }),
    );
    const shape = fc.double({ min: 0.1, max: 60, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 0.999, noNaN: true }), shape, shape, (x, a, b) => {
        expect(regularizedBeta(x, a, b) + regularizedBeta(1 - x, b, a)).toBeCloseTo(1, 9);
      }),
    );
  });

  test('is the normal one with very many degrees of freedom', () => {
    expect(studentQuantile(0.975, 1e7)).toBeCloseTo(normalQuantile(0.975), 5);
  });
});

describe('a test of two means', () => {
  test('has the published values, with one variance and with two', () => {
    const pooled = studentTest([2, 1, 3, 4], [6, 5, 7, 9])!;
    expect(pooled).toEqual({
      t: expect.closeTo(-3.97034461522, 10),
      degrees: 6,
      pValue: expect.closeTo(0.00736405922, 10),
    });
    const { t, degrees, pValue } = welchTest([2, 1, 3, 4], [6, 5, 7, 9])!;
    expect([t, degrees]).toEqual([expect.closeTo(-3.97034461522, 10), expect.closeTo(5.584615384615, 11)]);
    expect(pValue).toBeCloseTo(0.00851286313, 10);
  });

  test('needs two values a side, and can tell constants apart', () => {
    for (const test of [studentTest, welchTest]) expect(test([1], [2, 3])).toBeNull();
    expect(welchTest([1, 1], [1, 1])!.pValue).toBe(1);
    expect(welchTest([1, 1], [2, 2])).toMatchObject({ t: Number.NEGATIVE_INFINITY, pValue: 0 });
  });
});

describe('Mann-Whitney', () => {
  test.each([
    [[2, 1, 3, 5], [12, 11, 13, 15], 0, 0.028571428571],
    [[2, 1, 3, 5], [0, 4, 6, 7], 5, 0.485714285714],
    [[19, 22, 16, 29, 24], [20, 11, 17, 12], 17, 0.11111111111],
    // Ties, counted out: 6 of 126.
    [[2, 1, 3, 5], [1, 1, 1, 1, 1], 17.5, 0.047619047619],
  ])('of %j and %j is as published', (first, second, u, pValue) => {
    const found = mannWhitney(first, second)!;
    expect([found.u, found.pValue]).toEqual([u, expect.closeTo(pValue, 10)]);
  });

  test('of many values is as published', () => {
    const first = Array.from({ length: 500 }, (_, i) => 2 * i);
    const second = Array.from({ length: 600 }, (_, i) => 2 * i - 41);
    const found = mannWhitney(first, second)!;
    expect([found.u, found.pValue]).toEqual([135_250, expect.closeTo(0.0049335360814, 12)]);
  });

  test('of many equal values has the spread that drawing without replacement has', () => {
    const zerosAndOnes = (ones: number): number[] => Array.from({ length: 60 }, (_, i) => (i < ones ? 1 : 0));
    // 20 and 35 ones of 60 each: 7.5 from the mean of a hypergeometric variance of 60·60·55·65 / (120²·119).
    const deviation = 60 * Math.sqrt((60 * 60 * 55 * 65) / (120 ** 2 * 119));
    const { pValue } = mannWhitney(zerosAndOnes(20), zerosAndOnes(35))!;
    expect(pValue).toBeCloseTo(2 * normalUpperTail((7.5 * 60 - 0.5) / deviation), 12);
  });

  test('has no smaller p than three, four and five values a side allow', () => {
    const least = (n: number): number =>
      mannWhitney(
        Array.from({ length: n }, (_, i) => i),
        Array.from({ length: n }, (_, i) => i + n),
      )!.pValue;
    expect([least(3), least(4), least(5)]).toEqual([
      expect.closeTo(0.1, 12),
      expect.closeTo(0.0285714, 7),
      expect.closeTo(0.0079365, 7),
    ]);
  });

  test('is no test where all values are equal, or none are there', () => {
    expect(mannWhitney([3, 3], [3, 3, 3])).toBeNull();
    expect(mannWhitney([], [1, 2])).toBeNull();
  });

  test('says the same from either side, and agrees with trying every division', () => {
    fc.assert(
      fc.property(groups, groups, (first, second) => {
        const found = mannWhitney(first, second);
        const other = mannWhitney(second, first);
        if (found === null) {
          expect(other).toBeNull();
          return;
        }
        expect(found.u + other!.u).toBeCloseTo(first.length * second.length, 10);
        expect(found.pValue).toBeCloseTo(other!.pValue, 10);
        if (first.length + second.length <= 10) {
          expect(found.pValue).toBeCloseTo(pValueByTrying(first, second), 10);
        }
      }),
    );
  });

  test('counted out and by the normal distribution it is nearly the same', () => {
    const random = createRandom(5);
    const values = (n: number, above: number): number[] => Array.from({ length: n }, () => random() + above);
    const first = values(50, 0);
    const second = values(50, 0.15);
    const exact = mannWhitney(first, second)!.pValue;
    const normal = mannWhitney([...first, 0.5], [...second, 0.65])!.pValue;
    expect(Math.abs(Math.log(normal / exact))).toBeLessThan(0.4);
  });
});

/** Every way to choose the first group among all values. */
function pValueByTrying(first: readonly number[], second: readonly number[]): number {
  const all = [...first, ...second];
  const middle = (first.length * second.length) / 2;
  const uOf = (chosen: number): number => {
    let u = 0;
    for (let i = 0; i < all.length; i++) {
      for (let j = 0; j < all.length; j++) {
        if ((chosen >> i) % 2 === 1 && (chosen >> j) % 2 === 0) u += (Math.sign(all[i]! - all[j]!) + 1) / 2;
      }
    }
    return u;
  };
  const observed = Math.abs(uOf(2 ** first.length - 1) - middle);
  let ways = 0;
  let asFar = 0;
  for (let chosen = 0; chosen < 2 ** all.length; chosen++) {
    const size = all.reduce((sum, _, i) => sum + ((chosen >> i) % 2), 0);
    if (size !== first.length) continue;
    ways++;
    if (Math.abs(uOf(chosen) - middle) >= observed) asFar++;
  }
  return asFar / ways;
}

describe('Hodges-Lehmann', () => {
  test('is the median of all differences, between those that the distribution of U leaves out', () => {
    const { shift, interval, coverage } = hodgesLehmann([1, 2, 3, 5], [11, 12, 13, 15], 0.95);
    expect(shift).toBe(10);
    // With four a side nothing is left out: 1 − 2/70.
    expect(interval).toEqual([6, 14]);
    expect(coverage).toBeCloseTo(1 - 2 / 70, 12);
  });

  test('leaves out as many as a table has for 30 a side', () => {
    // R: qwilcox(.025, 30, 30) = 318, so the 318th of 900 differences bounds it.
    const first = Array.from({ length: 30 }, () => 0);
    const second = Array.from({ length: 30 }, (_, i) => i);
    const { interval } = hodgesLehmann(first, second, 0.95);
    expect(interval).toEqual([Math.ceil(318 / 30) - 1, 29 - (Math.ceil(318 / 30) - 1)]);
  });

  test('moves with the second group, and its interval excludes zero where the test is significant', () => {
    const distinct = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 10, maxLength: 20 });
    fc.assert(
      fc.property(distinct, fc.integer({ min: -500, max: 500 }), (values, by) => {
        const first = values.slice(0, 5);
        const second = values.slice(5);
        const before = hodgesLehmann(first, second, 0.95);
        const moved = hodgesLehmann(
          first,
          second.map((value) => value + by),
          0.95,
        );
        expect(moved.shift).toBeCloseTo(before.shift + by, 9);
        const [low, high] = before.interval;
        expect(low > 0 || high < 0).toBe(mannWhitney(first, second)!.pValue <= 1 - before.coverage + 1e-9);
      }),
    );
  });
});

describe('many tests', () => {
  test('are corrected as Benjamini and Hochberg have it in their own example', () => {
    const published = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
    ];
    // Four are below 5 %: 0.0095 · 15 / 4.
    const corrected = benjaminiHochberg(published);
    expect(corrected.filter((p) => p <= 0.05)).toHaveLength(4);
    expect(corrected[3]).toBeCloseTo(0.035625, 12);
  });

  test('never make a p smaller, never change which is the smaller one, and leave one alone', () => {
    expect(benjaminiHochberg([0.03])).toEqual([0.03]);
    expect(benjaminiHochberg([])).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2 }), (pValues) => {
        const corrected = benjaminiHochberg(pValues);
        pValues.forEach((p, i) => {
          expect(corrected[i]).toBeGreaterThanOrEqual(p);
          expect(corrected[i]).toBeLessThanOrEqual(1);
          pValues.forEach((other, j) => {
            if (p < other) expect(corrected[i]).toBeLessThanOrEqual(corrected[j]!);
          });
        });
      }),
    );
  });
});

describe('blocks', () => {
  /** Each value is that share of the one before, and noise. */
  function dependent(count: number, share: number, seed: number): number[] {
    const random = createRandom(seed);
    let last = 0;
    return Array.from({ length: count }, () => {
      last = share * last + Math.sqrt(1 - share ** 2) * normalQuantile(Math.max(1e-9, random()));
      return last;
    });
  }

  test('are as long as values depend on each other', () => {
    expect(blockLength(dependent(2000, 0, 1), 1)).toBe(1);
    expect(blockLength(dependent(2000, 0, 1), 10)).toBe(10);
    // 0.9^22 is 0.1.
    const length = blockLength(dependent(20_000, 0.9, 1), 1);
    expect(length).toBeGreaterThan(14);
    expect(length).toBeLessThan(32);
    expect(blockLength([5, 5, 5, 5], 2)).toBe(2);
    expect(blockLength([1, 2, 3], 50)).toBe(50);
  });

  test('correlate with themselves wholly', () => {
    fc.assert(
      fc.property(fc.array(figures, { minLength: 2, maxLength: 30 }), (values) => {
        const whole = autocorrelation(values, 0);
        expect(whole === 0 || Math.abs(whole - 1) < 1e-9).toBe(true);
      }),
    );
  });

  test('lie within one run each, and are drawn alike by the same seed', () => {
    const spans = [
      { from: 0, to: 40 },
      { from: 40, to: 73 },
    ];
    const draw = (seed: number): number[] => {
      const blocks = createBlocks(spans, 10);
      drawBlocks(blocks, spans, createRandom(seed));
      return [...blocks.starts.subarray(0, blocks.count)];
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    for (let seed = 0; seed < 200; seed++) {
      for (const start of draw(seed))
        expect(spans.some(({ from, to }) => start >= from && start + 10 <= to)).toBe(true);
    }
  });

  test('say how far a mean of dependent values can be trusted: 95 intervals of a hundred hold the truth', () => {
    const rounds = 300;
    let held = 0;
    for (let seed = 0; seed < rounds; seed++) {
      const values = dependent(120, 0.6, seed);
      const sums = [0];
      for (const value of values) sums.push(sums.at(-1)! + value);
      const spans = [{ from: 0, to: 120 }];
      const blocks = createBlocks(spans, 10);
      const random = createRandom(seed, 1);
      const drawn = Array.from({ length: 400 }, () => {
        drawBlocks(blocks, spans, random);
        let sum = 0;
        for (const start of blocks.starts) sum += sums[start + 10]! - sums[start]!;
        return sum / 120;
      });
      const { interval, pValue } = spreadOf(
        sums[120]! / 120,
        drawn,
        insightOf(persistenceOf(values), 10, 120, 1),
        0.95,
      );
      if (interval[0] <= 0 && interval[1] >= 0) held++;
      expect(pValue).toBeGreaterThan(0);
    }
    expect(held / rounds).toBeGreaterThan(0.93);
    expect(held / rounds).toBeLessThan(1);
  });

  test('show too little of what lasts longer than they do, and are worth fewer then', () => {
    const independent = insightOf(0, 10, 60, 1);
    expect(independent).toEqual({ blocks: 6, inflation: expect.closeTo(Math.sqrt(6 / 5), 12) });
    expect(insightOf(0, 10, 60, 3).blocks).toBe(18);
    const lasting = insightOf(0.9, 10, 60, 1);
    expect(lasting.inflation).toBeGreaterThan(1.7);
    expect(lasting.blocks).toBeLessThan(4);
    // A mean of n values of which 0.9 stays: 19 − 180 / n · (1 − 0.9^n) times the variance of independent ones.
    const shown = (n: number): number => 19 - (180 / n) * (1 - 0.9 ** n);
    expect(lasting.inflation ** 2).toBeCloseTo(shown(60) / (shown(10) - shown(60) / 6), 9);
  });

  test('are told by neighbors how long what they hold lasts', () => {
    expect(persistenceOf(dependent(5000, 0.6, 3))).toBeCloseTo(0.6, 1);
    expect(persistenceOf(dependent(5000, 0, 3))).toBeLessThan(0.05);
    expect(persistenceOf([5, 5, 5, 5, 5])).toBe(0);
    expect(persistenceOf([1, 2])).toBe(0);
  });

  test('without any spread say so, and are wider the fewer they are', () => {
    const five = { blocks: 5, inflation: 1 };
    expect(spreadOf(0, [0, 0, 0], five, 0.95)).toEqual({ interval: [0, 0], pValue: 1, standardError: 0 });
    expect(spreadOf(2, [2, 2, 2], five, 0.95)).toEqual({ interval: [2, 2], pValue: 0, standardError: 0 });
    const drawn = dependent(500, 0, 3);
    const width = (blocks: number): number => {
      const [low, high] = spreadOf(0, drawn, { blocks, inflation: 1 }, 0.95).interval;
      return high - low;
    };
    expect(width(4)).toBeGreaterThan(1.5 * width(30));
    expect(variance(drawn)).toBeCloseTo(1, 0);
  });
});

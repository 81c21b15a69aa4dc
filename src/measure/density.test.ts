import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createDensityFacts,
  cutDensity,
  DENSITY_THRESHOLD,
  type Displacement,
  finishDisplacement,
  notePlace,
} from './density.ts';

interface Measured {
  /** Displacements to count, without those in their places. */
  readonly displaced: Readonly<Record<number, number>>;
  /** After each first arrival: how many wait. */
  readonly held: readonly number[];
  readonly mostHeld: number;
}

/** Numbers as the RFC writes them, from 1; duplicates are left out before, as the ledger does. */
function measure(arrivals: readonly number[], threshold = DENSITY_THRESHOLD): Measured {
  const facts = createDensityFacts(threshold);
  const places: Displacement = { next: 1, waiting: [], leftOut: null };
  const seen = new Set<number>();
  const held: number[] = [];
  for (const sequence of arrivals) {
    if (seen.has(sequence)) continue;
    seen.add(sequence);
    notePlace(facts, places, sequence, (n) => seen.has(n));
    held.push(places.waiting.length);
  }
  finishDisplacement(facts, places, (n) => seen.has(n));
  const { displaced, mostHeld } = cutDensity(facts);
  expect(cutDensity(facts)).toEqual({ displaced: [], mostHeld: 0 });
  return { displaced: Object.fromEntries(displaced), held, mostHeld };
}

const histogram = (values: readonly number[]): number[] => {
  const counts = Array<number>(Math.max(...values) + 1).fill(0);
  for (const value of values) counts[value]!++;
  return counts;
};

describe('the examples of RFC 5236', () => {
  test('1 4 2 5 3 6 7 8, threshold 4: a density of .125 at −2, −1, 1 and 2; 5, 2 and 1 arrivals find 0, 1 and 2 held', () => {
    const { displaced, held } = measure([1, 4, 2, 5, 3, 6, 7, 8], 4);
    expect(displaced).toEqual({ '-2': 1, '-1': 1, 1: 1, 2: 1 });
    expect(histogram(held)).toEqual([5, 2, 1]);
  });

  test('1 2 4 5 6 7, threshold 3: the third is lost, and nothing is out of its place', () => {
    const { displaced, held } = measure([1, 2, 4, 5, 6, 7], 3);
    expect(displaced).toEqual({});
    expect(histogram(held)).toEqual([3, 1, 1, 1]);
  });

  test('1 3 2 3 4 5, threshold 2: the second 3 has no place', () => {
    const { displaced, held } = measure([1, 3, 2, 3, 4, 5], 2);
    expect(displaced).toEqual({ '-1': 1, 1: 1 });
    expect(histogram(held)).toEqual([4, 1]);
  });

  test('1 4 3 5 3 8 7 6: displacements 0 −1 1 0 (duplicate) −2 0 2', () => {
    expect(measure([1, 4, 3, 5, 3, 8, 7, 6]).displaced).toEqual({ '-2': 1, '-1': 1, 1: 1, 2: 1 });
  });

  test('1 2 5 3 6 2, where 4 is lost: 0 0 −2 2 0', () => {
    expect(measure([1, 2, 5, 3, 6, 2]).displaced).toEqual({ '-2': 1, 2: 1 });
  });
});

test('displacements are the sorted arrivals minus the arrivals, whatever is lost', () => {
  const arrivals = fc.shuffledSubarray([...Array(50).keys()], { minLength: 1 });
  fc.assert(
    fc.property(arrivals, (numbers) => {
      const shifted = numbers.map((n) => n + 1);
      const sorted = [...shifted].sort((a, b) => a - b);
      const expected: Record<number, number> = {};
      for (const [place, sequence] of shifted.entries()) {
        const displacement = sorted[place]! - sequence;
        if (displacement !== 0) expected[displacement] = (expected[displacement] ?? 0) + 1;
      }
      expect(measure(shifted).displaced).toEqual(expected);
    }),
  );
});

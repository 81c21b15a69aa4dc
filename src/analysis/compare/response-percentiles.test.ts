import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countsOf, simulateRun } from '../../../test/support/runs/simulated.ts';
import { highestEquivalent, indexOf } from '../../histogram/layout.ts';
import { responsePercentiles } from './response-percentiles.ts';
import type { RunSample } from './run-sample.ts';

const base = simulateRun({ seed: 1, seconds: 1 });

/** A run with these response times, a step for each list. */
function runOf(...steps: readonly (readonly number[])[]): RunSample {
  const [step] = base.steps;
  return {
    ...base,
    steps: steps.map((times) => ({ ...step!, counts: { ...step!.counts, response: countsOf(times) } })),
  };
}

test('all runs and steps of a side count as one, and each side ends at its slowest reply', () => {
  const times = fc.array(fc.integer({ min: 1, max: 5e9 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(times, times, times, (first, second, other) => {
      const pairs = responsePercentiles([runOf(first, second), runOf(second)], [runOf(other)]);
      for (const [all, of] of [
        [[...first, ...second, ...second], 'baselineMs'],
        [other, 'candidateMs'],
      ] as const) {
        const sorted = all.toSorted((a, b) => a - b);
        for (const { rarity, [of]: ms } of pairs) {
          // The first with so few slower ones; the rarest of all is the slowest.
          const known = sorted.find(
            (_, place) =>
              place === sorted.length - 1 ||
              (rarity < sorted.length && (sorted.length - place - 1) * rarity <= sorted.length * (1 + 1e-9)),
          );
          const isBeyond = rarity > sorted.length;
          expect(ms).toBe(isBeyond ? null : highestEquivalent(indexOf(known!)) / 1e6);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('a side without replies has no times, and two such have no percentiles', () => {
  const pairs = responsePercentiles([runOf([1e6, 2e6])], [runOf([])]);
  expect(pairs.length).toBeGreaterThan(1);
  expect(pairs.every(({ candidateMs, baselineMs }) => candidateMs === null && baselineMs !== null)).toBe(true);
  expect(responsePercentiles([runOf([])], [runOf()])).toEqual([]);
});

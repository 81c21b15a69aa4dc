import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countSteps } from './count-steps.ts';

test('every count is in exactly one step, in as many steps as there are colors at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e12 }), fc.integer({ min: 1, max: 8 }), (most, colors) => {
      const steps = countSteps(most, colors);
      expect(steps.length).toBeLessThanOrEqual(colors);
      expect(steps[0]!.from).toBe(1);
      expect(steps.at(-1)!.to).toBe(most);
      for (const [place, { from, to }] of steps.entries()) {
        expect(to).toBeGreaterThanOrEqual(from);
        if (place > 0) expect(from).toBe(steps[place - 1]!.to + 1);
      }
    }),
  );
});

test.each([
  [1, [1]],
  [45, [1, 2, 5, 10, 20]],
  [93, [1, 2, 5, 10, 20, 50]],
  [500, [1, 3, 10, 30, 100, 300]],
  [70_000, [1, 10, 100, 1000, 10_000]],
  [5_000_000, [1, 100, 10_000, 1_000_000]],
])('up to %d the steps begin at %j', (most, expected) => {
  expect(countSteps(most, 6).map(({ from }) => from)).toEqual(expected);
});

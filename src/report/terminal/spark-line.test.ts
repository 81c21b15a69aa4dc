import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sparkLine } from './spark-line.ts';

test('bars stand on zero and the largest is the highest', () => {
  expect(sparkLine([0, 1, 2, 4, 8], true)).toBe('▁▁▂▄█');
  expect(sparkLine([0, 1, 2, 4, 8], false)).toBe('__.~#');
});

test('what differs by little looks alike, and what is not known is a gap', () => {
  expect(sparkLine([99, 100, null, 100], true)).toBe('██ █');
  expect(sparkLine([0, 0], true)).toBe('▁▁');
  expect(sparkLine([], true)).toBe('');
});

test('there is a character for each value, and the larger one is never lower', () => {
  const value = fc.double({ min: 0, max: 1e12, noNaN: true });
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const bars = [...sparkLine(values, true)];
      expect(bars).toHaveLength(values.length);
      for (let i = 1; i < values.length; i++) {
        const [low, high] = values[i - 1]! <= values[i]! ? [i - 1, i] : [i, i - 1];
        expect(bars[low]! <= bars[high]!).toBe(true);
      }
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHistogram, record } from '../../histogram/histogram.ts';
import { createHeat, MOST_COLUMNS } from './heat.ts';

function histogramOf(valuesNs: readonly number[]) {
  const histogram = createHistogram();
  for (const valueNs of valuesNs) record(histogram, valueNs);
  return histogram;
}

test('each answer is in the column of its second and between the edges of its row', () => {
  const heat = createHeat();
  heat.add(0, histogramOf([1.1e6, 1.2e6, 40e6]));
  heat.add(2, histogramOf([1.1e6]));
  const { columnSeconds, edgesMs, columns } = heat.finish()!;
  expect(columnSeconds).toBe(1);
  expect(columns).toHaveLength(3);
  expect(edgesMs).toHaveLength(columns[0]!.length + 1);
  expect([edgesMs[0], edgesMs.at(-1)]).toEqual([1, 42.2]);
  expect(columns[0]![0]).toBe(2);
  expect(columns[0]!.at(-1)).toBe(1);
  expect(columns[1]!.every((count) => count === 0)).toBe(true);
  expect(columns[2]![0]).toBe(1);
});

test('nothing answered is no picture', () => {
  const heat = createHeat();
  heat.add(5, createHistogram());
  expect(heat.finish()).toBeNull();
});

test('however long the run, there are few columns and every answer is in one', () => {
  const seconds = fc.array(fc.tuple(fc.nat(20_000), fc.array(fc.nat(1e9), { maxLength: 20 })), { maxLength: 50 });
  fc.assert(
    fc.property(seconds, (parts) => {
      const heat = createHeat();
      for (const [second, valuesNs] of parts) heat.add(second, histogramOf(valuesNs));
      const answers = parts.reduce((sum, [, valuesNs]) => sum + valuesNs.length, 0);
      const found = heat.finish();
      expect(found === null).toBe(answers === 0);
      if (found === null) return;
      expect(found.columns.length).toBeLessThanOrEqual(MOST_COLUMNS);
      expect(found.columns.flat().reduce((sum, count) => sum + count, 0)).toBe(answers);
      const last = parts.reduce((most, [second, { length }]) => (length > 0 ? Math.max(most, second) : most), 0);
      expect(Math.floor(last / found!.columnSeconds)).toBe(found.columns.length - 1);
    }),
  );
});

import { expect, test } from 'vitest';
import { raritiesOf } from './rarities.ts';

test('rarities go from every value to one of all, and have that of each distribution', () => {
  const rarities = raritiesOf([1000, 37, 0]);
  expect([rarities[0], rarities.at(-1)]).toEqual([1, 1000]);
  expect(rarities).toContain(37);
  expect(rarities).not.toContain(0);
  expect(rarities).toEqual([...rarities].sort((a, b) => a - b));
});

test('of a single value there is one, and of none there is none', () => {
  expect(raritiesOf([1])).toEqual([1]);
  expect(raritiesOf([0, 0])).toEqual([]);
});

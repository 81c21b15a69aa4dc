import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createOrderKeeper } from './order-keeper.ts';

/** RFC 4737 §4.2.2, word by word. */
function extentsOf(order: readonly number[]): number[] {
  return order.map((seq, place) => {
    const first = order.findIndex((other, at) => at < place && other > seq);
    return first < 0 ? 0 : place - first;
  });
}

describe('how far out of its place a message went', () => {
  test('is the extent of RFC 4737, for any order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Array.from({ length: 40 }, (_, seq) => seq)), (order) => {
        const keeper = createOrderKeeper();
        expect(order.map((seq) => keeper.sent(seq))).toEqual(extentsOf(order));
        expect(keeper.count()).toBe(order.length);
      }),
    );
  });

  test('what was settled is compared with nothing before', () => {
    const keeper = createOrderKeeper();
    for (const seq of [0, 1, 2]) keeper.sent(seq);
    keeper.clear();
    expect([4, 5, 3].map((seq) => keeper.sent(seq))).toEqual([0, 0, 2]);
  });

  test('the first and the highest are known, whatever was settled', () => {
    const keeper = createOrderKeeper();
    expect(keeper.span()).toBeNull();
    for (const seq of [3, 7, 1]) keeper.sent(seq);
    keeper.clear();
    keeper.sent(5);
    expect(keeper.span()).toEqual({ first: 3, highest: 7 });
  });

  test('places are counted on over many messages in order', () => {
    const keeper = createOrderKeeper();
    for (let seq = 0; seq < 100_000; seq++) keeper.sent(seq === 99_990 ? 200_000 : seq);
    expect(keeper.sent(99_990)).toBe(10);
  });
});

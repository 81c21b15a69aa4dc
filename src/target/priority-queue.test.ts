import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPriorityQueue } from './priority-queue.ts';

interface Item {
  readonly level: number;
  readonly number: number;
}

/** Ten lines that are obviously right, and slow. */
function createNaiveQueue(capacity: number) {
  let items: Item[] = [];
  const inOrder = (): Item[] => [...items].sort((a, b) => a.level - b.level || a.number - b.number);
  const without = (gone: Item | undefined): Item | null => {
    items = items.filter((item) => item !== gone);
    return gone ?? null;
  };
  return {
    put(item: Item): Item | null {
      items.push(item);
      return items.length > capacity ? without(inOrder().at(-1)) : null;
    },
    take: (): Item | null => without(inOrder()[0]),
  };
}

const steps = fc.array(fc.oneof({ weight: 2, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.constant('take') }), {
  maxLength: 200,
});

describe('a bounded queue with priorities', () => {
  test('is worked off the highest first, and the first that came within one', () => {
    const queue = createPriorityQueue<string>(10, 3);
    for (const [level, item] of [
      [2, 'e'],
      [0, 'a'],
      [1, 'c'],
      [0, 'b'],
      [1, 'd'],
    ] as const)
      expect(queue.put(level, item)).toBeNull();
    expect(Array.from({ length: 6 }, () => queue.take())).toEqual(['a', 'b', 'c', 'd', 'e', null]);
  });

  test('when it is full, the newest of the lowest goes, which may be the one that came', () => {
    const queue = createPriorityQueue<string>(2, 2);
    expect([queue.put(1, 'old'), queue.put(1, 'new')]).toEqual([null, null]);
    expect(queue.put(1, 'newest')).toBe('newest');
    expect(queue.put(0, 'high')).toBe('new');
    expect(queue.put(0, 'higher')).toBe('old');
    expect(queue.put(0, 'too many')).toBe('too many');
    expect([queue.take(), queue.take(), queue.size]).toEqual(['high', 'higher', 0]);
  });

  test('what leaves goes, and makes room', () => {
    const queue = createPriorityQueue<string>(3, 2);
    for (const [level, item] of [
      [1, 'a2'],
      [0, 'b1'],
      [0, 'a1'],
    ] as const)
      queue.put(level, item);
    expect(queue.remove((item) => item.startsWith('a'))).toEqual(['a1', 'a2']);
    expect([queue.size, queue.put(1, 'c'), queue.put(1, 'd'), queue.take()]).toEqual([1, null, null, 'b1']);
  });

  test('it agrees with a sorted list, and never holds more than it may', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), steps, (capacity, taken) => {
        const queue = createPriorityQueue<Item>(capacity, 4);
        const naive = createNaiveQueue(capacity);
        for (const [number, step] of taken.entries()) {
          if (typeof step === 'string') expect(queue.take()).toEqual(naive.take());
          else expect(queue.put(step, { level: step, number })).toEqual(naive.put({ level: step, number }));
          expect(queue.size).toBeLessThanOrEqual(capacity);
        }
      }),
    );
  });
});

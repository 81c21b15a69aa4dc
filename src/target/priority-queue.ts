// A bounded queue with levels: what is taken is the first of the highest level, what has to go is the last of the lowest.
// It never holds more than its capacity, and what it cannot hold it hands back: nothing disappears in it.
//
//   level 0 (highest)   a b c      take → a
//   level 1
//   level 2             d e        one too many → e
//
// A message that goes for a higher one is the newest of the lowest level, so of what waits nothing is overtaken by its own.

export interface PriorityQueue<T> {
  readonly size: number;
  /** Returns what has to go for it, which may be the item itself; null where there is room. */
  put(level: number, item: T): T | null;
  /** Null where it is empty. */
  take(): T | null;
  /** Takes out what leaves, in the order in which it would have been taken. */
  remove(leaves: (item: T) => boolean): readonly T[];
}

/** Levels are numbered from 0, the highest. */
export function createPriorityQueue<T>(capacity: number, levels: number): PriorityQueue<T> {
  let waiting: readonly T[][] = Array.from({ length: levels }, () => []);
  let size = 0;
  return {
    get size() {
      return size;
    },
    put(level, item) {
      waiting[level]!.push(item);
      if (size < capacity) {
        size++;
        return null;
      }
      return waiting.findLast((items) => items.length > 0)!.pop()!;
    },
    take() {
      const first = waiting.find((items) => items.length > 0)?.shift();
      if (first === undefined) return null;
      size--;
      return first;
    },
    remove(leaves) {
      const gone = waiting.flatMap((items) => items.filter(leaves));
      waiting = waiting.map((items) => items.filter((item) => !leaves(item)));
      size -= gone.length;
      return gone;
    },
  };
}

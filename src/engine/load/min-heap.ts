// A bounded binary heap of (time, value) on typed arrays: which client's think time ends next.

export interface MinHeap {
  readonly keys: Float64Array;
  readonly values: Int32Array;
  size: number;
}

export function createMinHeap(capacity: number): MinHeap {
  return { keys: new Float64Array(capacity), values: new Int32Array(capacity), size: 0 };
}

/** The smallest key; infinity where the heap is empty. */
export function peekKey(heap: MinHeap): number {
  return heap.size === 0 ? Number.POSITIVE_INFINITY : heap.keys[0]!;
}

/** The caller keeps within the capacity: a heap that is full throws. */
export function push(heap: MinHeap, key: number, value: number): void {
  if (heap.size === heap.keys.length) throw new Error('the heap is full');
  let at = heap.size++;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap.keys[parent]! <= key) break;
    heap.keys[at] = heap.keys[parent]!;
    heap.values[at] = heap.values[parent]!;
    at = parent;
  }
  heap.keys[at] = key;
  heap.values[at] = value;
}

/** Removes the entry with the smallest key and returns its value. */
export function pop(heap: MinHeap): number {
  const value = heap.values[0]!;
  const size = --heap.size;
  const key = heap.keys[size]!;
  const moved = heap.values[size]!;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && heap.keys[child + 1]! < heap.keys[child]!) child++;
    if (key <= heap.keys[child]!) break;
    heap.keys[at] = heap.keys[child]!;
    heap.values[at] = heap.values[child]!;
    at = child;
  }
  heap.keys[at] = key;
  heap.values[at] = moved;
  return value;
}

/** Removes the entry with this value, where there is one; takes as long as there are entries. */
export function removeValue(heap: MinHeap, value: number): void {
  const at = heap.values.indexOf(value);
  if (at < 0 || at >= heap.size) return;
  const rest: (readonly [key: number, value: number])[] = [];
  for (let i = 0; i < heap.size; i++) if (i !== at) rest.push([heap.keys[i]!, heap.values[i]!]);
  heap.size = 0;
  for (const [key, each] of rest) push(heap, key, each);
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Rooms } from '../plan/plan.ts';
import { createTotalOrder, finalizeOrder, noteOrder, offerReference } from './total-order.ts';

const ROOMS: Rooms = { count: 1, publishers: 2, self: true, settleNs: 0 };
type Name = readonly [stream: number, seq: number];

/** What two listeners receive, event by event: [who, stream, seq]. Client 2 is the reference. */
function disagreements(events: readonly (readonly [client: 2 | 3, stream: number, seq: number])[]): number {
  const totalOrder = createTotalOrder(ROOMS, 4);
  for (const client of [0, 1, 2, 3]) offerReference(totalOrder, client, client);
  let found = 0;
  for (const [client, stream, seq] of events) {
    if (noteOrder(totalOrder, client, client, stream, seq) !== null) found++;
  }
  return found + finalizeOrder(totalOrder, 3, 3).length + finalizeOrder(totalOrder, 2, 2).length;
}

const receivedBy = (client: 2 | 3, order: readonly Name[]) =>
  order.map(([stream, seq]) => [client, stream, seq] as const);

/** Ten lines: pairs that both received are compared with the furthest place so far. */
function naive(reference: readonly Name[], other: readonly Name[]): number {
  const places = new Map(reference.map((name, place) => [name.join(), place]));
  let furthest = -1;
  let count = 0;
  for (const name of other) {
    const place = places.get(name.join());
    if (place === undefined) continue;
    if (place < furthest) count++;
    else furthest = place;
  }
  return count;
}

const all: readonly Name[] = Array.from({ length: 12 }, (_, i) => [i % 2, Math.floor(i / 2)] as const);
const order = fc.shuffledSubarray([...all], { minLength: 0 });

describe('two clients that receive the same messages', () => {
  test('in one order agree, whoever is ahead', () => {
    expect(disagreements([...receivedBy(2, all), ...receivedBy(3, all)])).toBe(0);
    expect(disagreements([...receivedBy(3, all), ...receivedBy(2, all)])).toBe(0);
    expect(disagreements(all.flatMap((name) => [...receivedBy(3, [name]), ...receivedBy(2, [name])]))).toBe(0);
  });

  test('disagree on each message that one receives behind a later one of the other', () => {
    const [a, b, ...rest] = all as [Name, Name, ...Name[]];
    expect(disagreements([...receivedBy(2, all), ...receivedBy(3, [b, a, ...rest])])).toBe(1);
    expect(disagreements([...receivedBy(3, [b, a, ...rest]), ...receivedBy(2, all)])).toBe(1);
  });

  test('agree where each has lost what it has lost', () => {
    fc.assert(
      fc.property(fc.subarray([...all]), fc.subarray([...all]), (mine, theirs) => {
        expect(disagreements([...receivedBy(2, mine), ...receivedBy(3, theirs)])).toBe(0);
      }),
    );
  });

  test('are compared as a naive comparison does, one behind the other or ahead of it', () => {
    fc.assert(
      fc.property(order, order, (reference, other) => {
        expect(disagreements([...receivedBy(2, reference), ...receivedBy(3, other)])).toBe(naive(reference, other));
        expect(disagreements([...receivedBy(3, other), ...receivedBy(2, reference)])).toBe(naive(reference, other));
      }),
    );
  });
});

test('a client that only listens is the better reference: it receives everybody', () => {
  const totalOrder = createTotalOrder(ROOMS, 4);
  for (const client of [0, 1, 2, 3]) offerReference(totalOrder, client, client);
  expect(totalOrder.orders.get(0)?.reference).toBe(2);
});

test('with the reference offline, what the others receive is bounded and not compared', () => {
  const totalOrder = createTotalOrder(ROOMS, 4);
  offerReference(totalOrder, 2, 2);
  for (let seq = 0; seq < 5000; seq++) expect(noteOrder(totalOrder, 3, 3, 0, seq)).toBeNull();
  expect(totalOrder.ahead[3]!.length).toBeLessThanOrEqual(1024);
  expect(totalOrder.compared).toBe(0);
});

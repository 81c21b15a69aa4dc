import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Client } from './client.ts';
import { createOpenConnections } from './open-connections.ts';

const clients = (count: number): Client[] => Array.from({ length: count }, (_, index) => new Client(index, index));

test('clients are taken in turn', () => {
  const open = createOpenConnections(100);
  for (const client of clients(3)) open.add(client);
  expect(Array.from({ length: 7 }, () => open.nextSender()?.index)).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

test('no client is open: there is no next one', () => {
  const open = createOpenConnections(100);
  const [client] = clients(1) as [Client];
  expect(open.nextSender()).toBeNull();
  open.add(client);
  open.remove(client);
  open.remove(client); // twice is once
  expect(open.nextSender()).toBeNull();
  expect(open.all()).toEqual([]);
});

test('whatever churns, exactly the open connections are in the list', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.boolean()), { maxLength: 100 }), (steps) => {
      const open = createOpenConnections(100);
      const all = clients(10);
      const expected = new Set<Client>();
      for (const [index, isNext] of steps) {
        const client = all[index]!;
        if (isNext) {
          const next = open.nextSender();
          if (expected.size === 0) expect(next).toBeNull();
          else expect(expected.has(next!)).toBe(true);
        } else if (expected.delete(client)) open.remove(client);
        else {
          expected.add(client);
          open.add(client);
        }
        expect(new Set(open.all())).toEqual(expected);
        expect(open.count()).toBe(expected.size);
      }
    }),
  );
});

test('after clients have left, every client has its turn once a round', () => {
  const open = createOpenConnections(100);
  const all = clients(100);
  for (const client of all) open.add(client);
  for (let i = 0; i < 37; i++) open.nextSender();
  for (const client of all.filter((_, i) => i % 3 === 0)) open.remove(client);
  const round = Array.from({ length: 2 * open.count() }, () => open.nextSender()!.index);
  const times = new Map<number, number>();
  for (const index of round) times.set(index, (times.get(index) ?? 0) + 1);
  expect(new Set(times.values())).toEqual(new Set([2]));
  expect(times.size).toBe(66);
});

test('of clients that only listen none has a turn', () => {
  const open = createOpenConnections(4, ({ index }) => index < 2);
  const all = clients(4);
  for (const client of all) open.add(client);
  expect(open.count()).toBe(4);
  expect([open.nextSender(), open.nextSender(), open.nextSender()]).toEqual([all[0], all[1], all[0]]);
  open.remove(all[0]!);
  open.remove(all[1]!);
  expect(open.nextSender()).toBeNull();
  expect(open.all()).toHaveLength(2);
});

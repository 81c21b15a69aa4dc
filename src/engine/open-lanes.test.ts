import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lane } from './lane.ts';
import { createOpenLanes } from './open-lanes.ts';

const lanes = (count: number): Lane[] => Array.from({ length: count }, (_, index) => new Lane(index, index));

test('lanes are taken in turn', () => {
  const open = createOpenLanes(100);
  for (const lane of lanes(3)) open.add(lane);
  expect(Array.from({ length: 7 }, () => open.nextSender()?.index)).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

test('no lane is open: there is no next one', () => {
  const open = createOpenLanes(100);
  const [lane] = lanes(1) as [Lane];
  expect(open.nextSender()).toBeNull();
  open.add(lane);
  open.remove(lane);
  open.remove(lane); // twice is once
  expect(open.nextSender()).toBeNull();
  expect(open.all()).toEqual([]);
});

test('whatever comes and goes, exactly the open lanes are in the list', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.boolean()), { maxLength: 100 }), (steps) => {
      const open = createOpenLanes(100);
      const all = lanes(10);
      const expected = new Set<Lane>();
      for (const [index, isNext] of steps) {
        const lane = all[index]!;
        if (isNext) {
          const next = open.nextSender();
          if (expected.size === 0) expect(next).toBeNull();
          else expect(expected.has(next!)).toBe(true);
        } else if (expected.delete(lane)) open.remove(lane);
        else {
          expected.add(lane);
          open.add(lane);
        }
        expect(new Set(open.all())).toEqual(expected);
        expect(open.count()).toBe(expected.size);
      }
    }),
  );
});

test('after lanes have left, every lane has its turn once a round', () => {
  const open = createOpenLanes(100);
  const all = lanes(100);
  for (const lane of all) open.add(lane);
  for (let i = 0; i < 37; i++) open.nextSender();
  for (const lane of all.filter((_, i) => i % 3 === 0)) open.remove(lane);
  const round = Array.from({ length: 2 * open.count() }, () => open.nextSender()!.index);
  const times = new Map<number, number>();
  for (const index of round) times.set(index, (times.get(index) ?? 0) + 1);
  expect(new Set(times.values())).toEqual(new Set([2]));
  expect(times.size).toBe(66);
});

test('of lanes that only listen none has a turn', () => {
  const open = createOpenLanes(4, ({ index }) => index < 2);
  const all = lanes(4);
  for (const lane of all) open.add(lane);
  expect(open.count()).toBe(4);
  expect([open.nextSender(), open.nextSender(), open.nextSender()]).toEqual([all[0], all[1], all[0]]);
  open.remove(all[0]!);
  open.remove(all[1]!);
  expect(open.nextSender()).toBeNull();
  expect(open.all()).toHaveLength(2);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lane } from './lane.ts';
import { createOpenLanes } from './open-lanes.ts';

const lanes = (count: number): Lane[] => Array.from({ length: count }, (_, index) => new Lane(index, index));

test('lanes are taken in turn', () => {
  const open = createOpenLanes();
  for (const lane of lanes(3)) open.add(lane);
  expect(Array.from({ length: 7 }, () => open.next()?.index)).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

test('no lane is open: there is no next one', () => {
  const open = createOpenLanes();
  const [lane] = lanes(1) as [Lane];
  expect(open.next()).toBeNull();
  open.add(lane);
  open.remove(lane);
  open.remove(lane); // twice is once
  expect(open.next()).toBeNull();
  expect(lane.position).toBe(-1);
});

test('whatever comes and goes, exactly the open lanes are in the list, and each knows its place', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.boolean()), { maxLength: 100 }), (steps) => {
      const open = createOpenLanes();
      const all = lanes(10);
      const expected = new Set<Lane>();
      for (const [index, isNext] of steps) {
        const lane = all[index]!;
        if (isNext) {
          const next = open.next();
          if (expected.size === 0) expect(next).toBeNull();
          else expect(expected.has(next!)).toBe(true);
        } else if (expected.delete(lane)) open.remove(lane);
        else {
          expected.add(lane);
          open.add(lane);
        }
        expect(new Set(open.all())).toEqual(expected);
        expect(open.count()).toBe(expected.size);
        for (const [position, member] of open.all().entries()) expect(member.position).toBe(position);
      }
    }),
  );
});

test('after lanes have left, every lane has its turn once a round', () => {
  const open = createOpenLanes();
  const all = lanes(100);
  for (const lane of all) open.add(lane);
  for (let i = 0; i < 37; i++) open.next();
  for (const lane of all.filter((_, i) => i % 3 === 0)) open.remove(lane);
  const round = Array.from({ length: 2 * open.count() }, () => open.next()!.index);
  const times = new Map<number, number>();
  for (const index of round) times.set(index, (times.get(index) ?? 0) + 1);
  expect(new Set(times.values())).toEqual(new Set([2]));
  expect(times.size).toBe(66);
});

import { describe, expect, test } from 'vitest';
import type { Fault } from '../../plan/plan.ts';
import type { OpenFaults } from '../ports.ts';
import { createFaultTimeline } from './fault-timeline.ts';

const MS = 1e6;
const fault = (name: string, atNs: number, forNs: number): Fault => ({ kind: 'restart', name, atNs, forNs });

function timelineOf(faults: readonly Fault[], host: Partial<OpenFaults> = {}) {
  const done: string[] = [];
  const told: [number, string, string | null][] = [];
  const timeline = createFaultTimeline({
    faults,
    host: {
      interrupt: () => {},
      begin: async ({ name }) => void done.push(`begin ${name}`),
      end: async ({ name }) => void done.push(`end ${name}`),
      ...host,
    },
    nowNs: () => 0,
    record: (index, phase, _atNs, reason) => told.push([index, phase, reason]),
  });
  return { timeline, done, told };
}

const until = async (isSo: () => boolean): Promise<void> => {
  for (let look = 0; !isSo(); look++) {
    if (look > 1000) throw new Error('it never came true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe('faults at their times', () => {
  test('begin and end, in their order', async () => {
    const { timeline, done, told } = timelineOf([fault('b', 30 * MS, 0), fault('a', 0, 200 * MS)]);
    timeline.begin(0);
    await until(() => done.length === 4);
    expect(done).toEqual(['begin a', 'begin b', 'end b', 'end a']);
    expect(told).toEqual([
      [1, 'began', null],
      [0, 'began', null],
      [0, 'ended', null],
      [1, 'ended', null],
    ]);
    await timeline.finish();
    expect(done).toHaveLength(4);
  });

  test('that last when the run ends are ended, the last first, and no further one begins', async () => {
    const { timeline, done } = timelineOf([fault('a', 0, 1e12), fault('b', MS, 1e12), fault('c', 1e12, 0)]);
    timeline.begin(0);
    await until(() => done.length === 2);
    await timeline.finish();
    expect(done).toEqual(['begin a', 'begin b', 'end b', 'end a']);
    await timeline.finish();
    expect(done).toHaveLength(4);
  });

  test('that cannot be done say why, and are undone all the same', async () => {
    const failing = {
      begin: async () => {
        throw new Error('no such process');
      },
    };
    const { timeline, done, told } = timelineOf([fault('a', 0, 0)], failing);
    timeline.begin(0);
    await until(() => done.length === 1);
    expect(done).toEqual(['end a']);
    expect(told).toEqual([
      [0, 'began', 'no such process'],
      [0, 'ended', null],
    ]);
    await timeline.finish();
  });

  test('none begins where the run never comes to them', async () => {
    const { timeline, done } = timelineOf([fault('a', 0, 0)]);
    await timeline.finish();
    expect(done).toEqual([]);
  });
});

import { expect, test } from 'vitest';
import { createVirtualClock } from '../../test/support/engine/virtual-clock.ts';
import type { Window } from '../facts/window.ts';
import { createLedger } from '../measure/ledger.ts';
import { createRecorder } from '../measure/recorder.ts';
import type { Stage } from '../plan/schedule/stages.ts';
import { createWindowCutter } from './windows.ts';

const SECOND = 1e9;
const STAGES: Stage[] = [
  { name: 'a', fromNs: 0, toNs: 0.3 * SECOND },
  { name: 'b', fromNs: 0.3 * SECOND, toNs: 2 * SECOND },
];

function start(stages = STAGES, heldShare = 0.125) {
  const clock = createVirtualClock();
  const recorder = createRecorder();
  const windows: Window[] = [];
  const cutter = createWindowCutter({
    worker: 1,
    group: 0,
    stages,
    recorder,
    roomTracking: null,
    spread: null,
    pushes: null,
    byType: null,
    ledger: createLedger(1),
    clock,
    meter: {
      cpuNs: () => clock.nowNs() / 2,
      throttledNs: () => clock.nowNs() * heldShare,
      rssBytes: () => 1e6,
      bootNs: () => null,
    },
    spinning: false,
    beforeCut: () => {},
    emit: (window) => void windows.push(window),
  });
  cutter.start(0);
  return { clock, recorder, windows, cutter };
}
const shape = (windows: readonly Window[]): number[][] =>
  windows.map(({ second, stage, untilNs }) => [second, stage, untilNs / SECOND]);

test('a window ends at every second, at the first message, and at every end of a stage', () => {
  const { clock, windows, cutter } = start();
  clock.runTo(0.1 * SECOND);
  cutter.setOrigin(0.5 * SECOND);
  clock.runTo(3.5 * SECOND);
  cutter.finish();
  expect(shape(windows)).toEqual([
    [0, -1, 0.5],
    [0, 0, 0.8],
    [0, 1, 1],
    [1, 1, 2],
    [2, 1, 2.5],
    [2, 2, 3],
    [3, 2, 3.5],
  ]);
});

test('an edge between stages that falls on a whole second is one edge', () => {
  const { clock, windows, cutter } = start();
  cutter.setOrigin(SECOND);
  clock.runTo(3.2 * SECOND);
  expect(shape(windows).filter(([, , until]) => until === 3)).toEqual([[2, 1, 3]]);
});

test('a cut that comes late belongs to the span that it was due for, and the next one begins where it should', () => {
  const { clock, windows, cutter } = start();
  cutter.setOrigin(10 * SECOND);
  clock.runTo(0.9 * SECOND);
  clock.jump(2.7 * SECOND);
  clock.runTo(4.1 * SECOND);
  expect(shape(windows)).toEqual([
    [0, -1, 3.6],
    [3, -1, 4],
  ]);
  expect(windows.map(({ health }) => health.elapsedNs / SECOND)).toEqual([3.6, expect.closeTo(0.4)]);
});

test('CPU time and memory are those of the window', () => {
  const { clock, windows } = start();
  clock.runTo(2 * SECOND);
  expect(windows.map(({ health }) => [health.cpuNs, health.rssBytes, health.elapsedNs])).toEqual([
    [0.5 * SECOND, 1e6, SECOND],
    [0.5 * SECOND, 1e6, SECOND],
  ]);
});

test('what a quota took is that of the window, and no more than the window lasted', () => {
  const held = ({ clock, windows }: ReturnType<typeof start>): number[] => {
    clock.runTo(2 * SECOND);
    return windows.map(({ health }) => health.throttledNs);
  };
  expect(held(start())).toEqual([0.125 * SECOND, 0.125 * SECOND]);
  expect(held(start(STAGES, 1.6))).toEqual([SECOND, SECOND]);
});

test('after the last window nothing follows', () => {
  const { clock, windows, cutter } = start();
  clock.runTo(0.4 * SECOND);
  cutter.finish();
  clock.runTo(10 * SECOND);
  expect(windows).toHaveLength(1);
});

test('what is counted between two cuts is in one window and no other', () => {
  const { clock, recorder, windows, cutter } = start();
  for (let i = 1; i <= 35; i++) {
    clock.runTo(i * 0.1 * SECOND);
    recorder.messages.sent++;
  }
  cutter.finish();
  expect(windows.reduce((sum, { messages }) => sum + messages.sent, 0)).toBe(35);
});

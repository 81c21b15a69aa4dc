import { describe, expect, test } from 'vitest';
import { createVirtualClock, TURN_NS } from '../../../test/support/engine/virtual-clock.ts';
import { createPacer, type DueMessages } from './pacing.ts';

const MS = 1e6;
const SECOND = 1e9;

/** LoadModel that is due at these times, and remembers when it was done. */
function workDueAt(dueNs: number[]): DueMessages & { readonly doneNs: number[]; looks: number; add(ns: number): void } {
  const waiting = [...dueNs];
  return {
    doneNs: [],
    looks: 0,
    add(ns) {
      waiting.push(ns);
      waiting.sort((a, b) => a - b);
    },
    nextDueNs: () => waiting[0] ?? Number.POSITIVE_INFINITY,
    runDue(nowNs) {
      this.looks++;
      while (waiting.length > 0 && waiting[0]! <= nowNs) {
        waiting.shift();
        this.doneNs.push(nowNs);
      }
    },
  };
}

const every = (stepNs: number, count: number): number[] => Array.from({ length: count }, (_, i) => (i + 1) * stepNs);

describe('economical pacing', () => {
  test('sleeps until the next piece is due and is never early', () => {
    const clock = createVirtualClock();
    const due = every(7.3 * MS, 100);
    const loadModel = workDueAt(due);
    createPacer(clock, loadModel, false).start();
    clock.runTo(SECOND);
    expect(loadModel.doneNs).toHaveLength(100);
    for (const [i, ns] of loadModel.doneNs.entries()) expect(ns - due[i]!).toBeCloseTo(0, 3);
    expect(clock.turns()).toBe(0);
    expect(loadModel.looks).toBeLessThan(130);
  });

  test('what is closer together than a millisecond waits for the millisecond', () => {
    const clock = createVirtualClock();
    const due = every(0.1 * MS, 1000);
    const loadModel = workDueAt(due);
    createPacer(clock, loadModel, false).start();
    clock.runTo(SECOND);
    for (const [i, ns] of loadModel.doneNs.entries()) {
      expect(ns).toBeGreaterThanOrEqual(due[i]!);
      expect(ns - due[i]!).toBeLessThanOrEqual(MS);
    }
    expect(loadModel.looks).toBeLessThan(150);
  });
});

describe('precise pacing', () => {
  test('turns the event loop for the last two milliseconds only', () => {
    const clock = createVirtualClock();
    const due = every(10 * MS, 20);
    const loadModel = workDueAt(due);
    createPacer(clock, loadModel, true).start();
    clock.runTo(205 * MS);
    expect(loadModel.doneNs).toHaveLength(20);
    for (const [i, ns] of loadModel.doneNs.entries()) {
      expect(ns).toBeGreaterThanOrEqual(due[i]!);
      expect(ns - due[i]!).toBeLessThanOrEqual(TURN_NS);
    }
    expect(clock.turns()).toBeLessThanOrEqual((21 * (2 * MS)) / TURN_NS + 21);
  });
});

for (const precise of [false, true]) {
  describe(precise ? 'either way, precise' : 'either way, economical', () => {
    test('with nothing to do it looks every 50 ms, not more often', () => {
      const clock = createVirtualClock();
      const loadModel = workDueAt([]);
      createPacer(clock, loadModel, precise).start();
      clock.runTo(SECOND);
      expect(loadModel.looks).toBeGreaterThanOrEqual(19);
      expect(loadModel.looks).toBeLessThanOrEqual(22);
    });

    test('waking it is enough for work that was added while it slept', () => {
      const clock = createVirtualClock();
      const loadModel = workDueAt([]);
      const pacer = createPacer(clock, loadModel, precise);
      pacer.start();
      clock.runTo(10 * MS);
      loadModel.add(15 * MS);
      pacer.wake();
      clock.runTo(SECOND);
      expect(loadModel.doneNs[0]).toBeLessThanOrEqual(15 * MS + TURN_NS);
      expect(loadModel.doneNs[0]).toBeGreaterThanOrEqual(15 * MS);
    });

    test('waking it again and again does not put the look off', () => {
      const clock = createVirtualClock();
      const loadModel = workDueAt([]);
      const pacer = createPacer(clock, loadModel, precise);
      pacer.start();
      loadModel.add(20 * MS);
      for (let i = 0; i < 300; i++) {
        clock.runTo((i + 1) * 0.1 * MS);
        pacer.wake();
      }
      expect(loadModel.doneNs[0]).toBeLessThanOrEqual(21 * MS);
    });

    test('waking it for work that is due at once, at every moment, lets it look all the same', () => {
      const clock = createVirtualClock();
      const loadModel = workDueAt([]);
      const pacer = createPacer(clock, loadModel, precise);
      pacer.start();
      for (let i = 0; i < 100; i++) {
        clock.runTo((i + 1) * 0.1 * MS);
        loadModel.add(clock.nowNs());
        pacer.wake();
      }
      expect(loadModel.doneNs.length).toBeGreaterThan(80);
    });

    test('once stopped it does nothing more, and waking it does not start it', () => {
      const clock = createVirtualClock();
      const loadModel = workDueAt(every(MS, 100));
      const pacer = createPacer(clock, loadModel, precise);
      pacer.start();
      clock.runTo(10.5 * MS);
      pacer.stop();
      pacer.wake();
      clock.runTo(SECOND);
      expect(loadModel.doneNs).toHaveLength(10);
    });
  });
}

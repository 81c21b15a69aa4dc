import { describe, expect, test } from 'vitest';
import { createVirtualClock, TURN_NS } from '../../test/support/engine/virtual-clock.ts';
import { createPacer, type DueWork } from './pacing.ts';

const MS = 1e6;
const SECOND = 1e9;

/** Work that is due at these times, and remembers when it was done. */
function workDueAt(dueNs: number[]): DueWork & { readonly doneNs: number[]; looks: number; add(ns: number): void } {
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
    const work = workDueAt(due);
    createPacer(clock, work, false).start();
    clock.runTo(SECOND);
    expect(work.doneNs).toHaveLength(100);
    for (const [i, ns] of work.doneNs.entries()) expect(ns - due[i]!).toBeCloseTo(0, 3);
    expect(clock.turns()).toBe(0);
    expect(work.looks).toBeLessThan(130);
  });

  test('what is closer together than a millisecond waits for the millisecond', () => {
    const clock = createVirtualClock();
    const due = every(0.1 * MS, 1000);
    const work = workDueAt(due);
    createPacer(clock, work, false).start();
    clock.runTo(SECOND);
    for (const [i, ns] of work.doneNs.entries()) {
      expect(ns).toBeGreaterThanOrEqual(due[i]!);
      expect(ns - due[i]!).toBeLessThanOrEqual(MS);
    }
    expect(work.looks).toBeLessThan(150);
  });
});

describe('precise pacing', () => {
  test('turns the event loop for the last two milliseconds only', () => {
    const clock = createVirtualClock();
    const due = every(10 * MS, 20);
    const work = workDueAt(due);
    createPacer(clock, work, true).start();
    clock.runTo(205 * MS);
    expect(work.doneNs).toHaveLength(20);
    for (const [i, ns] of work.doneNs.entries()) {
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
      const work = workDueAt([]);
      createPacer(clock, work, precise).start();
      clock.runTo(SECOND);
      expect(work.looks).toBeGreaterThanOrEqual(19);
      expect(work.looks).toBeLessThanOrEqual(22);
    });

    test('waking it is enough for work that was added while it slept', () => {
      const clock = createVirtualClock();
      const work = workDueAt([]);
      const pacer = createPacer(clock, work, precise);
      pacer.start();
      clock.runTo(10 * MS);
      work.add(15 * MS);
      pacer.wake();
      clock.runTo(SECOND);
      expect(work.doneNs[0]).toBeLessThanOrEqual(15 * MS + TURN_NS);
      expect(work.doneNs[0]).toBeGreaterThanOrEqual(15 * MS);
    });

    test('waking it again and again does not put the look off', () => {
      const clock = createVirtualClock();
      const work = workDueAt([]);
      const pacer = createPacer(clock, work, precise);
      pacer.start();
      work.add(20 * MS);
      for (let i = 0; i < 300; i++) {
        clock.runTo((i + 1) * 0.1 * MS);
        pacer.wake();
      }
      expect(work.doneNs[0]).toBeLessThanOrEqual(21 * MS);
    });

    test('waking it for work that is due at once, at every moment, lets it look all the same', () => {
      const clock = createVirtualClock();
      const work = workDueAt([]);
      const pacer = createPacer(clock, work, precise);
      pacer.start();
      for (let i = 0; i < 100; i++) {
        clock.runTo((i + 1) * 0.1 * MS);
        work.add(clock.nowNs());
        pacer.wake();
      }
      expect(work.doneNs.length).toBeGreaterThan(80);
    });

    test('once stopped it does nothing more, and waking it does not start it', () => {
      const clock = createVirtualClock();
      const work = workDueAt(every(MS, 100));
      const pacer = createPacer(clock, work, precise);
      pacer.start();
      clock.runTo(10.5 * MS);
      pacer.stop();
      pacer.wake();
      clock.runTo(SECOND);
      expect(work.doneNs).toHaveLength(10);
    });
  });
}

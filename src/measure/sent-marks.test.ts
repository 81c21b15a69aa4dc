import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLedger, finalizeClient, missingNumbers, noteArrival, takeNumber } from './ledger.ts';
import { createSentMarks, forgetStretches, markSent, sentBetween } from './sent-marks.ts';

const SECOND = 1e9;

/** One client that sends so many in each second, with a mark at the end of each; what is in `lost` does not come. */
function sending(perSecond: readonly number[], lost: ReadonlySet<number>, most?: number) {
  const ledger = createLedger(1);
  const marks = createSentMarks(1, most);
  for (const [second, count] of perSecond.entries()) {
    for (let sent = 0; sent < count; sent++) {
      const sequence = takeNumber(ledger, 0);
      if (!lost.has(sequence)) noteArrival(ledger, 0, sequence);
    }
    markSent(marks, ledger, (second + 1) * SECOND);
  }
  return { ledger, marks };
}

describe('when a missing message was sent', () => {
  test('is known to the second, however much later it is asked', () => {
    const { marks } = sending([10, 10, 10, 10, 10, 10], new Set([3, 25, 59]));
    const at = (sequence: number) => sentBetween(marks, 0, sequence, 9 * SECOND);
    expect(at(3)).toMatchObject({ fromNs: 0, toNs: SECOND });
    expect(at(25)).toMatchObject({ fromNs: 2 * SECOND, toNs: 3 * SECOND });
    expect(at(59)).toMatchObject({ fromNs: 5 * SECOND, toNs: 6 * SECOND });
  });

  test('is not before now for one that was sent after the last mark', () => {
    const { ledger, marks } = sending([2], new Set());
    takeNumber(ledger, 0);
    expect(sentBetween(marks, 0, 2, 1.5 * SECOND)).toEqual({ fromNs: SECOND, toNs: 1.5 * SECOND });
  });

  test('is what a table of all messages says, whatever is lost and whenever it comes', () => {
    const second = fc.array(fc.record({ isLost: fc.boolean(), delay: fc.nat(40) }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(second, { maxLength: 50 }), (seconds) => {
        const ledger = createLedger(1);
        const marks = createSentMarks(1);
        const sentIn: number[] = [];
        const due = new Map<number, number[]>();
        for (const [now, messages] of seconds.entries()) {
          for (const { isLost, delay } of messages) {
            const sequence = takeNumber(ledger, 0);
            sentIn.push(now);
            if (!isLost) due.set(now + delay, [...(due.get(now + delay) ?? []), sequence]);
          }
          for (const sequence of due.get(now) ?? []) noteArrival(ledger, 0, sequence);
          markSent(marks, ledger, (now + 1) * SECOND);
        }
        for (const sequence of missingNumbers(ledger, 0)) {
          const fromNs = sentIn[sequence]! * SECOND;
          expect(sentBetween(marks, 0, sequence, seconds.length * SECOND)).toMatchObject({
            fromNs,
            toNs: fromNs + SECOND,
          });
        }
      }),
      { numRuns: 50 },
    );
  });

  test('is not said, where more stretches would have to be kept than may be', () => {
    const { marks } = sending([1, 1, 1, 1, 1], new Set([0, 1, 2, 3, 4]), 2);
    const known = [0, 1, 2, 3, 4].map((sequence) => sentBetween(marks, 0, sequence, 9 * SECOND)?.fromNs ?? null);
    expect(known).toEqual([0, SECOND, null, null, 4 * SECOND]);
  });
});

describe('what is kept', () => {
  test('is nothing, where everything comes within a second', () => {
    const { marks } = sending([10, 0, 10, 10], new Set());
    expect(marks.kept.size).toBe(0);
  });

  test('is one stretch for each second with a loss, and the memory is given back with the client', () => {
    const { ledger, marks } = sending(new Array<number>(100).fill(10), new Set([5, 6, 205]));
    expect(marks.kept.get(0)!.stretches).toHaveLength(2);
    finalizeClient(ledger, 0);
    forgetStretches(marks, 0);
    expect(marks).toMatchObject({ kept: new Map(), left: createSentMarks(1).left });
    markSent(marks, ledger, 101 * SECOND);
    markSent(marks, ledger, 102 * SECOND);
    expect(marks.kept.size).toBe(0);
  });

  test('does not grow with the time for which a service answers late', () => {
    const ledger = createLedger(1);
    const marks = createSentMarks(1);
    let most = 0;
    for (let second = 0; second < 500; second++) {
      takeNumber(ledger, 0);
      if (second >= 5) noteArrival(ledger, 0, second - 5);
      markSent(marks, ledger, (second + 1) * SECOND);
      most = Math.max(most, marks.kept.get(0)?.stretches.length ?? 0);
    }
    expect(most).toBeLessThanOrEqual(16);
  });
});

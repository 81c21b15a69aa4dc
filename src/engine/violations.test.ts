import { describe, expect, test } from 'vitest';
import { MAX_VIOLATIONS_OF_A_KIND, type Violation } from '../facts/violation.ts';
import { Client } from './connections/client.ts';
import {
  createViolations,
  forgetDamaged,
  noteDamaged,
  reportCorrupted,
  reportDiverged,
  reportLost,
  reportRepeat,
  reportTotalOrder,
  reportUnexpected,
} from './violations.ts';

const CLIENT = new Client(3, 7);
const LOST = { acknowledged: false, previous: null, next: null, dueNs: null, sentFromNs: 2e9, sentToNs: 3e9 };

function listening() {
  const told: (Violation & { atNs: number })[] = [];
  const violations = createViolations((violation, atNs) => told.push({ ...violation, atNs }));
  return { told, violations };
}

test('of each kind so many are described as a result keeps, and a flood of one hides no other', () => {
  const { told, violations } = listening();
  for (let seq = 0; seq < MAX_VIOLATIONS_OF_A_KIND + 5; seq++) {
    reportRepeat(violations, 'duplicated', CLIENT, 7, seq, seq);
    reportCorrupted(violations, CLIENT, 7, seq, 'truncated', 12, seq);
    reportDiverged(violations, CLIENT, seq, 'a', 'b', seq);
    reportTotalOrder(violations, CLIENT, { stream: 1, seq, before: { stream: 2, seq: 4 } }, seq);
    reportUnexpected(violations, CLIENT, 'stale', 12, null, null, seq);
  }
  reportRepeat(violations, 'late', CLIENT, 7, 1, 9);
  const kinds = [...new Set(told.map(({ violation }) => violation))];
  expect(kinds.map((kind) => [kind, told.filter(({ violation }) => violation === kind).length])).toEqual([
    ['duplicated', MAX_VIOLATIONS_OF_A_KIND],
    ['corrupted', MAX_VIOLATIONS_OF_A_KIND],
    ['diverged', MAX_VIOLATIONS_OF_A_KIND],
    ['totalOrder', MAX_VIOLATIONS_OF_A_KIND],
    ['unexpected', MAX_VIOLATIONS_OF_A_KIND],
    ['late', 1],
  ]);
});

test('the sample of an unexpected message is asked only where it is described', () => {
  const { violations } = listening();
  let asked = 0;
  for (let index = 0; index < 2 * MAX_VIOLATIONS_OF_A_KIND; index++) {
    reportUnexpected(violations, CLIENT, 'foreign', 12, () => `${asked++}`, null, 0);
  }
  expect(asked).toBe(MAX_VIOLATIONS_OF_A_KIND);
});

describe('a lost message', () => {
  test('says when it was sent, in seconds of the run, and null where that is not known', () => {
    const { told, violations } = listening();
    reportLost(violations, CLIENT, 4, LOST, 8e9);
    reportLost(violations, CLIENT, 5, { ...LOST, sentFromNs: null, sentToNs: null }, 8e9);
    expect(told).toMatchObject([
      { client: 7, stream: 7, seq: 4, dueSecond: null, sentFromSecond: 2, sentToSecond: 3, atNs: 8e9 },
      { seq: 5, sentFromSecond: null, sentToSecond: null },
    ]);
  });

  test('says that it came damaged, until its client has ended', () => {
    const { told, violations } = listening();
    noteDamaged(violations, CLIENT.index, 4);
    for (const seq of [4, 5]) reportLost(violations, CLIENT, seq, LOST, 0);
    reportLost(violations, new Client(2, 8), 4, LOST, 0);
    forgetDamaged(violations, CLIENT.index);
    reportLost(violations, CLIENT, 4, LOST, 0);
    expect(told.map((lost) => 'damaged' in lost && lost.damaged)).toEqual([true, false, false, false]);
  });
});

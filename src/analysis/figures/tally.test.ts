import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyWindow, makeWindow } from '../../../test/support/engine/windows.ts';
import type { Window } from '../../facts/window.ts';
import { encodeSparse } from '../../histogram/sparse-codec.ts';
import { addWindow, createTally, type Tally } from './tally.ts';

const tallyOf = (windows: readonly Window[]): Tally => {
  const tally = createTally();
  for (const window of windows) addWindow(tally, window);
  return tally;
};

/** The tally with its histograms in a form that is quick to compare. */
const factsOf = (tally: Tally): unknown => ({
  ...tally,
  histograms: Object.values(tally.histograms).map(encodeSparse),
});

test('windows add up to the same in any order', () => {
  const shuffles = fc
    .array(anyWindow, { maxLength: 8 })
    .chain((windows) => fc.tuple(fc.constant(windows), fc.shuffledSubarray(windows, { minLength: windows.length })));
  fc.assert(
    fc.property(shuffles, ([windows, shuffled]) => {
      expect(factsOf(tallyOf(shuffled))).toEqual(factsOf(tallyOf(windows)));
    }),
    { numRuns: 25 },
  );
});

test('one window’s facts are the tally’s', () => {
  const window = makeWindow({
    messages: { due: 9, sent: 8, delivered: 7, lost: 1 },
    unsent: { overdue: 1 },
    connections: {
      attempted: 4,
      opened: 3,
      failed: 1,
      droppedByServer: 2,
      failures: { reset: 2 },
      closeCodes: { 1006: 2 },
    },
    bytes: { sent: 5, received: 6 },
    times: { response: [10, 20, 30] },
    health: { inFlightNs: 60, approximate: true },
  });
  expect(tallyOf([window, window])).toMatchObject({
    messages: { due: 18, sent: 16, delivered: 14, lost: 2 },
    unsent: { overdue: 2 },
    connections: {
      attempted: 8,
      opened: 6,
      failed: 2,
      droppedByServer: 4,
      failures: { reset: 4 },
      closeCodes: { 1006: 4 },
    },
    bytes: { sent: 10, received: 12 },
    health: { inFlightNs: 120, approximate: true },
    windows: 2,
    histograms: { response: { count: 6, minNs: 10, maxNs: 30, sumLowNs: 120 } },
  });
});

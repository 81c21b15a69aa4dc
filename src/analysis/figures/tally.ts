// Windows added up: of the whole run, of a stage, of one second. Adding is associative and commutative,
// so windows may come from any worker in any order.

import { addCounted, clearCounters, createCounters } from '../../facts/merge-rules.ts';
import { WINDOW_FIELDS, type WindowCounters, type WindowCounts } from '../../facts/window.ts';

export interface Tally extends WindowCounters {
  windows: number;
}

export function createTally(): Tally {
  return { ...createCounters(WINDOW_FIELDS), windows: 0 };
}

/** Back to nothing, to serve again: the histograms are large and stay. */
export function resetTally(tally: Tally): void {
  clearCounters(WINDOW_FIELDS, tally);
  tally.windows = 0;
}

export function addWindow(tally: Tally, window: WindowCounts): void {
  addCounted(WINDOW_FIELDS, tally, window);
  tally.windows++;
}

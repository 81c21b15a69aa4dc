// How losses lie in a stream (RFC 3357): one long hole and as many scattered losses are different troubles. Numbers come
// in ascending order, once a stream is finalized.

import type { WindowCounters } from '../facts/window.ts';

/** A loss so near to the one before is noticed together with it: the gap that ends a burst in RFC 3611 §4.7.2, Gmin. */
export const NOTICEABLE_DISTANCE = 16;

/** Losses behind one another: `from` up to `to − 1` are lost, `from − 1` and `to` are not. */
export interface LossPeriod {
  readonly from: number;
  readonly to: number;
}

/** One stream's lost numbers, ascending, as periods. */
export function* lossPeriods(lost: Iterable<number>): Generator<LossPeriod> {
  let from = 0;
  let to = Number.NaN;
  for (const sequence of lost) {
    if (sequence !== to) {
      if (!Number.isNaN(to)) yield { from, to };
      from = sequence;
    }
    to = sequence + 1;
  }
  if (!Number.isNaN(to)) yield { from, to };
}

/** Adds one stream's losses to the facts. */
export function noteLosses(
  facts: WindowCounters['delivery']['loss'],
  periods: Iterable<LossPeriod>,
  noticeableDistance = NOTICEABLE_DISTANCE,
): void {
  let last = Number.NaN;
  for (const { from, to } of periods) {
    facts.periods++;
    facts.longestPeriod = Math.max(facts.longestPeriod, to - from);
    facts.noticeable += to - from - 1 + (from - last <= noticeableDistance ? 1 : 0);
    last = to - 1;
  }
}

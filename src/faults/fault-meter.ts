// Counts what one fault does, for the result of the run that asked for it.

import type { FaultCount, FaultCounts } from '../facts/fault-counts.ts';

export interface FaultMeter {
  add(what: FaultCount, by?: number): void;
  /** So far. What the fault can do is there, be it 0. */
  counts(): FaultCounts;
}

/** `does`: what the fault is there for. */
export function createFaultMeter(does: readonly FaultCount[]): FaultMeter {
  const counts: Partial<Record<FaultCount, number>> = Object.fromEntries(does.map((what) => [what, 0]));
  return {
    add(what, by = 1) {
      counts[what] = (counts[what] ?? 0) + by;
    },
    counts: () => ({ ...counts }),
  };
}

/** For what is done in no fault's name. */
export const NO_METER: FaultMeter = { add() {}, counts: () => ({}) };

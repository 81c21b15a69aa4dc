// When a process did not get to its work: a timer that is set again and again for the same interval came far too late.

/** A busy loop takes less: garbage collection, a turn of many reads. */
const STALL_NS = 200e6;

/** How much later than it was set for a timer came, where that is more than a busy loop takes; else 0. */
export function stallNs(tookNs: number, intervalNs: number): number {
  return tookNs > STALL_NS ? tookNs - intervalNs : 0;
}

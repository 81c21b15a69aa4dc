// What a fault did, counted by whoever did it. A count that a fault could have is there, be it 0.

/** What came its way while it was on, and what of that it chose: no effect by themselves. */
const OCCASIONS = ['passed', 'chosen'] as const;
export const FAULT_EFFECTS = [
  'dropped',
  'duplicated',
  'reordered',
  'delayed',
  'damaged',
  'fabricated',
  'split',
  'coalesced',
  'swallowedPongs',
  'disconnected',
  'delayedBytes',
  'swallowedBytes',
  'slicedBytes',
  'delayedEnds',
  'droppedPackets',
  'signals',
  'restarts',
  'commands',
] as const;
export type FaultEffect = (typeof FAULT_EFFECTS)[number];
export type FaultCount = (typeof OCCASIONS)[number] | FaultEffect;

/** Of messages, but where the name says otherwise; `disconnected` is of connections that were reset or closed. */
export type FaultCounts = Readonly<Partial<Record<FaultCount, number>>>;

const FAULT_COUNTS: readonly string[] = [...OCCASIONS, ...FAULT_EFFECTS];

/** Whether anything was other than it would have been without the fault. */
export function hasEffect(counts: FaultCounts): boolean {
  return FAULT_EFFECTS.some((effect) => (counts[effect] ?? 0) > 0);
}

export function isFaultCounts(value: unknown): value is FaultCounts {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(
    ([name, count]) => FAULT_COUNTS.includes(name) && Number.isSafeInteger(count) && count >= 0,
  );
}

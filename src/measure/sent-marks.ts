// When a message was sent that does not come back. Nothing is kept of each message: once a second the next number of every client is
// noted, so that a number says between which two of these moments it was taken.
//
//   numbers   0 ─ ─ kept ─ ─ before ─────────── latest ─────────── next
//   sent         earlier            beforeNs …        latestNs …        now
//
// Of earlier stretches those are kept of which something is still missing: as a rule none, and one for each client and second in
// which messages were lost. A stretch in which nothing is missing names no lost message, so what is found is never wrong.

import { type Ledger, missingBetween } from './ledger.ts';

/** Numbers `from` up to `to − 1` were sent after `fromNs` and not after `toNs`. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly fromNs: number;
  readonly toNs: number;
}

interface Kept {
  stretches: Stretch[];
  /** With so many they are looked through. */
  most: number;
}

export interface SentMarks {
  /** By client: the next number at the last mark, and at the one before it. */
  latest: Float64Array;
  before: Float64Array;
  latestNs: number;
  beforeNs: number;
  /** By client: oldest first. */
  readonly kept: Map<number, Kept>;
  /** How many more stretches may be kept. */
  left: number;
}

/** Of all clients together: about 20 MB. When the messages of further ones were sent is not known. */
const MAX_KEPT = 1 << 18;
const LOOKED_THROUGH = 16;

export function createSentMarks(clients: number, most = MAX_KEPT): SentMarks {
  return {
    latest: new Float64Array(clients),
    before: new Float64Array(clients),
    latestNs: 0,
    beforeNs: 0,
    kept: new Map(),
    left: most,
  };
}

/** Once a second, or oftener. `nowNs` ascends. */
export function markSent(marks: SentMarks, ledger: Ledger, nowNs: number): void {
  const { latest, before } = marks;
  const { low, missing } = ledger;
  const isAnyBelow = missing.size > 0;
  for (let client = 0; client < latest.length; client++) {
    const to = latest[client]!;
    if (to === before[client] || (low[client]! >= to && !(isAnyBelow && missing.has(client)))) continue;
    keepStretch(marks, ledger, client, { from: before[client]!, to, fromNs: marks.beforeNs, toNs: marks.latestNs });
  }
  marks.before = latest;
  marks.latest = before;
  marks.latest.set(ledger.next);
  marks.beforeNs = marks.latestNs;
  marks.latestNs = nowNs;
}

function keepStretch(marks: SentMarks, ledger: Ledger, client: number, stretch: Stretch): void {
  const isMissed = ({ from, to }: Stretch): boolean => missingBetween(ledger, client, from, to) > 0;
  if (!isMissed(stretch)) return;
  let kept = marks.kept.get(client);
  if (kept === undefined) {
    kept = { stretches: [], most: LOOKED_THROUGH };
    marks.kept.set(client, kept);
  }
  // A slow service has every second unanswered for a while: looking through twice as many each time costs little for each.
  if (kept.stretches.length >= kept.most || marks.left === 0) {
    const still = kept.stretches.filter(isMissed);
    marks.left += kept.stretches.length - still.length;
    kept.stretches = still;
    kept.most = Math.max(LOOKED_THROUGH, 2 * still.length);
  }
  if (marks.left === 0) return;
  kept.stretches.push(stretch);
  marks.left--;
}

/** Between which moments a message was sent that is still missing; null where that is not known any more. */
export function sentBetween(
  marks: SentMarks,
  client: number,
  sequence: number,
  nowNs: number,
): { readonly fromNs: number; readonly toNs: number } | null {
  const { latest, before, latestNs, beforeNs } = marks;
  if (sequence >= latest[client]!) return { fromNs: latestNs, toNs: nowNs };
  if (sequence >= before[client]!) return { fromNs: beforeNs, toNs: latestNs };
  return marks.kept.get(client)?.stretches.find(({ from, to }) => sequence >= from && sequence < to) ?? null;
}

/** Nothing of the client is missing any more. */
export function forgetStretches(marks: SentMarks, client: number): void {
  marks.left += marks.kept.get(client)?.stretches.length ?? 0;
  marks.kept.delete(client);
}

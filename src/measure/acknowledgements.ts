// Which messages the service has acknowledged, lane by lane: what a sender that must deliver at least once keeps, so that it
// knows what to send again, and what tells a message that was taken and never came from one that was never taken.
//
//   sent ──> pending ──acknowledged──> taken ──delivered──> (forgotten)
//               └────delivered, where the answer itself is the acknowledgement────┘

import { isOutstanding, type Ledger } from './ledger.ts';

export interface Pending {
  readonly dueNs: number;
  readonly sentNs: number;
  /** When it went out last, and how often it was sent again. */
  lastSentNs: number;
  attempts: number;
}

export interface Acknowledgements {
  /** Whether the service acknowledges apart from delivering. */
  isApart: boolean;
  /** Whether anybody waits for acknowledgements: else nothing is kept. */
  isNeeded: boolean;
  /** By lane and number, the longest waiting first. */
  readonly pending: readonly Map<number, Pending>[];
  /** By lane: sent as often as they may be, and not acknowledged. */
  readonly exhausted: readonly Map<number, Pending>[];
  /** By lane: how many were delivered, never acknowledged, and are waited for no longer. */
  readonly recovered: Float64Array;
  /** By lane: acknowledged and not delivered. */
  readonly taken: readonly Map<number, Pending>[];
}

/** A service that never acknowledges must not fill the memory: the oldest are then waited for no longer. */
const MAX_PENDING = 65_536;

/** `lanes`: of this process. */
export function createAcknowledgements(lanes: number, isApart: boolean, isResent: boolean): Acknowledgements {
  return {
    isApart,
    isNeeded: isApart || isResent,
    pending: Array.from({ length: lanes }, () => new Map<number, Pending>()),
    exhausted: Array.from({ length: lanes }, () => new Map<number, Pending>()),
    recovered: new Float64Array(lanes),
    taken: Array.from({ length: lanes }, () => new Map<number, Pending>()),
  };
}

export function notePending(
  { pending }: Acknowledgements,
  lane: number,
  sequence: number,
  dueNs: number,
  sentNs: number,
): void {
  const waiting = pending[lane]!;
  waiting.set(sequence, { dueNs, sentNs, lastSentNs: sentNs, attempts: 0 });
  if (waiting.size > MAX_PENDING) waiting.delete(waiting.keys().next().value!);
}

/** True where it is the first acknowledgement of this message. */
export function noteAcknowledged(
  { pending, exhausted, taken }: Acknowledgements,
  ledger: Ledger,
  lane: number,
  sequence: number,
): boolean {
  const message = pending[lane]!.get(sequence) ?? exhausted[lane]!.get(sequence);
  if (message === undefined) return false;
  pending[lane]!.delete(sequence);
  exhausted[lane]!.delete(sequence);
  if (isOutstanding(ledger, lane, sequence)) {
    taken[lane]!.set(sequence, message);
    if (taken[lane]!.size > MAX_PENDING) taken[lane]!.delete(taken[lane]!.keys().next().value!);
  }
  return true;
}

/** The times of a message that is still waited for; null where they are not kept here. */
export function timesOf(acks: Acknowledgements, lane: number, sequence: number): Pending | null {
  const { pending, exhausted, taken } = acks;
  return pending[lane]!.get(sequence) ?? exhausted[lane]!.get(sequence) ?? taken[lane]!.get(sequence) ?? null;
}

/** A message has come: that answers it, unless acknowledgements are apart. */
export function noteCame(acks: Acknowledgements, lane: number, sequence: number): void {
  const { isApart, pending, exhausted, taken } = acks;
  if (!isApart) {
    pending[lane]!.delete(sequence);
    exhausted[lane]!.delete(sequence);
  }
  taken[lane]!.delete(sequence);
}

/** Of the messages that were not acknowledged, those that came all the same. */
export function countRecovered(acks: Acknowledgements, ledger: Ledger, lane: number): number {
  if (!acks.isApart) return 0;
  let recovered = acks.recovered[lane]!;
  for (const waiting of [acks.pending[lane]!, acks.exhausted[lane]!]) {
    for (const sequence of waiting.keys()) if (!isOutstanding(ledger, lane, sequence)) recovered++;
  }
  return recovered;
}

/** Sent as often as it may be. What has come all the same is only counted from then on. */
export function noteExhausted(
  { exhausted, recovered, isApart }: Acknowledgements,
  ledger: Ledger,
  lane: number,
  sequence: number,
  message: Pending,
): void {
  if (isApart && !isOutstanding(ledger, lane, sequence)) recovered[lane]!++;
  else {
    exhausted[lane]!.set(sequence, message);
    if (exhausted[lane]!.size > MAX_PENDING) exhausted[lane]!.delete(exhausted[lane]!.keys().next().value!);
  }
}

/** Nothing is waited for any more: the service has refused it. */
export function forgetMessage(acks: Acknowledgements, lane: number, sequence: number): void {
  for (const kept of [acks.pending, acks.exhausted, acks.taken]) kept[lane]!.delete(sequence);
}

/** The connection is over: nothing is waited for any more. */
export function forgetLane(acks: Acknowledgements, lane: number): void {
  for (const kept of [acks.pending, acks.exhausted, acks.taken]) kept[lane]!.clear();
  acks.recovered[lane] = 0;
}

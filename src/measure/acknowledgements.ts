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
  readonly isApart: boolean;
  /** By lane and number, the longest waiting first. */
  readonly pending: readonly Map<number, Pending>[];
  /** By lane: acknowledged and not delivered. */
  readonly taken: readonly Map<number, Pending>[];
}

/** `lanes`: of this process. */
export function createAcknowledgements(lanes: number, isApart: boolean): Acknowledgements {
  return {
    isApart,
    pending: Array.from({ length: lanes }, () => new Map<number, Pending>()),
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
  pending[lane]!.set(sequence, { dueNs, sentNs, lastSentNs: sentNs, attempts: 0 });
}

/** True where it is the first acknowledgement of this message. */
export function noteAcknowledged(
  { pending, taken }: Acknowledgements,
  ledger: Ledger,
  lane: number,
  sequence: number,
): boolean {
  const message = pending[lane]!.get(sequence);
  if (message === undefined) return false;
  pending[lane]!.delete(sequence);
  if (isOutstanding(ledger, lane, sequence)) taken[lane]!.set(sequence, message);
  return true;
}

/** The times of a message that is still waited for; null where they are not kept here. */
export function timesOf({ pending, taken }: Acknowledgements, lane: number, sequence: number): Pending | null {
  return pending[lane]!.get(sequence) ?? taken[lane]!.get(sequence) ?? null;
}

/** A message has come: that answers it, unless acknowledgements are apart. */
export function noteCame({ isApart, pending, taken }: Acknowledgements, lane: number, sequence: number): void {
  if (!isApart) pending[lane]!.delete(sequence);
  taken[lane]!.delete(sequence);
}

/** Of the messages that were not acknowledged, those that came all the same. */
export function countRecovered({ isApart, pending }: Acknowledgements, ledger: Ledger, lane: number): number {
  if (!isApart) return 0;
  let recovered = 0;
  for (const sequence of pending[lane]!.keys()) if (!isOutstanding(ledger, lane, sequence)) recovered++;
  return recovered;
}

/** Nothing is waited for any more: the service has refused it. */
export function forgetMessage({ pending, taken }: Acknowledgements, lane: number, sequence: number): void {
  pending[lane]!.delete(sequence);
  taken[lane]!.delete(sequence);
}

/** The connection is over: nothing is waited for any more. */
export function forgetLane({ pending, taken }: Acknowledgements, lane: number): void {
  pending[lane]!.clear();
  taken[lane]!.clear();
}

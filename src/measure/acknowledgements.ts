// Which messages the service has acknowledged, client by client: what a sender that must deliver at least once keeps, so that it
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
  /** By client and number, the longest waiting first. */
  readonly pending: readonly Map<number, Pending>[];
  /** By client: sent as often as they may be, and not acknowledged. */
  readonly exhausted: readonly Map<number, Pending>[];
  /** By client: how many were delivered, never acknowledged, and are waited for no longer. */
  readonly recovered: Float64Array;
  /** By client: acknowledged and not delivered. */
  readonly taken: readonly Map<number, Pending>[];
}

/** A service that never acknowledges must not fill the memory: the oldest are then waited for no longer. */
const MAX_PENDING = 65_536;

/** `clients`: of this process. */
export function createAcknowledgements(clients: number, isApart: boolean, isResent: boolean): Acknowledgements {
  return {
    isApart,
    isNeeded: isApart || isResent,
    pending: Array.from({ length: clients }, () => new Map<number, Pending>()),
    exhausted: Array.from({ length: clients }, () => new Map<number, Pending>()),
    recovered: new Float64Array(clients),
    taken: Array.from({ length: clients }, () => new Map<number, Pending>()),
  };
}

export function notePending(
  { pending }: Acknowledgements,
  client: number,
  sequence: number,
  dueNs: number,
  sentNs: number,
): void {
  const waiting = pending[client]!;
  waiting.set(sequence, { dueNs, sentNs, lastSentNs: sentNs, attempts: 0 });
  if (waiting.size > MAX_PENDING) waiting.delete(waiting.keys().next().value!);
}

/** True where it is the first acknowledgement of this message. */
export function noteAcknowledged(
  { pending, exhausted, taken }: Acknowledgements,
  ledger: Ledger,
  client: number,
  sequence: number,
): boolean {
  const message = pending[client]!.get(sequence) ?? exhausted[client]!.get(sequence);
  if (message === undefined) return false;
  pending[client]!.delete(sequence);
  exhausted[client]!.delete(sequence);
  if (isOutstanding(ledger, client, sequence)) {
    taken[client]!.set(sequence, message);
    if (taken[client]!.size > MAX_PENDING) taken[client]!.delete(taken[client]!.keys().next().value!);
  }
  return true;
}

/** The times of a message that is still waited for; null where they are not kept here. */
export function timesOf(acks: Acknowledgements, client: number, sequence: number): Pending | null {
  const { pending, exhausted, taken } = acks;
  return pending[client]!.get(sequence) ?? exhausted[client]!.get(sequence) ?? taken[client]!.get(sequence) ?? null;
}

/** A message has come: that answers it, unless acknowledgements are apart. */
export function noteCame(acks: Acknowledgements, client: number, sequence: number): void {
  const { isApart, pending, exhausted, taken } = acks;
  if (!isApart) {
    pending[client]!.delete(sequence);
    exhausted[client]!.delete(sequence);
  }
  taken[client]!.delete(sequence);
}

/** Of the messages that were not acknowledged, those that came all the same. */
export function countRecovered(acks: Acknowledgements, ledger: Ledger, client: number): number {
  if (!acks.isApart) return 0;
  let recovered = acks.recovered[client]!;
  for (const waiting of [acks.pending[client]!, acks.exhausted[client]!]) {
    for (const sequence of waiting.keys()) if (!isOutstanding(ledger, client, sequence)) recovered++;
  }
  return recovered;
}

/** Sent as often as it may be. What has come all the same is only counted from then on. */
export function noteExhausted(
  { exhausted, recovered, isApart }: Acknowledgements,
  ledger: Ledger,
  client: number,
  sequence: number,
  message: Pending,
): void {
  if (isApart && !isOutstanding(ledger, client, sequence)) recovered[client]!++;
  else {
    exhausted[client]!.set(sequence, message);
    if (exhausted[client]!.size > MAX_PENDING) exhausted[client]!.delete(exhausted[client]!.keys().next().value!);
  }
}

/** Nothing is waited for any more: the service has refused it. */
export function forgetMessage(acks: Acknowledgements, client: number, sequence: number): void {
  for (const kept of [acks.pending, acks.exhausted, acks.taken]) kept[client]!.delete(sequence);
}

/** The connection is over: nothing is waited for any more. */
export function forgetClient(acks: Acknowledgements, client: number): void {
  for (const kept of [acks.pending, acks.exhausted, acks.taken]) kept[client]!.clear();
  acks.recovered[client] = 0;
}

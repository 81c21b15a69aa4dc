// How messages of one run are laid out and what an arrived one is: the protocol at work in the hot path. Chosen once.

import type { Client } from '../connections/client.ts';

export interface SentTimes {
  readonly dueNs: number;
  readonly sentNs: number;
}

export interface ProtocolDriver {
  /** By message type: how many may be in flight on one client before they cannot be told apart. */
  readonly maxInFlight: readonly number[];
  /** Lays out in the outbox what a client says first. */
  join(client: Client): void;
  /**
   * Lays one message out in the outbox; `flushClient` writes it, `countSent` counts it. False where the protocol could not:
   * nothing was laid out, and no number was taken.
   */
  append(client: Client, type: number, dueNs: number, sentNs: number): boolean;
  /** Lays a message out once more, with the content that it had: its number and times are given. */
  repeat(client: Client, type: number, sequence: number, dueNs: number, sentNs: number): void;
  /** The times of a message that has not come back; null where they went with the message, or are not remembered any more. */
  sentTimes(client: Client, sequence: number): SentTimes | null;
  /** Judges one received data message. `bytes[start, end)` is its payload, unmasked and inflated. */
  receive(client: Client, isText: boolean, bytes: Uint8Array, start: number, end: number): void;
}

// How messages of one run are laid out and what an arrived one is: the dialect at work in the hot path. Chosen once.

import type { Lane } from '../lane.ts';

export interface Speech {
  /** By message type: how many may be in flight on one lane before they cannot be told apart. */
  readonly maxInFlight: readonly number[];
  /** Lays out in the outbox what a lane says first. */
  greet(lane: Lane): void;
  /**
   * Lays one message out in the outbox; `flushLane` writes it, `countSent` counts it. False where the dialect could not:
   * nothing was laid out, and no number was taken.
   */
  append(lane: Lane, type: number, dueNs: number, sentNs: number): boolean;
  /** Lays a message out once more, with the content that it had: its number and times are given. */
  repeat(lane: Lane, type: number, sequence: number, dueNs: number, sentNs: number): void;
  /** Judges one received data message. `bytes[start, end)` is its payload, unmasked and inflated. */
  receive(lane: Lane, isText: boolean, bytes: Uint8Array, start: number, end: number): void;
}

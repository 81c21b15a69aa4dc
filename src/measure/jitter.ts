// Interarrival jitter (RFC 3550 §6.4.1), client by client: how uneven the time under way is from one message to the next, as a
// mean that forgets, in arrival order. What a voice or a video needs as buffer follows from it.
//
//   D = (received_i − received_{i−1}) − (sent_i − sent_{i−1})        J += (|D| − J) / 16

export interface Jitter {
  /** By client: of the last message, and the mean; NaN before there is one, or two. */
  readonly transitNs: Float64Array;
  readonly meanNs: Float64Array;
}

const GAIN = 1 / 16;

export function createJitter(clients: number): Jitter {
  return { transitNs: new Float64Array(clients).fill(Number.NaN), meanNs: new Float64Array(clients).fill(Number.NaN) };
}

/** `transitNs`: received − sent of one message. */
export function noteTransit({ transitNs, meanNs }: Jitter, client: number, ns: number): void {
  const before = transitNs[client]!;
  transitNs[client] = ns;
  if (Number.isNaN(before)) return;
  const mean = Number.isNaN(meanNs[client]!) ? 0 : meanNs[client]!;
  meanNs[client] = mean + (Math.abs(ns - before) - mean) * GAIN;
}

/** The client's jitter so far; null where it has had no two messages. The next is the first again. */
export function takeJitter({ transitNs, meanNs }: Jitter, client: number): number | null {
  const jitterNs = Number.isNaN(meanNs[client]!) ? null : meanNs[client]!;
  transitNs[client] = Number.NaN;
  meanNs[client] = Number.NaN;
  return jitterNs;
}

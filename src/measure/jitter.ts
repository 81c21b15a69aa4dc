// Interarrival jitter (RFC 3550 §6.4.1), lane by lane: how uneven the time under way is from one message to the next, as a
// mean that forgets, in arrival order. What a voice or a video needs as buffer follows from it.
//
//   D = (received_i − received_{i−1}) − (sent_i − sent_{i−1})        J += (|D| − J) / 16

export interface Jitter {
  /** By lane: of the last message, and the mean; NaN before there is one, or two. */
  readonly transitNs: Float64Array;
  readonly meanNs: Float64Array;
}

const GAIN = 1 / 16;

export function createJitter(lanes: number): Jitter {
  return { transitNs: new Float64Array(lanes).fill(Number.NaN), meanNs: new Float64Array(lanes).fill(Number.NaN) };
}

/** `transitNs`: received − sent of one message. */
export function noteTransit({ transitNs, meanNs }: Jitter, lane: number, ns: number): void {
  const before = transitNs[lane]!;
  transitNs[lane] = ns;
  if (Number.isNaN(before)) return;
  const mean = Number.isNaN(meanNs[lane]!) ? 0 : meanNs[lane]!;
  meanNs[lane] = mean + (Math.abs(ns - before) - mean) * GAIN;
}

/** The lane's jitter so far; null where it has had no two messages. The next is the first again. */
export function takeJitter({ transitNs, meanNs }: Jitter, lane: number): number | null {
  const jitterNs = Number.isNaN(meanNs[lane]!) ? null : meanNs[lane]!;
  transitNs[lane] = Number.NaN;
  meanNs[lane] = Number.NaN;
  return jitterNs;
}

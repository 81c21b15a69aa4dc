// When a message reached each of its receivers, for a sample of the messages: every worker takes the same ones, so that
// the join sees all receivers of a message, but for one that a worker with too much at once left out.

import type { SpreadFacts } from '../facts/merge-rules.ts';
import { hash01 } from '../random/generator.ts';
import { messageKey } from './message-key.ts';

/** From so many arrivals between two cuts on no further message is sampled. */
const MAX_ARRIVALS = 20_000;

/** So many streams have keys of their own; further ones share their choice. */
const KEY_STREAMS = 2 ** 22;

export interface Spread {
  readonly seed: number;
  /** The share of messages that are sampled, 0 to 1. */
  readonly share: number;
  /** By stream and number. */
  readonly sampled: Map<string, Sample>;
  arrivals: number;
}

interface Sample {
  readonly stream: number;
  readonly sequence: number;
  readonly dueNs: number;
  readonly delaysNs: number[];
}

export function createSpread(seed: number, share: number): Spread {
  return { seed, share, sampled: new Map(), arrivals: 0 };
}

export function noteSpread(spread: Spread, stream: number, sequence: number, dueNs: number, receivedNs: number): void {
  if (hash01(spread.seed, messageKey(stream % KEY_STREAMS, sequence)) >= spread.share) return;
  const key = `${stream} ${sequence}`;
  let sample = spread.sampled.get(key);
  // A message whose first receivers are kept has all of them kept: the last ones are what matters.
  if (sample === undefined && spread.arrivals >= MAX_ARRIVALS) return;
  spread.arrivals++;
  if (sample === undefined) {
    sample = { stream, sequence, dueNs, delaysNs: [] };
    spread.sampled.set(key, sample);
  }
  sample.delaysNs.push(Math.round(receivedNs - dueNs));
}

/** What was sampled since the last cut. */
export function cutSpread(spread: Spread): readonly SpreadFacts[] {
  const facts = [...spread.sampled.values()].map(
    ({ stream, sequence, dueNs, delaysNs }): SpreadFacts => [stream, sequence, Math.round(dueNs), ...delaysNs],
  );
  spread.sampled.clear();
  spread.arrivals = 0;
  return facts;
}

// A connection curve as openings and closings of numbered clients. Client j is open exactly while the level is above j, so
// the open connections are always 0 ... ceil(level) - 1: on a rise they open upwards, the first at once, and on a fall they
// close from the top. Shard k of n has the clients j = k, k + n, ...: the shards' events are the whole's, split.

import { unreachable } from '../../units/unreachable.ts';
import type { Curve, Segment } from '../plan.ts';
import { endLevel } from './curve.ts';

export interface ConnectionEvent {
  /** From the start of the curve. */
  readonly atNs: number;
  readonly client: number;
  readonly action: 'open' | 'close';
}

/** In order of time; events at `horizonNs` and later are left out. Lazy: nothing is kept. */
export function* connectionEvents(
  curve: Curve,
  shard: number,
  shards: number,
  horizonNs = Number.POSITIVE_INFINITY,
): Generator<ConnectionEvent> {
  let startNs = 0;
  for (const segment of curve) {
    for (const event of segmentEvents(segment, startNs, shard, shards)) {
      if (event.atNs >= horizonNs) return;
      yield event;
    }
    startNs += segment.durationNs;
  }
}

function* segmentEvents(segment: Segment, startNs: number, shard: number, shards: number): Generator<ConnectionEvent> {
  const before = segment.from;
  if (segment.shape !== 'burst') {
    yield* change(before, endLevel(segment), shard, shards, (done, share) => startNs + offsetNs(segment, done, share));
    return;
  }
  yield* change(before, segment.to, shard, shards, () => startNs);
  yield* change(segment.to, before, shard, shards, () => startNs + segment.durationNs);
}

/** `timeNs` gets how many of the `whole` clients of the change come before the crossing of this client's level. */
function* change(
  before: number,
  after: number,
  shard: number,
  shards: number,
  timeNs: (crossed: number, whole: number) => number,
): Generator<ConnectionEvent> {
  const whole = Math.abs(after - before);
  if (after > before) {
    for (let client = firstOfShard(before, shard, shards); client < after; client += shards) {
      yield { atNs: timeNs(client - before, whole), client, action: 'open' };
    }
    return;
  }
  for (let client = firstOfShard(before, shard, shards) - shards; client >= after; client -= shards) {
    yield { atNs: timeNs(before - client, whole), client, action: 'close' };
  }
}

/** The first client of the shard that is not below `client`. */
function firstOfShard(client: number, shard: number, shards: number): number {
  return client + ((((shard - client) % shards) + shards) % shards);
}

/** When the level has moved by `crossed` of `whole` clients, from the start of the segment. */
function offsetNs({ shape, from, to, durationNs, steps }: Segment, crossed: number, whole: number): number {
  const share = crossed / whole;
  switch (shape) {
    case 'linear':
      return durationNs * share;
    case 'exponential':
      return Math.min(durationNs, (durationNs * Math.log2(1 + 1023 * share)) / 10);
    case 'stepped': {
      // A rise needs the first plateau above the level, a fall the first one not above it.
      const exact = (crossed * steps) / whole;
      const plateau = to > from ? Math.floor(exact) + 1 : Math.ceil(exact);
      return (durationNs * (plateau - 1)) / steps;
    }
    case 'instant':
    case 'hold':
    case 'burst':
      return 0;
    default:
      return unreachable(shape);
  }
}

// A connection curve as openings and closings of numbered lanes. Lane j is open exactly while the level is above j, so
// the open lanes are always 0 ... ceil(level) - 1: on a rise they open upwards, the first at once, and on a fall they
// close from the top. Shard k of n has the lanes j = k, k + n, ...: the shards' events are the whole's, split.

import { unreachable } from '../units/unreachable.ts';
import { endLevel } from './curve.ts';
import type { Curve, Segment } from './plan.ts';

export interface LaneEvent {
  /** From the start of the curve. */
  readonly atNs: number;
  readonly lane: number;
  readonly action: 'open' | 'close';
}

/** In order of time; events at `horizonNs` and later are left out. Lazy: nothing is kept. */
export function* laneEvents(
  curve: Curve,
  shard: number,
  shards: number,
  horizonNs = Number.POSITIVE_INFINITY,
): Generator<LaneEvent> {
  let startNs = 0;
  for (const segment of curve) {
    for (const event of segmentEvents(segment, startNs, shard, shards)) {
      if (event.atNs >= horizonNs) return;
      yield event;
    }
    startNs += segment.durationNs;
  }
}

function* segmentEvents(segment: Segment, startNs: number, shard: number, shards: number): Generator<LaneEvent> {
  const before = segment.from;
  if (segment.shape !== 'burst') {
    yield* change(before, endLevel(segment), shard, shards, (done, share) => startNs + offsetNs(segment, done, share));
    return;
  }
  yield* change(before, segment.to, shard, shards, () => startNs);
  yield* change(segment.to, before, shard, shards, () => startNs + segment.durationNs);
}

/** `timeNs` gets how many of the `whole` lanes of the change come before the crossing of this lane's level. */
function* change(
  before: number,
  after: number,
  shard: number,
  shards: number,
  timeNs: (crossed: number, whole: number) => number,
): Generator<LaneEvent> {
  const whole = Math.abs(after - before);
  if (after > before) {
    for (let lane = firstOfShard(before, shard, shards); lane < after; lane += shards) {
      yield { atNs: timeNs(lane - before, whole), lane, action: 'open' };
    }
    return;
  }
  for (let lane = firstOfShard(before, shard, shards) - shards; lane >= after; lane -= shards) {
    yield { atNs: timeNs(before - lane, whole), lane, action: 'close' };
  }
}

/** The first lane of the shard that is not below `lane`. */
function firstOfShard(lane: number, shard: number, shards: number): number {
  return lane + ((((shard - lane) % shards) + shards) % shards);
}

/** When the level has moved by `crossed` of `whole` lanes, from the start of the segment. */
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

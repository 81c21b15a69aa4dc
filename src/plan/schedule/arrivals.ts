// When each message of a shard is due: fixed before the run and independent of any reply, so that a slow target cannot
// slow its own load down. The hot loop walks this cursor: nothing is allocated per message. A step takes 50 ns of CPU
// time on a hold or a linear ramp, 100 ns for Poisson and 250 ns on an exponential ramp (2 million steps each, Node 20
// on two shared cores, 2026-11-21).
//
// Constant: message i is due when the area under the curve reaches i. Poisson: when it reaches the sum of i + 1 unit
// exponentials; every shard walks that same sequence and takes its own messages from it, so the union of the shards is
// the unsharded schedule.

import { exponential } from '../../random/distributions.ts';
import { createRandom } from '../../random/generator.ts';
import { nsToSeconds, secondsToNs } from '../../units/duration.ts';
import type { Curve } from '../plan.ts';
import { totalArea } from './curve.ts';
import { exponentialInverse, linearInverse, piecesOf } from './pieces.ts';

/** A cursor that stands on the shard's next message. */
export interface Schedule {
  /** When it is due, from the start of the curve; infinity once the curve has ended. Never earlier than the one before. */
  peekDueNs(): number;
  /** Its number in the whole run, over all shards. */
  peekIndex(): number;
  advance(): void;
}

// Cursors keep their numbers in a typed array: a double in a closure's variable is a new object at every write in V8.
const INDEX = 0;
const DUE_NS = 1;
const AREA = 2;

/** Keeps arrivals apart from the other random choices that one seed makes. */
const ARRIVALS_STREAM = 1;

export function createSchedule(
  curve: Curve,
  arrival: 'constant' | 'poisson',
  seed: number,
  shard: number,
  shards: number,
): Schedule {
  const timeOf = createAreaClock(curve);
  return arrival === 'constant'
    ? createConstantSchedule(timeOf, shard, shards)
    : createPoissonSchedule(timeOf, seed, shard, shards);
}

/** How many messages a constant schedule has over all shards. */
export function countOpenMessages(curve: Curve): number {
  return Math.ceil(totalArea(curve));
}

function createConstantSchedule(timeOf: (area: number) => number, shard: number, shards: number): Schedule {
  const state = Float64Array.of(shard, timeOf(shard));
  return {
    peekDueNs: () => state[DUE_NS] as number,
    peekIndex: () => state[INDEX] as number,
    advance: () => {
      const index = (state[INDEX] as number) + shards;
      state[INDEX] = index;
      state[DUE_NS] = timeOf(index);
    },
  };
}

function createPoissonSchedule(
  timeOf: (area: number) => number,
  seed: number,
  shard: number,
  shards: number,
): Schedule {
  const random = createRandom(seed, ARRIVALS_STREAM);
  const state = new Float64Array(3);
  const step = (messages: number): void => {
    let area = state[AREA] as number;
    for (let passed = 0; passed < messages; passed++) area += exponential(random);
    state[AREA] = area;
    state[DUE_NS] = timeOf(area);
  };
  state[INDEX] = shard;
  step(shard + 1);
  return {
    peekDueNs: () => state[DUE_NS] as number,
    peekIndex: () => state[INDEX] as number,
    advance: () => {
      state[INDEX] = (state[INDEX] as number) + shards;
      step(shards);
    },
  };
}

/** The inverse of the area for areas that never shrink: it remembers its piece, and where in it it was. */
function createAreaClock(curve: Curve): (area: number) => number {
  const pieces = piecesOf(curve);
  const reachedSeconds = new Float64Array(1);
  let position = 0;
  let piece = pieces[0];
  return (area) => {
    while (piece !== undefined && area >= piece.areaAfter) {
      position += 1;
      piece = pieces[position];
      reachedSeconds[0] = 0;
    }
    if (piece === undefined) return Number.POSITIVE_INFINITY;
    const { kind, from, to, startNs, durationNs, areaBefore } = piece;
    const lastSeconds = reachedSeconds[0] as number;
    const exactSeconds =
      kind === 'linear'
        ? linearInverse(from, to, nsToSeconds(durationNs), area - areaBefore)
        : exponentialInverse(from, to, nsToSeconds(durationNs), area - areaBefore, lastSeconds);
    // Rounding must not turn the order of two messages around.
    const seconds = Math.max(lastSeconds, exactSeconds);
    reachedSeconds[0] = seconds;
    return startNs + Math.min(durationNs, secondsToNs(seconds));
  };
}

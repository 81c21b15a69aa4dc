// The closed model: a lane sends its next message when a reply has come (and its think time is over), so
// it has no due time of its own: due is sent. A reply that takes longer than the plan allows gives its
// place free; the message itself stays outstanding and its fate is judged like any other's.

import { missingBetween } from '../measure/ledger.ts';
import { createTypeOf } from '../plan/message-types.ts';
import { uniform } from '../random/distributions.ts';
import { createRandom } from '../random/generator.ts';
import { countSent, flushLane, isWindowFull } from './hot/traffic.ts';
import type { Lane } from './lane.ts';
import { createMinHeap, peekKey, pop, push } from './min-heap.ts';
import type { MessagesOf, Work, WorkParts } from './work.ts';

/** A reply is given up between one and two timeouts after its message, a sweep more at most. */
const SWEEP_EVERY_NS = 1e9;
/** Keeps think times apart from the other random choices that one seed makes. */
const THINK_STREAM = 2;
/** How many messages one look may send before sockets are read again. */
const LOOK_MESSAGES = 1024;

export function createClosedWork(parts: WorkParts, messages: MessagesOf<'closed'>): Work {
  const { plan, shard, laneCount, openLanes, traffic, speech, clock, laneAt } = parts;
  const { think, replyTimeoutNs } = messages;
  // Of short messages only so many can be told apart: more in flight would be counted and timed wrongly.
  const inFlight = Math.min(messages.inFlight, ...speech.maxInFlight);
  const typeOf = createTypeOf(plan);
  const random = createRandom(plan.seed, THINK_STREAM + shard);
  const thinking = createMinHeap(laneCount * inFlight);
  /** By lane: places that messages hold, of these the ones whose message could not be sent, and places that think. */
  const waiting = new Int32Array(laneCount);
  const unsendable = new Int32Array(laneCount);
  const queued = new Int32Array(laneCount);
  /** By lane: the number that was next at the last mark, and when that was. What is below it is then old enough. */
  const markedNumber = new Float64Array(laneCount);
  const markedNs = new Float64Array(laneCount);
  /** When every lane that is open makes its first move; infinity once they have. */
  let kickNs = Number.POSITIVE_INFINITY;
  let endNs = Number.NEGATIVE_INFINITY;
  const sweepEveryNs = Math.min(SWEEP_EVERY_NS, replyTimeoutNs);
  let nextSweepNs = 0;

  function sendNow(lane: Lane, count: number, nowNs: number): void {
    waiting[lane.index]! += count;
    const { messages: counts, unsent } = traffic.recorder;
    counts.due += count;
    let sent = 0;
    for (let i = 0; i < count; i++) {
      const type = typeOf(lane.stream, traffic.ledger.next[lane.index]!);
      if (isWindowFull(traffic, speech, lane, type)) {
        unsent.windowFull++;
        unsendable[lane.index]!++; // its place is tried again after the reply timeout
      } else if (speech.append(lane, type, nowNs, nowNs)) {
        sent++;
      } else {
        unsent.dialectError++;
        unsendable[lane.index]!++;
      }
    }
    countSent(traffic, sent, nowNs, nowNs);
    flushLane(traffic, lane);
  }

  function thinkThenSend(lane: Lane, count: number, fromNs: number): void {
    for (let i = 0; i < count; i++) {
      push(thinking, fromNs + uniform(random, think.minNs, think.maxNs), lane.index);
    }
    queued[lane.index]! += count;
    parts.wake();
  }

  function refill(lane: Lane, nowNs: number): void {
    const free = inFlight - waiting[lane.index]! - queued[lane.index]!;
    if (free <= 0 || nowNs >= endNs || lane.state !== 'open') return;
    if (think.maxNs === 0) sendNow(lane, free, nowNs);
    else thinkThenSend(lane, free, nowNs);
  }

  function sweep(nowNs: number): void {
    nextSweepNs = nowNs + sweepEveryNs;
    for (const lane of openLanes.senders()) {
      if (nowNs - markedNs[lane.index]! >= replyTimeoutNs) giveUpOld(lane, nowNs);
    }
  }

  /** Every message below the mark has had its time: those that are missing give their places free. */
  function giveUpOld(lane: Lane, nowNs: number): void {
    const { index: i } = lane;
    const missing = missingBetween(traffic.ledger, i, lane.givenUpBelow, markedNumber[i]!);
    lane.givenUpBelow = markedNumber[i]!;
    waiting[i]! -= missing + unsendable[i]!;
    unsendable[i] = 0;
    mark(lane, nowNs);
    refill(lane, nowNs);
  }

  function mark(lane: Lane, nowNs: number): void {
    markedNumber[lane.index] = traffic.ledger.next[lane.index]!;
    markedNs[lane.index] = nowNs;
  }

  function beginLane(lane: Lane, nowNs: number): void {
    // What goes out again on a new connection holds its places.
    waiting[lane.index] = traffic.ledger.outstanding[lane.index]!;
    unsendable[lane.index] = 0;
    mark(lane, nowNs);
    lane.givenUpBelow = waiting[lane.index] === 0 ? markedNumber[lane.index]! : 0;
    refill(lane, nowNs);
  }

  return {
    nextDueNs: () => Math.min(kickNs, peekKey(thinking)),
    runDue(nowNs) {
      if (nowNs >= kickNs) {
        kickNs = Number.POSITIVE_INFINITY;
        for (const lane of openLanes.senders()) beginLane(lane, clock.nowNs());
      }
      for (let sent = 0; sent < LOOK_MESSAGES && peekKey(thinking) <= nowNs; ) {
        const lane = laneAt(pop(thinking));
        let count = 1;
        // What one lane may send at the same moment goes out in one write.
        while (thinking.size > 0 && peekKey(thinking) <= nowNs && thinking.values[0] === lane.index) {
          pop(thinking);
          count++;
        }
        queued[lane.index]! -= count;
        if (lane.state === 'open' && nowNs < endNs) sendNow(lane, count, clock.nowNs());
        sent += count;
      }
      if (nowNs >= nextSweepNs) sweep(nowNs);
    },
    start(atNs) {
      endNs = atNs + messages.durationNs;
      nextSweepNs = atNs + sweepEveryNs;
      kickNs = atNs;
    },
    stop(atNs) {
      endNs = Math.min(endNs, atNs);
    },
    isOver: (nowNs) => endNs !== Number.NEGATIVE_INFINITY && nowNs >= endNs,
    laneOpened(lane) {
      if (endNs !== Number.NEGATIVE_INFINITY && kickNs === Number.POSITIVE_INFINITY) beginLane(lane, clock.nowNs());
    },
    repliesArrived(lane) {
      const nowNs = traffic.receivedNs;
      waiting[lane.index]! -= lane.credit - lane.lateCredit;
      refill(lane, nowNs);
    },
  };
}

// The closed model: a client sends its next message when a reply has come (and its think time is over), so
// it has no due time of its own: due is sent. A reply that takes longer than the plan allows gives its
// place free; the message itself stays outstanding and its outcome is judged like any other's.

import { missingBetween } from '../../measure/ledger.ts';
import { createTypeOf } from '../../plan/schedule/message-types.ts';
import { uniform } from '../../random/distributions.ts';
import { createRandom } from '../../random/generator.ts';
import type { Client } from '../connections/client.ts';
import { countSent, flushClient, isWindowFull } from '../hot/accounting.ts';
import type { LoadModel, LoadModelParts, MessagesOf } from './load-model.ts';
import { createMinHeap, peekKey, pop, push } from './min-heap.ts';

/** A reply is given up between one and two timeouts after its message, a sweep more at most. */
const SWEEP_EVERY_NS = 1e9;
/** Keeps think times apart from the other random choices that one seed makes. */
const THINK_STREAM = 2;
/** How many messages one look may send before sockets are read again. */
const LOOK_MESSAGES = 1024;

export function createClosedModel(parts: LoadModelParts, messages: MessagesOf<'closed'>): LoadModel {
  const { plan, shard, clientCount, openConnections, accounting, driver, clock, clientAt } = parts;
  const { think, replyTimeoutNs } = messages;
  // Of short messages only so many can be told apart: more in flight would be counted and timed wrongly.
  const inFlight = Math.min(messages.inFlight, ...driver.maxInFlight);
  const typeOf = createTypeOf(plan);
  const random = createRandom(plan.seed, THINK_STREAM + shard);
  const thinking = createMinHeap(clientCount * inFlight);
  /** By client: places that messages hold, of these the ones whose message could not be sent, and places that think. */
  const waiting = new Int32Array(clientCount);
  const unsendable = new Int32Array(clientCount);
  const queued = new Int32Array(clientCount);
  /** By client: the number that was next at the last mark, and when that was. What is below it is then old enough. */
  const markedNumber = new Float64Array(clientCount);
  const markedNs = new Float64Array(clientCount);
  /** When every client that is open makes its first move; infinity once they have. */
  let kickNs = Number.POSITIVE_INFINITY;
  let endNs = Number.NEGATIVE_INFINITY;
  const sweepEveryNs = Math.min(SWEEP_EVERY_NS, replyTimeoutNs);
  let nextSweepNs = 0;

  function sendNow(client: Client, count: number, nowNs: number): void {
    waiting[client.index]! += count;
    const { messages: counts, unsent } = accounting.recorder;
    counts.due += count;
    let sent = 0;
    for (let i = 0; i < count; i++) {
      const type = typeOf(client.stream, accounting.ledger.next[client.index]!);
      if (isWindowFull(accounting, driver, client, type)) {
        unsent.windowFull++;
        unsendable[client.index]!++; // its place is tried again after the reply timeout
      } else if (driver.append(client, type, nowNs, nowNs)) {
        sent++;
      } else {
        unsent.adapterError++;
        unsendable[client.index]!++;
      }
    }
    countSent(accounting, sent, nowNs, nowNs);
    flushClient(accounting, client);
  }

  function thinkThenSend(client: Client, count: number, fromNs: number): void {
    for (let i = 0; i < count; i++) {
      push(thinking, fromNs + uniform(random, think.minNs, think.maxNs), client.index);
    }
    queued[client.index]! += count;
    parts.wake();
  }

  function refill(client: Client, nowNs: number): void {
    const free = inFlight - waiting[client.index]! - queued[client.index]!;
    if (free <= 0 || nowNs >= endNs || client.state !== 'open') return;
    if (think.maxNs === 0) sendNow(client, free, nowNs);
    else thinkThenSend(client, free, nowNs);
  }

  function sweep(nowNs: number): void {
    nextSweepNs = nowNs + sweepEveryNs;
    for (const client of openConnections.senders()) {
      if (nowNs - markedNs[client.index]! >= replyTimeoutNs) giveUpOld(client, nowNs);
    }
  }

  /** Every message below the mark has had its time: those that are missing give their places free. */
  function giveUpOld(client: Client, nowNs: number): void {
    const { index: i } = client;
    const missing = missingBetween(accounting.ledger, i, client.givenUpBelow, markedNumber[i]!);
    client.givenUpBelow = markedNumber[i]!;
    waiting[i]! -= missing + unsendable[i]!;
    unsendable[i] = 0;
    mark(client, nowNs);
    refill(client, nowNs);
  }

  function mark(client: Client, nowNs: number): void {
    markedNumber[client.index] = accounting.ledger.next[client.index]!;
    markedNs[client.index] = nowNs;
  }

  function beginClient(client: Client, nowNs: number): void {
    // What goes out again on a new connection holds its places.
    waiting[client.index] = accounting.ledger.outstanding[client.index]!;
    unsendable[client.index] = 0;
    mark(client, nowNs);
    client.givenUpBelow = waiting[client.index] === 0 ? markedNumber[client.index]! : 0;
    refill(client, nowNs);
  }

  return {
    nextDueNs: () => Math.min(kickNs, peekKey(thinking)),
    runDue(nowNs) {
      if (nowNs >= kickNs) {
        kickNs = Number.POSITIVE_INFINITY;
        for (const client of openConnections.senders()) beginClient(client, clock.nowNs());
      }
      for (let sent = 0; sent < LOOK_MESSAGES && peekKey(thinking) <= nowNs; ) {
        const client = clientAt(pop(thinking));
        let count = 1;
        // What one client may send at the same moment goes out in one write.
        while (thinking.size > 0 && peekKey(thinking) <= nowNs && thinking.values[0] === client.index) {
          pop(thinking);
          count++;
        }
        queued[client.index]! -= count;
        if (client.state === 'open' && nowNs < endNs) sendNow(client, count, clock.nowNs());
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
    connectionOpened(client) {
      if (endNs !== Number.NEGATIVE_INFINITY && kickNs === Number.POSITIVE_INFINITY) beginClient(client, clock.nowNs());
    },
    repliesArrived(client) {
      const nowNs = accounting.receivedNs;
      waiting[client.index]! -= client.credit - client.lateCredit;
      refill(client, nowNs);
    },
  };
}

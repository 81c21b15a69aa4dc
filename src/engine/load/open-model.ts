// The open model: message i is due when the schedule says, on the next open connection in turn. A message that
// cannot be sent is counted with its reason and never sent later.

import { createSchedule, type Schedule } from '../../plan/schedule/arrivals.ts';
import { createTypeOf } from '../../plan/schedule/message-types.ts';
import type { Client } from '../connections/client.ts';
import { countSent, flushClient, whyUnsent } from '../hot/accounting.ts';
import type { LoadModel, LoadModelParts, MessagesOf } from './load-model.ts';

/** A message that is overdue by more than this is given up as late: the generator cannot keep up. */
export const LATE_AFTER_NS = 5e9;
/** How long one look may send before sockets are read again. */
const LOOK_BUDGET_NS = 4e6;
/** How long the last look may take: the rest is late. */
const LAST_LOOK_BUDGET_NS = 1e9;

export function createOpenModel(parts: LoadModelParts, messages: MessagesOf<'open'>): LoadModel {
  const { plan, shard, shards, accounting, driver, openConnections, clock } = parts;
  const schedule: Schedule = createSchedule(messages.curve, messages.arrival, plan.seed, shard, shards);
  const typeOf = createTypeOf(plan);
  const { messages: counts, unsent } = accounting.recorder;
  let originNs = Number.POSITIVE_INFINITY;
  let stopped = false;
  /** The client whose messages are laid out and not yet written: neighbors in time on one client share a write. */
  let filling: Client | null = null;

  function sendDue(untilNs: number, budgetNs: number): void {
    const startedNs = clock.nowNs();
    let nowNs = startedNs;
    for (;;) {
      const dueNs = originNs + schedule.peekDueNs();
      if (dueNs > untilNs || nowNs - startedNs > budgetNs) break;
      send(dueNs, nowNs);
      schedule.advance();
      nowNs = clock.nowNs();
    }
    flushFilling();
  }

  function send(dueNs: number, nowNs: number): void {
    counts.due++;
    if (nowNs - dueNs > LATE_AFTER_NS) {
      unsent.overdue++;
      return;
    }
    const client = openConnections.nextSender();
    if (client === null) {
      unsent.socketClosed++;
      return;
    }
    if (client !== filling) {
      flushFilling();
      filling = client;
    }
    const type = typeOf(client.stream, accounting.ledger.next[client.index]!);
    const reason = whyUnsent(accounting, driver, client, type);
    if (reason !== null) {
      unsent[reason]++;
      return;
    }
    if (driver.append(client, type, dueNs, nowNs)) countSent(accounting, 1, dueNs, nowNs);
    else unsent.adapterError++;
  }

  function flushFilling(): void {
    if (filling !== null) flushClient(accounting, filling);
    filling = null;
  }

  return {
    nextDueNs: () => (stopped ? Number.POSITIVE_INFINITY : originNs + schedule.peekDueNs()),
    runDue: (nowNs) => {
      if (!stopped) sendDue(nowNs, LOOK_BUDGET_NS);
    },
    start(atNs) {
      originNs = atNs;
    },
    stop(atNs) {
      if (stopped) return;
      sendDue(atNs, LAST_LOOK_BUDGET_NS);
      stopped = true;
      for (; originNs + schedule.peekDueNs() <= atNs; schedule.advance()) {
        counts.due++;
        unsent.overdue++;
      }
    },
    isOver: () => stopped || schedule.peekDueNs() === Number.POSITIVE_INFINITY,
    connectionOpened: () => {},
    repliesArrived: () => {},
  };
}

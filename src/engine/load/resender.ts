// Sends again what the service has not acknowledged in time, with the same id and the same content, as a sender does that
// must deliver at least once.

import { type Acknowledgements, createAcknowledgements, noteExhausted } from '../../measure/acknowledgements.ts';
import type { Plan } from '../../plan/plan.ts';
import { acknowledgesApart } from '../../plan/protocols.ts';
import { createTypeOf } from '../../plan/schedule/message-types.ts';
import type { Client } from '../connections/client.ts';
import { type Accounting, flushClient } from '../hot/accounting.ts';
import type { ProtocolDriver } from '../hot/driver.ts';

/** What the plan's senders wait for; null where they wait for nothing but their messages. */
export function acknowledgementsFor({ protocol, resend }: Plan, clients: number): Acknowledgements | null {
  const isApart = acknowledgesApart(protocol);
  // A protocol of the user's own says with its first session whether its service acknowledges.
  const mayBe = isApart || resend !== null || protocol.kind === 'module';
  return mayBe ? createAcknowledgements(clients, isApart, resend !== null) : null;
}

export interface Resender {
  /** Looks after one client; call it now and then. */
  sweep(client: Client, nowNs: number): void;
  /** The client has a new connection: whatever was not acknowledged on the old one is laid out again, however often it was. */
  reconnected(client: Client, nowNs: number): void;
}

/** `driver` without copies of its own. Null where nothing is sent again. */
export function createResender(plan: Plan, accounting: Accounting, driver: ProtocolDriver): Resender | null {
  const { resend } = plan;
  const { acks, recorder } = accounting;
  if (resend === null || resend.atMost === 0 || acks === null) return null;
  const typeOf = createTypeOf(plan);
  return {
    reconnected(client, nowNs) {
      const pending = acks.pending[client.index]!;
      const exhausted = acks.exhausted[client.index]!;
      // In the order of their numbers: a service that keeps the order must not seem to break it.
      const unacknowledged = [...pending, ...exhausted].sort(([a], [b]) => a - b);
      pending.clear();
      exhausted.clear();
      for (const [sequence, message] of unacknowledged) {
        message.lastSentNs = nowNs;
        pending.set(sequence, message);
        driver.repeat(client, typeOf(client.stream, sequence), sequence, message.dueNs, message.sentNs);
      }
      recorder.messages.resent += unacknowledged.length;
    },
    sweep(client, nowNs) {
      if (client.socket!.writableLength > accounting.maxBufferedBytes) return; // it has enough to do with what it has
      const pending = acks.pending[client.index]!;
      let again = 0;
      for (const [sequence, message] of pending) {
        if (nowNs - message.lastSentNs < resend.afterNs) break;
        // Whether or not it is sent again, it goes behind those that have waited for less.
        pending.delete(sequence);
        if (message.attempts >= resend.atMost) {
          noteExhausted(acks, accounting.ledger, client.index, sequence, message);
          continue;
        }
        message.attempts++;
        message.lastSentNs = nowNs;
        pending.set(sequence, message);
        driver.repeat(client, typeOf(client.stream, sequence), sequence, message.dueNs, message.sentNs);
        again++;
      }
      if (again === 0) return;
      recorder.messages.resent += again;
      flushClient(accounting, client);
    },
  };
}

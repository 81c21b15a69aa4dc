// Sends messages more than once on purpose, to see what the service makes of a copy.

import { wasGivenUp } from '../../measure/ledger.ts';
import type { Plan } from '../../plan/plan.ts';
import { messageIndex } from '../../plan/schedule/message-index.ts';
import { hash01 } from '../../random/generator.ts';
import type { Clock } from '../clock.ts';
import type { Client } from '../connections/client.ts';
import { type Accounting, flushClient } from '../hot/accounting.ts';
import type { ProtocolDriver } from '../hot/driver.ts';

/** Keeps the choice of messages for the check apart from the other choices that one seed makes. */
const CHECK_SEED = 0x1d_e4;

export interface IdempotencyCheck {
  /** A driver that sends a share of its messages more than once under one id: the first copy at once, the others later. */
  readonly driver: ProtocolDriver;
  /** The client has a new connection, on which the last message that was sent in copies is laid out once more. */
  resumed(client: Client): void;
}

export function withIdempotencyCheck(
  plan: Plan,
  accounting: Accounting,
  driver: ProtocolDriver,
  clock: Clock,
): IdempotencyCheck {
  const idempotencyCheck = plan.resend?.idempotencyCheck ?? null;
  if (idempotencyCheck === null) return { driver, resumed: () => {} };
  const { ledger, recorder } = accounting;
  /** Of a client, the last message that was sent in copies; in rooms what was in flight at a drop is finalized. */
  const last = new Map<Client, { readonly type: number; sequence: number; dueNs: number; sentNs: number }>();
  const isRepeated = plan.reconnect !== null && accounting.fanout === null;

  function repeatLater(
    client: Client,
    type: number,
    sequence: number,
    dueNs: number,
    sentNs: number,
    copies: number,
  ): void {
    if (copies === 0) return;
    const { socket } = client;
    clock.after(idempotencyCheck!.everyNs, () => {
      if (client.socket !== socket || (client.state !== 'open' && client.state !== 'draining')) return;
      driver.repeat(client, type, sequence, dueNs, sentNs);
      recorder.messages.resent++;
      flushClient(accounting, client);
      repeatLater(client, type, sequence, dueNs, sentNs, copies - 1);
    });
  }

  return {
    driver: {
      ...driver,
      append(client, type, dueNs, sentNs) {
        const sequence = ledger.next[client.index]!;
        if (!driver.append(client, type, dueNs, sentNs)) return false;
        if (hash01(plan.seed + CHECK_SEED, messageIndex(client.stream, sequence)) < idempotencyCheck.share) {
          driver.repeat(client, type, sequence, dueNs, sentNs);
          recorder.messages.resent++;
          if (isRepeated) last.set(client, { type, sequence, dueNs, sentNs });
          repeatLater(client, type, sequence, dueNs, sentNs, idempotencyCheck.copies - 1);
        }
        return true;
      },
    },
    resumed(client) {
      const checked = last.get(client);
      if (checked === undefined) return;
      last.delete(client);
      // What was finalized without an answer would come back as late.
      if (wasGivenUp(ledger, client.index, checked.sequence)) return;
      driver.repeat(client, checked.type, checked.sequence, checked.dueNs, checked.sentNs);
      recorder.messages.resent++;
    },
  };
}

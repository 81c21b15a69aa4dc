// Sends messages more than once on purpose, to see what the service makes of a copy.

import { wasGivenUp } from '../measure/ledger.ts';
import { messageIndex } from '../plan/message-index.ts';
import type { Plan } from '../plan/plan.ts';
import { hash01 } from '../random/generator.ts';
import type { Client } from './client.ts';
import type { Clock } from './clock.ts';
import type { ProtocolDriver } from './hot/driver.ts';
import { flushClient, type Traffic } from './hot/traffic.ts';

/** Keeps the choice of probes apart from the other choices that one seed makes. */
const PROBE_SEED = 0x1d_e4;

export interface Probing {
  /** A driver that sends a share of its messages more than once under one id: the first copy at once, the others later. */
  readonly driver: ProtocolDriver;
  /** The client has a new connection, on which the last message that was sent in copies is laid out once more. */
  resumed(client: Client): void;
}

export function withProbes(plan: Plan, traffic: Traffic, driver: ProtocolDriver, clock: Clock): Probing {
  const probe = plan.resend?.probe ?? null;
  if (probe === null) return { driver, resumed: () => {} };
  const { ledger, recorder } = traffic;
  /** Of a client, the last message that was sent in copies; in rooms what was in flight at a drop is settled. */
  const last = new Map<Client, { readonly type: number; sequence: number; dueNs: number; sentNs: number }>();
  const isRepeated = plan.reconnect !== null && traffic.fanout === null;

  function repeatLater(
    client: Client,
    type: number,
    sequence: number,
    dueNs: number,
    sentNs: number,
    copies: number,
  ): void {
    if (copies === 0) return;
    const { link } = client;
    clock.after(probe!.everyNs, () => {
      if (client.link !== link || (client.state !== 'open' && client.state !== 'draining')) return;
      driver.repeat(client, type, sequence, dueNs, sentNs);
      recorder.messages.resent++;
      flushClient(traffic, client);
      repeatLater(client, type, sequence, dueNs, sentNs, copies - 1);
    });
  }

  return {
    driver: {
      ...driver,
      append(client, type, dueNs, sentNs) {
        const sequence = ledger.next[client.index]!;
        if (!driver.append(client, type, dueNs, sentNs)) return false;
        if (hash01(plan.seed + PROBE_SEED, messageIndex(client.stream, sequence)) < probe.share) {
          driver.repeat(client, type, sequence, dueNs, sentNs);
          recorder.messages.resent++;
          if (isRepeated) last.set(client, { type, sequence, dueNs, sentNs });
          repeatLater(client, type, sequence, dueNs, sentNs, probe.copies - 1);
        }
        return true;
      },
    },
    resumed(client) {
      const probed = last.get(client);
      if (probed === undefined) return;
      last.delete(client);
      // What was settled without an answer would come back as belated.
      if (wasGivenUp(ledger, client.index, probed.sequence)) return;
      driver.repeat(client, probed.type, probed.sequence, probed.dueNs, probed.sentNs);
      recorder.messages.resent++;
    },
  };
}

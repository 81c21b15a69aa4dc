// Sends messages more than once on purpose, to see what the service makes of a copy.

import { wasGivenUp } from '../measure/ledger.ts';
import { messageIndex } from '../plan/message-index.ts';
import type { Plan } from '../plan/plan.ts';
import { hash01 } from '../random/generator.ts';
import type { Clock } from './clock.ts';
import type { Speech } from './hot/speech.ts';
import { flushLane, type Traffic } from './hot/traffic.ts';
import type { Lane } from './lane.ts';

/** Keeps the choice of probes apart from the other choices that one seed makes. */
const PROBE_SEED = 0x1d_e4;

export interface Probing {
  /** A speech that sends a share of its messages more than once under one id: the first copy at once, the others later. */
  readonly speech: Speech;
  /** The lane has a new connection, on which the last message that was sent in copies is laid out once more. */
  resumed(lane: Lane): void;
}

export function withProbes(plan: Plan, traffic: Traffic, speech: Speech, clock: Clock): Probing {
  const probe = plan.resend?.probe ?? null;
  if (probe === null) return { speech, resumed: () => {} };
  const { ledger, recorder } = traffic;
  /** Of a lane, the last message that was sent in copies; in rooms what was in flight at a drop is settled. */
  const last = new Map<Lane, { readonly type: number; sequence: number; dueNs: number; sentNs: number }>();
  const isRepeated = plan.reconnect !== null && traffic.fanout === null;

  function repeatLater(
    lane: Lane,
    type: number,
    sequence: number,
    dueNs: number,
    sentNs: number,
    copies: number,
  ): void {
    if (copies === 0) return;
    const { link } = lane;
    clock.after(probe!.everyNs, () => {
      if (lane.link !== link || (lane.state !== 'open' && lane.state !== 'draining')) return;
      speech.repeat(lane, type, sequence, dueNs, sentNs);
      recorder.messages.resent++;
      flushLane(traffic, lane);
      repeatLater(lane, type, sequence, dueNs, sentNs, copies - 1);
    });
  }

  return {
    speech: {
      ...speech,
      append(lane, type, dueNs, sentNs) {
        const sequence = ledger.next[lane.index]!;
        if (!speech.append(lane, type, dueNs, sentNs)) return false;
        if (hash01(plan.seed + PROBE_SEED, messageIndex(lane.stream, sequence)) < probe.share) {
          speech.repeat(lane, type, sequence, dueNs, sentNs);
          recorder.messages.resent++;
          if (isRepeated) last.set(lane, { type, sequence, dueNs, sentNs });
          repeatLater(lane, type, sequence, dueNs, sentNs, probe.copies - 1);
        }
        return true;
      },
    },
    resumed(lane) {
      const probed = last.get(lane);
      if (probed === undefined) return;
      last.delete(lane);
      // What was settled without an answer would come back as belated.
      if (wasGivenUp(ledger, lane.index, probed.sequence)) return;
      speech.repeat(lane, probed.type, probed.sequence, probed.dueNs, probed.sentNs);
      recorder.messages.resent++;
    },
  };
}

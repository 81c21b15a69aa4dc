// Sends again what the service has not acknowledged in time, with the same id and the same content, as a sender does that
// must deliver at least once; and, where the plan asks for it, messages that need no second copy, to see what the service
// makes of one.

import { type Acknowledgements, createAcknowledgements } from '../measure/acknowledgements.ts';
import { acknowledgesApart } from '../plan/dialects.ts';
import { messageIndex } from '../plan/message-index.ts';
import { createTypeOf } from '../plan/message-types.ts';
import type { Plan } from '../plan/plan.ts';
import { hash01 } from '../random/generator.ts';
import type { Clock } from './clock.ts';
import type { Speech } from './hot/speech.ts';
import { flushLane, type Traffic } from './hot/traffic.ts';
import type { Lane } from './lane.ts';

/** What the plan's senders wait for; null where they wait for nothing but their messages. */
export function acknowledgementsFor({ dialect, resend }: Plan, lanes: number): Acknowledgements | null {
  const isApart = acknowledgesApart(dialect);
  // A dialect of the user's own says with its first conversation whether its service acknowledges.
  const mayBe = isApart || resend !== null || dialect.kind === 'module';
  return mayBe ? createAcknowledgements(lanes, isApart, resend !== null) : null;
}

export interface Resender {
  /** Looks after one lane; call it now and then. */
  sweep(lane: Lane, nowNs: number): void;
  /** The lane has a new connection: whatever was not acknowledged on the old one goes out once more, however often it has. */
  reconnected(lane: Lane, nowNs: number): void;
}

/** `speech` without copies of its own. Null where nothing is sent again. */
export function createResender(plan: Plan, traffic: Traffic, speech: Speech): Resender | null {
  const { resend } = plan;
  const { acks, recorder } = traffic;
  if (resend === null || resend.atMost === 0 || acks === null) return null;
  const typeOf = createTypeOf(plan);
  return {
    reconnected(lane, nowNs) {
      const pending = acks.pending[lane.index]!;
      const exhausted = acks.exhausted[lane.index]!;
      for (const [sequence, message] of exhausted) pending.set(sequence, message);
      exhausted.clear();
      for (const [sequence, message] of pending) {
        message.lastSentNs = nowNs;
        speech.repeat(lane, typeOf(lane.stream, sequence), sequence, message.dueNs, message.sentNs);
      }
      recorder.messages.resent += pending.size;
      if (pending.size > 0) flushLane(traffic, lane);
    },
    sweep(lane, nowNs) {
      if (lane.link!.writableLength > traffic.maxBufferedBytes) return; // it has enough to do with what it has
      const pending = acks.pending[lane.index]!;
      let again = 0;
      for (const [sequence, message] of pending) {
        if (nowNs - message.lastSentNs < resend.afterNs) break;
        // Whether or not it is sent again, it goes behind those that have waited for less.
        pending.delete(sequence);
        if (message.attempts >= resend.atMost) {
          acks.exhausted[lane.index]!.set(sequence, message);
          continue;
        }
        message.attempts++;
        message.lastSentNs = nowNs;
        pending.set(sequence, message);
        speech.repeat(lane, typeOf(lane.stream, sequence), sequence, message.dueNs, message.sentNs);
        again++;
      }
      if (again === 0) return;
      recorder.messages.resent += again;
      flushLane(traffic, lane);
    },
  };
}

/** Keeps the choice of probes apart from the other choices that one seed makes. */
const PROBE_SEED = 0x1d_e4;

/**
 * A speech that sends a share of its messages more than once under one id: the first copy at once, the others later, and the
 * last such message of a lane once more where the lane has a new connection.
 */
export function withProbes(plan: Plan, traffic: Traffic, speech: Speech, clock: Clock): Speech {
  const probe = plan.resend?.probe ?? null;
  if (probe === null) return speech;
  const { ledger, recorder } = traffic;
  /** By lane. */
  const last = new Map<Lane, { readonly type: number; sequence: number; dueNs: number; sentNs: number }>();

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
    ...speech,
    greet(lane) {
      speech.greet(lane);
      const probed = last.get(lane);
      if (probed === undefined) return;
      last.delete(lane);
      speech.repeat(lane, probed.type, probed.sequence, probed.dueNs, probed.sentNs);
      recorder.messages.resent++;
    },
    append(lane, type, dueNs, sentNs) {
      const sequence = ledger.next[lane.index]!;
      if (!speech.append(lane, type, dueNs, sentNs)) return false;
      if (hash01(plan.seed + PROBE_SEED, messageIndex(lane.stream, sequence)) < probe.share) {
        speech.repeat(lane, type, sequence, dueNs, sentNs);
        recorder.messages.resent++;
        if (plan.reconnect !== null) last.set(lane, { type, sequence, dueNs, sentNs });
        repeatLater(lane, type, sequence, dueNs, sentNs, probe.copies - 1);
      }
      return true;
    },
  };
}

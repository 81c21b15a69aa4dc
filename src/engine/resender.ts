// Sends again what the service has not acknowledged in time, with the same id and the same content, as a sender does that
// must deliver at least once.

import { type Acknowledgements, createAcknowledgements, noteExhausted } from '../measure/acknowledgements.ts';
import { acknowledgesApart } from '../plan/dialects.ts';
import { createTypeOf } from '../plan/message-types.ts';
import type { Plan } from '../plan/plan.ts';
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
  /** The lane has a new connection: whatever was not acknowledged on the old one is laid out again, however often it was. */
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
      // In the order of their numbers: a service that keeps the order must not seem to break it.
      const unacknowledged = [...pending, ...exhausted].sort(([a], [b]) => a - b);
      pending.clear();
      exhausted.clear();
      for (const [sequence, message] of unacknowledged) {
        message.lastSentNs = nowNs;
        pending.set(sequence, message);
        speech.repeat(lane, typeOf(lane.stream, sequence), sequence, message.dueNs, message.sentNs);
      }
      recorder.messages.resent += unacknowledged.length;
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
          noteExhausted(acks, traffic.ledger, lane.index, sequence, message);
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

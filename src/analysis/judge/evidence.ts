// What rules are judged by, and whether there was anything to judge: a count of 0 says something only where something could have
// been counted.

import type { MessageCount, Threshold } from '../../plan/plan.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { TypeTally } from '../figures/by-type.ts';
import type { Fanout } from '../figures/fanout.ts';
import type { Tally } from '../figures/tally.ts';

/** What rules are judged by. */
export interface Evidence {
  readonly tally: Tally;
  /** By type of message; empty where the plan has one. */
  readonly types: readonly TypeTally[];
  /** Null where the plan has no rooms. */
  readonly fanout: Fanout | null;
  /** How long messages were sent; null where that is too short for a rate. */
  readonly sendingSeconds: number | null;
  /** Connections of the whole run, of which a share of connections is. */
  readonly attempted: number;
}

export type CountedFacts = Pick<Evidence, 'tally' | 'fanout'>;

/**
 * Why a count of 0 says nothing: nothing was there that could have been counted. Null where something was. `whole`: of all
 * messages, where the rule is about some of them.
 */
export function whyUncounted(
  { scope }: Threshold,
  of: MessageCount,
  evidence: Evidence,
  whole: Evidence,
): string | null {
  const { tally } = evidence;
  const { messages } = tally;
  switch (of) {
    case 'unsent':
      return messages.due === 0 ? 'no message was due' : null;
    case 'sent':
      return messages.due === 0 && messages.sent === 0 ? 'no message was due' : null;
    case 'lost':
      return messages.sent === 0 ? 'no message was sent' : whyNoneCarried(messages);
    case 'delivered':
    case 'unresolved':
    case 'resent':
    case 'acknowledged':
      return messages.sent === 0 ? 'no message was sent' : null;
    case 'rejected':
    case 'deduplicated':
      return messages.sent === 0 ? 'no message was sent' : answersOf(tally) === 0 ? 'no message was answered' : null;
    case 'diverged':
      return tally.delivery.states === 0 ? 'no answer contained a state' : null;
    case 'unexpected':
    case 'unreadable':
      return arrivalsOf(evidence) === 0 && tally.connections.opened === 0 && tally.connections.openNs === 0
        ? 'no client was open'
        : null;
    case 'duplicated':
    case 'late':
      return whyNoArrival(evidence);
    case 'reordered':
      // In a part of the time the first message of a stream may have come before.
      return whyNoArrival(evidence) ?? (scope === null ? whyNoOrder(whole) : null);
    case 'totalOrderViolations':
      return whyNotCompared(evidence);
    case 'corrupted':
      return whyNoArrival(evidence) ?? whyUnchecked(whole);
    default:
      return unreachable(of);
  }
}

/** What the service refuses it has not lost. */
export function whyNoneCarried({ delivered, lost, unresolved }: Tally['messages']): string | null {
  return delivered + lost + unresolved === 0 ? 'the service rejected every message' : null;
}

/** What came of messages of this run, at their senders and at others, and of numbered pushes. */
function arrivalsOf({ tally: { messages, fanout: room, pushes }, fanout }: CountedFacts): number {
  const own = fanout === null || fanout.hearsItself ? messages.delivered : 0;
  return own + room.received + pushes.received;
}

function answersOf({ messages }: Tally): number {
  return messages.delivered + messages.rejected + messages.acknowledged;
}

export function whyNoArrival(evidence: CountedFacts): string | null {
  if (arrivalsOf(evidence) > 0) return null;
  return evidence.tally.messages.sent === 0 ? 'no message was sent' : 'no message came back';
}

/** Of what comes first in its stream nobody can say that it came too late, or too early. */
export function whyNoOrder({ tally, fanout }: CountedFacts): string | null {
  const { messages, pushes, connections } = tally;
  const clients = connections.opened - connections.reconnected;
  const hearsItself = fanout === null || fanout.hearsItself;
  const isOrdered =
    (hearsItself && messages.delivered > clients) ||
    (fanout !== null && tally.fanout.received > fanout.accounts) ||
    pushes.received > pushes.accounts;
  return isOrdered ? null : 'each stream delivered at most one message, so there is no order to check';
}

export function whyNotCompared({ tally, fanout }: CountedFacts): string | null {
  if (tally.fanout.compared + (fanout?.compared ?? 0) > 0) return null;
  return 'no two clients received messages whose order could be compared';
}

export function whyUnchecked(evidence: CountedFacts): string | null {
  const { messages, delivery, pushes } = evidence.tally;
  if (arrivalsOf(evidence) + messages.duplicated - pushes.received > delivery.unchecked) return null;
  return 'no received message had content that could be checked';
}

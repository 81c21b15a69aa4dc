// The books must balance in every run, exactly. What was in flight when the record ended is unresolved;
// anything else that is missing, or too much, is a bug of Highwater's.

import type { MessageResult, RunResult } from '../../facts/result.ts';
import type { Tally } from './tally.ts';
import { sumOf } from './timeline.ts';

/** The messages as the result states them. `recordEnded`: what is still open has no further chance. */
export function closeBooks({ messages, unsent }: Tally, recordEnded: boolean): MessageResult {
  const finalized = messages.delivered + messages.rejected + messages.lost + messages.unresolved;
  const open = recordEnded ? Math.max(0, messages.sent - finalized) : 0;
  return {
    due: messages.due,
    sent: messages.sent,
    unsent: { ...unsent },
    delivered: messages.delivered,
    rejected: messages.rejected,
    lost: messages.lost,
    unresolved: messages.unresolved + open,
    duplicated: messages.duplicated,
    reordered: messages.reordered,
    corrupted: messages.corrupted,
    unexpected: messages.unexpected,
    unreadable: messages.unreadable,
    late: messages.late,
    acknowledged: messages.acknowledged,
    resent: messages.resent,
    deduplicated: messages.deduplicated,
    diverged: messages.diverged,
    totalOrderViolations: messages.totalOrderViolations,
    deliveredRatio: messages.sent === 0 ? null : messages.delivered / messages.sent,
  };
}

/** A sentence for each equation that does not hold. */
export function imbalances({
  messages,
  fanout,
  pushes,
  misbehaving,
}: Pick<RunResult, 'messages' | 'fanout' | 'pushes' | 'misbehaving'>): readonly string[] {
  return [
    ...messageImbalances(messages),
    ...misbehaving.flatMap(({ kind, messages: own }) =>
      messageImbalances(own).map((imbalance) => `of clients that misbehave (${kind}): ${imbalance}`),
    ),
    ...receiverImbalances('in rooms', fanout),
    // Of a worker that died the windows are known up to a moment at which clients were still expected something.
    ...receiverImbalances('of pushes', pushes),
  ];
}

function receiverImbalances(where: string, counts: RunResult['fanout'] | RunResult['pushes']): readonly string[] {
  if (counts === null || counts.expected === counts.received + counts.missed + counts.unresolved) return [];
  const sides = `received ${counts.received} + missed ${counts.missed} + unresolved ${counts.unresolved}`;
  return [`expected ${counts.expected} ${where} is not ${sides}`];
}

function messageImbalances(result: MessageResult): readonly string[] {
  const unsent = sumOf(Object.values(result.unsent));
  const outcomes = result.delivered + result.rejected + result.lost + result.unresolved;
  const problems: string[] = [];
  if (result.due !== result.sent + unsent)
    problems.push(`due ${result.due} is not sent ${result.sent} + unsent ${unsent}`);
  if (result.sent !== outcomes) {
    problems.push(
      `sent ${result.sent} is not delivered ${result.delivered} + rejected ${result.rejected} + ` +
        `lost ${result.lost} + unresolved ${result.unresolved}`,
    );
  }
  return problems;
}

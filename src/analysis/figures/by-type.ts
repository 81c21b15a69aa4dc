// The books of each message type over all windows, and rules about some of the messages: by type or by priority.

import { addCounted, createCounters } from '../../facts/merge-rules.ts';
import type { TypeResult } from '../../facts/result.ts';
import { TYPE_FIELDS, type TypeCounters, type Window } from '../../facts/window.ts';
import { add, type Histogram } from '../../histogram/histogram.ts';
import { TYPE_COUNTS } from '../../plan/message-counts.ts';
import type { MessageClass, MessageType } from '../../plan/plan.ts';
import { createTally, type Tally } from './tally.ts';

export interface TypeTally {
  readonly type: MessageType;
  readonly counts: TypeCounters;
}

/** Empty where the mix has one type: then all there is to say is said of the whole. */
export function createTypeTallies(mix: readonly MessageType[]): readonly TypeTally[] {
  if (mix.length === 1) return [];
  return mix.map((type) => ({ type, counts: createCounters(TYPE_FIELDS) }));
}

export function addTypes(tallies: readonly TypeTally[], { types }: Window): void {
  for (const [index, facts] of types.entries()) {
    const tally = tallies[index];
    if (tally !== undefined) addCounted(TYPE_FIELDS, tally.counts, facts);
  }
}

/** The messages of the class as a tally of their own, with what is counted by type; null where there is no such class. */
export function tallyAmong(tallies: readonly TypeTally[], { by, name }: MessageClass): Tally | null {
  const members = tallies.filter(({ type }) => (by === 'type' ? type.type : type.priority) === name);
  if (members.length === 0) return null;
  const tally = createTally();
  for (const { counts } of members) {
    for (const fact of TYPE_COUNTS) tally.messages[fact] += counts[fact];
    add(tally.histograms.response, counts.response);
  }
  return tally;
}

export function describeTypes(
  tallies: readonly TypeTally[],
  describe: (histogram: Histogram) => TypeResult['response'],
): readonly TypeResult[] {
  return tallies.map(({ type: { type, priority, payloadBytes }, counts: { response, ...messages } }) => ({
    type,
    priority,
    payloadBytes,
    messages,
    response: describe(response),
  }));
}

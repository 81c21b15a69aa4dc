// What faults that affect messages have in common, whoever does them: which messages they choose, and the settings of those
// that the reference target and the fault proxy both know. One definition each, so that the same words mean the same.

import * as z from 'zod';
import { mayBeOnTheWire } from '../facts/close-codes.ts';
import { objectField, ratioField, wholeField } from '../plan/schema/fields.ts';

export interface ChosenMessage {
  readonly stream: number;
  readonly seq: number;
  /** In a room: on its way to this client alone; null for all. */
  readonly to: number | null;
}

/** Which messages a fault affects. */
export interface Chosen {
  /** The share of messages that it chooses, 0 to 1. */
  readonly rate: number;
  /** The messages that it chooses by name. */
  readonly messages: readonly ChosenMessage[];
}

export const FAULT_DEFAULTS = {
  copies: 1,
  by: 1,
  bits: 1,
  code: 1011,
  forNs: { minNs: 10e6, maxNs: 10e6 },
} as const;

/** Stands for no close frame at all (RFC 6455 §7.4.1). */
export const NO_CLOSE_FRAME = 1006;

const messageName = objectField(
  {
    stream: wholeField('the number of a stream', 'The stream: the number of the client that sends it.'),
    seq: wholeField('the number of a message', 'The number within its stream, from 0.'),
    to: wholeField(
      'the number of a client',
      'In a room: affects only the copy for this client. Default: all copies.',
    ).optional(),
  },
  'a message: { stream, seq, to }',
  'One message.',
);

export const choiceFields = {
  rate: ratioField('The share of messages that it affects, selected by the seed.').optional(),
  messages: z
    .array(messageName, { error: () => 'a list of messages: { stream, seq }' })
    .max(100_000, { error: () => 'at most 100000 messages' })
    .describe('The messages that it affects.')
    .optional(),
};

interface WrittenChoice {
  readonly rate?: number | undefined;
  readonly messages?: readonly z.output<typeof messageName>[] | undefined;
}

/** One of the two says which messages. */
export function refuseChoice(rule: WrittenChoice, context: z.core.$RefinementCtx): void {
  if ((rule.rate === undefined) !== (rule.messages === undefined)) return;
  const got = rule.rate === undefined ? 'neither' : 'both';
  context.addIssue({ code: 'custom', message: 'either rate or messages', params: { got } });
}

export function resolveChoice({ rate, messages }: WrittenChoice): Chosen {
  return {
    rate: rate ?? 0,
    messages: (messages ?? []).map(({ stream, seq, to }) => ({ stream, seq, to: to ?? null })),
  };
}

export const copiesField = wholeField(
  'a whole number from 1 to 100',
  'duplicate: the number of extra copies. Default 1.',
  {
    min: 1,
    max: 100,
  },
).optional();

export const reorderField = wholeField(
  'a whole number from 1 to 10000',
  'reorder: the number of later messages that are sent first. Default 1.',
  { min: 1, max: 10_000 },
).optional();

export const bitsField = wholeField('a whole number from 1 to 64', 'corrupt: the number of bits to flip. Default 1.', {
  min: 1,
  max: 64,
}).optional();

/** RFC 6455 §7.4: what a close frame may carry, and 1006, which stands for none. */
export const codeField = wholeField('a close code: 1000 to 4999', 'The close code. Default 1011.', {
  min: 1000,
  max: 4999,
})
  .refine((code) => mayBeOnTheWire(code) || code === NO_CLOSE_FRAME, {
    error: () => 'a close code that may be sent (RFC 6455 §7.4), or 1006 to drop the connection',
  })
  .optional();

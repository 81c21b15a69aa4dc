// What the queues of a service can hold and how fast they are worked off, as written in a behavior file. Every queue has
// a bound, and what becomes of a message beyond it is announced (`target/queues.ts`).

import * as z from 'zod';
import { nameField, objectField, rateField, wholeField } from '../plan/schema/fields.ts';

export interface QueueSettings {
  /** Messages that may wait. */
  readonly capacity: number;
  readonly perSecond: number;
  /** Names, the highest first; what names none of them comes after all. */
  readonly priorities: readonly string[];
}

export const DEFAULT_QUEUE: QueueSettings = { capacity: 64, perSecond: 500, priorities: ['high', 'normal', 'low'] };

const MAX_CAPACITY = 100_000;
const MAX_PRIORITIES = 100;
const LEAST_PER_SECOND = 0.01;
const PRIORITIES_FORM = 'a list of priorities, the highest first';

export const queueField = objectField(
  {
    capacity: wholeField(
      `a whole number from 1 to ${MAX_CAPACITY}`,
      'The number of messages that can wait. Default 64.',
      {
        min: 1,
        max: MAX_CAPACITY,
      },
    ).optional(),
    rate: rateField('The rate at which messages are processed. Default 500/s.')
      .refine((perSecond) => perSecond >= LEAST_PER_SECOND, { error: () => `a rate of at least ${LEAST_PER_SECOND}/s` })
      .optional(),
    priorities: z
      .array(nameField('A priority.', { max: 64, example: 'high' }), { error: () => PRIORITIES_FORM })
      .min(1, { error: () => `${PRIORITIES_FORM}, at least one` })
      .max(MAX_PRIORITIES, { error: () => `at most ${MAX_PRIORITIES} priorities` })
      .refine((names) => new Set(names).size === names.length, { error: () => 'each priority once' })
      .describe('The priorities, the highest first. Default high, normal, low.')
      .optional(),
  },
  'a queue: { capacity, rate, priorities }',
  'The capacity of the queues and the rate at which they are processed.',
);

export function resolveQueue({ capacity, rate, priorities }: z.output<typeof queueField> = {}): QueueSettings {
  return {
    capacity: capacity ?? DEFAULT_QUEUE.capacity,
    perSecond: rate ?? DEFAULT_QUEUE.perSecond,
    priorities: priorities ?? DEFAULT_QUEUE.priorities,
  };
}

// The plan as a user writes it: one source for what is accepted and for the JSON Schema that helps to write it.

import * as z from 'zod';
import type { NetworkFaultForms } from '../network-faults.ts';
import { parseThreshold, THRESHOLD_PATTERN } from '../rules/thresholds.ts';
import { faultsSchema } from './faults.ts';
import {
  choiceField,
  durationField,
  nameField,
  objectField,
  ratioField,
  refuse,
  textField,
  wholeField,
} from './fields.ts';
import { loadSchema } from './load.ts';
import { monitorsSchema } from './monitors.ts';
import { protocolSchema } from './protocol.ts';
import { targetSchema } from './target.ts';

const MAX_RULES = 1000;
const MAX_WORKERS = 1024;
const RECONNECT_FORM = 'true, or { backoff, from, to, jitter, atMost }';

const contract = objectField(
  {
    delivery: choiceField(
      ['exactly-once', 'at-least-once', 'at-most-once', 'none'],
      'How often a message must arrive. Default none.',
    ).optional(),
    order: choiceField(
      ['per-stream', 'per-channel', 'none'],
      'Which order must hold: per-stream for the messages of one client, per-channel for one order of all messages of a room. Default none.',
    ).optional(),
    integrity: choiceField(['checksum', 'none'], 'How messages are checked for damage. Default none.').optional(),
    replay: choiceField(
      ['missed', 'none'],
      'What a client must receive after it reconnects: missed for all messages that it missed while offline, none for nothing. Default none.',
    ).optional(),
  },
  'a contract: { delivery, order, integrity, replay }',
  'The guarantees of the service; a violation fails the run.',
);

function rules(description: string, example: string) {
  const rule = textField({
    expected: `a rule such as "${example}"`,
    description: 'A metric, an operator and a limit.',
    examples: ['response.p99 < 200ms', 'delivered >= 99.9%', 'reordered == 0', 'throughput.sent > 7900/s'],
    pattern: THRESHOLD_PATTERN,
    textOnly: true,
    read: (value) => {
      const threshold = parseThreshold(String(value));
      return 'expected' in threshold ? refuse(threshold.expected, threshold.hint) : threshold;
    },
  });
  return z
    .array(rule, { error: () => `a list of rules such as "${example}"` })
    .max(MAX_RULES, { error: () => `at most ${MAX_RULES} rules` })
    .meta({ description, examples: [[example]] });
}

const sections = {
  name: nameField('Names the run in reports. Default: the host of the target.', {
    example: 'chat-capacity',
  }).optional(),
  seed: wholeField('a whole number', 'Seeds every random choice of the run. Default 1.').optional(),
  target: targetSchema,
  protocol: protocolSchema.optional(),
  load: loadSchema,
  contract: contract.optional(),
  thresholds: rules('Rules that the run must pass.', 'response.p99 < 200ms').optional(),
  abort: rules('Conditions that end the run as soon as one becomes true.', 'connections.failed > 50%').optional(),
  resend: objectField(
    {
      after: durationField(
        'Time without acknowledgement after which a message is sent again with the same id. Default 1s.',
        {
          min: 1,
          example: '1s',
        },
      ).optional(),
      atMost: wholeField(
        'a whole number from 0 to 1000',
        'How often a message is resent at most. Default 3; 0 for never.',
        {
          min: 0,
          max: 1000,
        },
      ).optional(),
      idempotencyCheck: objectField(
        {
          share: ratioField('The share of messages that are sent several times.'),
          copies: wholeField('a whole number from 1 to 100', 'Extra copies of each. Default 1.', {
            min: 1,
            max: 100,
          }).optional(),
          every: durationField('The time between copies; the first copy is sent at once. Default 100ms.', {
            min: 1,
            example: '100ms',
          }).optional(),
        },
        'a check: { share, copies, every }',
        'Sends messages more than once on purpose: the service must process each only once.',
      ).optional(),
    },
    'resend: { after, atMost, idempotencyCheck }',
    'Which messages are sent again. Default: none.',
  ).optional(),
  reconnect: z
    .union(
      [
        z.literal(true, { error: () => RECONNECT_FORM }),
        objectField(
          {
            backoff: choiceField(
              ['exponential', 'constant'],
              'Whether the pause doubles after each failed attempt. Default exponential.',
            ).optional(),
            from: durationField('The pause before the first attempt. Default 100ms.', {
              min: 1,
              example: '100ms',
            }).optional(),
            to: durationField('The longest pause. Default 10s.', { min: 1, example: '10s' }).optional(),
            jitter: choiceField(
              ['full', 'none'],
              'Whether each pause is a random time between 0 and its length, so that clients do not reconnect all at once. Default full.',
            ).optional(),
            atMost: wholeField('a whole number from 1 to 1000000', 'Attempts before a client gives up. Default 1000.', {
              min: 1,
              max: 1_000_000,
            }).optional(),
          },
          RECONNECT_FORM,
          'How clients reconnect after they lost their connection.',
        ),
      ],
      { error: () => RECONNECT_FORM },
    )
    .describe('Clients reconnect after they lost their connection. Default: they do not.')
    .optional(),
  drain: durationField('How long after the last send a message may still arrive before it is lost. Default 5s.', {
    example: '5s',
  }).optional(),
  workers: z
    .union(
      [
        z.literal('auto'),
        wholeField(`auto, or a whole number from 1 to ${MAX_WORKERS}`, 'Processes.', { min: 1, max: MAX_WORKERS }),
      ],
      {
        error: () => `auto, or a whole number from 1 to ${MAX_WORKERS}`,
      },
    )
    .describe('How many processes generate the load. Default auto: depends on the cores.')
    .optional(),
  pace: choiceField(
    ['auto', 'economical', 'precise'],
    'How the generator waits for a send time: economical with timers, precise by spinning just before it. Default auto: depends on free cores.',
  ).optional(),
  monitors: monitorsSchema.optional(),
  profiles: z
    .record(z.string(), z.looseObject({}))
    .describe(
      'Named changes to the plan that are merged into it: objects by key, lists as a whole; null removes a key.',
    )
    .optional(),
};

function schemaOf(networkFaults: NetworkFaultForms) {
  return objectField(
    { ...sections, faults: faultsSchema(networkFaults).optional() },
    'a plan: at least target and load',
    'A Highwater plan: the load, the target and the rules.',
  );
}

/** What a plan may say. */
export interface PlanForm {
  readonly schema: ReturnType<typeof schemaOf>;
  readonly networkFaults: NetworkFaultForms;
}

/** `networkFaults`: those that can be done on the way between clients and service. */
export function planForm(networkFaults: NetworkFaultForms): PlanForm {
  return { schema: schemaOf(networkFaults), networkFaults };
}

/** Of a plan whose faults affect processes and packets only. */
export const PLAIN_FORM = planForm({});

export type WrittenPlan = z.output<PlanForm['schema']>;

/** JSON Schema (draft 2020-12) of a plan as written, for editors. */
export function planJsonSchema({ schema: form }: PlanForm): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(form, {
    io: 'input',
    target: 'draft-2020-12',
    override: ({ zodSchema, jsonSchema }) => {
      // A field of text only says so by its type; the union it is made of would offer a number beside it.
      if (jsonSchema.type === 'string') delete jsonSchema.anyOf;
      // zod drops the examples of what is transformed, lest they be of the output; ours are of the input.
      const examples: unknown = z.globalRegistry.get(zodSchema)?.examples;
      if (Array.isArray(examples)) jsonSchema.examples = examples;
    },
  });
  return { ...schema, title: 'Highwater plan' };
}

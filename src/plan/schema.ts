// The plan as a user writes it: one source for what is accepted and for the JSON Schema that helps to write it.

import * as z from 'zod';
import {
  choiceField,
  durationField,
  KNOWN_KEYS,
  nameField,
  objectField,
  ratioField,
  refuse,
  textField,
  wholeField,
} from './fields.ts';
import { parseJsonPath } from './json-path.ts';
import { loadSchema } from './schema-load.ts';
import { targetSchema } from './schema-target.ts';
import { parseThreshold, THRESHOLD_PATTERN } from './thresholds.ts';

const MAX_RULES = 1000;
const MAX_WORKERS = 1024;

const ECHO_FORM = 'a dialect: echo, or { kind: echo, format }';
const JSON_FORM = 'a dialect: { kind: json, send, hello, id, error, ack, duplicate, payload, state, pushes }';
const MODULE_FORM = 'the path of a module that exports a dialect, such as ./my-dialect.ts';
const MODULE_NAME = /\.[cm]?[jt]s$/;
const MAX_HELLO = 100;

function jsonPathField(description: string) {
  const expected = 'a path such as replyTo or data.id';
  return textField({
    expected,
    description,
    examples: ['replyTo', 'data.items[0].id'],
    textOnly: true,
    read: (value) => parseJsonPath(String(value)) ?? refuse(expected),
  });
}

const dialect = z
  .union(
    [
      z.literal('echo', { error: () => 'echo' }),
      objectField(
        {
          kind: z.literal('echo', { error: () => `${KNOWN_KEYS}echo, json` }).describe('The dialect.'),
          format: choiceField(['binary', 'text'], 'Which frames carry the messages. Default binary.').optional(),
        },
        ECHO_FORM,
        'The echo dialect with its settings.',
      ),
      objectField(
        {
          kind: z.literal('json', { error: () => `${KNOWN_KEYS}echo, json` }).describe('The dialect.'),
          send: z
            .looseObject({}, { error: () => 'an object: the message to send' })
            .refine((message) => JSON.stringify(message).includes(`\${id}`), {
              error: () => `a message with \${id} in it, by which its answer is known`,
            })
            .meta({
              description: `The message, as a template: \${id} stands for its id, \${seq}, \${lane} and \${room} for numbers, \${type} and \${priority} for what the mix says of it, \${payload} for as much text as its size asks for.`,
              examples: [{ type: 'chat', id: `\${id}`, text: `\${payload}` }],
            }),
          hello: z
            .array(z.looseObject({}, { error: () => 'an object: a message to send first' }), {
              error: () => 'a list of messages to send first',
            })
            .max(MAX_HELLO, { error: () => `at most ${MAX_HELLO} messages` })
            .meta({
              description: `What a lane sends once it is open: logs in, joins. \${lane} and \${room} stand for numbers.`,
              examples: [[{ type: 'join', room: `room-\${room}` }]],
            })
            .optional(),
          id: jsonPathField('Where an answer has the id of its message. Default id.').optional(),
          error: jsonPathField(
            'An answer that has something there rejects the message. Default: none does.',
          ).optional(),
          payload: jsonPathField(
            'Where an answer returns the payload, which is then checked. Default: nowhere.',
          ).optional(),
          ack: jsonPathField(
            'Where an acknowledgement has the id, if it comes apart from the answer. Default: the answer acknowledges.',
          ).optional(),
          duplicate: jsonPathField(
            'An answer or acknowledgement that has something there says that the message was a copy. Default: none does.',
          ).optional(),
          state: objectField(
            {
              count: jsonPathField('Where the answer has the number of messages taken.').optional(),
              digest: jsonPathField('Where it has their digest: 8 hex digits.').optional(),
            },
            'the state: { count, digest }',
            'Where an answer tells the state that the lane’s messages have made; it is compared with a model.',
          ).optional(),
          pushes: choiceField(
            ['expected', 'unexpected'],
            'Messages that carry no id: the right of the service, or strangers. Default unexpected.',
          ).optional(),
        },
        JSON_FORM,
        'The json dialect with its settings.',
      ),
      z
        .string()
        .refine((file) => MODULE_NAME.test(file), { error: () => MODULE_FORM })
        .meta({ description: 'A module of your own that exports a dialect.', examples: ['./my-dialect.ts'] }),
    ],
    { error: () => `${ECHO_FORM}; or ${JSON_FORM}; or ${MODULE_FORM}` },
  )
  .describe('How bytes become messages. Default echo: the service sends every message back.');

const contract = objectField(
  {
    delivery: choiceField(
      ['exactly-once', 'at-least-once', 'at-most-once', 'none'],
      'How often a message must arrive. Default none.',
    ).optional(),
    order: choiceField(
      ['per-stream', 'per-channel', 'none'],
      'What must arrive in order: what one lane sends, or all that is said in a room, alike for everybody. Default none.',
    ).optional(),
    integrity: choiceField(['checksum', 'none'], 'How messages are checked for damage. Default none.').optional(),
  },
  'a contract: { delivery, order, integrity }',
  'What the service promises about messages; a broken promise fails the run.',
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

export const planSchema = objectField(
  {
    name: nameField('Names the run in reports. Default: the host of the target.', {
      example: 'chat-capacity',
    }).optional(),
    seed: wholeField('a whole number', 'Seeds every random choice of the run. Default 1.').optional(),
    target: targetSchema,
    dialect: dialect.optional(),
    load: loadSchema,
    contract: contract.optional(),
    thresholds: rules('Rules that the run must keep.', 'response.p99 < 200ms').optional(),
    abort: rules('Conditions that end the run as soon as one of them holds.', 'connections.failed > 50%').optional(),
    resend: objectField(
      {
        after: durationField('What is not acknowledged for so long is sent again, with the same id. Default 1s.', {
          min: 1,
          example: '1s',
        }).optional(),
        atMost: wholeField('a whole number from 0 to 1000', 'How often. Default 3; 0 for never.', {
          min: 0,
          max: 1000,
        }).optional(),
        probe: objectField(
          {
            share: ratioField('The share of messages that are sent in copies.'),
            copies: wholeField('a whole number from 1 to 100', 'Further copies. Default 1.', {
              min: 1,
              max: 100,
            }).optional(),
            every: durationField('The first copy goes at once, the others so far apart. Default 100ms.', {
              min: 1,
              example: '100ms',
            }).optional(),
          },
          'a probe: { share, copies, every }',
          'Sends messages more than once on purpose: the service must take each once.',
        ).optional(),
      },
      'resend: { after, atMost, probe }',
      'What is sent again. Default: nothing.',
    ).optional(),
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
      .describe('How many processes make the load. Default auto: by the cores.')
      .optional(),
    pace: choiceField(
      ['auto', 'economical', 'precise'],
      'How a send is waited for: on a timer, or spinning when it is near. Default auto: by the free cores.',
    ).optional(),
    profiles: z
      .record(z.string(), z.looseObject({}))
      .describe(
        'Named changes to the plan, merged over it: objects member by member, lists as a whole, null takes back.',
      )
      .optional(),
  },
  'a plan: at least target and load',
  'A plan of Highwater: what load to put on which target, and what must hold.',
);

export type WrittenPlan = z.output<typeof planSchema>;

/** JSON Schema (draft 2020-12) of a plan as written, for editors. */
export function planJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(planSchema, {
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

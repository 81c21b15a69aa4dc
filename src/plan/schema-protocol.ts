// The `protocol` section of a plan as written.

import * as z from 'zod';
import { choiceField, flagField, KNOWN_KEYS, objectField, refuse, textField } from './fields.ts';
import { parseJsonPath } from './json-path.ts';

const ECHO_FORM = 'a protocol: echo, or { kind: echo, format }';
const JSON_FORM = 'a protocol: { kind: json, send, join, id, error, ack, duplicate, payload, state, pushes }';
const PUSH_FORM = 'a protocol: { kind: push, sequence, channel, shared, join }';
const KINDS = `${KNOWN_KEYS}echo, json, push`;
const MODULE_FORM = 'the path of a module that exports a protocol, such as ./my-protocol.ts';
const MODULE_NAME = /\.[cm]?[jt]s$/;
const MAX_JOIN = 100;
const PUSHES_FORM = 'expected, unexpected, or { sequence, channel, shared }';

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

const join = z
  .array(z.looseObject({}, { error: () => 'an object: a message to send first' }), {
    error: () => 'a list of messages to send first',
  })
  .max(MAX_JOIN, { error: () => `at most ${MAX_JOIN} messages` })
  .meta({
    description: `What a client sends once it is open: logs in, joins. \${client} and \${room} stand for numbers.`,
    examples: [[{ type: 'join', room: `room-\${room}` }]],
  });

const numbering = {
  sequence: jsonPathField('Where a push has its number: one more than the one before.'),
  channel: jsonPathField(
    'Where it has its channel: numbers then count within each. Default: for the whole client.',
  ).optional(),
  shared: flagField(
    'Every client receives the same numbers of a channel, so that what one received another missed. Default false: each is counted to by itself.',
  ).optional(),
};

export const protocolSchema = z
  .union(
    [
      z.literal('echo', { error: () => 'echo' }),
      objectField(
        {
          kind: z.literal('echo', { error: () => KINDS }).describe('The protocol.'),
          format: choiceField(['binary', 'text'], 'Which frames carry the messages. Default binary.').optional(),
        },
        ECHO_FORM,
        'The echo protocol with its settings.',
      ),
      objectField(
        {
          kind: z.literal('json', { error: () => KINDS }).describe('The protocol.'),
          send: z
            .looseObject({}, { error: () => 'an object: the message to send' })
            .refine((message) => JSON.stringify(message).includes(`\${id}`), {
              error: () => `a message with \${id} in it, by which its answer is known`,
            })
            .meta({
              description: `The message, as a template: \${id} stands for its id, \${seq}, \${client} and \${room} for numbers, \${type} and \${priority} for what the mix says of it, \${feeder.COLUMN}, \${uuid}, \${hex.16}, \${int.1..100} and \${pick.a|b} for values, \${payload} for as much text as its size asks for.`,
              examples: [{ type: 'chat', id: `\${id}`, text: `\${payload}` }],
            }),
          join: join.optional(),
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
              shared: flagField(
                'All clients of a room, or all clients where there are no rooms, change one state. Default false: each has its own.',
              ).optional(),
            },
            'the state: { count, digest, shared }',
            'Where an answer tells the state that messages have made; it is compared with what it must be.',
          ).optional(),
          pushes: z
            .union(
              [
                z.literal('ignore', { error: () => PUSHES_FORM }),
                z.literal('unexpected', { error: () => PUSHES_FORM }),
                objectField(
                  numbering,
                  'how pushes are numbered: { sequence, channel, shared }',
                  'How pushes are numbered.',
                ),
              ],
              { error: () => PUSHES_FORM },
            )
            .describe(
              'Messages that carry no id: ignored, or unexpected; or how they are numbered, and so judged. Default unexpected.',
            )
            .optional(),
        },
        JSON_FORM,
        'The json protocol with its settings.',
      ),
      objectField(
        {
          kind: z.literal('push', { error: () => KINDS }).describe('The protocol.'),
          ...numbering,
          join: join.optional(),
        },
        PUSH_FORM,
        'The push protocol with its settings: clients only listen.',
      ),
      z
        .string()
        .refine((file) => MODULE_NAME.test(file), { error: () => MODULE_FORM })
        .meta({ description: 'A module of your own that exports a protocol.', examples: ['./my-protocol.ts'] }),
    ],
    { error: () => `${ECHO_FORM}; or ${JSON_FORM}; or ${PUSH_FORM}; or ${MODULE_FORM}` },
  )
  .describe('How bytes become messages. Default echo: the service sends every message back.');

export type WrittenNumbering = Exclude<
  Extract<z.output<typeof protocolSchema>, { readonly kind: 'json' }>['pushes'],
  string | undefined
>;

export type WrittenState = Extract<z.output<typeof protocolSchema>, { readonly kind: 'json' }>['state'];

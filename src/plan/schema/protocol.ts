// The `protocol` section of a plan as written.

import * as z from 'zod';
import { parseJsonPath } from '../templates/json-path.ts';
import { choiceField, flagField, KNOWN_KEYS, objectField, refuse, textField } from './fields.ts';

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
    description: `The messages that a client sends first, such as a login. \${client} and \${room} are replaced by numbers.`,
    examples: [[{ type: 'join', room: `room-\${room}` }]],
  });

const numbering = {
  sequence: jsonPathField('The field of a push with its sequence number, which goes up by one.'),
  channel: jsonPathField(
    'The field with the channel, if each channel has its own numbers. Default: one sequence for each client.',
  ).optional(),
  shared: flagField(
    'Whether all clients receive the same numbers of a channel, so that a push that only some received counts as missed. Default false: each client has its own numbers.',
  ).optional(),
};

export const protocolSchema = z
  .union(
    [
      z.literal('echo', { error: () => 'echo' }),
      objectField(
        {
          kind: z.literal('echo', { error: () => KINDS }).describe('The protocol.'),
          format: choiceField(['binary', 'text'], 'The type of frames. Default binary.').optional(),
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
              error: () => `a message that contains \${id}, to match its reply`,
            })
            .meta({
              description: `The message, as a template: \${id} is its id; \${seq}, \${client} and \${room} are numbers; \${type} and \${priority} come from the mix; \${feeder.COLUMN}, \${uuid}, \${hex.16}, \${int.1..100} and \${pick.a|b} are values; \${payload} is text that fills the message to its size.`,
              examples: [{ type: 'chat', id: `\${id}`, text: `\${payload}` }],
            }),
          join: join.optional(),
          id: jsonPathField('The field of a reply with the id of its message. Default id.').optional(),
          error: jsonPathField('A reply with this field rejects the message. Default: no field.').optional(),
          payload: jsonPathField(
            'The field of a reply that returns the payload, to check it. Default: no field.',
          ).optional(),
          ack: jsonPathField(
            'The field of an acknowledgement with the id, if acknowledgements are separate from replies. Default: the reply acknowledges.',
          ).optional(),
          duplicate: jsonPathField(
            'A reply or acknowledgement with this field says that the message was a copy. Default: no field.',
          ).optional(),
          state: objectField(
            {
              count: jsonPathField('The field of a reply with the number of messages accepted so far.').optional(),
              digest: jsonPathField('The field with their digest: 8 hex digits.').optional(),
              shared: flagField(
                'Whether all clients of a room (or of the run, without rooms) share one state. Default false: each client has its own.',
              ).optional(),
            },
            'the state: { count, digest, shared }',
            'The fields of a reply with the state after a message, which is compared with the expected state.',
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
              'Messages without an id: ignore them, count them as unexpected, or check them by their sequence numbers. Default unexpected.',
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
        'The push protocol with its settings: clients only receive.',
      ),
      z
        .string()
        .refine((file) => MODULE_NAME.test(file), { error: () => MODULE_FORM })
        .meta({ description: 'A custom module that exports a protocol.', examples: ['./my-protocol.ts'] }),
    ],
    { error: () => `${ECHO_FORM}; or ${JSON_FORM}; or ${PUSH_FORM}; or ${MODULE_FORM}` },
  )
  .describe('How bytes become messages. Default echo: the service sends every message back.');

export type WrittenNumbering = Exclude<
  Extract<z.output<typeof protocolSchema>, { readonly kind: 'json' }>['pushes'],
  string | undefined
>;

export type WrittenState = Extract<z.output<typeof protocolSchema>, { readonly kind: 'json' }>['state'];

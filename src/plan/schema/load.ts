// The `load` section of a plan as written: what is sent, and when: by a curve, or in a closed loop.

import * as z from 'zod';
import { parseDuration } from '../../units/duration.ts';
import { connectionsSchema, openSchema } from './curves.ts';
import {
  byteRateField,
  choiceField,
  durationField,
  durationRangeField,
  flagField,
  KNOWN_KEYS,
  nameField,
  objectField,
  present,
  ratioField,
  refuse,
  sizeField,
  textField,
  wholeField,
} from './fields.ts';

const MAX_PAYLOAD_BYTES = 64 * 1024 ** 2;
const MAX_TYPES = 255;
const MAX_ROOMS = 10_000_000;

const think = durationRangeField(
  'The pause between a reply and the next message: a duration, or a range for a random duration. Default 0s.',
  '1s..3s',
);
const closed = objectField(
  {
    inFlight: wholeField('a whole number from 1 to 65535', 'Messages in flight on each client. Default 1.', {
      min: 1,
      max: 65_535,
    }).optional(),
    think: think.optional(),
    for: durationField('How long clients send. Default: until the connections curve ends.', {
      min: 1,
    }).optional(),
    replyTimeout: durationField('How long a client waits for a reply before it sends the next message. Default 30s.', {
      min: 1,
      example: '30s',
    }).optional(),
  },
  'the closed model: { inFlight, think, for, replyTimeout }',
  'Each client waits for replies before it sends more; response time starts at the send.',
);

export const messagesSchema = objectField(
  {
    open: openSchema.optional(),
    arrival: choiceField(['constant', 'poisson'], 'How open messages are spaced. Default constant.').optional(),
    closed: closed.optional(),
    from: textField({
      expected: 'connected, or a duration from the start of the run',
      description: 'When the first message is due. Default connected: when the first connection segment is complete.',
      examples: ['connected', '5s'],
      read: (value) =>
        value === 'connected'
          ? null
          : (parseDuration(String(value)) ?? refuse('connected, or a duration from the start of the run such as 5s')),
    }).optional(),
  },
  'the messages: { open } or { closed }',
  'The messages that clients send. Without it they only connect.',
).superRefine((messages, context) => {
  const { open, closed: loop, arrival } = messages;
  const hint = 'in a profile, remove the other one with null';
  if (open !== undefined && loop !== undefined)
    context.addIssue({ code: 'custom', message: 'either open or closed', params: { hint, got: 'both' } });
  if (open === undefined && loop === undefined)
    context.addIssue({ code: 'custom', message: 'open or closed', params: { got: 'neither' } });
  if (open === undefined && loop !== undefined && arrival !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['arrival'],
      message: 'no arrival with closed messages',
      params: { hint: 'replies set the rate; see closed.think' },
    });
  }
}, present);

const payloadBytes = sizeField('The size of a message.', MAX_PAYLOAD_BYTES, '64MiB', '4KB');

export const mixSchema = z
  .array(
    objectField(
      {
        type: nameField('The name of the type, unique in the mix.', { max: 64, example: 'chat' }),
        weight: z
          .number({ error: () => 'a weight above 0' })
          .positive({ error: () => 'a weight above 0' })
          .max(1e9, { error: () => 'a weight of at most 1e9' })
          .describe('Its weight relative to the other types. Default 1.')
          .optional(),
        bytes: payloadBytes.optional(),
        priority: nameField('A priority that rules can select: lost{priority=high} == 0.', {
          max: 64,
          example: 'high',
        }).optional(),
      },
      'a type of message: { type, weight, bytes, priority }',
      'A type of message.',
    ),
    { error: () => 'a list of types of messages' },
  )
  .min(1, { error: () => 'at least one type of message' })
  .max(MAX_TYPES, { error: () => `at most ${MAX_TYPES} types of messages` })
  .describe('The types of messages and their shares. Default: one type of 64 bytes.')
  .superRefine(
    (types, context) => {
      for (const [index, item] of types.entries()) {
        if (types.findIndex((other) => other?.type === item?.type) === index) continue;
        context.addIssue({ code: 'custom', path: [index, 'type'], message: 'a name that no other type has' });
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  );

const rooms = objectField(
  {
    count: wholeField('a whole number of at least 1', 'The number of rooms. Clients are assigned to them in turn.', {
      min: 1,
      max: MAX_ROOMS,
    }),
    publishers: wholeField(
      'a whole number of at least 1',
      'How many clients of each room send; the others only receive. Default: all.',
      { min: 1 },
    ).optional(),
    self: flagField('Whether the service also returns a message to its sender. Default true.').optional(),
    settle: durationField('Time to join: from the opening of the last client to the first message. Default 1s.', {
      example: '1s',
    }).optional(),
  },
  'rooms: { count, publishers, self, settle }',
  'Clients share rooms: every message must reach all clients of its room.',
);

const FEEDER_FORM = 'the name of a CSV file, or { file, order }';
const feedFile = nameField('A CSV file with a header line.', { max: 4096, example: 'questions.csv' });

const feeder = z
  .union(
    [
      feedFile,
      objectField(
        {
          file: feedFile,
          order: choiceField(
            ['sequential', 'random'],
            'Which row each message gets: sequential (client n starts at row n), or random by the seed. Default sequential.',
          ).optional(),
        },
        FEEDER_FORM,
        'The file and the order of its rows.',
      ),
    ],
    { error: () => FEEDER_FORM },
  )
  .describe(`A CSV file with a header line; each message takes the values of \${feeder.COLUMN} from one row.`);

const AFTER = 'How long after a client connects the misbehavior starts.';
const afterField = (fallback: string) => durationField(`${AFTER} Default ${fallback}.`, { example: '5s' }).optional();
const trickleField = (description: string) => byteRateField(description, '1KB/s').optional();

function misbehaving<const K extends string, S extends z.core.$ZodLooseShape>(kind: K, description: string, shape: S) {
  return objectField(
    {
      kind: z.literal(kind).describe(description),
      share: ratioField('The share of the clients.').refine((share) => share > 0 && share < 1, {
        error: () => 'a percentage above 0% and below 100%',
      }),
      ...shape,
    },
    `clients that misbehave: { kind: ${kind}, share }`,
    description,
  );
}

const MISBEHAVING = [
  misbehaving('slow-reader', 'Reads only a limited number of bytes per second.', {
    rate: trickleField('How fast it reads. Default: not at all.'),
    after: afterField('0s'),
  }),
  misbehaving('half-open', 'Stops reading and writing but keeps TCP open.', { after: afterField('1s') }),
  misbehaving('no-pong', 'Does not answer pings.', {}),
  misbehaving('slow-handshake', 'Sends its opening handshake byte by byte.', {
    rate: trickleField('How fast it sends. Default 10B/s.'),
  }),
  misbehaving('malformed-frames', 'Sends an invalid frame, then reconnects.', { after: afterField('1s') }),
  misbehaving('oversized', 'Sends a message that is too large, then reconnects.', {
    bytes: sizeField('The size of the message. Default 16MiB.', MAX_PAYLOAD_BYTES, '64MiB', '16MiB').optional(),
    after: afterField('1s'),
  }),
  misbehaving('reset', 'Resets its connection, then reconnects.', { after: afterField('1s') }),
  misbehaving('churn', 'Disconnects without a close frame, then reconnects.', { after: afterField('0s') }),
] as const;

const misbehavingSchema = z
  .array(
    z.discriminatedUnion('kind', MISBEHAVING, {
      error: ({ code }) =>
        code === 'invalid_union'
          ? `${KNOWN_KEYS}${MISBEHAVING.map(({ shape }) => shape.kind.value).join(', ')}`
          : 'clients that misbehave: { kind, share }',
    }),
    { error: () => 'a list of clients that misbehave: { kind, share }' },
  )
  .max(32, { error: () => 'at most 32 kinds of clients that misbehave' })
  .describe('Shares of clients that misbehave on purpose. The rules apply only to the other clients.');

export const loadSchema = objectField(
  {
    connections: connectionsSchema.optional(),
    messages: messagesSchema.optional(),
    mix: mixSchema.optional(),
    bytes: payloadBytes.optional(),
    rooms: rooms.optional(),
    feeder: feeder.optional(),
    misbehaving: misbehavingSchema.optional(),
  },
  'the load: { connections, messages, mix, rooms, feeder, misbehaving }',
  'The load on the target.',
).superRefine((load, context) => {
  if (load.connections === undefined && load.messages === undefined) {
    context.addIssue({ code: 'custom', message: 'connections, messages or both', params: { got: 'neither' } });
  }
  if (load.mix !== undefined && load.bytes !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['bytes'],
      message: 'no bytes together with a mix',
      params: { hint: 'set bytes for each type' },
    });
  }
}, present);

export type WrittenLoad = z.output<typeof loadSchema>;
export type WrittenMessages = z.output<typeof messagesSchema>;

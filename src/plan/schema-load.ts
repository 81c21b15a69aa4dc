// The `load` section of a plan as written: two curves over time, or lanes that wait for replies, and what is sent.

import * as z from 'zod';
import { parseDuration } from '../units/duration.ts';
import { isObject } from './document.ts';
import {
  choiceField,
  durationField,
  nameField,
  objectField,
  rateField,
  refuse,
  sizeField,
  textField,
  wholeField,
} from './fields.ts';

const MAX_SEGMENTS = 1000;
const MAX_LANES = 10_000_000;
const MAX_PAYLOAD_BYTES = 64 * 1024 ** 2;
const MAX_TYPES = 255;
const RAMP_KEYS = '{ to, over, curve }, { hold } or { burst, for }';

const segmentName = nameField('Names the stage in reports. Default: what the segment does.').optional();

/** A rule that looks only at which keys are there holds also where a value beside them is wrong: all problems at once. */
const present = { when: ({ value }: { value: unknown }): boolean => isObject(value) };

/** The segments that both curves have; `level` reads what the curve is about. */
function segmentsOf<L extends z.ZodType<number>>(level: L, unit: string) {
  const ramp = objectField(
    {
      to: level,
      over: durationField('How long the change takes; without it the change is instant.', { min: 1 }).optional(),
      curve: choiceField(
        ['linear', 'exponential', 'stepped', 'instant'],
        'The shape of the change. Default linear.',
      ).optional(),
      steps: wholeField('a whole number from 1 to 1000', 'Of a stepped change: how many plateaus. Default 10.', {
        min: 1,
        max: 1000,
      }).optional(),
      name: segmentName,
    },
    `a segment: ${RAMP_KEYS}`,
    `Goes to ${unit}.`,
  ).superRefine((segment, context) => {
    const { over, curve, steps } = segment;
    const problem = (path: string, message: string, hint: string): void =>
      context.addIssue({ code: 'custom', path: [path], message, params: { hint } });
    if (over !== undefined && curve === 'instant')
      problem('over', 'no duration for an instant change', 'leave out one of over, curve');
    if (over === undefined && curve !== undefined && curve !== 'instant')
      problem('over', 'a duration such as 10s', `a ${curve} change takes time`);
    if (steps !== undefined && curve !== 'stepped')
      problem('steps', 'no steps unless the curve is stepped', 'add curve: stepped');
  }, present);
  const hold = objectField(
    { hold: durationField('How long to stay where the curve is.', { min: 1 }), name: segmentName },
    `a segment: ${RAMP_KEYS}`,
    'Stays at the level.',
  );
  const burst = objectField(
    {
      burst: level,
      for: durationField('How long the burst lasts.', { min: 1, example: '2s' }),
      name: segmentName,
    },
    `a segment: ${RAMP_KEYS}`,
    `Goes to ${unit} at once, and back to the level before afterwards.`,
  );
  return [ramp, hold, burst] as const;
}

function listOf<T extends z.ZodType>(item: T, expected: string) {
  return z
    .array(item, { error: () => expected })
    .min(1, { error: () => `${expected}, at least one` })
    .max(MAX_SEGMENTS, { error: () => `at most ${MAX_SEGMENTS} segments` });
}

const lanes = wholeField(`a whole number of lanes up to ${MAX_LANES}`, 'How many lanes are open.', { max: MAX_LANES });
const laneSegment = z.union(segmentsOf(lanes, 'a number of lanes'), { error: () => `a segment: ${RAMP_KEYS}` });
const LANES_EXPECTED = 'a number of lanes, a segment such as { to: 1000, over: 10s }, or a list of segments';

export const connectionsSchema = z
  .union([lanes, laneSegment, listOf(laneSegment, 'a list of segments')], { error: () => LANES_EXPECTED })
  .meta({
    description: 'Open lanes over time, from the start of the run. The last level is held until the end. Default 1.',
    examples: [500, { to: 10000, over: '20s', curve: 'exponential' }],
  });

const rate = rateField('Messages per second over all lanes.');
const steady = objectField(
  { rate, for: durationField('How long.', { min: 1, example: '60s' }), name: segmentName },
  'a segment: { rate, for }',
  'One rate for a time.',
);
const rateSegment = z.union([...segmentsOf(rate, 'a rate'), steady], {
  error: () => `a segment: ${RAMP_KEYS}, or { rate, for }`,
});
const think = textField({
  expected: 'a duration or a range such as 1s..3s',
  description:
    'The pause between a reply and the next message: a duration, or a range to draw from evenly. Default 0s.',
  examples: ['500ms', '1s..3s'],
  read: (value) => {
    const [min = '', max = min, ...rest] = String(value).split('..');
    const minNs = parseDuration(min);
    const maxNs = parseDuration(max);
    const isRange = minNs !== null && maxNs !== null && minNs <= maxNs && rest.length === 0;
    return isRange ? { minNs, maxNs } : refuse('a duration or a range such as 1s..3s');
  },
});
const closed = objectField(
  {
    inFlight: wholeField('a whole number from 1 to 65535', 'Messages in flight on each lane. Default 1.', {
      min: 1,
      max: 65_535,
    }).optional(),
    think: think.optional(),
    for: durationField('How long lanes go on sending. Default: until the connections curve ends.', {
      min: 1,
    }).optional(),
    replyTimeout: durationField('A slower reply gives its slot free. Default 30s.', {
      min: 1,
      example: '30s',
    }).optional(),
  },
  'the closed model: { inFlight, think, for, replyTimeout }',
  'Each lane waits for replies before it sends on; its response time starts at the send.',
);

export const messagesSchema = objectField(
  {
    open: z
      .union([rateSegment, listOf(rateSegment, 'a list of segments')], {
        error: () => 'a segment such as { rate: 500/s, for: 60s }, or a list of segments',
      })
      .meta({
        description: 'Messages per second over all lanes, whatever the replies do.',
        examples: [{ rate: '8000/s', for: '60s' }],
      })
      .optional(),
    arrival: choiceField(['constant', 'poisson'], 'How open messages are spaced. Default constant.').optional(),
    closed: closed.optional(),
    from: textField({
      expected: 'connected, or a duration from the start of the run',
      description: 'When the first message is due. Default connected: once the first connection segment is up.',
      examples: ['connected', '5s'],
      read: (value) =>
        value === 'connected'
          ? null
          : (parseDuration(String(value)) ?? refuse('connected, or a duration from the start of the run such as 5s')),
    }).optional(),
  },
  'the messages: { open } or { closed }',
  'What the lanes send; without it they only connect.',
).superRefine((messages, context) => {
  const { open, closed: loop, arrival } = messages;
  const hint = 'in a profile, take the other one back with null';
  if (open !== undefined && loop !== undefined)
    context.addIssue({ code: 'custom', message: 'either open or closed', params: { hint, got: 'both' } });
  if (open === undefined && loop === undefined)
    context.addIssue({ code: 'custom', message: 'open or closed', params: { got: 'neither' } });
  if (open === undefined && loop !== undefined && arrival !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['arrival'],
      message: 'no arrival in the closed model',
      params: { hint: 'replies set the pace; see closed.think' },
    });
  }
}, present);

const payloadBytes = sizeField('The size of a message.', MAX_PAYLOAD_BYTES, '4KB', 'a size from 1 B to 64MiB');

export const mixSchema = z
  .array(
    objectField(
      {
        type: nameField('The name of the type, unique in the mix.', { max: 64, example: 'chat' }),
        weight: z
          .number({ error: () => 'a weight above 0' })
          .positive({ error: () => 'a weight above 0' })
          .max(1e9, { error: () => 'a weight of at most 1e9' })
          .describe('Its share among the weights of all types. Default 1.')
          .optional(),
        bytes: payloadBytes.optional(),
      },
      'a type of message: { type, weight, bytes }',
      'A type of message.',
    ),
    { error: () => 'a list of types of messages' },
  )
  .min(1, { error: () => 'at least one type of message' })
  .max(MAX_TYPES, { error: () => `at most ${MAX_TYPES} types of messages` })
  .describe('What kinds of messages are sent, in which shares. Default: one type of 64 bytes.')
  .superRefine(
    (types, context) => {
      for (const [index, item] of types.entries()) {
        if (types.findIndex((other) => other?.type === item?.type) === index) continue;
        context.addIssue({ code: 'custom', path: [index, 'type'], message: 'a name that no other type has' });
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  );

export const loadSchema = objectField(
  {
    connections: connectionsSchema.optional(),
    messages: messagesSchema.optional(),
    mix: mixSchema.optional(),
    bytes: payloadBytes.optional(),
  },
  'the load: { connections, messages, mix }',
  'What the target is put under.',
).superRefine((load, context) => {
  if (load.connections === undefined && load.messages === undefined) {
    context.addIssue({ code: 'custom', message: 'connections, messages or both', params: { got: 'neither' } });
  }
  if (load.mix !== undefined && load.bytes !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['bytes'],
      message: 'no bytes beside a mix',
      params: { hint: 'give bytes to each type' },
    });
  }
}, present);

export type WrittenLoad = z.output<typeof loadSchema>;
export type WrittenMessages = z.output<typeof messagesSchema>;
export type WrittenConnections = z.output<typeof connectionsSchema>;

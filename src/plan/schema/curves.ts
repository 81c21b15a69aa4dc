// The two curves of a plan as written, lists of segments over time: how many clients are open, and how many messages a
// second they send.

import * as z from 'zod';
import { choiceField, durationField, nameField, objectField, present, rateField, wholeField } from './fields.ts';

const MAX_SEGMENTS = 1000;
const MAX_CLIENTS = 10_000_000;
const RAMP_KEYS = '{ to, over, curve }, { hold } or { burst, for }';

const segmentName = nameField('Names the stage in reports. Default: what the segment does.').optional();

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
      steps: wholeField('a whole number from 1 to 1000', 'The number of steps of a stepped change. Default 10.', {
        min: 1,
        max: 1000,
      }).optional(),
      name: segmentName,
    },
    `a segment: ${RAMP_KEYS}`,
    `Changes to ${unit}.`,
  ).superRefine((segment, context) => {
    const { over, curve, steps } = segment;
    const problem = (path: string, message: string, hint: string): void =>
      context.addIssue({ code: 'custom', path: [path], message, params: { hint } });
    if (over !== undefined && curve === 'instant')
      problem('over', 'no duration for an instant change', 'leave out over or curve');
    if (over === undefined && curve !== undefined && curve !== 'instant')
      problem('over', 'a duration such as 10s', `a ${curve} change takes time`);
    if (steps !== undefined && curve !== 'stepped')
      problem('steps', 'no steps unless the curve is stepped', 'add curve: stepped');
  }, present);
  const hold = objectField(
    { hold: durationField('How long the current level is held.', { min: 1 }), name: segmentName },
    `a segment: ${RAMP_KEYS}`,
    'Holds the current level.',
  );
  const burst = objectField(
    {
      burst: level,
      for: durationField('How long the burst lasts.', { min: 1, example: '2s' }),
      name: segmentName,
    },
    `a segment: ${RAMP_KEYS}`,
    `Changes to ${unit} at once and returns to the previous level afterwards.`,
  );
  return [ramp, hold, burst] as const;
}

function listOf<T extends z.ZodType>(item: T, expected: string) {
  return z
    .array(item, { error: () => expected })
    .min(1, { error: () => `${expected}, at least one` })
    .max(MAX_SEGMENTS, { error: () => `at most ${MAX_SEGMENTS} segments` });
}

const clients = wholeField(`a whole number of clients up to ${MAX_CLIENTS}`, 'The number of connected clients.', {
  max: MAX_CLIENTS,
});
const connectionSegment = z.union(segmentsOf(clients, 'a number of clients'), {
  error: () => `a segment: ${RAMP_KEYS}`,
});
const CLIENTS_EXPECTED = 'a number of clients, a segment such as { to: 1000, over: 10s }, or a list of segments';

export const connectionsSchema = z
  .union([clients, connectionSegment, listOf(connectionSegment, 'a list of segments')], {
    error: () => CLIENTS_EXPECTED,
  })
  .meta({
    description:
      'The number of clients over time, from the start of the run. The last level is held until the end. Default 1.',
    examples: [500, { to: 10000, over: '20s', curve: 'exponential' }],
  });

const rate = rateField('Total messages per second of all clients.');
const steady = objectField(
  { rate, for: durationField('How long.', { min: 1, example: '60s' }), name: segmentName },
  'a segment: { rate, for }',
  'A constant rate.',
);
const rateSegment = z.union([...segmentsOf(rate, 'a rate'), steady], {
  error: () => `a segment: ${RAMP_KEYS}, or { rate, for }`,
});

export const openSchema = z
  .union([rateSegment, listOf(rateSegment, 'a list of segments')], {
    error: () => 'a segment such as { rate: 500/s, for: 60s }, or a list of segments',
  })
  .meta({
    description: 'Total messages per second of all clients, independent of replies.',
    examples: [{ rate: '8000/s', for: '60s' }],
  });

export type WrittenConnections = z.output<typeof connectionsSchema>;

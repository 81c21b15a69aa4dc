// The `faults` section of a plan as written: a list of objects, each of the kind that its key `fault` names.

import * as z from 'zod';
import type { NetworkFaultForms } from '../network-faults.ts';
import {
  byteRateField,
  choiceField,
  durationField,
  KNOWN_KEYS,
  nameField,
  objectField,
  ratioField,
  refuse,
  textField,
} from './fields.ts';

const MAX_FAULTS = 1000;
const MAX_WORDS = 100;
/** The kernel counts to a million. */
const LEAST_LOSS_RATIO = 1e-6;
const PROCESS_FAULTS = ['stop', 'kill', 'restart', 'command'] as const;
const PACKET_FAULTS = ['packet_loss', 'partition', 'link_rate'] as const;
const PROCESS = /^(?:reference|[1-9]\d{0,9})$/;
const PROCESS_FORM = 'reference, or a process id';

function wordsField(description: string) {
  const expected = 'a command as a list of words, such as [systemctl, restart, chat]';
  return z
    .array(z.string({ error: () => 'a word' }).min(1, { error: () => 'a word' }), { error: () => expected })
    .min(1, { error: () => expected })
    .max(MAX_WORDS, { error: () => `at most ${MAX_WORDS} words` })
    .meta({ description, examples: [['systemctl', 'restart', 'chat']] });
}

/** What every fault of a plan may say. */
const times = {
  name: nameField('The name of the fault in the result. Default: its kind.', {
    max: 64,
    example: 'database offline',
  }).optional(),
  at: durationField(
    'When the fault starts, measured from the first message (or from the start of a run without messages).',
    {
      example: '10s',
    },
  ),
  for: durationField('How long it lasts.', { example: '5s' }).optional(),
};

const processFault = objectField(
  {
    fault: choiceField(
      PROCESS_FAULTS,
      'stop: pauses a process (SIGSTOP) and resumes it afterwards; kill: kills a process (SIGKILL); restart: restarts the reference target; command: runs your own command.',
    ),
    ...times,
    process: textField({
      expected: PROCESS_FORM,
      description: 'The process that it affects: the reference target that the run starts, or a process id.',
      examples: ['reference', '4711'],
      pattern: '^(reference|[1-9][0-9]{0,9})$',
      read: (value) => (PROCESS.test(String(value)) ? String(value) : refuse(PROCESS_FORM)),
    }).optional(),
    run: wordsField('command: starts the fault.').optional(),
    undo: wordsField('command: ends the fault when its time is over or the run ends. Default: none.').optional(),
  },
  'a process fault: { fault, at, for, process } or { fault: command, at, for, run, undo }',
  'A fault that is injected on purpose.',
);

const packetLoss = objectField(
  {
    fault: z.literal('packet_loss'),
    ...times,
    rate: ratioField('The share of packets between clients and service that are dropped.').refine(
      (rate) => rate >= LEAST_LOSS_RATIO,
      { error: () => 'a percentage from 0.0001% to 100%' },
    ),
  },
  'packet loss: { fault: packet_loss, at, for, rate }',
  'The kernel drops packets; TCP sends them again.',
);
const partition = objectField(
  { fault: z.literal('partition'), ...times },
  'a partition: { fault: partition, at, for }',
  'The kernel drops all packets between clients and service.',
);
const linkRate = objectField(
  {
    fault: z.literal('link_rate'),
    ...times,
    rate: byteRateField(
      'The rate of the network device to the service; on the loopback, both directions together.',
      '1MB/s',
    ),
  },
  'a slow link: { fault: link_rate, at, for, rate }',
  'Limits the rate of the network device to the service.',
);

/** `networkFaults`: those that can be done on the way between clients and service. */
export function faultsSchema(networkFaults: NetworkFaultForms) {
  const known = `${KNOWN_KEYS}${[...PROCESS_FAULTS, ...PACKET_FAULTS, ...Object.keys(networkFaults)].join(', ')}`;
  const written = Object.entries(networkFaults).map(
    ([name, { schema }]) => schema(name, times) as unknown as NetworkFault,
  );
  const fault = z.discriminatedUnion('fault', [processFault, packetLoss, partition, linkRate, ...written], {
    error: ({ code }) => (code === 'invalid_union' ? known : 'a fault: { fault, at, for }'),
  });
  return z
    .array(fault, { error: () => 'a list of faults' })
    .max(MAX_FAULTS, { error: () => `at most ${MAX_FAULTS} faults` })
    .describe('Faults to inject, and when.');
}

const networkFault = z.looseObject({
  fault: z.literal('on the way'),
  ...times,
  stream: z.enum(['up', 'down']).optional(),
});
/** Its name stands for all of them: which there are is known only where the schema is made. */
type NetworkFault = typeof networkFault;

export type WrittenFault = z.output<ReturnType<typeof faultsSchema>>[number];
export type WrittenProcessFault = z.output<typeof processFault>;
export type WrittenPacketFault = z.output<typeof packetLoss> | z.output<typeof partition> | z.output<typeof linkRate>;
export type WrittenNetworkFault = z.output<NetworkFault>;

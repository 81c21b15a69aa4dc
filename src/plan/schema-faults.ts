// The `faults` section of a plan as written.

import * as z from 'zod';
import { choiceField, durationField, nameField, objectField, refuse, textField } from './fields.ts';

const MAX_FAULTS = 1000;
const MAX_WORDS = 100;
const FAULT_KINDS = ['stop', 'kill', 'restart', 'command'] as const;
const PROCESS = /^(?:reference|[1-9]\d{0,9})$/;
const PROCESS_FORM = 'reference, or the number of a process';

function wordsField(description: string) {
  const expected = 'a command as a list of words, such as [systemctl, restart, chat]';
  return z
    .array(z.string({ error: () => 'a word' }), { error: () => expected })
    .min(1, { error: () => expected })
    .max(MAX_WORDS, { error: () => `at most ${MAX_WORDS} words` })
    .meta({ description, examples: [['systemctl', 'restart', 'chat']] });
}

const fault = objectField(
  {
    fault: choiceField(
      FAULT_KINDS,
      'stop: a process stands still (SIGSTOP) and goes on afterwards; kill: it is ended (SIGKILL); restart: the reference target is ended and started again; command: of your own.',
    ),
    name: nameField('Names the fault in the result. Default: what it is.', {
      max: 64,
      example: 'database away',
    }).optional(),
    at: durationField('When it begins, from the first message, or from the start of a run without messages.', {
      example: '10s',
    }),
    for: durationField('How long it lasts.', { example: '5s' }).optional(),
    process: textField({
      expected: PROCESS_FORM,
      description: 'Whom it befalls: the reference target that the run starts, or a process by its number.',
      examples: ['reference', '4711'],
      pattern: '^(reference|[1-9][0-9]{0,9})$',
      read: (value) => (PROCESS.test(String(value)) ? String(value) : refuse(PROCESS_FORM)),
    }).optional(),
    run: wordsField('command: what begins it.').optional(),
    undo: wordsField('command: what ends it, when its time is over or the run ends. Default: nothing.').optional(),
  },
  'a fault: { fault, at, for, process } or { fault: command, at, for, run, undo }',
  'Something that is broken on purpose.',
);

export const faultsSchema = z
  .array(fault, { error: () => 'a list of faults' })
  .max(MAX_FAULTS, { error: () => `at most ${MAX_FAULTS} faults` })
  .describe('What is broken on purpose, and when.');

export type WrittenFault = z.output<typeof faultsSchema>[number];

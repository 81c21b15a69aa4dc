// What a service is told to do wrong, as written in a behaviour file and as the injectors see it. One fault at most
// befalls a message: the first rule that chooses it. So whoever reads the truth log knows what each message must show.
// What has several settings of its own is in `queue.ts` and `leak.ts`.

import * as z from 'zod';
import { mayBeOnTheWire } from '../frames/close-codes.ts';
import {
  choiceField,
  durationRangeField,
  objectField,
  present,
  ratioField,
  sizeField,
  wholeField,
} from '../plan/fields.ts';
import { problemsOfIssues } from '../plan/issues.ts';
import { type PlanProblem, pathText } from '../plan/problems.ts';
import { isNonEmpty, type NonEmpty } from '../units/non-empty.ts';
import { unreachable } from '../units/unreachable.ts';
import { type Leak, leakField, resolveLeak } from './leak.ts';
import { DEFAULT_QUEUE, type QueueSettings, queueField, resolveQueue } from './queue.ts';

export const FAULT_KINDS = [
  'drop',
  'duplicate',
  'reorder',
  'delay',
  'corrupt',
  'truncate',
  'extend',
  'splice',
  'replay',
  'fabricate',
  'disconnect',
  'stall',
  'evict',
  'swallowAck',
  'ackThenLose',
  'applyTwice',
  'forget',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What befalls one message. */
export type Fault =
  | { readonly kind: 'drop' }
  /** Sent so many times more. */
  | { readonly kind: 'duplicate'; readonly copies: number }
  /** Sent once so many later messages have gone before it. */
  | { readonly kind: 'reorder'; readonly by: number }
  /** Uniform between the two. */
  | { readonly kind: 'delay'; readonly minNs: number; readonly maxNs: number }
  | { readonly kind: 'corrupt'; readonly bits: number }
  /** Cut off somewhere. */
  | { readonly kind: 'truncate' }
  | { readonly kind: 'extend'; readonly bytes: number }
  /** Its first half, and the second half of the message before it. */
  | { readonly kind: 'splice' }
  /** Followed by one of the last messages once more. */
  | { readonly kind: 'replay' }
  /** Followed by bytes that nobody sent. */
  | { readonly kind: 'fabricate' }
  /** Not answered: its connection is closed. Code 1006 drops it without a close frame. */
  | { readonly kind: 'disconnect'; readonly code: number }
  /** It and all behind it on its connection wait. */
  | { readonly kind: 'stall'; readonly minNs: number; readonly maxNs: number }
  /** From it on its receiver is forgotten, and nothing more is sent to it. */
  | { readonly kind: 'evict' }
  /** Of a service that acknowledges and keeps a state: taken and not acknowledged; acknowledged and never delivered. */
  | { readonly kind: 'swallowAck' }
  | { readonly kind: 'ackThenLose' }
  /** It changes the state twice; the state before it is forgotten. */
  | { readonly kind: 'applyTwice' }
  | { readonly kind: 'forget' };

export interface MessageName {
  readonly stream: number;
  readonly seq: number;
  /** In a room: on its way to this lane alone; null for all. */
  readonly to: number | null;
}

export interface FaultRule {
  readonly fault: Fault;
  /** The share of messages that it chooses, 0 to 1. */
  readonly rate: number;
  /** The messages that it chooses by name. */
  readonly at: readonly MessageName[];
}

export interface Behaviour {
  readonly seed: number;
  readonly faults: readonly FaultRule[];
  /** A connection with more unsent than this loses what comes next, without a word; null never. */
  readonly dropBeyondBytes: number | null;
  readonly queue: QueueSettings;
  /** Null where it gives back what it takes. */
  readonly leak: Leak | null;
}

export const FAULTLESS: Behaviour = { seed: 1, faults: [], dropBeyondBytes: null, queue: DEFAULT_QUEUE, leak: null };

/** Which settings each kind has beside the choice of messages. */
const SETTINGS: Readonly<Record<FaultKind, readonly string[]>> = {
  drop: [],
  duplicate: ['copies'],
  reorder: ['by'],
  delay: ['for'],
  corrupt: ['bits'],
  truncate: [],
  extend: ['bytes'],
  splice: [],
  replay: [],
  fabricate: [],
  disconnect: ['code'],
  stall: ['for'],
  evict: [],
  swallowAck: [],
  ackThenLose: [],
  applyTwice: [],
  forget: [],
};

const MAX_RULES = 255;
const NO_CLOSE_FRAME = 1006;

const messageName = objectField(
  {
    stream: wholeField('the number of a stream', 'The stream: the number of the lane that sends it.'),
    seq: wholeField('the number of a message', 'The number within its stream, from 0.'),
    to: wholeField('the number of a lane', 'In a room: on its way to this lane alone. Default: to all.').optional(),
  },
  'a message: { stream, seq, to }',
  'One message.',
);

const faultRule = objectField(
  {
    kind: choiceField(FAULT_KINDS, 'What befalls the message.'),
    rate: ratioField('The share of messages that it befalls, chosen by the seed.').optional(),
    at: z
      .array(messageName, { error: () => 'a list of messages: { stream, seq }' })
      .max(100_000, { error: () => 'at most 100000 messages' })
      .describe('The messages that it befalls.')
      .optional(),
    copies: wholeField('a whole number from 1 to 100', 'duplicate: how many more. Default 1.', {
      min: 1,
      max: 100,
    }).optional(),
    by: wholeField('a whole number from 1 to 10000', 'reorder: how many later messages go first. Default 1.', {
      min: 1,
      max: 10_000,
    }).optional(),
    for: durationRangeField('delay, stall: how long. Default 10ms.', '5ms..50ms').optional(),
    bits: wholeField('a whole number from 1 to 64', 'corrupt: how many bits are flipped. Default 1.', {
      min: 1,
      max: 64,
    }).optional(),
    bytes: sizeField('extend: how many bytes are added. Default 8.', 65_536, '64KiB', '8').optional(),
    code: wholeField('a close code: 1000 to 4999', 'disconnect: the close code. Default 1011.', {
      min: 1000,
      max: 4999,
    }).optional(),
  },
  'a fault: { kind, rate } or { kind, at }',
  'A fault and the messages that it befalls.',
).superRefine((rule, context) => {
  if ((rule.rate === undefined) === (rule.at === undefined)) {
    context.addIssue({
      code: 'custom',
      message: 'either rate or at',
      params: { got: rule.rate === undefined ? 'neither' : 'both' },
    });
  }
  for (const key of isFaultKind(rule.kind) ? Object.keys(rule) : []) {
    const fits = ['kind', 'rate', 'at', ...SETTINGS[rule.kind]].includes(key);
    if (!fits) context.addIssue({ code: 'custom', path: [key], message: `no ${key} with kind ${rule.kind}` });
  }
  if (rule.code !== undefined && !isSendableCode(rule.code)) {
    context.addIssue({
      code: 'custom',
      path: ['code'],
      message: 'a close code that may be sent (RFC 6455 §7.4), or 1006 to drop the connection',
    });
  }
}, present);

/** The rules between the keys are checked also where a value is wrong: all problems at once. */
function isFaultKind(kind: unknown): kind is FaultKind {
  return (FAULT_KINDS as readonly unknown[]).includes(kind);
}

/** RFC 6455 §7.4: what a close frame may carry, and 1006, which stands for none. */
function isSendableCode(code: number): boolean {
  return mayBeOnTheWire(code) || code === NO_CLOSE_FRAME;
}

const behaviourSchema = objectField(
  {
    seed: wholeField('a whole number', 'Chooses the messages. Default 1.').optional(),
    faults: z
      .array(faultRule, { error: () => 'a list of faults: { kind, rate } or { kind, at }' })
      .max(MAX_RULES, { error: () => `at most ${MAX_RULES} faults` })
      .describe('What goes wrong; the first fault that chooses a message befalls it.')
      .optional(),
    dropBeyond: sizeField(
      'Messages for a connection with more than this unsent are dropped in silence. Default: never.',
      1024 ** 3,
      '1GiB',
      '64KiB',
    ).optional(),
    queue: queueField.optional(),
    leak: leakField.optional(),
  },
  'a behaviour: { seed, faults, dropBeyond, queue, leak }',
  'What the reference target does wrong.',
);

type WrittenRule = z.output<typeof faultRule>;

/** Every problem at once, as with a plan. */
export function parseBehaviour(
  document: unknown,
):
  | { readonly ok: true; readonly behaviour: Behaviour }
  | { readonly ok: false; readonly problems: NonEmpty<PlanProblem> } {
  const parsed = behaviourSchema.safeParse(document ?? {});
  if (parsed.success) {
    const { seed, faults, dropBeyond, queue, leak } = parsed.data;
    return {
      ok: true,
      behaviour: {
        seed: seed ?? FAULTLESS.seed,
        faults: (faults ?? []).map(resolveRule),
        dropBeyondBytes: dropBeyond ?? null,
        queue: resolveQueue(queue),
        leak: leak === undefined ? null : resolveLeak(leak),
      },
    };
  }
  const problems = problemsOfIssues(parsed.error.issues, document, []).map(({ at, ...problem }) => ({
    ...problem,
    path: at.length === 0 ? 'behaviour' : pathText(at),
  }));
  if (!isNonEmpty(problems)) throw new Error('a behaviour was refused without a problem');
  return { ok: false, problems };
}

function resolveRule(rule: WrittenRule): FaultRule {
  return {
    fault: resolveFault(rule),
    rate: rule.rate ?? 0,
    at: (rule.at ?? []).map(({ stream, seq, to }) => ({ stream, seq, to: to ?? null })),
  };
}

function resolveFault(rule: WrittenRule): Fault {
  const { kind } = rule;
  const range = rule.for ?? { minNs: 10e6, maxNs: 10e6 };
  switch (kind) {
    case 'duplicate':
      return { kind, copies: rule.copies ?? 1 };
    case 'reorder':
      return { kind, by: rule.by ?? 1 };
    case 'delay':
    case 'stall':
      return { kind, ...range };
    case 'corrupt':
      return { kind, bits: rule.bits ?? 1 };
    case 'extend':
      return { kind, bytes: rule.bytes ?? 8 };
    case 'disconnect':
      return { kind, code: rule.code ?? 1011 };
    case 'drop':
    case 'truncate':
    case 'splice':
    case 'replay':
    case 'fabricate':
    case 'evict':
    case 'swallowAck':
    case 'ackThenLose':
    case 'applyTwice':
    case 'forget':
      return { kind };
    default:
      return unreachable(kind);
  }
}

// What a service is told to do wrong, as written in a behavior file and as the injectors see it. One fault at most
// affects a message: the first rule that chooses it. So whoever reads the truth log knows what each message must show.
// What has several settings of its own is in `queue.ts` and `leak.ts`.

import * as z from 'zod';
import { type PlanProblem, pathText } from '../plan/problems.ts';
import { choiceField, durationRangeField, objectField, present, sizeField, wholeField } from '../plan/schema/fields.ts';
import { problemsOfIssues } from '../plan/schema/issues.ts';
import { isNonEmpty, type NonEmpty } from '../units/non-empty.ts';
import { unreachable } from '../units/unreachable.ts';
import {
  bitsField,
  type Chosen,
  choiceFields,
  codeField,
  copiesField,
  FAULT_DEFAULTS,
  refuseChoice,
  reorderField,
  resolveChoice,
} from './fault-fields.ts';
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

/** What affects one message. */
export type MessageFault =
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

/** A fault and the messages that it affects. */
export interface FaultRule extends Chosen {
  readonly fault: MessageFault;
}

export interface Behavior {
  readonly seed: number;
  readonly faults: readonly FaultRule[];
  /** A connection with more unsent than this loses what comes next, without a word; null never. */
  readonly dropBeyondBytes: number | null;
  readonly queue: QueueSettings;
  /** Null where it gives back what it takes. */
  readonly leak: Leak | null;
}

export const FAULTLESS: Behavior = { seed: 1, faults: [], dropBeyondBytes: null, queue: DEFAULT_QUEUE, leak: null };

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

const faultRule = objectField(
  {
    kind: choiceField(FAULT_KINDS, 'What happens to the message.'),
    ...choiceFields,
    copies: copiesField,
    by: reorderField,
    for: durationRangeField('delay, stall: how long. Default 10ms.', '5ms..50ms').optional(),
    bits: bitsField,
    bytes: sizeField('extend: the number of bytes to add. Default 8.', 65_536, '64KiB', '8').optional(),
    code: codeField,
  },
  'a fault: { kind, rate } or { kind, messages }',
  'A fault and the messages that it affects.',
).superRefine((rule, context) => {
  refuseChoice(rule, context);
  for (const key of isFaultKind(rule.kind) ? Object.keys(rule) : []) {
    const fits = ['kind', 'rate', 'messages', ...SETTINGS[rule.kind]].includes(key);
    if (!fits) context.addIssue({ code: 'custom', path: [key], message: `no ${key} with kind ${rule.kind}` });
  }
}, present);

/** The rules between the keys are checked also where a value is wrong: all problems at once. */
function isFaultKind(kind: unknown): kind is FaultKind {
  return (FAULT_KINDS as readonly unknown[]).includes(kind);
}

const behaviorSchema = objectField(
  {
    seed: wholeField('a whole number', 'The seed that selects messages. Default 1.').optional(),
    faults: z
      .array(faultRule, { error: () => 'a list of faults: { kind, rate } or { kind, messages }' })
      .max(MAX_RULES, { error: () => `at most ${MAX_RULES} faults` })
      .describe('The faults; the first fault that selects a message affects it.')
      .optional(),
    dropBeyond: sizeField(
      'The target silently drops messages for a connection with more unsent bytes than this. Default: never.',
      1024 ** 3,
      '1GiB',
      '64KiB',
    ).optional(),
    queue: queueField.optional(),
    leak: leakField.optional(),
  },
  'a behavior: { seed, faults, dropBeyond, queue, leak }',
  'The errors that the reference target makes.',
);

type WrittenRule = z.output<typeof faultRule>;

/** Every problem at once, as with a plan. */
export function parseBehavior(
  document: unknown,
):
  | { readonly ok: true; readonly behavior: Behavior }
  | { readonly ok: false; readonly problems: NonEmpty<PlanProblem> } {
  const parsed = behaviorSchema.safeParse(document ?? {});
  if (parsed.success) {
    const { seed, faults, dropBeyond, queue, leak } = parsed.data;
    return {
      ok: true,
      behavior: {
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
    path: at.length === 0 ? 'behavior' : pathText(at),
  }));
  if (!isNonEmpty(problems)) throw new Error('a behavior was refused without a problem');
  return { ok: false, problems };
}

function resolveRule(rule: WrittenRule): FaultRule {
  return {
    fault: resolveFault(rule),
    ...resolveChoice(rule),
  };
}

function resolveFault(rule: WrittenRule): MessageFault {
  const { kind } = rule;
  const range = rule.for ?? FAULT_DEFAULTS.forNs;
  switch (kind) {
    case 'duplicate':
      return { kind, copies: rule.copies ?? FAULT_DEFAULTS.copies };
    case 'reorder':
      return { kind, by: rule.by ?? FAULT_DEFAULTS.by };
    case 'delay':
    case 'stall':
      return { kind, ...range };
    case 'corrupt':
      return { kind, bits: rule.bits ?? FAULT_DEFAULTS.bits };
    case 'extend':
      return { kind, bytes: rule.bytes ?? 8 };
    case 'disconnect':
      return { kind, code: rule.code ?? FAULT_DEFAULTS.code };
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

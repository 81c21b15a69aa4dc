// One message that did not fare as a perfect service would have it, as data: which message, and what shows it. Sentences about it are
// `report/words/violation-text.ts`'s. The only free text is what the service said, bounded and redacted where it is recorded.

import { type Check, hasFields, isFlag, isNumber, isOneOf, isText, orNull } from './checks.ts';
import { DAMAGE_KINDS, type DamageKind, UNEXPECTED_KINDS, type UnexpectedKind } from './window.ts';

export const VIOLATION_KINDS = [
  'lost',
  'missed',
  'duplicated',
  'reordered',
  'corrupted',
  'unexpected',
  'late',
  'diverged',
  'totalOrder',
] as const;
export type ViolationKind = (typeof VIOLATION_KINDS)[number];

/** Of each kind so many are described, by a worker and in a result; all are counted. A flood of one hides no other. */
export const MAX_VIOLATIONS_OF_A_KIND = 100;

/** Numbers next to a gap that did come; null where there is none on that side. */
interface Neighbors {
  readonly previous: number | null;
  readonly next: number | null;
}

/** Of a push: the channel that its number counts in; null where numbers count for the whole connection. Null for a message of ours. */
interface PushPlace {
  readonly push: { readonly channel: string | null } | null;
}

type ViolationFacts =
  /**
   * Never came back whole. `damaged`: it came, but corrupted. When it was due is known where the driver remembers it. When it was
   * sent lies between two moments, at most about a second apart, that are the same where the driver remembers it; null where no
   * room was left for them.
   */
  | ({
      readonly violation: 'lost';
      readonly seq: number;
      readonly acknowledged: boolean;
      readonly damaged: boolean;
      readonly dueSecond: number | null;
      readonly sentFromSecond: number | null;
      readonly sentToSecond: number | null;
    } & Neighbors)
  /** Pushes `seq` to `lastSeq`. `next` is null where only other clients show that they were sent. */
  | ({ readonly violation: 'missed'; readonly seq: number; readonly lastSeq: number } & Neighbors & PushPlace)
  | ({ readonly violation: 'duplicated'; readonly seq: number } & PushPlace)
  /** Came after it had been counted as lost or unresolved. */
  | ({ readonly violation: 'late'; readonly seq: number } & PushPlace)
  /** `after`: a higher number that came before it, where that is known. `extent`: RFC 4737 §4.2.2; null where it is beyond what is kept. */
  | ({
      readonly violation: 'reordered';
      readonly seq: number;
      readonly after: number | null;
      readonly extent: number | null;
    } & PushPlace)
  /** `seq`: null where the damage took the number away. */
  | {
      readonly violation: 'corrupted';
      readonly seq: number | null;
      readonly damage: DamageKind;
      readonly bytes: number;
    }
  /** What of these is known: the number that it says it has, the stream that it says it is of, its size, and how it begins. */
  | ({
      readonly violation: 'unexpected';
      readonly unexpected: UnexpectedKind;
      readonly seq: number | null;
      readonly ofStream: number | null;
      readonly bytes: number | null;
      readonly sample: string | null;
    } & PushPlace)
  | {
      readonly violation: 'diverged';
      readonly seq: number;
      readonly expected: string;
      readonly got: string;
    }
  /** Received after `before`, which another client received after it. */
  | {
      readonly violation: 'totalOrder';
      readonly seq: number;
      readonly before: { readonly stream: number; readonly seq: number };
    };

/** `client` found it; `stream` is the sender's. */
export type Violation = ViolationFacts & { readonly client: number; readonly stream: number };

const isPush: Check = (value) => value === null || hasFields(value, { channel: orNull(isText) });
const NEIGHBORS = { previous: orNull(isNumber), next: orNull(isNumber) };

/** What each kind must have beside its kind, client and stream. */
const FIELDS: Readonly<Record<ViolationKind, Readonly<Record<string, Check>>>> = {
  lost: {
    seq: isNumber,
    acknowledged: isFlag,
    damaged: isFlag,
    dueSecond: orNull(isNumber),
    sentFromSecond: orNull(isNumber),
    sentToSecond: orNull(isNumber),
    ...NEIGHBORS,
  },
  missed: { seq: isNumber, lastSeq: isNumber, push: isPush, ...NEIGHBORS },
  duplicated: { seq: isNumber, push: isPush },
  late: { seq: isNumber, push: isPush },
  reordered: { seq: isNumber, after: orNull(isNumber), extent: orNull(isNumber), push: isPush },
  corrupted: { seq: orNull(isNumber), damage: isOneOf(DAMAGE_KINDS), bytes: isNumber },
  unexpected: {
    unexpected: isOneOf(UNEXPECTED_KINDS),
    seq: orNull(isNumber),
    ofStream: orNull(isNumber),
    bytes: orNull(isNumber),
    sample: orNull(isText),
    push: isPush,
  },
  diverged: { seq: isNumber, expected: isText, got: isText },
  totalOrder: { seq: isNumber, before: (value) => hasFields(value, { stream: isNumber, seq: isNumber }) },
};

export function isViolation(value: unknown): boolean {
  if (!hasFields(value, { violation: isOneOf(VIOLATION_KINDS), client: isNumber, stream: isNumber })) return false;
  return hasFields(value, FIELDS[(value as Violation).violation]);
}

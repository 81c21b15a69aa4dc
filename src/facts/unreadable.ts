// Messages that came and could not be read: the closed set of kinds under which they are counted, with the first example of
// each kept. What can be read and is not for us (a greeting, a heartbeat) is none of them.

export const UNREADABLE_KINDS = [
  'notJson',
  'compressed',
  'severalDocuments',
  'otherEncoding',
  'notText',
  'tooDeep',
  'numberTooLarge',
  'numbersNotByOne',
  'byProtocol',
] as const;
export type UnreadableKind = (typeof UNREADABLE_KINDS)[number];

interface UnreadableText {
  /** Of one message. */
  readonly is: string;
  /** Of several. */
  readonly are: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** What such messages are, and what to do about it. */
export const UNREADABLE_TEXTS: Readonly<Record<UnreadableKind, UnreadableText>> = {
  notJson: {
    is: 'is not JSON',
    are: 'are not JSON',
    remedy: 'the service must send valid JSON (RFC 8259): without NaN, Infinity or comments, and not cut off',
  },
  compressed: {
    is: 'begins like compressed data',
    are: 'begin like compressed data',
    remedy: 'use a custom protocol that decompresses them',
  },
  severalDocuments: {
    is: 'holds several JSON documents',
    are: 'hold several JSON documents',
    remedy: 'use a custom protocol that splits them and returns an entry for each',
  },
  otherEncoding: {
    is: 'is not UTF-8',
    are: 'are not UTF-8',
    remedy: 'JSON must be UTF-8 (RFC 8259 §8.1); use a custom protocol to decode another encoding',
  },
  notText: {
    is: 'is binary, not text',
    are: 'are binary, not text',
    remedy: 'use a custom protocol to read a binary format',
  },
  tooDeep: {
    is: 'is nested more than 1,000 levels deep',
    are: 'are nested more than 1,000 levels deep',
    remedy: 'use a custom protocol to read them',
  },
  numberTooLarge: {
    is: 'has a sequence number of 2^53 or more',
    are: 'have a sequence number of 2^53 or more',
    remedy: 'let the service start its numbers lower, or set protocol.sequence to a field with a smaller number',
  },
  numbersNotByOne: {
    is: 'has a sequence number that does not go up by one',
    are: 'have sequence numbers that do not go up by one',
    remedy: 'set protocol.sequence to a field that goes up by one: ranges and timestamps cannot show what is missing',
  },
  byProtocol: {
    is: 'could not be read by the protocol adapter',
    are: 'could not be read by the protocol adapter',
    remedy: 'the example shows its reason',
  },
};

/** The first one of a kind. */
export interface UnreadableExample {
  readonly unreadable: UnreadableKind;
  /** Where its first error is, in bytes from its start; null where that is not the trouble. */
  readonly byte: number | null;
  /** Its beginning, redacted and printable. */
  readonly detail: string;
}

/** `not JSON at byte 47: {"id":…` */
export function exampleText({ unreadable, byte, detail }: UnreadableExample): string {
  return `${byte === null ? '' : `byte ${byte} of `}${detail}`.trim() || unreadable;
}

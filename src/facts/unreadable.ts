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

/** What such messages are, and what to do about it. */
export const UNREADABLE_TEXTS: Readonly<Record<UnreadableKind, { readonly are: string; readonly remedy: string }>> = {
  notJson: {
    are: 'are not JSON',
    remedy: 'the service must send JSON as RFC 8259 has it: NaN, Infinity, comments and cut-off documents are none',
  },
  compressed: {
    are: 'begin like compressed data',
    remedy: 'a custom protocol can inflate them',
  },
  severalDocuments: {
    are: 'hold several documents',
    remedy: 'a custom protocol can split them, and returns an entry for each',
  },
  otherEncoding: {
    are: 'are not UTF-8',
    remedy: 'JSON is UTF-8 between systems (RFC 8259 §8.1); a custom protocol can decode another encoding',
  },
  notText: {
    are: 'are bytes that are no text',
    remedy: 'a custom protocol can read a binary format',
  },
  tooDeep: {
    are: 'are nested more than 1,000 deep',
    remedy: 'a custom protocol can read them',
  },
  numberTooLarge: {
    are: 'have a number of 2^53 or more',
    remedy: 'let the service number from a smaller start, or name a smaller number with protocol.sequence',
  },
  numbersNotByOne: {
    are: 'have numbers that do not go up by one',
    remedy: 'name a number that does with protocol.sequence: ranges and times cannot show what is missing',
  },
  byProtocol: {
    are: 'could not be read by the protocol',
    remedy: 'its reason stands beside the example',
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

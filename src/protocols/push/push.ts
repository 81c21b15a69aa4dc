// What a service says of its own accord, numbered by itself: documents of JSON with a number in each that is one more than
// the one before, of the whole connection or of a channel.
//
//   {"type":"tick","symbol":"BTC","seq":4711, …}        sequence: seq, channel: symbol
//
// Nothing is allocated for a document: a channel is known by a hash of its name as it stands there.

import type { Numbering } from '../../plan/plan.ts';
import { type JsonPath, type JsonScanner, unescapeInto } from '../json/scan.ts';

export interface PushReader {
  /** Which of the scanner's paths is which; −1 where there is no channel. */
  readonly sequencePath: number;
  readonly channelPath: number;
  /** Of the push read last. */
  sequence: number;
  /** The channel's name hashed to 53 bits; 0 where there are no channels. */
  channel: number;
  /** Where its name stands in the document, quotes left out. */
  channelFrom: number;
  channelTo: number;
}

/** Adds its paths to those that a scanner is made for. */
export function createPushReader({ sequence, channel }: Numbering, paths: JsonPath[]): PushReader {
  const place = (path: JsonPath): number => paths.push(path) - 1;
  return {
    sequencePath: place(sequence),
    channelPath: channel === null ? -1 : place(channel),
    sequence: 0,
    channel: 0,
    channelFrom: 0,
    channelTo: 0,
  };
}

const QUOTE = 0x22;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;

/** `tooLarge`: it has a number, of 2^53 − 1 or more, which its neighbors cannot be told from. */
export type PushReading = 'push' | 'tooLarge' | 'none';

/** What the document that was scanned last is: a push has a whole number, and a channel where one is asked for. */
export function readPush(reader: PushReader, { spans }: JsonScanner, bytes: Uint8Array): PushReading {
  const { sequencePath, channelPath } = reader;
  const sequence = readNumber(bytes, spans[2 * sequencePath]!, spans[2 * sequencePath + 1]!);
  if (!(sequence >= 0)) return 'none';
  const from = channelPath < 0 ? 0 : spans[2 * channelPath]!;
  if (from < 0) return 'none';
  if (sequence >= Number.MAX_SAFE_INTEGER) return 'tooLarge';
  reader.sequence = sequence;
  if (channelPath < 0) return 'push';
  const quotes = bytes[from] === QUOTE ? 1 : 0;
  reader.channelFrom = from + quotes;
  reader.channelTo = spans[2 * channelPath + 1]! - quotes;
  const hash = quotes === 1 && isEscaped(bytes, reader.channelFrom, reader.channelTo) ? hashEscaped : hash53;
  reader.channel = hash(bytes, reader.channelFrom, reader.channelTo);
  return 'push';
}

/** A whole number from 0, also between quotes, as services write what a double cannot hold; NaN for anything else. */
function readNumber(bytes: Uint8Array, start: number, stop: number): number {
  if (start < 0) return Number.NaN;
  const quotes = bytes[start] === QUOTE ? 1 : 0;
  const from = start + quotes;
  const to = stop - quotes;
  if (to <= from) return Number.NaN;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]!;
    if (digit < ZERO || digit > NINE) return quotes === 0 ? readRareNumber(bytes, from, to) : Number.NaN;
    value = 10 * value + (digit - ZERO);
  }
  return value;
}

/** With a point or an exponent, as RFC 8259 allows it of a whole number too: 4711.0, 1e3. */
function readRareNumber(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > MOST_RARE_BYTES) return Number.POSITIVE_INFINITY;
  const value = Number(String.fromCharCode(...bytes.subarray(from, to)));
  if (value === Number.POSITIVE_INFINITY) return value;
  return value % 1 === 0 ? value + 0 : Number.NaN; // no −0
}

/** Longer than any number that a service counts with: what is longer is too large to be judged. */
const MOST_RARE_BYTES = 400;

function isEscaped(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}

/** The same name whichever of its characters are escaped. */
function hashEscaped(bytes: Uint8Array, from: number, to: number): number {
  const name = new Uint8Array(to - from);
  return hash53(name, 0, unescapeInto(bytes, from, to, name));
}

/** Two FNV-1a hashes side by side (Fowler, Noll, Vo), 27 and 26 bits of them: two of a million names hardly ever meet. */
function hash53(bytes: Uint8Array, from: number, to: number): number {
  let high = 0x811c9dc5;
  let low = 0x9747b28c;
  for (let at = from; at < to; at++) {
    high = Math.imul(high ^ bytes[at]!, 0x01000193);
    low = Math.imul(low ^ bytes[at]!, 0x85ebca6b);
  }
  return (high >>> 5) * 2 ** 26 + (low >>> 6);
}

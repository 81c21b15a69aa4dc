// The echo protocol: the service sends every message back unchanged, so a message carries its own
// identity and times. The content is derived from run, stream and number; a receiver recomputes it
// and so knows damage from a message that was never ours.
//
// A message of at least STAMPED_BYTES (little-endian words, then filler):
//
//   byte   0      4      8       12      16        24        32        40       44
//         +------+------+-------+-------+---------+---------+---------+--------+---------
//         | HW1t | run  | stream| bytes | seq f64 | due f64 | sent f64| crc32  | filler …
//         +------+------+-------+-------+---------+---------+---------+--------+---------
//                                                  ns since the run's start      see crcStart
//
// "t" is the message type's index. Shorter ones carry the low 32 bits of the number and a CRC-32 over
// run, stream and the whole number (NUMBERED_BYTES and up), or only as much of the number as fits
// (`bare`); their times are in the client's own table, which bounds how many may be in flight.
//
// As text, words become eight hexadecimal digits each (bare: six bits a character) and the filler is
// printable ASCII, so any byte length is also a character length.
//
// What is left of the size is filler (`filler.ts`).

import { viewCrc32, wordsCrc32 } from './crc32.ts';
import { fillerMatches, fillerPool, writeFiller } from './filler.ts';

export const STAMPED_BYTES = 44;
export const NUMBERED_BYTES = 8;
export const TEXT_FACTOR = 2;
export const MAGIC = 0x0031_5748; // "HW1" and the type in the top byte, little-endian
export const MAGIC_MASK = 0x00ff_ffff;

/**
 * What a received payload turned out to be: whole; whole but for its number, which the client must complete; broken (damaged,
 * or never a message of ours: `examineDamage` tells); or whole and of another run.
 */
export const EchoReading = { stamped: 0, numbered: 1, broken: 2, stale: 3 } as const;
export type EchoReading = (typeof EchoReading)[keyof typeof EchoReading];

/** Filled by `readEcho`: one object per process, overwritten by every message. Its numbers are in `EchoCodec.numbers`. */
export interface EchoFields {
  stream: number;
  /** How many low bits of the number are known: 53 where the message is stamped. */
  sequenceBits: number;
  type: number;
}

/** Places in `EchoCodec.numbers`. A typed array holds them because an object would box every one. */
export const SEQUENCE = 0;
export const DUE_NS = 1;
export const SENT_NS = 2;

export interface EchoCodec {
  readonly isText: boolean;
  /** From these sizes on a payload is stamped, or numbered with a check. */
  readonly stampedBytes: number;
  readonly numberedBytes: number;
  /** The 32-bit nonce of the run in every message. */
  readonly run: number;
  readonly pool: Int32Array;
  readonly words: Int32Array;
  /** The same memory as words 4 to 9: number, due and sent time of the message at hand. */
  readonly numbers: Float64Array;
  readonly fields: EchoFields;
}

export function createEchoCodec(format: 'binary' | 'text', run: number): EchoCodec {
  const isText = format === 'text';
  const words = new Int32Array(12);
  return {
    isText,
    stampedBytes: isText ? STAMPED_BYTES * TEXT_FACTOR : STAMPED_BYTES,
    numberedBytes: isText ? NUMBERED_BYTES * TEXT_FACTOR : NUMBERED_BYTES,
    run: run | 0,
    pool: fillerPool(run, isText),
    words,
    numbers: new Float64Array(words.buffer, 16, 3),
    fields: { stream: 0, sequenceBits: 0, type: 0 },
  };
}

/** Whether a message of this size carries its own times; otherwise the sender must remember them. */
export function carriesTimes(codec: EchoCodec, payloadBytes: number): boolean {
  return payloadBytes >= codec.stampedBytes;
}

/** How many messages of this size may be in flight on one client before their numbers become ambiguous. */
export function maxInFlight(codec: EchoCodec, payloadBytes: number): number {
  return carriesTimes(codec, payloadBytes) ? Number.POSITIVE_INFINITY : 2 ** (numberBits(codec, payloadBytes) - 1);
}

/** Nine bits tell 256 in flight on each side of the expected number apart, and bound the client's table of times. */
export const MAX_NUMBER_BITS = 9;

function numberBits(codec: EchoCodec, payloadBytes: number): number {
  return Math.min(payloadBytes * (codec.isText ? 6 : 8), MAX_NUMBER_BITS);
}

/**
 * Writes the payload of one message at `at`, XOR-ed with `mask` (little-endian; 0 leaves it plain).
 * `view` covers the same memory as `out`.
 */
export function writeEcho(
  codec: EchoCodec,
  out: Uint8Array,
  view: DataView,
  at: number,
  payloadBytes: number,
  type: number,
  stream: number,
  sequence: number,
  dueNs: number,
  sentNs: number,
  mask: number,
): void {
  if (payloadBytes >= codec.stampedBytes) {
    writeStamped(codec, view, at, payloadBytes, type, stream, sequence, dueNs, sentNs, mask);
    writeFiller(codec.pool, out, view, at, codec.stampedBytes, payloadBytes, stream, sequence, mask);
  } else if (payloadBytes >= codec.numberedBytes) {
    const crc = numberedCrc(codec, stream, sequence, payloadBytes);
    codec.words[0] = sequence | 0;
    codec.words[1] = crc;
    writeWords(codec, view, at, 2, mask);
    writeFiller(codec.pool, out, view, at, codec.numberedBytes, payloadBytes, stream, sequence, mask);
  } else {
    writeBare(codec, out, at, payloadBytes, sequence, mask);
  }
}

function writeStamped(
  codec: EchoCodec,
  view: DataView,
  at: number,
  payloadBytes: number,
  type: number,
  stream: number,
  sequence: number,
  dueNs: number,
  sentNs: number,
  mask: number,
): void {
  const { words, numbers } = codec;
  words[0] = MAGIC | (type << 24);
  words[1] = codec.run;
  words[2] = stream;
  words[3] = payloadBytes;
  numbers[SEQUENCE] = sequence;
  numbers[DUE_NS] = dueNs;
  numbers[SENT_NS] = sentNs;
  words[10] = wordsCrc32(words, 4, 10, crcStart(words[0], codec.run, stream, payloadBytes));
  writeWords(codec, view, at, 11, mask);
}

/** Reads one payload into `codec.fields` and says what it is. `view` covers the same memory as `bytes`. */
export function readEcho(codec: EchoCodec, bytes: Uint8Array, view: DataView, start: number, end: number): EchoReading {
  const payloadBytes = end - start;
  if (payloadBytes >= codec.stampedBytes) {
    return codec.isText
      ? readStampedText(codec, bytes, view, start, payloadBytes)
      : readStamped(codec, bytes, view, start, payloadBytes);
  }
  const { words, fields } = codec;
  fields.sequenceBits = numberBits(codec, payloadBytes);
  if (payloadBytes >= codec.numberedBytes) {
    if (!readWords(codec, bytes, view, start, 2)) return EchoReading.broken;
    codec.numbers[SEQUENCE] = words[0]! & ((1 << MAX_NUMBER_BITS) - 1);
    return EchoReading.numbered;
  }
  return readBare(codec, bytes, start, payloadBytes);
}

export interface EchoName {
  readonly stream: number;
  readonly sequence: number;
}

/** Which message a stamped payload says it is, of whatever run, unchecked; null for anything else. For services. */
export function nameEcho(bytes: Uint8Array, isText: boolean): EchoName | null {
  if (bytes.length < (isText ? STAMPED_BYTES * TEXT_FACTOR : STAMPED_BYTES)) return null;
  const words = new Int32Array(6);
  for (let i = 0; i < words.length; i++) {
    const word = wordAt(bytes, i, isText);
    if (word === null) return null;
    words[i] = word;
  }
  if ((words[0]! & MAGIC_MASK) !== MAGIC) return null;
  return { stream: words[2]!, sequence: new Float64Array(words.buffer, 16, 1)[0]! };
}

/** Word `index` of a payload, of whatever worth; null where it is cut off or no hexadecimal. */
export function readWordAt(codec: EchoCodec, payload: Uint8Array, index: number): number | null {
  return wordAt(payload, index, codec.isText);
}

function wordAt(bytes: Uint8Array, index: number, isText: boolean): number | null {
  const wordBytes = isText ? 4 * TEXT_FACTOR : 4;
  if ((index + 1) * wordBytes > bytes.length) return null;
  return isText ? hexWord(bytes, index * wordBytes) : littleEndianWord(bytes, index * wordBytes);
}

function littleEndianWord(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** Null where a character is no hexadecimal digit. */
function hexWord(bytes: Uint8Array, at: number): number | null {
  let word = 0;
  let bad = 0;
  for (let digit = 0; digit < 8; digit++) {
    const value = HEX_VALUES[bytes[at + digit]!]!;
    bad |= value;
    word = (word << 4) | (value & 15);
  }
  return (bad & 0xf0) === 0 ? word : null;
}

function readStamped(
  codec: EchoCodec,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  payloadBytes: number,
): EchoReading {
  const magic = view.getInt32(start, true);
  const run = view.getInt32(start + 4, true);
  const crcFrom = crcStart(magic, run, view.getInt32(start + 8, true), view.getInt32(start + 12, true));
  const isIntact = view.getInt32(start + 40, true) === viewCrc32(view, start + 16, 6, crcFrom);
  if (!isIntact || (magic & MAGIC_MASK) !== MAGIC) return EchoReading.broken;
  if (run !== codec.run) return EchoReading.stale;
  const { fields, numbers } = codec;
  fields.type = magic >>> 24;
  fields.stream = view.getInt32(start + 8, true);
  const sequence = view.getFloat64(start + 16, true);
  numbers[SEQUENCE] = sequence;
  numbers[DUE_NS] = view.getFloat64(start + 24, true);
  numbers[SENT_NS] = view.getFloat64(start + 32, true);
  fields.sequenceBits = 53;
  if (view.getInt32(start + 12, true) !== payloadBytes) return EchoReading.broken;
  return fillerMatches(codec.pool, bytes, view, start, STAMPED_BYTES, payloadBytes, fields.stream, sequence)
    ? EchoReading.stamped
    : EchoReading.broken;
}

function readStampedText(
  codec: EchoCodec,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  payloadBytes: number,
): EchoReading {
  const { words, numbers, fields } = codec;
  if (!readWords(codec, bytes, view, start, 11)) return EchoReading.broken;
  const isIntact = words[10] === wordsCrc32(words, 4, 10, crcStart(words[0]!, words[1]!, words[2]!, words[3]!));
  if (!isIntact || (words[0]! & MAGIC_MASK) !== MAGIC) return EchoReading.broken;
  if (words[1] !== codec.run) return EchoReading.stale;
  fields.type = words[0]! >>> 24;
  fields.stream = words[2]!;
  fields.sequenceBits = 53;
  if (words[3] !== payloadBytes) return EchoReading.broken;
  return fillerMatches(
    codec.pool,
    bytes,
    view,
    start,
    codec.stampedBytes,
    payloadBytes,
    fields.stream,
    numbers[SEQUENCE]!,
  )
    ? EchoReading.stamped
    : EchoReading.broken;
}

/**
 * Whether a numbered message is undamaged, now that the client's window told its whole number: recomputes
 * everything that `writeEcho` wrote.
 */
export function numberedIsIntact(
  codec: EchoCodec,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  stream: number,
  sequence: number,
): boolean {
  const payloadBytes = end - start;
  const { numberedBytes } = codec;
  if (payloadBytes < numberedBytes) return bareMatches(codec, bytes, start, payloadBytes, sequence);
  if (!readWords(codec, bytes, view, start, 2)) return false;
  if (codec.words[0] !== (sequence | 0) || codec.words[1] !== numberedCrc(codec, stream, sequence, payloadBytes))
    return false;
  return fillerMatches(codec.pool, bytes, view, start, numberedBytes, payloadBytes, stream, sequence);
}

/**
 * Where the CRC over number and times starts: a mix of the words before them, which are the same in every message
 * of a client. Each step is a bijection, so damage to any one of them changes the sum for certain.
 */
function crcStart(magic: number, run: number, stream: number, payloadBytes: number): number {
  return ~(magic ^ Math.imul(run, 0x9e37_79b1) ^ Math.imul(stream, 0x85eb_ca77) ^ Math.imul(payloadBytes, 0xc2b2_ae3d));
}

/** The same, of a payload's first four words. */
export function clientChecksumStart(words: Int32Array): number {
  return crcStart(words[0]!, words[1]!, words[2]!, words[3]!);
}

function numberedCrc(codec: EchoCodec, stream: number, sequence: number, payloadBytes: number): number {
  const { words, numbers } = codec;
  words[2] = codec.run;
  words[3] = stream;
  numbers[SEQUENCE] = sequence; // words 4 and 5
  words[6] = payloadBytes;
  return wordsCrc32(words, 2, 7, -1);
}

const HEX_DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const HEX_VALUES = new Uint8Array(256).fill(0xff);
for (let value = 0; value < 16; value++) HEX_VALUES[HEX_DIGITS[value]!] = value;

function writeWords(codec: EchoCodec, view: DataView, at: number, count: number, mask: number): void {
  const { words } = codec;
  if (!codec.isText) {
    for (let i = 0; i < count; i++) view.setInt32(at + 4 * i, words[i]! ^ mask, true);
    return;
  }
  for (let i = 0; i < count; i++) {
    const word = words[i]!;
    view.setInt32(at + 8 * i, hexOf(word >>> 16) ^ mask, true);
    view.setInt32(at + 8 * i + 4, hexOf(word & 0xffff) ^ mask, true);
  }
}

/** Four hexadecimal digits of a 16-bit value, the first in the lowest byte. */
function hexOf(value: number): number {
  return (
    HEX_DIGITS[value >>> 12]! |
    (HEX_DIGITS[(value >>> 8) & 15]! << 8) |
    (HEX_DIGITS[(value >>> 4) & 15]! << 16) |
    (HEX_DIGITS[value & 15]! << 24)
  );
}

function readWords(codec: EchoCodec, bytes: Uint8Array, view: DataView, start: number, count: number): boolean {
  const { words } = codec;
  if (!codec.isText) {
    for (let i = 0; i < count; i++) words[i] = view.getInt32(start + 4 * i, true);
    return true;
  }
  for (let i = 0; i < count; i++) {
    const word = hexWord(bytes, start + 8 * i);
    if (word === null) return false;
    words[i] = word;
  }
  return true;
}

function writeBare(
  codec: EchoCodec,
  out: Uint8Array,
  at: number,
  payloadBytes: number,
  sequence: number,
  mask: number,
): void {
  const bits = codec.isText ? 6 : 8;
  let rest = sequence % 0x1_0000_0000;
  for (let i = 0; i < payloadBytes; i++) {
    const part = rest & ((1 << bits) - 1);
    rest >>>= bits;
    out[at + i] = (codec.isText ? part + 0x30 : part) ^ (mask >>> (8 * (i & 3)));
  }
}

function readBare(codec: EchoCodec, bytes: Uint8Array, start: number, payloadBytes: number): EchoReading {
  const bits = codec.isText ? 6 : 8;
  const used = Math.min(payloadBytes, 2);
  let sequence = 0;
  for (let i = used - 1; i >= 0; i--) {
    const part = codec.isText ? bytes[start + i]! - 0x30 : bytes[start + i]!;
    if (part < 0 || part >= 1 << bits) return EchoReading.broken;
    sequence = (sequence << bits) | part;
  }
  codec.numbers[SEQUENCE] = sequence & ((1 << codec.fields.sequenceBits) - 1);
  return EchoReading.numbered;
}

function bareMatches(
  codec: EchoCodec,
  bytes: Uint8Array,
  start: number,
  payloadBytes: number,
  sequence: number,
): boolean {
  const bits = codec.isText ? 6 : 8;
  let rest = sequence % 0x1_0000_0000;
  for (let i = 0; i < payloadBytes; i++) {
    const part = rest & ((1 << bits) - 1);
    rest >>>= bits;
    if (bytes[start + i] !== (codec.isText ? part + 0x30 : part)) return false;
  }
  return true;
}

// What happened to a payload that fails its check. Everything but times and checksum follows from run, stream and number,
// so the message as it was sent can be laid out again and compared. Cold code, with a bound: a service that
// damages every message must not make a bottleneck of its examiner.
//
//   | magic run stream length number | due sent checksum | filler |
//   |------------- head -------------|------ unknown -----|-known--|

import type { DamageKind } from '../../facts/window.ts';
import { wordsCrc32 } from './crc32.ts';
import { clientChecksumStart, type EchoCodec, MAGIC, MAGIC_MASK, readWordAt, TEXT_FACTOR, writeEcho } from './echo.ts';

export interface Damage {
  readonly kind: DamageKind;
  /** Null where it cannot be known which message it was. */
  readonly sequence: number | null;
}

/** What the client knows about its own messages. */
export interface ClientKnowledge {
  readonly stream: number;
  /** The sizes of the message types, by type. */
  readonly payloadBytes: readonly number[];
  isSent(sequence: number): boolean;
  /** Sent and not arrived, ascending. */
  missing(): Iterable<number>;
}

const HEAD_BYTES = 24;
const UNKNOWN_TO_BYTES = 44;
const MAGIC_AND_RUN_BYTES = 8;
/** More differing bits than this, or than an eighth of all, are no flips any more. */
const MAX_FLIPPED_BITS = 64;
/** From this much filler on, two messages that differ in few bits are one. */
const LEAST_TELLING_BYTES = 64;
/** How many missing numbers are looked at where the head does not tell, how many are tried, and how far they may be off. */
const MAX_SEEN = 4096;
const MAX_CANDIDATES = 64;
const MAX_FLIPPED_IN_NUMBER = 8;
/** How far before a message the other part of a splice is looked for, and how long that part must be. */
const SPLICE_REACH = 16;
const LEAST_SPLICED_BYTES = 8;
/** Of larger ones it is not asked: every candidate is laid out whole. */
const MAX_SPLICED_BYTES = 64 * 1024;

/**
 * Null where the payload was never a message of this run. `thorough`: also find out what was done to it, which takes up
 * to a millisecond; else every damage is `mangled`.
 */
export function examineDamage(
  codec: EchoCodec,
  payload: Uint8Array,
  client: ClientKnowledge,
  thorough: boolean,
): Damage | null {
  const factor = codec.isText ? TEXT_FACTOR : 1;
  const head = readHead(codec, payload, client);
  if (head === null && !isOurs(codec, payload, factor)) return null;
  if (!thorough) return { kind: 'mangled', sequence: head?.sequence ?? null };
  if (head !== null) {
    const kind = kindBelow(codec, payload, client, head, factor);
    // A flipped bit in the number itself names another message: that one does not fit, and the right one does.
    const other = kind === 'bitFlips' ? null : flippedInHead(codec, payload, client, factor);
    return other ?? { kind, sequence: head.sequence };
  }
  const cut = payload.length < HEAD_BYTES * factor;
  return cut ? { kind: 'truncated', sequence: null } : (flippedInHead(codec, payload, client, factor) ?? MANGLED);
}

const MANGLED: Damage = { kind: 'mangled', sequence: null };

interface Head {
  readonly sequence: number;
  readonly type: number;
  readonly bytes: number;
}

/** The head, where it is whole: it names a message that this client has sent. */
function readHead(codec: EchoCodec, payload: Uint8Array, client: ClientKnowledge): Head | null {
  const words = new Int32Array(6);
  for (let i = 0; i < words.length; i++) {
    const word = readWordAt(codec, payload, i);
    if (word === null) return null;
    words[i] = word;
  }
  const type = words[0]! >>> 24;
  const bytes = client.payloadBytes[type];
  const sequence = new Float64Array(words.buffer, 16, 1)[0]!;
  const isWhole =
    (words[0]! & MAGIC_MASK) === MAGIC &&
    words[1] === codec.run &&
    words[2] === client.stream &&
    bytes !== undefined &&
    words[3] === bytes &&
    client.isSent(sequence);
  return isWhole ? { sequence, type, bytes } : null;
}

function kindBelow(
  codec: EchoCodec,
  payload: Uint8Array,
  client: ClientKnowledge,
  head: Head,
  factor: number,
): DamageKind {
  const sent = layOut(codec, client, head.type, head.sequence);
  const common = Math.min(sent.length, payload.length);
  const alike = alikeFromStart(payload, sent, common, factor);
  if (alike === common && payload.length < sent.length) return 'truncated';
  if (alike === common && payload.length > sent.length) return 'extended';
  if (alike === common) return isOneBitOff(codec, payload) ? 'bitFlips' : 'mangled';
  if (isSpliced(codec, payload, client, head, alike, factor)) return 'spliced';
  if (payload.length !== sent.length || !isFlipped(differingBits(payload, sent, factor), payload.length))
    return 'mangled';
  // So few characters of filler are alike by chance: then the checksum must say that the rest is whole.
  const hasMuchFiller = sent.length - UNKNOWN_TO_BYTES * factor >= LEAST_TELLING_BYTES * factor;
  return hasMuchFiller || hasRightChecksum(codec, payload) ? 'bitFlips' : 'mangled';
}

/** From some place on it is the end of another message of the client. */
function isSpliced(
  codec: EchoCodec,
  payload: Uint8Array,
  client: ClientKnowledge,
  head: Head,
  alike: number,
  factor: number,
): boolean {
  if (payload.length > MAX_SPLICED_BYTES) return false;
  for (let sequence = head.sequence - SPLICE_REACH; sequence <= head.sequence + SPLICE_REACH; sequence++) {
    if (sequence === head.sequence || !client.isSent(sequence)) continue;
    for (let type = 0; type < client.payloadBytes.length; type++) {
      const other = layOut(codec, client, type, sequence);
      const known = Math.min(payload.length, other.length - UNKNOWN_TO_BYTES * factor);
      let same = 0;
      while (same < known && payload[payload.length - 1 - same] === other[other.length - 1 - same]) same++;
      // Head and tail meet, or only the other's times, which nobody can know, lie between them.
      const unknown = same === known ? (UNKNOWN_TO_BYTES - HEAD_BYTES) * factor : 0;
      const meets = payload.length - same - unknown <= alike;
      if (same >= LEAST_SPLICED_BYTES && meets) return true;
    }
  }
  return false;
}

/** A missing message of the client, of which only the head was damaged: with its own head the checksum is right. */
function flippedInHead(codec: EchoCodec, payload: Uint8Array, client: ClientKnowledge, factor: number): Damage | null {
  const claimed = claimedNumber(codec, payload);
  let seen = 0;
  let tried = 0;
  for (const sequence of client.missing()) {
    if (seen++ === MAX_SEEN || tried === MAX_CANDIDATES) return null;
    if (claimed !== null && numberDistance(claimed, sequence) > MAX_FLIPPED_IN_NUMBER) continue;
    tried++;
    for (let type = 0; type < client.payloadBytes.length; type++) {
      if (client.payloadBytes[type] !== payload.length) continue;
      const sent = layOut(codec, client, type, sequence);
      if (!isFlipped(differingBits(payload, sent, factor), payload.length)) continue;
      const restored = Uint8Array.from(payload); // not slice(): a Buffer's shares its memory
      restored.set(sent.subarray(0, HEAD_BYTES * factor));
      if (hasRightChecksum(codec, restored)) return { kind: 'bitFlips', sequence };
    }
  }
  return null;
}

/** The two words of the number; null where they cannot be read. */
function claimedNumber(codec: EchoCodec, payload: Uint8Array): Int32Array | null {
  const low = readWordAt(codec, payload, NUMBER_WORD);
  const high = readWordAt(codec, payload, NUMBER_WORD + 1);
  return low === null || high === null ? null : Int32Array.of(low, high);
}

/** In bits. */
function numberDistance(claimed: Int32Array, sequence: number): number {
  const words = new Int32Array(Float64Array.of(sequence).buffer);
  return bitCount(claimed[0]! ^ words[0]!) + bitCount(claimed[1]! ^ words[1]!);
}

function bitCount(word: number): number {
  let bits = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}

function hasRightChecksum(codec: EchoCodec, payload: Uint8Array): boolean {
  const words = checkedWords(codec, payload);
  return (
    words !== null && words[CHECKSUM_WORD] === wordsCrc32(words, NUMBER_WORD, CHECKSUM_WORD, clientChecksumStart(words))
  );
}

/** From the magic to the checksum; null where one cannot be read. */
function checkedWords(codec: EchoCodec, payload: Uint8Array): Int32Array | null {
  const words = new Int32Array(CHECKSUM_WORD + 1);
  for (let i = 0; i < words.length; i++) {
    const word = readWordAt(codec, payload, i);
    if (word === null) return null;
    words[i] = word;
  }
  return words;
}

function isFlipped(bits: number, bytes: number): boolean {
  return bits <= MAX_FLIPPED_BITS && bits <= bytes;
}

/** Ours if at most two of the seven octets that never change differ. */
function isOurs(codec: EchoCodec, payload: Uint8Array, factor: number): boolean {
  if (payload.length < MAGIC_AND_RUN_BYTES * factor) return false;
  const magic = readWordAt(codec, payload, 0);
  const run = readWordAt(codec, payload, 1);
  if (magic === null || run === null) return magic !== null || run === codec.run;
  return differingOctets((magic & MAGIC_MASK) ^ MAGIC) + differingOctets(run ^ codec.run) <= 2;
}

function differingOctets(difference: number): number {
  let count = 0;
  for (let shift = 0; shift < 32; shift += 8) if ((difference >>> shift) & 0xff) count++;
  return count;
}

/** The message as it was sent, but for its times and checksum. */
function layOut(codec: EchoCodec, client: ClientKnowledge, type: number, sequence: number): Uint8Array {
  const bytes = client.payloadBytes[type]!;
  const out = new Uint8Array(bytes);
  writeEcho(codec, out, new DataView(out.buffer), 0, bytes, type, client.stream, sequence, 0, 0, 0);
  return out;
}

function isUnknown(index: number, factor: number): boolean {
  return index >= HEAD_BYTES * factor && index < UNKNOWN_TO_BYTES * factor;
}

function alikeFromStart(payload: Uint8Array, sent: Uint8Array, length: number, factor: number): number {
  let index = 0;
  while (index < length && (payload[index] === sent[index] || isUnknown(index, factor))) index++;
  return index;
}

function differingBits(payload: Uint8Array, sent: Uint8Array, factor: number): number {
  let bits = 0;
  for (let index = 0; index < payload.length; index++) {
    if (isUnknown(index, factor)) continue;
    bits += bitCount(payload[index]! ^ sent[index]!);
  }
  return bits;
}

/** Whether times and checksum agree once a single bit of them (in text: a single character) is put right. */
function isOneBitOff(codec: EchoCodec, payload: Uint8Array): boolean {
  const words = checkedWords(codec, payload);
  if (words === null) return true; // a character that is no digit any more
  const start = clientChecksumStart(words);
  const changes = codec.isText ? NIBBLES : SINGLE_BITS;
  for (let digit = 8 * (HEAD_BYTES / 4); digit < 8 * words.length; digit++) {
    for (const change of changes) {
      words[digit >> 3]! ^= change << (4 * (digit & 7));
      const isRight = words[CHECKSUM_WORD] === wordsCrc32(words, NUMBER_WORD, CHECKSUM_WORD, start);
      words[digit >> 3]! ^= change << (4 * (digit & 7));
      if (isRight) return true;
    }
  }
  return false;
}

const NUMBER_WORD = 4;
const CHECKSUM_WORD = 10;
const SINGLE_BITS: readonly number[] = [1, 2, 4, 8];
const NIBBLES: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

// The json dialect: the service answers each message, in a JSON document of its own making that carries the message's id.
// What is sent is a template; times stay with the sender, since the answer need not return them.
//
//   {"type":"chat","id":"5eed0001-12-345","text":"kP2_…"}        id: run, stream, number; text: as much as the size asks for
//
// The filler follows from stream and number, so that a service that returns it can be held to it.

import type { JsonDialect } from '../plan/plan.ts';
import { createUint32Generator } from '../random/generator.ts';
import { FILLER_PLACES, fillerOffset } from './filler.ts';
import { createJsonScanner, isAscii, type JsonScanner } from './json-scan.ts';

export type JsonShape = Pick<JsonDialect, 'template' | 'id' | 'error' | 'payload'>;

/** What an arrived document is. */
export const JsonReading = {
  answer: 0,
  rejection: 1,
  /** An answer whose payload is not what was sent. */
  corrupted: 2,
  /** Without an id of ours: what the service says of its own accord. */
  other: 3,
  /** An answer to another run. */
  stale: 4,
  /** Not JSON. */
  broken: 5,
} as const;
export type JsonReading = (typeof JsonReading)[keyof typeof JsonReading];

export interface JsonCodec {
  readonly pieces: readonly Piece[];
  /** Bytes of the template without what is put in. */
  readonly literalBytes: number;
  readonly payloads: number;
  /** Every size of the mix. */
  readonly payloadBytes: readonly number[];
  readonly runText: string;
  readonly scanner: JsonScanner;
  readonly errorPath: number;
  readonly payloadPath: number;
  readonly pool: Uint8Array;
  /** The message that was laid out last; grows as needed. */
  message: Uint8Array;
  /** Of the document read last. */
  stream: number;
  sequence: number;
}

type Piece =
  | { readonly kind: 'literal'; readonly bytes: Uint8Array }
  | { readonly kind: 'id' | 'seq' | 'lane' | 'payload' };

const POOL_MASK = FILLER_PLACES - 1;
const RUN_DIGITS = 8;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const QUOTE = 0x22;
const DASH = 0x2d;
const ZERO = 0x30;

export function createJsonCodec(shape: JsonShape, run: number, payloadBytes: readonly number[]): JsonCodec {
  const pieces = compileTemplate(shape.template);
  const paths = [
    shape.id,
    ...(shape.error === null ? [] : [shape.error]),
    ...(shape.payload === null ? [] : [shape.payload]),
  ];
  return {
    pieces,
    literalBytes: pieces.reduce((sum, piece) => sum + (piece.kind === 'literal' ? piece.bytes.length : 0), 0),
    payloads: pieces.filter((piece) => piece.kind === 'payload').length,
    payloadBytes,
    runText: (run >>> 0).toString(16).padStart(RUN_DIGITS, '0'),
    scanner: createJsonScanner(paths),
    errorPath: shape.error === null ? -1 : 1,
    payloadPath: shape.payload === null ? -1 : paths.length - 1,
    pool: fillerPool(run),
    message: new Uint8Array(1024),
    stream: 0,
    sequence: 0,
  };
}

/** The template must be JSON text; `"${seq}"` and `"${lane}"` alone in a string become numbers. */
function compileTemplate(template: string): readonly Piece[] {
  const ascii = template.replace(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const parts = ascii.replace(/"\$\{(seq|lane)\}"/g, `\${$1}`).split(/\$\{(id|seq|lane|payload)\}/);
  return parts.flatMap((part, index): Piece[] => {
    if (index % 2 === 1) return [{ kind: part as 'id' | 'seq' | 'lane' | 'payload' }];
    return part === '' ? [] : [{ kind: 'literal', bytes: Uint8Array.from(part, (letter) => letter.charCodeAt(0)) }];
  });
}

/** Lays a message out in `codec.message` and returns its length: the size of its type, or what the template needs. */
export function writeJson(codec: JsonCodec, type: number, stream: number, sequence: number): number {
  const wantedBytes = codec.payloadBytes[type]!;
  const fillerBytes = fillerLength(codec, wantedBytes, stream, sequence);
  const most = codec.literalBytes + codec.pieces.length * (MAX_ID_BYTES + fillerBytes);
  if (codec.message.length < most) codec.message = new Uint8Array(2 * most);
  const out = codec.message;
  let at = 0;
  for (const piece of codec.pieces) {
    switch (piece.kind) {
      case 'literal':
        out.set(piece.bytes, at);
        at += piece.bytes.length;
        break;
      case 'id':
        at = writeId(codec, out, at, stream, sequence);
        break;
      case 'seq':
        at = writeDecimal(out, at, sequence);
        break;
      case 'lane':
        at = writeDecimal(out, at, stream);
        break;
      case 'payload':
        at = writeFiller(codec, out, at, fillerBytes, stream, sequence);
        break;
    }
  }
  return at;
}

/** Run, stream, number and two dashes. */
const MAX_ID_BYTES = RUN_DIGITS + 1 + 10 + 1 + 16;

/** What is left of the wanted size for each `${payload}`. */
function fillerLength(codec: JsonCodec, wantedBytes: number, stream: number, sequence: number): number {
  if (codec.payloads === 0) return 0;
  let taken = codec.literalBytes;
  const streamDigits = digitsOf(stream);
  const sequenceDigits = digitsOf(sequence);
  for (const { kind } of codec.pieces) {
    if (kind === 'id') taken += RUN_DIGITS + 2 + streamDigits + sequenceDigits;
    else if (kind === 'seq') taken += sequenceDigits;
    else if (kind === 'lane') taken += streamDigits;
  }
  return Math.max(0, Math.floor((wantedBytes - taken) / codec.payloads));
}

function writeId(codec: JsonCodec, out: Uint8Array, at: number, stream: number, sequence: number): number {
  for (let i = 0; i < RUN_DIGITS; i++) out[at + i] = codec.runText.charCodeAt(i);
  out[at + RUN_DIGITS] = DASH;
  const next = writeDecimal(out, at + RUN_DIGITS + 1, stream);
  out[next] = DASH;
  return writeDecimal(out, next + 1, sequence);
}

function writeDecimal(out: Uint8Array, at: number, value: number): number {
  const digits = digitsOf(value);
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const quotient = Math.floor(rest / 10);
    out[i] = ZERO + (rest - 10 * quotient);
    rest = quotient;
  }
  return at + digits;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}

function writeFiller(
  codec: JsonCodec,
  out: Uint8Array,
  at: number,
  length: number,
  stream: number,
  sequence: number,
): number {
  let index = fillerOffset(stream, sequence);
  for (let i = 0; i < length; i++) {
    out[at + i] = codec.pool[index]!;
    index = (index + 1) & POOL_MASK;
  }
  return at + length;
}

/** Reads a document; of an answer, `codec.stream` and `codec.sequence` say to which message. */
export function readJson(codec: JsonCodec, bytes: Uint8Array, start: number, end: number): JsonReading {
  const { scanner } = codec;
  if (!scanner.scan(bytes, start, end)) return JsonReading.broken;
  const { spans } = scanner;
  const reading = readId(codec, bytes, spans[0]!, spans[1]!);
  if (reading !== JsonReading.answer) return reading;
  if (codec.errorPath >= 0 && saysSomething(bytes, spans[2 * codec.errorPath]!, spans[2 * codec.errorPath + 1]!)) {
    return JsonReading.rejection;
  }
  if (codec.payloadPath < 0) return JsonReading.answer;
  const isWhole = fillerMatches(codec, bytes, spans[2 * codec.payloadPath]!, spans[2 * codec.payloadPath + 1]!);
  return isWhole ? JsonReading.answer : JsonReading.corrupted;
}

function readId(codec: JsonCodec, bytes: Uint8Array, from: number, to: number): JsonReading {
  // Quotes, run, two dashes and a digit for stream and number each.
  if (from < 0 || bytes[from] !== QUOTE || to - from < RUN_DIGITS + 6 || to - from > MAX_ID_BYTES + 2)
    return JsonReading.other;
  const runEnd = from + 1 + RUN_DIGITS;
  if (bytes[runEnd] !== DASH) return JsonReading.other;
  const streamEnd = bytes.indexOf(DASH, runEnd + 1);
  if (streamEnd < 0 || streamEnd >= to) return JsonReading.other;
  const stream = readDecimal(bytes, runEnd + 1, streamEnd);
  const sequence = readDecimal(bytes, streamEnd + 1, to - 1);
  if (stream < 0 || sequence < 0) return JsonReading.other;
  if (!isAscii(bytes, from + 1, runEnd, codec.runText)) return JsonReading.stale;
  codec.stream = stream;
  codec.sequence = sequence;
  return JsonReading.answer;
}

/** −1 for anything but digits. */
function readDecimal(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = 10 * value + digit;
  }
  return value;
}

function saysSomething(bytes: Uint8Array, from: number, to: number): boolean {
  return from >= 0 && !isAscii(bytes, from, to, 'null') && !isAscii(bytes, from, to, 'false');
}

/** Whether a string of the answer is the payload of the message that it names, in one of the sizes of the mix. */
function fillerMatches(codec: JsonCodec, bytes: Uint8Array, from: number, to: number): boolean {
  if (from < 0 || bytes[from] !== QUOTE) return false;
  const length = to - from - 2;
  const { stream, sequence } = codec;
  if (!codec.payloadBytes.some((wanted) => fillerLength(codec, wanted, stream, sequence) === length)) return false;
  let index = fillerOffset(stream, sequence);
  for (let at = from + 1; at < to - 1; at++) {
    if (bytes[at] !== codec.pool[index]) return false;
    index = (index + 1) & POOL_MASK;
  }
  return true;
}

/** One letter for each place, none of which a JSON string needs to escape. */
function fillerPool(run: number): Uint8Array {
  const next = createUint32Generator(run >>> 0);
  return Uint8Array.from({ length: FILLER_PLACES }, () => LETTERS.charCodeAt(next() & 63));
}

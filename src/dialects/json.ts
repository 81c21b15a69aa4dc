// The json dialect: the service answers each message, or passes it on, in a JSON document of its own making that carries
// the message's id. What is sent is a template (`json-template.ts`).
//
//   {"type":"chat","id":"5eed0001-12-345","text":"kP2_…"}        text: as much as the size asks for
//
// The filler follows from stream and number, so that a service that returns it can be held to it.

import type { JsonDialect } from '../plan/plan.ts';
import { createJsonScanner, isAscii, type JsonScanner } from './json-scan.ts';
import {
  compileTemplate,
  type Filling,
  type JsonTemplate,
  payloadLetters,
  templateBytesBound,
  writeTemplate,
} from './json-template.ts';
import { createLetters, lettersMatch } from './letters.ts';
import { createMessageIds, type MessageIds, type MessageName, readMessageId } from './message-id.ts';

export type JsonShape = Pick<JsonDialect, 'template' | 'hello' | 'id' | 'error' | 'payload'>;

/** What an arrived document is. */
export const JsonReading = {
  /** The message, or its answer. */
  message: 0,
  rejection: 1,
  /** A message whose payload is not what was sent. */
  corrupted: 2,
  /** Without an id of ours: what the service says of its own accord. */
  other: 3,
  /** Of another run. */
  stale: 4,
  /** Not JSON. */
  broken: 5,
} as const;
export type JsonReading = (typeof JsonReading)[keyof typeof JsonReading];

export interface JsonCodec {
  readonly template: JsonTemplate;
  readonly hello: readonly JsonTemplate[];
  /** Every size of the mix. */
  readonly payloadBytes: readonly number[];
  readonly ids: MessageIds;
  readonly scanner: JsonScanner;
  readonly errorPath: number;
  readonly payloadPath: number;
  readonly letters: Uint8Array;
  /** What was laid out last; grows as needed. */
  message: Uint8Array;
  roomOf(stream: number): number;
  /** Of the document read last. */
  readonly name: MessageName;
}

/** What the codec of a run needs beside the shape of its messages. */
export interface JsonSetting {
  /** The 32-bit mark of the run. */
  readonly run: number;
  /** By message type. */
  readonly payloadBytes: readonly number[];
  /** Whether ids carry the times of their message. */
  readonly timed: boolean;
  roomOf(stream: number): number;
}

const QUOTE = 0x22;

export function createJsonCodec(shape: JsonShape, { run, payloadBytes, timed, roomOf }: JsonSetting): JsonCodec {
  const paths = [
    shape.id,
    ...(shape.error === null ? [] : [shape.error]),
    ...(shape.payload === null ? [] : [shape.payload]),
  ];
  return {
    template: compileTemplate(shape.template),
    hello: shape.hello.map(compileTemplate),
    payloadBytes,
    ids: createMessageIds(run, timed),
    scanner: createJsonScanner(paths),
    errorPath: shape.error === null ? -1 : 1,
    payloadPath: shape.payload === null ? -1 : paths.length - 1,
    letters: createLetters(run),
    message: new Uint8Array(1024),
    roomOf,
    name: { stream: 0, sequence: 0, dueNs: Number.NaN, sentNs: Number.NaN },
  };
}

/** Lays a message out in `codec.message` and returns its length: the size of its type, or what the template needs. */
export function writeJson(codec: JsonCodec, type: number, name: Readonly<MessageName>): number {
  const { template, ids, letters } = codec;
  const filling: Filling = { ids, letters, name, room: codec.roomOf(name.stream) };
  return layOut(codec, template, filling, payloadLetters(template, codec.payloadBytes[type]!, filling));
}

/** The same for message `index` of the hello, which has no number of its own. */
export function writeHello(codec: JsonCodec, index: number, stream: number): number {
  const { hello, ids, letters } = codec;
  const name: MessageName = { stream, sequence: 0, dueNs: 0, sentNs: 0 };
  return layOut(codec, hello[index]!, { ids, letters, name, room: codec.roomOf(stream) }, 0);
}

function layOut(codec: JsonCodec, template: JsonTemplate, filling: Filling, fillerLetters: number): number {
  const bound = templateBytesBound(template, fillerLetters);
  if (codec.message.length < bound) codec.message = new Uint8Array(2 * bound);
  return writeTemplate(template, codec.message, filling, fillerLetters);
}

/** Reads a document; of a message, `codec.name` says which. */
export function readJson(codec: JsonCodec, bytes: Uint8Array, start: number, end: number): JsonReading {
  const { scanner } = codec;
  if (!scanner.scan(bytes, start, end)) return JsonReading.broken;
  const { spans } = scanner;
  const isText = spans[0]! >= 0 && bytes[spans[0]!] === QUOTE;
  const reading = isText ? readMessageId(codec.ids, bytes, spans[0]! + 1, spans[1]! - 1, codec.name) : 'none';
  if (reading !== 'ours') return reading === 'stale' ? JsonReading.stale : JsonReading.other;
  if (codec.errorPath >= 0 && saysSomething(bytes, spans[2 * codec.errorPath]!, spans[2 * codec.errorPath + 1]!)) {
    return JsonReading.rejection;
  }
  if (codec.payloadPath < 0) return JsonReading.message;
  const from = spans[2 * codec.payloadPath]!;
  const to = spans[2 * codec.payloadPath + 1]!;
  return payloadIsWhole(codec, bytes, from, to) ? JsonReading.message : JsonReading.corrupted;
}

function saysSomething(bytes: Uint8Array, from: number, to: number): boolean {
  return from >= 0 && !isAscii(bytes, from, to, 'null') && !isAscii(bytes, from, to, 'false');
}

/** Whether a string of the document is the payload of the message that it names, in one of the sizes of the mix. */
function payloadIsWhole(codec: JsonCodec, bytes: Uint8Array, from: number, to: number): boolean {
  if (from < 0 || bytes[from] !== QUOTE) return false;
  const { template, ids, letters, name, payloadBytes } = codec;
  const filling: Filling = { ids, letters, name, room: codec.roomOf(name.stream) };
  const isSize = (wanted: number): boolean => payloadLetters(template, wanted, filling) === to - from - 2;
  return payloadBytes.some(isSize) && lettersMatch(letters, bytes, from + 1, to - 1, name.stream, name.sequence);
}

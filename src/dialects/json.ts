// The json dialect: the service answers each message, or passes it on, in a JSON document of its own making that carries
// the message's id. What is sent is a template (`json-template.ts`).
//
//   {"type":"chat","id":"5eed0001-12-345","text":"kP2_…"}        text: as much as the size asks for
//
// The filler follows from stream and number, so that a service that returns it can be held to it.

import type { JsonDialect, MessageType } from '../plan/plan.ts';
import { createJsonScanner, isAscii, type JsonPath, type JsonScanner } from './json-scan.ts';
import {
  compileTemplate,
  type Filling,
  type JsonTemplate,
  payloadLetters,
  type Rows,
  type TypeWords,
  templateBytesBound,
  wordsOf,
  writeTemplate,
} from './json-template.ts';
import { createLetters, lettersMatch } from './letters.ts';
import { createMessageIds, type MessageIds, type MessageName, readMessageId, writeMessageId } from './message-id.ts';

export type JsonShape = Pick<
  JsonDialect,
  'template' | 'hello' | 'id' | 'error' | 'ack' | 'duplicate' | 'payload' | 'state'
>;

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
  /** The service took the message; whether it delivers it is another thing. */
  acknowledgement: 6,
} as const;
export type JsonReading = (typeof JsonReading)[keyof typeof JsonReading];

export interface JsonCodec {
  readonly template: JsonTemplate;
  readonly hello: readonly JsonTemplate[];
  /** Of each type of the mix: its size, and what it puts into the template. */
  readonly payloadBytes: readonly number[];
  readonly words: readonly TypeWords[];
  readonly ids: MessageIds;
  readonly scanner: JsonScanner;
  /** Which of the scanner's paths is which; −1 where the plan names none. */
  readonly paths: Readonly<Record<'error' | 'ack' | 'duplicate' | 'payload' | 'count' | 'digest', number>>;
  readonly letters: Uint8Array;
  /** What was laid out last; grows as needed. */
  message: Uint8Array;
  roomOf(stream: number): number;
  /** Of the document read last. */
  readonly name: MessageName;
  /** Whether it says that the message was a copy, and the state that it tells; null for what it does not tell. */
  isCopy: boolean;
  count: number | null;
  digest: string | null;
}

/** What the codec of a run needs beside the shape of its messages. */
export interface JsonSetting {
  /** The 32-bit mark of the run. */
  readonly run: number;
  readonly mix: readonly Pick<MessageType, 'type' | 'priority' | 'payloadBytes'>[];
  /** Whether ids carry the times of their message. */
  readonly timed: boolean;
  readonly rows: Rows;
  roomOf(stream: number): number;
}

const QUOTE = 0x22;
const ID_PATH = 0;
/** What is said first is of no type. */
const NO_WORDS = wordsOf({ type: '', priority: null });
/** Of a state that cannot be one, so much is shown. */
const MOST_SHOWN = 40;

export function createJsonCodec(shape: JsonShape, setting: JsonSetting): JsonCodec {
  const { run, mix, timed, rows, roomOf } = setting;
  const paths: JsonPath[] = [shape.id];
  const place = (path: JsonPath | null | undefined): number => (path == null ? -1 : paths.push(path) - 1);
  const places = {
    error: place(shape.error),
    ack: place(shape.ack),
    duplicate: place(shape.duplicate),
    payload: place(shape.payload),
    count: place(shape.state?.count),
    digest: place(shape.state?.digest),
  };
  return {
    template: compileTemplate(shape.template, rows),
    hello: shape.hello.map((text) => compileTemplate(text, rows)),
    payloadBytes: mix.map(({ payloadBytes }) => payloadBytes),
    words: mix.map(wordsOf),
    ids: createMessageIds(run, timed),
    scanner: createJsonScanner(paths),
    paths: places,
    letters: createLetters(run),
    message: new Uint8Array(1024),
    roomOf,
    name: { stream: 0, sequence: 0, dueNs: Number.NaN, sentNs: Number.NaN },
    isCopy: false,
    count: null,
    digest: null,
  };
}

/** Lays a message out in `codec.message` and returns its length: the size of its type, or what the template needs. */
export function writeJson(codec: JsonCodec, type: number, name: Readonly<MessageName>): number {
  const { template, ids, letters } = codec;
  const filling: Filling = { ids, letters, name, room: codec.roomOf(name.stream), words: codec.words[type]! };
  return layOut(codec, template, filling, payloadLetters(template, codec.payloadBytes[type]!, filling));
}

/** The id of a message as it is sent. */
export function idText({ ids, message }: JsonCodec, name: Readonly<MessageName>): string {
  const length = writeMessageId(ids, message, 0, name);
  return String.fromCharCode(...message.subarray(0, length));
}

/** The same for message `index` of the hello, which has no number of its own. */
export function writeHello(codec: JsonCodec, index: number, stream: number): number {
  const { hello, ids, letters } = codec;
  const name: MessageName = { stream, sequence: 0, dueNs: 0, sentNs: 0 };
  return layOut(codec, hello[index]!, { ids, letters, name, room: codec.roomOf(stream), words: NO_WORDS }, 0);
}

function layOut(codec: JsonCodec, template: JsonTemplate, filling: Filling, fillerLetters: number): number {
  const bound = templateBytesBound(template, filling.name.stream, filling.words, fillerLetters);
  if (codec.message.length < bound) codec.message = new Uint8Array(2 * bound);
  return writeTemplate(template, codec.message, filling, fillerLetters);
}

/** Reads a document; of a message, `codec.name` says which. */
export function readJson(codec: JsonCodec, bytes: Uint8Array, start: number, end: number): JsonReading {
  const { scanner } = codec;
  if (!scanner.scan(bytes, start, end)) return JsonReading.broken;
  const { spans } = scanner;
  const { paths } = codec;
  readState(codec, bytes);
  codec.isCopy = saysSomething(codec, bytes, paths.duplicate);
  if (paths.ack >= 0 && readIdAt(codec, bytes, paths.ack) === 'ours') {
    return saysSomething(codec, bytes, paths.error) ? JsonReading.rejection : JsonReading.acknowledgement;
  }
  const reading = readIdAt(codec, bytes, ID_PATH);
  if (reading !== 'ours') return reading === 'stale' ? JsonReading.stale : JsonReading.other;
  if (saysSomething(codec, bytes, paths.error)) return JsonReading.rejection;
  if (paths.payload < 0) return JsonReading.message;
  const isWhole = payloadIsWhole(codec, bytes, spans[2 * paths.payload]!, spans[2 * paths.payload + 1]!);
  return isWhole ? JsonReading.message : JsonReading.corrupted;
}

function readIdAt({ scanner, ids, name }: JsonCodec, bytes: Uint8Array, path: number): 'ours' | 'stale' | 'none' {
  const from = scanner.spans[2 * path]!;
  if (from < 0 || bytes[from] !== QUOTE) return 'none';
  return readMessageId(ids, bytes, from + 1, scanner.spans[2 * path + 1]! - 1, name);
}

/** What cannot be read as a state is told as a wrong one: −1, or the letters as they stand. */
function readState(codec: JsonCodec, bytes: Uint8Array): void {
  const { count, digest } = codec.paths;
  if (count < 0 && digest < 0) return;
  codec.count = null;
  codec.digest = null;
  const textAt = (path: number): string | null => {
    const from = path < 0 ? -1 : codec.scanner.spans[2 * path]!;
    if (from < 0) return null;
    return String.fromCharCode(
      ...bytes.subarray(from, Math.min(codec.scanner.spans[2 * path + 1]!, from + MOST_SHOWN)),
    );
  };
  const countText = textAt(count);
  const digestText = textAt(digest);
  if (countText !== null) codec.count = /^\d{1,16}$/.test(countText) ? Number(countText) : -1;
  if (digestText !== null) codec.digest = digestText.replace(/^"|"$/g, '').toLowerCase();
}

function saysSomething({ scanner: { spans } }: JsonCodec, bytes: Uint8Array, path: number): boolean {
  const from = path < 0 ? -1 : spans[2 * path]!;
  const to = spans[2 * path + 1]!;
  return from >= 0 && !isAscii(bytes, from, to, 'null') && !isAscii(bytes, from, to, 'false');
}

/** Whether a string of the document is the payload of the message that it names, in one of the sizes of the mix. */
function payloadIsWhole(codec: JsonCodec, bytes: Uint8Array, from: number, to: number): boolean {
  if (from < 0 || bytes[from] !== QUOTE) return false;
  const { template, ids, letters, name, payloadBytes } = codec;
  const room = codec.roomOf(name.stream);
  const isSize = (wanted: number, type: number): boolean => {
    const filling: Filling = { ids, letters, name, room, words: codec.words[type]! };
    return payloadLetters(template, wanted, filling) === to - from - 2;
  };
  return payloadBytes.some(isSize) && lettersMatch(letters, bytes, from + 1, to - 1, name.stream, name.sequence);
}

// The json protocol: the service answers each message, or passes it on, in a JSON document of its own making that carries
// the message's id. What is sent is a template (`json/template.ts`).
//
//   {"type":"chat","id":"5eed0001-12-345","text":"kP2_…"}        text: as much as the size asks for
//
// The filler follows from stream and number, so that a service that returns it can be held to it.

import type { UnreadableKind } from '../../facts/unreadable.ts';
import type { JsonProtocol } from '../../plan/plan.ts';
import { MAX_ID_BYTES, type MessageName, MIN_ID_BYTES, readMessageId, writeMessageId } from '../message-id.ts';
import { createPushReader, type PushReader, readPush } from '../push/push.ts';
import { textFillerMatches } from '../text-filler.ts';
import { kindOfText } from '../unreadable.ts';
import { createJsonLayout, fillingOf, type JsonLayout, type JsonSetting, layOut } from './layout.ts';
import { createJsonScanner, isAscii, type JsonPath, type JsonScanner, unescapeInto } from './scan.ts';
import { compileTemplate, type JsonTemplate, payloadCharacters } from './template.ts';

export type JsonShape = Pick<
  JsonProtocol,
  'template' | 'join' | 'id' | 'error' | 'ack' | 'duplicate' | 'payload' | 'state' | 'pushes'
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
  /** Plain text, too short to hold an id. */
  plain: 5,
  /** The service took the message; whether it delivers it is another thing. */
  acknowledgement: 6,
  /** Without an id of ours, and with a number of the service's own. */
  push: 7,
  /** What it is nobody can know: `codec.unreadable` says why. */
  unreadable: 8,
} as const;
export type JsonReading = (typeof JsonReading)[keyof typeof JsonReading];

export interface JsonCodec {
  readonly layout: JsonLayout;
  readonly template: JsonTemplate;
  /** Every size of the mix. */
  readonly payloadBytes: readonly number[];
  readonly scanner: JsonScanner;
  /** Which of the scanner's paths is which; −1 where the plan names none. */
  readonly paths: Readonly<Record<'error' | 'ack' | 'duplicate' | 'payload' | 'count' | 'digest', number>>;
  /** Null where the service's own messages have no numbers. */
  readonly push: PushReader | null;
  /** Of the document read last. */
  readonly name: MessageName;
  /** Whether it says that the message was a copy, and the state that it tells; null for what it does not tell. */
  isCopy: boolean;
  /** Of a message: it holds nothing that could be compared with what was sent. */
  isUnchecked: boolean;
  count: number | null;
  digest: string | null;
  /** Of the message that could not be read last. */
  unreadable: UnreadableKind;
  /** What a string was without its escapes. */
  readonly plainText: { bytes: Uint8Array };
}

const QUOTE = 0x22;
const ID_PATH = 0;
/** Of a state that cannot be one, so much is shown. */
const MOST_SHOWN = 40;

export function createJsonCodec(shape: JsonShape, setting: JsonSetting): JsonCodec {
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
  const push = typeof shape.pushes === 'string' ? null : createPushReader(shape.pushes, paths);
  return {
    layout: createJsonLayout(shape.join, setting),
    template: compileTemplate(shape.template, setting),
    payloadBytes: setting.mix.map(({ payloadBytes }) => payloadBytes),
    scanner: createJsonScanner(paths),
    paths: places,
    push,
    name: { stream: 0, sequence: 0, dueNs: Number.NaN, sentNs: Number.NaN },
    isCopy: false,
    isUnchecked: false,
    count: null,
    digest: null,
    unreadable: 'notJson',
    plainText: { bytes: new Uint8Array(6 * MAX_ID_BYTES) },
  };
}

/** Lays a message out in `codec.layout.message` and returns its length: the size of its type, or what the template needs. */
export function writeJson(
  { layout, template, payloadBytes }: JsonCodec,
  type: number,
  name: Readonly<MessageName>,
): number {
  const filling = fillingOf(layout, name, type);
  return layOut(layout, template, filling, payloadCharacters(template, payloadBytes[type]!, filling));
}

/** The id of a message as it is sent. */
export function idText({ layout: { ids, message } }: JsonCodec, name: Readonly<MessageName>): string {
  const length = writeMessageId(ids, message, 0, name);
  return String.fromCharCode(...message.subarray(0, length));
}

/** Reads a document; of a message, `codec.name` says which. */
export function readJson(codec: JsonCodec, bytes: Uint8Array, start: number, end: number): JsonReading {
  const { scanner } = codec;
  if (!scanner.scan(bytes, start, end)) return readBroken(codec, bytes, start, end);
  const { spans } = scanner;
  const { paths } = codec;
  readState(codec, bytes);
  codec.isCopy = saysSomething(codec, bytes, paths.duplicate);
  if (paths.ack >= 0 && readIdAt(codec, bytes, paths.ack) === 'ours') {
    return saysSomething(codec, bytes, paths.error) ? JsonReading.rejection : JsonReading.acknowledgement;
  }
  const reading = readIdAt(codec, bytes, ID_PATH);
  if (reading === 'stale') return JsonReading.stale;
  if (reading === 'none') {
    const pushed = codec.push === null ? 'none' : readPush(codec.push, scanner, bytes);
    return pushed === 'push' ? JsonReading.push : readOther(codec, bytes, start, end, pushed === 'tooLarge');
  }
  if (saysSomething(codec, bytes, paths.error)) return JsonReading.rejection;
  codec.isUnchecked = paths.payload < 0;
  if (paths.payload < 0) return JsonReading.message;
  const isWhole = payloadIsWhole(codec, bytes, spans[2 * paths.payload]!, spans[2 * paths.payload + 1]!);
  return isWhole ? JsonReading.message : JsonReading.corrupted;
}

function readBroken(codec: JsonCodec, bytes: Uint8Array, start: number, end: number): JsonReading {
  const kind = kindOfText(codec.scanner, bytes, start, end, MIN_ID_BYTES);
  if (kind === null) return JsonReading.plain;
  codec.unreadable = kind;
  return JsonReading.unreadable;
}

/** Without an id where it is looked for. What would not be an answer for its own sake may still hold some. */
function readOther(codec: JsonCodec, bytes: Uint8Array, start: number, end: number, isTooLarge: boolean): JsonReading {
  const { scanner } = codec;
  if (!scanner.isSure && !scanner.scanStrictly(bytes, start, end)) return readBroken(codec, bytes, start, end);
  if (isTooLarge) codec.unreadable = 'numberTooLarge';
  else if (holdsDocumentsOfOurs(codec, bytes, start, end)) codec.unreadable = 'severalDocuments';
  else return JsonReading.other;
  return JsonReading.unreadable;
}

/** Whether it is an array of documents with an id, or a number, where those are looked for. */
function holdsDocumentsOfOurs(codec: JsonCodec, bytes: Uint8Array, start: number, end: number): boolean {
  let isOurs = false;
  codec.scanner.eachElement(bytes, start, end, () => {
    isOurs ||=
      [ID_PATH, codec.paths.ack].some((path) => path >= 0 && readIdAt(codec, bytes, path) !== 'none') ||
      (codec.push !== null && readPush(codec.push, codec.scanner, bytes) !== 'none');
  });
  return isOurs;
}

function readIdAt(codec: JsonCodec, bytes: Uint8Array, path: number): 'ours' | 'stale' | 'none' {
  const {
    scanner: { spans },
    layout: { ids },
    name,
  } = codec;
  const from = spans[2 * path]!;
  if (from < 0 || bytes[from] !== QUOTE) return 'none';
  const to = spans[2 * path + 1]! - 1;
  const reading = readMessageId(ids, bytes, from + 1, to, name);
  // Six characters stand for one where all of an id is escaped.
  if (reading !== 'none' || to - from > 6 * MAX_ID_BYTES) return reading;
  const length = unescapeString(codec, bytes, from + 1, to);
  return length < 0 ? 'none' : readMessageId(ids, codec.plainText.bytes, 0, length, name);
}

/** Into `codec.plainText`; −1 where the string has no escape in it. */
function unescapeString({ plainText }: JsonCodec, bytes: Uint8Array, from: number, to: number): number {
  if (plainText.bytes.length < to - from) plainText.bytes = new Uint8Array(2 * (to - from));
  return unescapeInto(bytes, from, to, plainText.bytes);
}

/** What cannot be read as a state is told as a wrong one: −1, or the characters as they stand. */
function readState(codec: JsonCodec, bytes: Uint8Array): void {
  const { count, digest } = codec.paths;
  if (count < 0 && digest < 0) return;
  codec.count = null;
  codec.digest = null;
  const textAt = (path: number): string | null => {
    const from = path < 0 ? -1 : codec.scanner.spans[2 * path]!;
    if (from < 0) return null;
    const to = codec.scanner.spans[2 * path + 1]!;
    const length = bytes[from] === QUOTE ? unescapeString(codec, bytes, from, to) : -1;
    const characters = length < 0 ? bytes.subarray(from, to) : codec.plainText.bytes.subarray(0, length);
    return String.fromCharCode(...characters.subarray(0, MOST_SHOWN));
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
  if (charactersAreWhole(codec, bytes, from + 1, to - 1)) return true;
  const length = unescapeString(codec, bytes, from + 1, to - 1);
  return length >= 0 && charactersAreWhole(codec, codec.plainText.bytes, 0, length);
}

function charactersAreWhole(codec: JsonCodec, bytes: Uint8Array, from: number, to: number): boolean {
  const { layout, template, name, payloadBytes } = codec;
  // The rest of the message was as large as it was to be, and left no room for characters.
  codec.isUnchecked = to === from;
  const isSize = (wanted: number, type: number): boolean =>
    payloadCharacters(template, wanted, fillingOf(layout, name, type)) === to - from;
  return payloadBytes.some(isSize) && textFillerMatches(layout.characters, bytes, from, to, name.stream, name.sequence);
}

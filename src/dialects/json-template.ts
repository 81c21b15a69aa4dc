// A message of the json dialect before it is one: JSON text with places that are filled in for each lane or message. The
// text is ASCII, so that a byte is a letter; what is filled in needs no escape.

import type { MessageType } from '../plan/plan.ts';
import { writeLetters } from './letters.ts';
import {
  digitsOf,
  MAX_ID_BYTES,
  type MessageIds,
  type MessageName,
  messageIdBytes,
  writeDigits,
  writeMessageId,
} from './message-id.ts';

const PLACES = ['id', 'seq', 'lane', 'room', 'type', 'priority', 'payload'] as const;
type Place = (typeof PLACES)[number];

export interface JsonTemplate {
  readonly pieces: readonly Piece[];
  /** Bytes without what is put in. */
  readonly literalBytes: number;
  readonly payloads: number;
}

type Piece =
  | { readonly kind: 'literal'; readonly bytes: Uint8Array }
  | { readonly kind: Place }
  /** By row: what stands in this column, as JSON has it. */
  | { readonly kind: 'row'; readonly values: readonly Uint8Array[] };

const PLACE = new RegExp(`\\$\\{(${PLACES.join('|')}|row\\.[^}]*)\\}`);
const ROW = 'row.';
/** Numbers that stand alone in a string become numbers of JSON. */
const LONE_NUMBER = /"\$\{(seq|lane|room)\}"/g;

/** `text` must be JSON, and every column that it names must be in every row. */
export function compileTemplate(text: string, rows: Rows): JsonTemplate {
  const parts = inAscii(text).replace(LONE_NUMBER, `\${$1}`).split(PLACE);
  const pieces = parts.flatMap((part, index): Piece[] => {
    if (index % 2 === 0) return part === '' ? [] : [{ kind: 'literal', bytes: bytesOf(part) }];
    if (!part.startsWith(ROW)) return [{ kind: part as Place }];
    const column = JSON.parse(`"${part.slice(ROW.length)}"`) as string;
    return [{ kind: 'row', values: rows.map((row) => insideString(row[column] ?? '')) }];
  });
  return {
    pieces,
    literalBytes: pieces.reduce((sum, piece) => sum + (piece.kind === 'literal' ? piece.bytes.length : 0), 0),
    payloads: pieces.filter((piece) => piece.kind === 'payload').length,
  };
}

/** As it stands between the quotation marks of a string of JSON. */
function insideString(text: string): Uint8Array {
  return bytesOf(inAscii(JSON.stringify(text).slice(1, -1)));
}

/** Letters beyond ASCII as JSON escapes them. */
function inAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function bytesOf(ascii: string): Uint8Array {
  return Uint8Array.from(ascii, (letter) => letter.charCodeAt(0));
}

/** Of a CSV file: stream n has row n modulo their number. */
export type Rows = readonly Readonly<Record<string, string>>[];

/** What a type of the mix puts into the places that are about it. */
export interface TypeWords {
  readonly type: Uint8Array;
  /** Empty where it has none. */
  readonly priority: Uint8Array;
}

export function wordsOf({ type, priority }: Pick<MessageType, 'type' | 'priority'>): TypeWords {
  return { type: insideString(type), priority: insideString(priority ?? '') };
}

/** What goes into the places. */
export interface Filling {
  readonly ids: MessageIds;
  readonly letters: Uint8Array;
  readonly name: Readonly<MessageName>;
  readonly room: number;
  readonly words: TypeWords;
}

/** More than `writeTemplate` writes with so many letters in each payload. */
export function templateBytesBound(
  { pieces, literalBytes }: JsonTemplate,
  stream: number,
  { type, priority }: TypeWords,
  payloadLetters: number,
): number {
  let bound = literalBytes + pieces.length * (MAX_ID_BYTES + type.length + priority.length + payloadLetters);
  for (const piece of pieces) if (piece.kind === 'row') bound += rowValue(piece.values, stream).length;
  return bound;
}

function rowValue(values: readonly Uint8Array[], stream: number): Uint8Array {
  return values[stream % values.length] ?? new Uint8Array(0);
}

/** Writes the message at the beginning of `out` and returns its length. */
export function writeTemplate(
  template: JsonTemplate,
  out: Uint8Array,
  filling: Filling,
  payloadLetters: number,
): number {
  const { ids, letters, name, room, words } = filling;
  let at = 0;
  for (const piece of template.pieces) {
    switch (piece.kind) {
      case 'literal':
        out.set(piece.bytes, at);
        at += piece.bytes.length;
        break;
      case 'row': {
        const value = rowValue(piece.values, name.stream);
        out.set(value, at);
        at += value.length;
        break;
      }
      case 'id':
        at = writeMessageId(ids, out, at, name);
        break;
      case 'seq':
        at = writeDigits(out, at, name.sequence, 10);
        break;
      case 'lane':
        at = writeDigits(out, at, name.stream, 10);
        break;
      case 'room':
        at = writeDigits(out, at, room, 10);
        break;
      case 'type':
      case 'priority':
        out.set(words[piece.kind], at);
        at += words[piece.kind].length;
        break;
      case 'payload':
        at = writeLetters(letters, out, at, payloadLetters, name.stream, name.sequence);
        break;
    }
  }
  return at;
}

/** How many letters each payload may have, so that the message has the wanted size or as little more as it can. */
export function payloadLetters(
  template: JsonTemplate,
  wantedBytes: number,
  { ids, name, room, words }: Filling,
): number {
  if (template.payloads === 0) return 0;
  let taken = template.literalBytes;
  for (const piece of template.pieces) {
    const { kind } = piece;
    if (kind === 'row') taken += rowValue(piece.values, name.stream).length;
    else if (kind === 'id') taken += messageIdBytes(ids, name);
    else if (kind === 'seq') taken += digitsOf(name.sequence, 10);
    else if (kind === 'lane') taken += digitsOf(name.stream, 10);
    else if (kind === 'room') taken += digitsOf(room, 10);
    else if (kind === 'type' || kind === 'priority') taken += words[kind].length;
  }
  return Math.max(0, Math.floor((wantedBytes - taken) / template.payloads));
}

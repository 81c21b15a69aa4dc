// A message of the json protocol before it is one: JSON text with places that are filled in for each client or message. The
// text is ASCII, so that a byte is a character; what is filled in needs no escape.

import {
  digitsOf,
  MAX_ID_BYTES,
  type MessageIds,
  type MessageName,
  messageIdBytes,
  writeDigits,
  writeMessageId,
} from '../message-id.ts';
import { writeTextFiller } from '../text-filler.ts';
import { bytesOf, createValue, inAscii, type Value, type ValueSources } from './values.ts';

const PLACES = ['id', 'seq', 'client', 'room', 'payload'] as const;
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
  | { readonly kind: 'value'; readonly value: Value };

const PLACE = /\$\{([^}]*)\}/;
/** Numbers that stand alone in a string become numbers of JSON. */
const LONE_NUMBER = /"\$\{(seq|client|room|int\.[^}]*)\}"/g;

/** Apart from each other, so that generators at the same place of two templates differ. */
const PLACES_A_TEMPLATE = 10_000;

/** `index`: of the template, among those of a plan. `text` must be JSON, every place in it one that is known, and every column that it names in every row. */
export function compileTemplate(text: string, sources: ValueSources, index = 0): JsonTemplate {
  const firstPlace = index * PLACES_A_TEMPLATE;
  const parts = inAscii(text).replace(LONE_NUMBER, `\${$1}`).split(PLACE);
  const pieces = parts.flatMap((part, place): Piece[] => {
    if (place % 2 === 0) return part === '' ? [] : [{ kind: 'literal', bytes: bytesOf(part) }];
    const kind = PLACES.find((name) => name === part);
    if (kind !== undefined) return [{ kind }];
    const value = createValue(part, firstPlace + place, sources);
    return value === null ? [{ kind: 'literal', bytes: bytesOf(`\${${part}}`) }] : [{ kind: 'value', value }];
  });
  return {
    pieces,
    literalBytes: pieces.reduce((sum, piece) => sum + (piece.kind === 'literal' ? piece.bytes.length : 0), 0),
    payloads: pieces.filter((piece) => piece.kind === 'payload').length,
  };
}

/** What goes into the places. */
export interface Filling {
  readonly ids: MessageIds;
  readonly characters: Uint8Array;
  readonly name: Readonly<MessageName>;
  readonly room: number;
  /** The place of the message's type in the mix. */
  readonly type: number;
}

/** More than `writeTemplate` writes with so many characters in each payload. */
export function templateBytesBound(template: JsonTemplate, filling: Filling, payloadCharacters: number): number {
  const { pieces, literalBytes } = template;
  return literalBytes + valueBytes(template, filling) + pieces.length * (MAX_ID_BYTES + payloadCharacters);
}

function valueBytes({ pieces }: JsonTemplate, { name, type }: Filling): number {
  let bytes = 0;
  for (const piece of pieces) {
    if (piece.kind === 'value') bytes += piece.value(name.stream, name.sequence, type).length;
  }
  return bytes;
}

/** Writes the message at the beginning of `out` and returns its length. */
export function writeTemplate(
  template: JsonTemplate,
  out: Uint8Array,
  filling: Filling,
  payloadCharacters: number,
): number {
  const { ids, characters, name, room, type } = filling;
  let at = 0;
  for (const piece of template.pieces) {
    switch (piece.kind) {
      case 'literal':
        out.set(piece.bytes, at);
        at += piece.bytes.length;
        break;
      case 'value': {
        const value = piece.value(name.stream, name.sequence, type);
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
      case 'client':
        at = writeDigits(out, at, name.stream, 10);
        break;
      case 'room':
        at = writeDigits(out, at, room, 10);
        break;
      case 'payload':
        at = writeTextFiller(characters, out, at, payloadCharacters, name.stream, name.sequence);
        break;
    }
  }
  return at;
}

/** How many characters each payload may have, so that the message has the wanted size or as little more as it can. */
export function payloadCharacters(template: JsonTemplate, wantedBytes: number, filling: Filling): number {
  if (template.payloads === 0) return 0;
  const { ids, name, room } = filling;
  let taken = template.literalBytes + valueBytes(template, filling);
  for (const { kind } of template.pieces) {
    if (kind === 'id') taken += messageIdBytes(ids, name);
    else if (kind === 'seq') taken += digitsOf(name.sequence, 10);
    else if (kind === 'client') taken += digitsOf(name.stream, 10);
    else if (kind === 'room') taken += digitsOf(room, 10);
  }
  return Math.max(0, Math.floor((wantedBytes - taken) / template.payloads));
}

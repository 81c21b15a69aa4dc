// What a template of JSON takes from elsewhere: from the client's row of a CSV file, from the message's row of another, from
// the mix, or from a generator. Whatever it is follows from client, number and type, so that a message that is sent again
// says the same.

import type { FeederOrder, MessageType } from '../../plan/plan.ts';
import { hash01 } from '../../random/generator.ts';

/** Of a CSV file. */
export type Rows = readonly Readonly<Record<string, string>>[];

/** Where values come from. */
export interface ValueSources {
  /** Stream n has row n modulo their number. */
  readonly rows: Rows;
  /** Each message has one. */
  readonly feeder: Rows;
  readonly feederOrder: FeederOrder;
  readonly mix: readonly Pick<MessageType, 'type' | 'priority' | 'payloadBytes'>[];
  readonly seed: number;
}

/**
 * The bytes as they stand in the document, good until the next call. What a client says first has neither number nor type:
 * both are 0.
 */
export type Value = (stream: number, sequence: number, type: number) => Uint8Array;

const NOTHING = new Uint8Array(0);

/**
 * The value of a placeholder such as `row.token`, `feeder.question`, `type`, `priority`, `uuid`, `hex.16`, `int.1..100` or
 * `pick.red|green`; null where the name is none of them. `place` is its place among the values of the plan: two generators
 * of one message differ.
 */
export function createValue(name: string, place: number, sources: ValueSources): Value | null {
  const { rows, feeder, feederOrder, mix, seed } = sources;
  const dot = name.indexOf('.');
  const kind = dot === -1 ? name : name.slice(0, dot);
  const rest = dot === -1 ? '' : name.slice(dot + 1);
  const drawSeed = seed + DRAW_STEP * (place + 1);
  switch (kind) {
    case 'row': {
      const values = columnOf(rows, rest);
      return (stream) => values[stream % values.length] ?? NOTHING;
    }
    case 'feeder': {
      const values = columnOf(feeder, rest);
      if (feederOrder === 'sequential')
        return (stream, sequence) => values[(stream + sequence) % values.length] ?? NOTHING;
      // One draw for a message, whichever of its columns is asked for.
      return (stream, sequence) => values[Math.floor(draw(seed, stream, sequence) * values.length)] ?? NOTHING;
    }
    case 'type': {
      const values = mix.map(({ type }) => insideString(type));
      return (_stream, _sequence, type) => values[type] ?? NOTHING;
    }
    case 'priority': {
      const values = mix.map(({ priority }) => insideString(priority ?? ''));
      return (_stream, _sequence, type) => values[type] ?? NOTHING;
    }
    case 'uuid':
      return uuids(drawSeed);
    case 'hex': {
      const out = new Uint8Array(Number(rest));
      return (stream, sequence) => writeHex(out, drawSeed, stream, sequence);
    }
    case 'int': {
      const [from = 0, to = 0] = rest.split('..').map(Number);
      return (stream, sequence) =>
        bytesOf(String(from + Math.floor(draw(drawSeed, stream, sequence) * (to - from + 1))));
    }
    case 'pick': {
      // Of JSON text already: escaped.
      const values = rest.split('|').map(bytesOf);
      return (stream, sequence) => values[Math.floor(draw(drawSeed, stream, sequence) * values.length)]!;
    }
    default:
      return null;
  }
}

const DRAW_STEP = 15_485_863;
const STREAM_STEP = 2 ** 31;

/** Uniform in [0, 1). */
function draw(seed: number, stream: number, sequence: number): number {
  return hash01(seed, (stream % 2 ** 21) * STREAM_STEP + (sequence % STREAM_STEP));
}

/** `name` stands in JSON text, and so does its column: escaped. */
function columnOf(rows: Rows, name: string): readonly Uint8Array[] {
  const column = JSON.parse(`"${name}"`) as string;
  return rows.map((row) => insideString(row[column] ?? ''));
}

/** RFC 9562 §5.4: version 4, its random bits drawn from the seed. */
function uuids(seed: number): Value {
  const out = new Uint8Array(36);
  const digits = new Uint8Array(32);
  return (stream, sequence) => {
    writeHex(digits, seed, stream, sequence);
    digits[12] = 0x34; // version 4
    digits[16] = HEX.charCodeAt(8 + (hexValue(digits[16]!) & 3)); // variant 10
    let from = 0;
    for (let at = 0; at < out.length; at++) {
      out[at] = at === 8 || at === 13 || at === 18 || at === 23 ? 0x2d : digits[from++]!;
    }
    return out;
  };
}

const HEX = '0123456789abcdef';
const DIGITS_A_DRAW = 8;

function hexValue(digit: number): number {
  return digit < 0x3a ? digit - 0x30 : digit - 0x57;
}

function writeHex(out: Uint8Array, seed: number, stream: number, sequence: number): Uint8Array {
  for (let at = 0, part = 0; at < out.length; part++) {
    let word = draw(seed + part, stream, sequence) * 2 ** 32;
    for (let digit = 0; digit < DIGITS_A_DRAW && at < out.length; digit++, at++) {
      const value = Math.floor(word / 2 ** 28);
      out[at] = HEX.charCodeAt(value);
      word = (word - value * 2 ** 28) * 16;
    }
  }
  return out;
}

/** As it stands between the quotation marks of a string of JSON. */
function insideString(text: string): Uint8Array {
  return bytesOf(inAscii(JSON.stringify(text).slice(1, -1)));
}

/** Characters beyond ASCII as JSON escapes them. */
export function inAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function bytesOf(ascii: string): Uint8Array {
  return Uint8Array.from(ascii, (character) => character.charCodeAt(0));
}

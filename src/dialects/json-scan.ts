// Finds a few values in a JSON document by their paths, without making an object of it: one pass over the bytes, nothing
// allocated. It checks as much of RFC 8259 as it needs to find its way; what it cannot make sense of is not JSON.

/** Keys from the root down; of an array, the index as a decimal. ASCII. */
export type JsonPath = readonly string[];

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const MAX_DEPTH = 64;
const BROKEN = -1;
/** Of longer strings the end is looked for by the engine's own search: 30 ns whatever their length, against 1 ns a byte. */
const NEAR_BYTES = 24;

export interface JsonScanner {
  /**
   * False where `bytes[start, end)` is no JSON document. Else path i lies in `bytes[spans[2i], spans[2i + 1])`, quotes
   * included, or `spans[2i]` is −1 where there is nothing. Of a repeated key the last counts, as with `JSON.parse`.
   */
  scan(bytes: Uint8Array, start: number, end: number): boolean;
  readonly spans: Int32Array;
}

/** At most 31 paths. */
export function createJsonScanner(paths: readonly JsonPath[]): JsonScanner {
  const spans = new Int32Array(2 * paths.length);
  const all = 2 ** paths.length - 1;
  let bytes: Uint8Array = new Uint8Array(0);
  let end = 0;

  function skipSpace(at: number): number {
    let next = at;
    while (next < end && (bytes[next] === 0x20 || (bytes[next]! >= 0x09 && bytes[next]! <= 0x0d))) next++;
    return next;
  }

  /** Behind the closing quote; `at` is the opening one. */
  function skipString(at: number): number {
    const near = Math.min(end, at + 1 + NEAR_BYTES);
    for (let next = at + 1; next < near; next++) {
      if (bytes[next] === QUOTE) return next + 1;
      if (bytes[next] === BACKSLASH) return skipLongString(at);
    }
    return skipLongString(at);
  }

  /** A quote ends the string where an even number of backslashes stands before it. */
  function skipLongString(at: number): number {
    for (let quote = bytes.indexOf(QUOTE, at + 1); quote >= 0 && quote < end; quote = bytes.indexOf(QUOTE, quote + 1)) {
      let before = quote;
      while (bytes[before - 1] === BACKSLASH) before--;
      if ((quote - before) % 2 === 0) return quote + 1;
    }
    return BROKEN;
  }

  /** `wanted` is the set of paths, as bits, that lead here; `depth` how many of their keys are behind us. */
  function readValue(at: number, wanted: number, depth: number): number {
    if (depth > MAX_DEPTH) return BROKEN;
    const start = skipSpace(at);
    const first = start < end ? bytes[start]! : 0;
    const stop =
      first === OPEN_BRACE
        ? readObject(start + 1, wanted, depth)
        : first === OPEN_BRACKET
          ? readArray(start + 1, wanted, depth)
          : first === QUOTE
            ? skipString(start)
            : readWord(start);
    if (stop === BROKEN) return BROKEN;
    for (let path = 0; wanted >>> path !== 0; path++) {
      if ((wanted >>> path) % 2 === 0 || paths[path]!.length !== depth) continue;
      spans[2 * path] = start;
      spans[2 * path + 1] = stop;
    }
    return stop;
  }

  /** A number, as far as its letters go, or true, false or null. */
  function readWord(at: number): number {
    let next = at;
    while (next < end && isWordByte(bytes[next]!)) next++;
    const isWord = isNumberStart(bytes[at] ?? 0) || WORDS.some((word) => isAscii(bytes, at, next, word));
    return next > at && isWord ? next : BROKEN;
  }

  function readObject(at: number, wanted: number, depth: number): number {
    let next = skipSpace(at);
    if (bytes[next] === CLOSE_BRACE && next < end) return next + 1;
    for (;;) {
      if (next >= end || bytes[next] !== QUOTE) return BROKEN;
      const keyEnd = skipString(next);
      if (keyEnd === BROKEN) return BROKEN;
      const within = wanted === 0 ? 0 : matchKey(wanted, depth, next + 1, keyEnd - 1);
      next = skipSpace(keyEnd);
      if (next >= end || bytes[next] !== COLON) return BROKEN;
      next = readValue(next + 1, within, depth + 1);
      if (next === BROKEN) return BROKEN;
      next = skipSpace(next);
      if (next >= end) return BROKEN;
      if (bytes[next] === CLOSE_BRACE) return next + 1;
      if (bytes[next] !== COMMA) return BROKEN;
      next = skipSpace(next + 1);
    }
  }

  function readArray(at: number, wanted: number, depth: number): number {
    let next = skipSpace(at);
    if (bytes[next] === CLOSE_BRACKET && next < end) return next + 1;
    for (let index = 0; ; index++) {
      next = readValue(next, wanted === 0 ? 0 : matchIndex(wanted, depth, index), depth + 1);
      if (next === BROKEN) return BROKEN;
      next = skipSpace(next);
      if (next >= end) return BROKEN;
      if (bytes[next] === CLOSE_BRACKET) return next + 1;
      if (bytes[next] !== COMMA) return BROKEN;
      next++;
    }
  }

  function matchKey(wanted: number, depth: number, from: number, to: number): number {
    let matched = 0;
    for (let path = 0; wanted >>> path !== 0; path++) {
      const key = (wanted >>> path) % 2 === 1 ? paths[path]![depth] : undefined;
      if (key !== undefined && isAscii(bytes, from, to, key)) matched |= 1 << path;
    }
    return matched;
  }

  function matchIndex(wanted: number, depth: number, index: number): number {
    let matched = 0;
    for (let path = 0; wanted >>> path !== 0; path++) {
      if ((wanted >>> path) % 2 === 1 && paths[path]![depth] === String(index)) matched |= 1 << path;
    }
    return matched;
  }

  return {
    spans,
    scan(given, start, stop) {
      bytes = given;
      end = stop;
      spans.fill(-1);
      const last = readValue(start, all, 0);
      return last !== BROKEN && skipSpace(last) === stop;
    },
  };
}

const WORDS: readonly string[] = ['true', 'false', 'null'];

function isNumberStart(byte: number): boolean {
  return byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
}

/** Letters, digits, sign and point. */
function isWordByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45
  );
}

export function isAscii(bytes: Uint8Array, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}

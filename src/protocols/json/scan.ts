// Finds a few values in a JSON document by their paths, without making an object of it: one pass over the bytes, nothing
// allocated. The pass reads the whole document as RFC 8259 has it, so a document with an error anywhere is not JSON,
// whatever was found before the error. A byte order mark in front is skipped (§8.1). UTF-8 is not checked here: text frames
// are checked when they arrive, and the drivers check binary ones.

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
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const SPACE = 0x20;
const LETTER_U = 0x75;
/** RFC 7464: stands before or behind each document of a sequence. */
const RECORD_SEPARATOR = 0x1e;
/** Arrays and objects within one another. Each takes two frames of the call stack, of which Node.js has some ten thousand. */
export const MAX_DEPTH = 1000;
const BROKEN = -1;
/** Longer strings are looked through four bytes at a time. */
const NEAR_BYTES = 24;
/**
 * So much of a longer string is checked, at 1 ns a byte. Of the rest the end is looked for by the engine's own search, 30 ns
 * whatever its length, and `isSure` is false.
 */
const CHECKED_BYTES = 256;

export interface JsonScanner {
  /**
   * False where `bytes[start, end)` is no JSON document. Else path i lies in `bytes[spans[2i], spans[2i + 1])`, quotes
   * included, or `spans[2i]` is −1 where there is nothing. Of a repeated key the last counts, as with `JSON.parse`.
   */
  scan(bytes: Uint8Array, start: number, end: number): boolean;
  /** The same, and nothing is taken on trust. */
  scanStrictly(bytes: Uint8Array, start: number, end: number): boolean;
  /** Calls `visit` for each element of a document that is an array, with the `spans` of the element. */
  eachElement(bytes: Uint8Array, start: number, end: number, visit: () => void): void;
  /** Whether it is documents behind one another: at least two, on lines or not, or one with record separators (RFC 7464). */
  isRow(bytes: Uint8Array, start: number, end: number): boolean;
  readonly spans: Int32Array;
  /** Of the last scan: whether every byte of the strings was checked. */
  isSure: boolean;
  /** Of the last text that is not JSON: where its first error is, from its start; its length where it ends too early. */
  brokenAt: number;
  /** Of the last text that was scanned: it is nested more than `MAX_DEPTH` deep and was read up to there. */
  isTooDeep: boolean;
}

/** At most 31 paths. */
export function createJsonScanner(paths: readonly JsonPath[]): JsonScanner {
  const spans = new Int32Array(2 * paths.length);
  const all = 2 ** paths.length - 1;
  let bytes: Uint8Array = new Uint8Array(0);
  let view = new DataView(bytes.buffer);
  let start = 0;
  let end = 0;
  /** Whether the string that was skipped last has an escape in it. */
  let isEscaped = false;
  let isStrict = false;

  function broken(at: number): typeof BROKEN {
    scanner.brokenAt = Math.min(at, end) - start;
    return BROKEN;
  }

  function skipSpace(at: number): number {
    let next = at;
    while (next < end && isSpace(bytes[next]!)) next++;
    return next;
  }

  /** Behind the closing quote; `at` is the opening one. */
  function skipString(at: number): number {
    isEscaped = false;
    const near = Math.min(end, at + 1 + NEAR_BYTES);
    for (let next = at + 1; next < near; next++) {
      const byte = bytes[next]!;
      if (byte === QUOTE) return next + 1;
      if (byte === BACKSLASH) return skipRest(next);
      if (byte < SPACE) return broken(next);
    }
    return skipRest(near);
  }

  /** From within a string to behind its closing quote. */
  function skipRest(at: number): number {
    const trusted = isStrict ? end : at + CHECKED_BYTES;
    let next = at;
    for (;;) {
      if (next >= trusted && next < end) return skipTrusted(next);
      while (next + 4 <= end && next < trusted && !holdsStop(view.getUint32(next, true))) next += 4;
      if (next >= end) return broken(end);
      const byte = bytes[next]!;
      if (byte === QUOTE) return next + 1;
      if (byte < SPACE) return broken(next);
      if (byte === BACKSLASH) {
        next = skipEscape(next);
        if (next === BROKEN) return BROKEN;
      } else next++;
    }
  }

  /** A quote ends the string where an even number of backslashes stands before it. */
  function skipTrusted(at: number): number {
    scanner.isSure = false;
    for (let quote = bytes.indexOf(QUOTE, at); quote >= 0 && quote < end; quote = bytes.indexOf(QUOTE, quote + 1)) {
      let before = quote;
      while (before > at && bytes[before - 1] === BACKSLASH) before--;
      if ((quote - before) % 2 === 0) return quote + 1;
    }
    return broken(end);
  }

  function skipEscape(at: number): number {
    isEscaped = true;
    const character = at + 1 < end ? bytes[at + 1]! : 0;
    if (character !== LETTER_U) return ESCAPED.includes(character) && character !== 0 ? at + 2 : broken(at + 1);
    for (let digit = at + 2; digit < at + 6; digit++) {
      if (digit >= end || hexValue(bytes[digit]!) < 0) return broken(digit);
    }
    return at + 6;
  }

  /** `wanted` is the set of paths, as bits, that lead here; `depth` how many of their keys are behind us. */
  function readValue(at: number, wanted: number, depth: number): number {
    const from = skipSpace(at);
    const first = from < end ? bytes[from]! : 0;
    const stop =
      first === OPEN_BRACE
        ? readObject(from, wanted, depth)
        : first === OPEN_BRACKET
          ? readArray(from, wanted, depth)
          : first === QUOTE
            ? skipString(from)
            : first === MINUS || isDigit(first)
              ? readNumber(from)
              : readWord(from);
    if (stop === BROKEN) return BROKEN;
    for (let path = 0; wanted >>> path !== 0; path++) {
      if ((wanted >>> path) % 2 === 0 || paths[path]!.length !== depth) continue;
      spans[2 * path] = from;
      spans[2 * path + 1] = stop;
    }
    return stop;
  }

  /** RFC 8259 §6. */
  function readNumber(at: number): number {
    let next = bytes[at] === MINUS ? at + 1 : at;
    if (next < end && bytes[next] === ZERO) next++;
    else {
      next = skipDigits(next);
      if (next === BROKEN) return BROKEN;
    }
    if (next < end && bytes[next] === 0x2e) {
      next = skipDigits(next + 1);
      if (next === BROKEN) return BROKEN;
    }
    if (next < end && (bytes[next]! | 0x20) === 0x65) {
      next++;
      if (next < end && (bytes[next] === 0x2b || bytes[next] === MINUS)) next++;
      next = skipDigits(next);
    }
    return next;
  }

  /** At least one. */
  function skipDigits(at: number): number {
    let next = at;
    while (next < end && isDigit(bytes[next]!)) next++;
    return next > at ? next : broken(at);
  }

  function readWord(at: number): number {
    const word = bytes[at] === 0x74 ? 'true' : bytes[at] === 0x66 ? 'false' : 'null';
    for (let i = 0; i < word.length; i++) {
      if (at + i >= end || bytes[at + i] !== word.charCodeAt(i)) return broken(at + i);
    }
    return at + word.length;
  }

  /** `at`: the brace. */
  function readObject(at: number, wanted: number, depth: number): number {
    if (depth === MAX_DEPTH) return tooDeep(at);
    let next = skipSpace(at + 1);
    if (next < end && bytes[next] === CLOSE_BRACE) return next + 1;
    for (;;) {
      if (next >= end || bytes[next] !== QUOTE) return broken(next);
      const keyEnd = skipString(next);
      if (keyEnd === BROKEN) return BROKEN;
      const within = wanted === 0 ? 0 : matchKey(wanted, depth, next + 1, keyEnd - 1);
      next = skipSpace(keyEnd);
      if (next >= end || bytes[next] !== COLON) return broken(next);
      next = readValue(next + 1, within, depth + 1);
      if (next === BROKEN) return BROKEN;
      next = skipSpace(next);
      if (next >= end) return broken(end);
      if (bytes[next] === CLOSE_BRACE) return next + 1;
      if (bytes[next] !== COMMA) return broken(next);
      next = skipSpace(next + 1);
    }
  }

  /** `at`: the bracket. */
  function readArray(at: number, wanted: number, depth: number): number {
    if (depth === MAX_DEPTH) return tooDeep(at);
    let next = skipSpace(at + 1);
    if (next < end && bytes[next] === CLOSE_BRACKET) return next + 1;
    for (let index = 0; ; index++) {
      next = readValue(next, wanted === 0 ? 0 : matchIndex(wanted, depth, index), depth + 1);
      if (next === BROKEN) return BROKEN;
      next = skipSpace(next);
      if (next >= end) return broken(end);
      if (bytes[next] === CLOSE_BRACKET) return next + 1;
      if (bytes[next] !== COMMA) return broken(next);
      next++;
    }
  }

  function tooDeep(at: number): typeof BROKEN {
    scanner.isTooDeep = true;
    return broken(at);
  }

  /** Of the key that was skipped last. */
  function matchKey(wanted: number, depth: number, from: number, to: number): number {
    let matched = 0;
    for (let path = 0; wanted >>> path !== 0; path++) {
      const key = (wanted >>> path) % 2 === 1 ? paths[path]![depth] : undefined;
      if (key === undefined) continue;
      if (isEscaped ? isAsciiEscaped(bytes, from, to, key) : isAscii(bytes, from, to, key)) matched |= 1 << path;
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

  /** Takes up a text and returns where its document begins: behind a byte order mark. */
  function begin(given: Uint8Array, from: number, to: number): number {
    if (given !== bytes) {
      bytes = given;
      view = new DataView(given.buffer, given.byteOffset, given.byteLength);
    }
    start = from;
    end = to;
    scanner.isTooDeep = false;
    scanner.isSure = true;
    return from + 3 <= to && given[from] === 0xef && given[from + 1] === 0xbb && given[from + 2] === 0xbf
      ? from + 3
      : from;
  }

  function scan(given: Uint8Array, from: number, to: number): boolean {
    spans.fill(-1);
    const last = readValue(begin(given, from, to), all, 0);
    if (last === BROKEN) return false;
    const behind = skipSpace(last);
    if (behind !== to) broken(behind);
    return behind === to;
  }

  function scanStrictly(given: Uint8Array, from: number, to: number): boolean {
    isStrict = true;
    const isJson = scan(given, from, to);
    isStrict = false;
    return isJson;
  }

  function eachElement(given: Uint8Array, from: number, to: number, visit: () => void): void {
    let next = skipSpace(begin(given, from, to));
    if (next >= to || given[next] !== OPEN_BRACKET || !scan(given, from, to)) return;
    next = skipSpace(next + 1);
    while (bytes[next] !== CLOSE_BRACKET) {
      spans.fill(-1);
      next = skipSpace(readValue(next, all, 0));
      visit();
      if (bytes[next] === COMMA) next = skipSpace(next + 1);
    }
  }

  function isRow(given: Uint8Array, from: number, to: number): boolean {
    const { brokenAt } = scanner;
    const first = begin(given, from, to);
    let next = skipBetween(first);
    let documents = 0;
    let separators = 0;
    while (next < end) {
      const last = readValue(next, 0, 0);
      const behind = last === BROKEN ? BROKEN : skipBetween(last);
      const isClosed = bytes[last - 1] === CLOSE_BRACE || bytes[last - 1] === CLOSE_BRACKET;
      // A number that characters follow is no document, and neither is a word.
      if (last === BROKEN || (behind === last && behind < end && !isClosed)) {
        documents = 0;
        break;
      }
      documents++;
      next = behind;
    }
    for (let at = first; at < end; at++) if (bytes[at] === RECORD_SEPARATOR) separators++;
    scanner.brokenAt = brokenAt;
    return documents > 1 || (documents === 1 && separators > 0);
  }

  function skipBetween(at: number): number {
    let next = skipSpace(at);
    while (next < end && bytes[next] === RECORD_SEPARATOR) next = skipSpace(next + 1);
    return next;
  }

  const scanner: JsonScanner = {
    spans,
    scan,
    scanStrictly,
    eachElement,
    isRow,
    isSure: true,
    brokenAt: 0,
    isTooDeep: false,
  };
  return scanner;
}

/** `"`, `\`, `/`, b, f, n, r, t. */
const ESCAPED: readonly number[] = [0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74];
const UNESCAPED: readonly number[] = [0x22, 0x5c, 0x2f, 0x08, 0x0c, 0x0a, 0x0d, 0x09];

/** RFC 8259 §2. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/**
 * Whether one of four bytes is a quote, a backslash or a control character: subtracting sets the highest bit of a byte only
 * where it was smaller (Bit Twiddling Hacks, "Determine if a word has a byte less than n").
 */
function holdsStop(word: number): boolean {
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  const found =
    ((word - 0x20202020) & ~word) | ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes);
  return (found & 0x80808080) !== 0;
}

/** Of a hex digit; −1 for anything else. */
function hexValue(byte: number): number {
  if (isDigit(byte)) return byte - ZERO;
  const character = byte | 0x20;
  return character >= 0x61 && character <= 0x66 ? character - 0x61 + 10 : -1;
}

export function isAscii(bytes: Uint8Array, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The same of a string with escapes. */
function isAsciiEscaped(bytes: Uint8Array, from: number, to: number, text: string): boolean {
  let at = from;
  for (let i = 0; i < text.length; i++) {
    if (at >= to || unitAt(bytes, at) !== text.charCodeAt(i)) return false;
    at += unitBytes(bytes, at);
  }
  return at === to;
}

/** The code unit that an escape stands for, or the byte itself where there is none. */
function unitAt(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== BACKSLASH) return bytes[at]!;
  if (bytes[at + 1] !== LETTER_U) return UNESCAPED[ESCAPED.indexOf(bytes[at + 1]!)]!;
  let unit = 0;
  for (let digit = at + 2; digit < at + 6; digit++) unit = 16 * unit + hexValue(bytes[digit]!);
  return unit;
}

function unitBytes(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== BACKSLASH) return 1;
  return bytes[at + 1] === LETTER_U ? 6 : 2;
}

/**
 * Writes the characters of a string of a scanned document without their escapes, and returns where they end; −1 where there is
 * no escape in it. What needs more than a byte is written as UTF-8. `out` is as long as the string or longer.
 */
export function unescapeInto(bytes: Uint8Array, from: number, to: number, out: Uint8Array): number {
  let first = from;
  while (first < to && bytes[first] !== BACKSLASH) first++;
  if (first === to) return -1;
  let length = 0;
  for (let at = from; at < to; at += unitBytes(bytes, at)) {
    if (bytes[at] !== BACKSLASH) {
      out[length++] = bytes[at]!;
      continue;
    }
    let point = unitAt(bytes, at);
    const low =
      point >= 0xd800 && point < 0xdc00 && at + 12 <= to && bytes[at + 6] === BACKSLASH ? unitAt(bytes, at + 6) : 0;
    if (low >= 0xdc00 && low < 0xe000) {
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      at += 6;
    }
    length = writeUtf8(out, length, point);
  }
  return length;
}

/** RFC 3629. */
function writeUtf8(out: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    out[at] = point;
    return at + 1;
  }
  const tails = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  out[at] = [0, 0xc0, 0xe0, 0xf0][tails]! | (point >>> (6 * tails));
  for (let tail = 1; tail <= tails; tail++) out[at + tail] = 0x80 | ((point >>> (6 * (tails - tail))) & 0x3f);
  return at + tails + 1;
}

// The id by which a message is known again wherever a service repeats it: printable, without a character that JSON, a URL or
// a line protocol would have to escape.
//
//   5eed0001-12-345                    run (8 hex digits), stream, number
//   5eed0001-12-345-1gx0pf2a-2bk       and, where receivers do not share a table with the sender: when it was due, and how
//                                      long after that it was sent, in ns, base 36
//
// Read and written as bytes, so that nothing is allocated for a message.

const RUN_DIGITS = 8;
const DASH = 0x2d;
const ZERO = 0x30;
const LETTER_A = 0x61;
/** Run; stream and number as decimals; two times of 2^53 ns in base 36; four dashes. */
export const MAX_ID_BYTES = RUN_DIGITS + 10 + 16 + 11 + 11 + 4;
/** Run, and one digit for stream and number each. */
export const MIN_ID_BYTES = RUN_DIGITS + 4;

/** What the id of a message says. Times are NaN where it does not say them. */
export interface MessageName {
  stream: number;
  sequence: number;
  dueNs: number;
  sentNs: number;
}

export interface MessageIds {
  /** The run in every id, as its bytes. */
  readonly run: Uint8Array;
  readonly timed: boolean;
}

/** `run`: the 32-bit nonce of the run. `timed`: ids carry the times of their message. */
export function createMessageIds(run: number, timed: boolean): MessageIds {
  const text = (run >>> 0).toString(16).padStart(RUN_DIGITS, '0');
  return { run: Uint8Array.from(text, (character) => character.charCodeAt(0)), timed };
}

/** Writes at `at` and returns where it ends. Times are whole nanoseconds, `sentNs` not before `dueNs`. */
export function writeMessageId(ids: MessageIds, out: Uint8Array, at: number, name: Readonly<MessageName>): number {
  out.set(ids.run, at);
  let next = writeDash(out, at + RUN_DIGITS);
  next = writeDigits(out, next, name.stream, 10);
  next = writeDigits(out, writeDash(out, next), name.sequence, 10);
  if (!ids.timed) return next;
  next = writeDigits(out, writeDash(out, next), name.dueNs, 36);
  return writeDigits(out, writeDash(out, next), name.sentNs - name.dueNs, 36);
}

/** How many bytes `writeMessageId` writes. */
export function messageIdBytes(
  { timed }: MessageIds,
  { stream, sequence, dueNs, sentNs }: Readonly<MessageName>,
): number {
  const plain = RUN_DIGITS + 2 + digitsOf(stream, 10) + digitsOf(sequence, 10);
  return timed ? plain + 2 + digitsOf(dueNs, 36) + digitsOf(sentNs - dueNs, 36) : plain;
}

/** What `bytes[from, to)` is: an id of this run, which `name` then says, of another run, or none. */
export function readMessageId(
  ids: MessageIds,
  bytes: Uint8Array,
  from: number,
  to: number,
  name: MessageName,
): 'ours' | 'stale' | 'none' {
  if (from < 0 || to - from < MIN_ID_BYTES || to - from > MAX_ID_BYTES) return 'none';
  const runEnd = from + RUN_DIGITS;
  if (bytes[runEnd] !== DASH) return 'none';
  const streamEnd = partEnd(bytes, runEnd + 1, to);
  const sequenceEnd = partEnd(bytes, streamEnd + 1, to);
  const stream = readDigits(bytes, runEnd + 1, streamEnd, 10);
  const sequence = readDigits(bytes, streamEnd + 1, sequenceEnd, 10);
  if (stream < 0 || sequence < 0) return 'none';
  if (!readTimes(ids, bytes, sequenceEnd, to, name)) return 'none';
  for (let i = 0; i < RUN_DIGITS; i++) if (bytes[from + i] !== ids.run[i]) return 'stale';
  name.stream = stream;
  name.sequence = sequence;
  return 'ours';
}

function readTimes({ timed }: MessageIds, bytes: Uint8Array, from: number, to: number, name: MessageName): boolean {
  name.dueNs = Number.NaN;
  name.sentNs = Number.NaN;
  if (!timed) return from === to;
  const dueEnd = partEnd(bytes, from + 1, to);
  const dueNs = readDigits(bytes, from + 1, dueEnd, 36);
  const lagNs = readDigits(bytes, dueEnd + 1, to, 36);
  if (dueNs < 0 || lagNs < 0) return false;
  name.dueNs = dueNs;
  name.sentNs = dueNs + lagNs;
  return name.sentNs <= Number.MAX_SAFE_INTEGER;
}

function partEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== DASH) at++;
  return at;
}

function writeDash(out: Uint8Array, at: number): number {
  out[at] = DASH;
  return at + 1;
}

/** Writes a whole number of at most 2^53 in the base, lower case, and returns where it ends. */
export function writeDigits(out: Uint8Array, at: number, value: number, base: number): number {
  const end = at + digitsOf(value, base);
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    const quotient = Math.floor(rest / base);
    const digit = rest - base * quotient;
    out[i] = digit < 10 ? ZERO + digit : LETTER_A + digit - 10;
    rest = quotient;
  }
  return end;
}

export function digitsOf(value: number, base: number): number {
  let digits = 1;
  for (let bound = base; value >= bound; bound *= base) digits++;
  return digits;
}

/** −1 for anything but digits of the base, and for more than a number can hold exactly. */
function readDigits(bytes: Uint8Array, from: number, to: number, base: number): number {
  if (to <= from) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    const digit = byte >= LETTER_A ? byte - LETTER_A + 10 : byte - ZERO;
    // Between the digits and the characters lie bytes that are neither.
    if (digit < 0 || digit >= base || (byte < LETTER_A && digit > 9)) return -1;
    value = base * value + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

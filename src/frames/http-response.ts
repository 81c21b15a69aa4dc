/**
 * As much of HTTP/1.1 (RFC 9112) as the answer to a WebSocket handshake needs: the head of a response, and the first
 * characters of the body of a refusal. A function of the bytes so far: call it again when more have come. It accepts
 * a bare LF as a line end (§2.2) and a missing reason phrase (§4), and throws on no bytes whatsoever.
 */
import { isToken, trimSpace } from './extension-list.ts';
import { decodeUtf8 } from './utf8.ts';

export interface ResponseHead {
  /** As it came, such as `HTTP/1.1`. */
  readonly version: string;
  readonly status: number;
  readonly reasonPhrase: string;
  /** By lower-case name; a repeated field's values are joined by ", " in their order (RFC 9110 §5.3). */
  readonly fields: ReadonlyMap<string, string>;
}

type HeadResult =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'head'; readonly head: ResponseHead; readonly end: number }
  | { readonly kind: 'broken'; readonly rule: string };

const lf = 0x0a;
const cr = 0x0d;
const versionPrefix = 'HTTP/1.';
const tlsAnswer = 'RFC 8446 §5.1: the answer is a TLS record, so the port uses TLS, not plain HTTP';

/** Reads the head that begins at `start`. What is not HTTP is broken from its first wrong byte on. */
export function readResponseHead(bytes: Uint8Array, start: number, end: number): HeadResult {
  if (isTlsRecord(bytes, start, end)) return broken(tlsAnswer);
  for (let i = 0; i < versionPrefix.length && start + i < end; i++)
    if (bytes[start + i] !== versionPrefix.charCodeAt(i))
      return broken('RFC 9112 §4: a response must begin with an HTTP/1.1 status line');
  const headEnd = findHeadEnd(bytes, start, end);
  return headEnd < 0 ? { kind: 'incomplete' } : parseHead(latin1(bytes, start, headEnd), headEnd);
}

/** RFC 8446 §5.1: a record of TLS begins with its type, of which 21 is an alert and 22 a handshake, and the major version 3. */
function isTlsRecord(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 2 && (bytes[start] === 21 || bytes[start] === 22) && bytes[start + 1] === 3;
}

/** Behind the empty line that ends the head, or -1. */
function findHeadEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = bytes.indexOf(lf, start); at >= 0 && at < end; at = bytes.indexOf(lf, at + 1)) {
    if (at + 1 < end && bytes[at + 1] === lf) return at + 2;
    if (at + 2 < end && bytes[at + 1] === cr && bytes[at + 2] === lf) return at + 3;
  }
  return -1;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  // One call makes one flat string of up to 8 KiB: joining characters would leave a rope of them, and a call with a
  // whole head as its arguments may be more than the stack holds.
  let text = '';
  for (let at = start; at < end; at += 8_192) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, Math.min(end, at + 8_192)) as unknown as number[]);
  }
  return text;
}

function parseHead(text: string, end: number): HeadResult {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (lines.some((line) => line.includes('\r') || line.includes('\0')))
    return broken('RFC 9112 §2.2: a header must not contain a bare CR or a NUL');

  const [statusLine = '', ...fieldLines] = lines;
  const status = /^(HTTP\/1\.\d) ([1-9]\d\d)(?: (.*))?$/.exec(statusLine);
  if (status === null) return broken('RFC 9112 §4: the status line must be a version, three digits and a reason');

  const fields = new Map<string, string>();
  for (const line of fieldLines) {
    if (line === '') continue; // the end of the head: nothing follows it
    if (line.startsWith(' ') || line.startsWith('\t'))
      return broken('RFC 9112 §5.2: a header must not continue on the next line');
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!isToken(name)) return broken('RFC 9112 §5.1: a header must be a name, a colon and a value');
    const value = trimSpace(line.slice(colon + 1));
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const [, version = '', code, reason = ''] = status;
  return { kind: 'head', head: { version, status: Number(code), reasonPhrase: trimSpace(reason), fields }, end };
}

function broken(rule: string): HeadResult {
  return { kind: 'broken', rule };
}

interface BodyExcerpt {
  /** The first 200 characters, decoded as UTF-8; wrong bytes become U+FFFD. */
  readonly text: string;
  /** Nothing that may still come can change `text`. */
  readonly complete: boolean;
}

const excerptCharacters = 200;
/** A character has at most four bytes. */
const excerptBytes = excerptCharacters * 4;

/** Of a chunked body as much as this is looked at: enough for the excerpt unless the chunks are made to waste it. */
const maxBodyBytes = 16_384;

/**
 * Reads the body that begins at `start`, framed as RFC 9112 §6.3 says: none, chunked, by length, or until the connection
 * ends (`ended`). A framing that makes no sense counts as until the end: it is only an excerpt for a person.
 */
export function readBodyExcerpt(
  head: ResponseHead,
  bytes: Uint8Array,
  start: number,
  end: number,
  ended: boolean,
): BodyExcerpt {
  if (head.status === 204 || head.status === 304) return { text: '', complete: true };
  const seenEnd = Math.min(end, start + maxBodyBytes);
  const noMore = ended || seenEnd - start === maxBodyBytes;
  const codings = head.fields.get('transfer-encoding');
  if (codings !== undefined) {
    if (!/(^|[\s,])chunked$/i.test(codings)) return excerpt(bytes, start, seenEnd, noMore);
    const chunked = decodeChunked(bytes, start, seenEnd);
    return excerpt(chunked.bytes, 0, chunked.usedBytes, noMore || chunked.complete);
  }
  const lengthBytes = contentLength(head.fields.get('content-length'));
  if (lengthBytes === null) return excerpt(bytes, start, seenEnd, noMore);
  const bodyEnd = Math.min(seenEnd, start + lengthBytes);
  return excerpt(bytes, start, bodyEnd, noMore || bodyEnd - start === lengthBytes);
}

function excerpt(bytes: Uint8Array, start: number, end: number, noMore: boolean): BodyExcerpt {
  const enough = end - start >= excerptBytes;
  const text = decodeUtf8(bytes, start, enough ? start + excerptBytes : end);
  return { text: [...text].slice(0, excerptCharacters).join(''), complete: enough || noMore };
}

/** Repeated equal values are one (RFC 9110 §8.6); anything else that is not a number is none. */
function contentLength(value: string | undefined): number | null {
  if (value === undefined) return null;
  const [first = '', ...others] = value.split(',').map(trimSpace);
  return /^\d+$/.test(first) && others.every((other) => other === first) ? Number(first) : null;
}

/** RFC 9112 §7.1. Malformed chunks end the body. */
function decodeChunked(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly bytes: Uint8Array; readonly usedBytes: number; readonly complete: boolean } {
  const decoded = new Uint8Array(excerptBytes);
  let usedBytes = 0;
  let at = start;
  while (usedBytes < excerptBytes) {
    const lineEnd = bytes.indexOf(lf, at);
    if (lineEnd < 0 || lineEnd >= end) return { bytes: decoded, usedBytes, complete: false };
    const size = /^([0-9a-f]{1,13})[\s;]/i.exec(latin1(bytes, at, lineEnd + 1));
    const chunkBytes = size === null ? 0 : Number.parseInt(size[1]!, 16);
    if (chunkBytes === 0) return { bytes: decoded, usedBytes, complete: true };
    const dataAt = lineEnd + 1;
    const takenBytes = Math.min(chunkBytes, excerptBytes - usedBytes, end - dataAt);
    decoded.set(bytes.subarray(dataAt, dataAt + takenBytes), usedBytes);
    usedBytes += takenBytes;
    at = dataAt + chunkBytes;
    if (at < end && bytes[at] === cr) at += 1;
    if (at < end && bytes[at] === lf) at += 1;
    if (at >= end) return { bytes: decoded, usedBytes, complete: false };
  }
  return { bytes: decoded, usedBytes, complete: true };
}

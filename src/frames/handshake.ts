/**
 * The opening handshake of a client (RFC 6455 §4.1): the request, and the server's answer to it. SHA-1, base64 and the
 * random key are the caller's: the answer expected is base64(SHA-1(key + acceptGuid)).
 */
import { type DeflateParameters, type DeflateSettings, deflateOffer, readDeflateAnswer } from './deflate.ts';
import { isToken, trimSpace } from './extension-list.ts';
import { type ResponseHead, readBodyExcerpt, readResponseHead } from './http-response.ts';
import { decodeUtf8 } from './utf8.ts';

/** RFC 6455 §1.3. */
export const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Of the answer's header fields, interim responses included. A limit of our own: no RFC sets one. */
export const maxHeaderBytes = 65_536;

export interface HandshakeRequest {
  /** As it stands in the URL: with the port unless it is the scheme's own. */
  readonly hostHeader: string;
  /** Path and query, beginning with "/". */
  readonly path: string;
  /** 16 random bytes in base64. */
  readonly key: string;
  /** May replace Host, Origin and User-Agent; may not name the fields of the handshake itself. */
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocols: readonly string[];
  /** Null where compression is off. */
  readonly deflate: DeflateSettings | null;
}

const ownFields: readonly string[] = ['upgrade', 'connection'];
const ownFieldPrefix = 'sec-websocket-';
/** Fields that describe a body, which this request has not. */
const bodyFields: readonly string[] = ['content-length', 'transfer-encoding'];

/** Why a header of the user may not be sent, or null: for a check of the plan and of the values filled in later. */
export function headerProblem(name: string, value: string): string | null {
  const lowerName = name.toLowerCase();
  if (!isToken(name)) return 'expected a header name (letters, digits and "-")';
  if (ownFields.includes(lowerName) || lowerName.startsWith(ownFieldPrefix))
    return 'expected a header that the handshake does not set itself (RFC 6455 §4.1)';
  if (bodyFields.includes(lowerName)) return 'expected no header about a body: the request has none';
  // RFC 9110 §5.5: what a value may hold.
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value) ? null : 'expected a value of one line, in Latin-1';
}

/** Why a path may not be sent, or null: it must be percent-encoded and without a fragment (RFC 9112 §3.2.1). */
export function pathProblem(path: string): string | null {
  return /^\/[\x21\x22\x24-\x7e]*$/.test(path) ? null : 'expected "/" and printable ASCII without spaces or "#"';
}

/**
 * The request as text, of which every character is one byte ('latin1'). RangeError for what `headerProblem` and
 * `pathProblem` refuse, so that nothing from a plan or a data row can add lines to it.
 */
export function buildHandshakeRequest(request: HandshakeRequest): string {
  const problem = pathProblem(request.path);
  if (problem !== null) throw new RangeError(`path: ${problem}, got ${JSON.stringify(request.path)}`);

  const fields = new Map<string, readonly [name: string, value: string]>();
  fields.set('host', ['Host', request.hostHeader]);
  fields.set('user-agent', ['User-Agent', 'highwater']);
  for (const [name, value] of Object.entries(request.headers)) fields.set(name.toLowerCase(), [name, value]);
  for (const [name, value] of fields.values()) {
    const wrong = headerProblem(name, value);
    if (wrong !== null) throw new RangeError(`headers.${name}: ${wrong}, got ${JSON.stringify(value)}`);
  }
  for (const subprotocol of request.subprotocols)
    if (!isToken(subprotocol))
      throw new RangeError(`subprotocols: expected a token, got ${JSON.stringify(subprotocol)}`);

  const lines = [
    `GET ${request.path} HTTP/1.1`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${request.key}`,
    'Sec-WebSocket-Version: 13',
  ];
  if (request.subprotocols.length > 0) lines.push(`Sec-WebSocket-Protocol: ${request.subprotocols.join(', ')}`);
  if (request.deflate !== null) lines.push(`Sec-WebSocket-Extensions: ${deflateOffer(request.deflate)}`);
  for (const [name, value] of fields.values()) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** What the answer is checked against. */
export interface HandshakeOffer {
  /** base64(SHA-1(key + acceptGuid)), RFC 6455 §4.2.2. */
  readonly acceptValue: string;
  readonly subprotocols: readonly string[];
  readonly deflate: DeflateSettings | null;
}

export type HandshakeResult =
  | { readonly kind: 'incomplete' }
  | {
      readonly kind: 'accepted';
      /** Null where the server chose none, which is allowed. */
      readonly subprotocol: string | null;
      readonly deflate: DeflateParameters | null;
      /** Of the bytes given to the call that returned this: what follows them are frames. */
      readonly consumedBytes: number;
    }
  | {
      /** A well-formed answer other than 101. */
      readonly kind: 'rejected';
      readonly status: number;
      readonly reasonPhrase: string;
      readonly headers: RejectionHeaders;
      /** The first 200 characters. */
      readonly body: string;
      /** False while more of the body may come. */
      readonly complete: boolean;
    }
  /** Not HTTP, or a 101 that breaks the named rule: the connection must be failed. */
  | { readonly kind: 'broken'; readonly rule: string };

/** What tells a person why, or a client where and when to try again. */
export interface RejectionHeaders {
  readonly location: string | null;
  readonly retryAfter: string | null;
  readonly wwwAuthenticate: string | null;
}

/**
 * Reads the answer as it arrives, in pieces of any size. It holds a copy only while the answer is incomplete, at most
 * the header limit and as much again of the body. A final result does not change; give it no bytes after that.
 */
export class HandshakeReader {
  readonly #offer: HandshakeOffer;
  #held = new Uint8Array(0);
  #heldBytes = 0;
  #result: HandshakeResult = { kind: 'incomplete' };

  constructor(offer: HandshakeOffer) {
    this.#offer = offer;
  }

  /** Reads `bytes[start, end)`, which may be overwritten as soon as this returns. */
  feed(bytes: Uint8Array, start: number, end: number): HandshakeResult {
    if (isFinal(this.#result)) return this.#result;
    if (this.#heldBytes === 0) this.#result = readHandshake(bytes, start, end, false, this.#offer);
    else {
      const before = this.#heldBytes;
      this.#hold(bytes, start, end);
      const result = readHandshake(this.#held, 0, this.#heldBytes, false, this.#offer);
      this.#result = result.kind === 'accepted' ? { ...result, consumedBytes: result.consumedBytes - before } : result;
    }
    if (isFinal(this.#result)) this.#release();
    else if (this.#heldBytes === 0) this.#hold(bytes, start, end);
    return this.#result;
  }

  /** The connection ended. Never 'incomplete', and a rejection is complete. */
  end(): HandshakeResult {
    if (!isFinal(this.#result)) this.#result = readHandshake(this.#held, 0, this.#heldBytes, true, this.#offer);
    this.#release();
    return this.#result;
  }

  #hold(bytes: Uint8Array, start: number, end: number): void {
    const needBytes = this.#heldBytes + end - start;
    if (needBytes > this.#held.length) {
      const grown = new Uint8Array(needBytes * 2);
      grown.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = grown;
    }
    this.#held.set(bytes.subarray(start, end), this.#heldBytes);
    this.#heldBytes = needBytes;
  }

  #release(): void {
    this.#held = new Uint8Array(0);
    this.#heldBytes = 0;
  }
}

function isFinal(result: HandshakeResult): boolean {
  return result.kind === 'rejected' ? result.complete : result.kind !== 'incomplete';
}

/** All of the answer so far is in `bytes[start, end)`; `ended` when no more will come. */
function readHandshake(
  bytes: Uint8Array,
  start: number,
  end: number,
  ended: boolean,
  offer: HandshakeOffer,
): HandshakeResult {
  let at = start;
  for (;;) {
    const read = readResponseHead(bytes, at, Math.min(end, start + maxHeaderBytes));
    if (read.kind === 'broken') return read;
    if (read.kind === 'incomplete') {
      if (end - start >= maxHeaderBytes) return broken(tooLong(bytes, at, end));
      return ended ? broken('RFC 9112 §8: the connection ended before the response was complete') : read;
    }
    at = read.end;
    if (read.head.status === 101) return checkUpgrade(read.head, offer, at - start);
    // Interim responses, such as 103 Early Hints, precede the final one (RFC 9110 §15.2).
    if (read.head.status >= 200) return rejection(read.head, bytes, at, end, ended);
  }
}

/** No RFC sets a limit, so the text says whose it is; and what was answered, as far as that came. */
function tooLong(bytes: Uint8Array, at: number, end: number): string {
  const line = /^[\x20-\x7e]*/.exec(decodeUtf8(bytes, at, Math.min(end, at + 100)))![0];
  return `the head of the answer is longer than ${maxHeaderBytes} bytes, the limit of Highwater; it begins with "${line}"`;
}

function rejection(head: ResponseHead, bytes: Uint8Array, at: number, end: number, ended: boolean): HandshakeResult {
  const body = readBodyExcerpt(head, bytes, at, end, ended);
  return {
    kind: 'rejected',
    status: head.status,
    reasonPhrase: head.reasonPhrase,
    headers: {
      location: head.fields.get('location') ?? null,
      retryAfter: head.fields.get('retry-after') ?? null,
      wwwAuthenticate: head.fields.get('www-authenticate') ?? null,
    },
    body: body.text,
    complete: body.complete,
  };
}

/** The numbered checks of RFC 6455 §4.1, "the client MUST validate the server's response". */
function checkUpgrade(head: ResponseHead, offer: HandshakeOffer, consumedBytes: number): HandshakeResult {
  const { fields } = head;
  if (head.version === 'HTTP/1.0')
    return broken(
      'RFC 6455 §4.1: a 101 answer must be HTTP/1.1 or later, because HTTP/1.0 has no Upgrade; got HTTP/1.0',
    );
  const upgrade = fields.get('upgrade');
  // A field that is a list may be repeated (RFC 9110 §5.3, §7.8), but all of it must be "websocket".
  if (upgrade === undefined || !listOf(upgrade).every((protocol) => protocol.toLowerCase() === 'websocket'))
    return broken(
      `RFC 6455 §4.1: a 101 answer must have "Upgrade: websocket" and no other protocol, got ${got(upgrade)}`,
    );
  const connection = fields.get('connection');
  if (connection === undefined || !listOf(connection).some((option) => option.toLowerCase() === 'upgrade'))
    return broken(`RFC 6455 §4.1: a 101 answer must have "Connection: Upgrade", got ${got(connection)}`);
  const accept = fields.get('sec-websocket-accept');
  if (accept?.includes(',') === true)
    return broken(`RFC 6455 §11.3.3: Sec-WebSocket-Accept must not occur twice, got ${got(accept)}`);
  if (accept !== offer.acceptValue)
    return broken(`RFC 6455 §4.1: Sec-WebSocket-Accept must match the key of the request, got ${got(accept)}`);

  const deflate = readDeflateAnswer(fields.get('sec-websocket-extensions') ?? null, offer.deflate);
  if (deflate.kind === 'refused') return broken(deflate.rule);

  const subprotocol = fields.get('sec-websocket-protocol') ?? null;
  if (subprotocol === '')
    return broken(
      'RFC 6455 §4.2.2: Sec-WebSocket-Protocol must name a subprotocol or be left out, got it without a value',
    );
  if (subprotocol !== null && !offer.subprotocols.includes(subprotocol))
    return broken(
      `RFC 6455 §4.1: the server must choose one of the subprotocols offered, or none; it chose ${subprotocol.slice(0, 100)}`,
    );

  return {
    kind: 'accepted',
    subprotocol,
    deflate: deflate.kind === 'agreed' ? deflate.agreement : null,
    consumedBytes,
  };
}

function listOf(value: string): readonly string[] {
  return value.split(',').map(trimSpace);
}

/** What came, for an error: repeated lines are joined by ", ". */
function got(value: string | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value.slice(0, 100));
}

function broken(rule: string): HandshakeResult {
  return { kind: 'broken', rule };
}

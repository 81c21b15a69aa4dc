// What may stand in the opening handshake: HTTP field names and values (RFC 9110 section 5), cookies (RFC 6265 section
// 4.1.1) and subprotocols (RFC 6455 section 4.1). A line break in a value would let a plan write headers of its own.

import { guard } from './client-template.ts';

export interface FieldRefusal {
  readonly expected: string;
  readonly hint: string | null;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const MAX_VALUE_LENGTH = 16_384;

/** The handshake's own headers, and what to use instead. */
const RESERVED: Readonly<Record<string, string>> = {
  upgrade: 'the handshake writes it',
  connection: 'the handshake writes it',
  'content-length': 'a handshake has no body',
  'transfer-encoding': 'a handshake has no body',
  'sec-websocket-protocol': 'use target.subprotocols',
  'sec-websocket-extensions': 'use target.compression',
};

export function refuseHeaderName(name: string): FieldRefusal | null {
  if (!isToken(name)) return { expected: 'a header name of letters, digits and hyphens', hint: null };
  const lower = name.toLowerCase();
  const hint = Object.hasOwn(RESERVED, lower) ? RESERVED[lower] : null;
  if (hint) return { expected: 'a header that is not part of the handshake', hint };
  if (!lower.startsWith('sec-websocket-')) return null;
  return { expected: 'a header that is not part of the handshake', hint: 'the handshake writes it' };
}

export function refuseHeaderValue(value: string): FieldRefusal | null {
  if (value.length > MAX_VALUE_LENGTH) {
    return { expected: `a header value of at most ${MAX_VALUE_LENGTH} characters`, hint: null };
  }
  // Tab is the one control that a value may hold.
  if (/\p{Cc}/u.test(value.replaceAll('\t', ''))) {
    return { expected: 'a header value without line breaks and other control characters', hint: null };
  }
  // Headers are sent as Latin-1.
  if (/[\u0100-\uffff]/.test(value)) {
    return { expected: 'a header value of Latin-1 characters', hint: 'percent-encode the others' };
  }
  return null;
}

export function refuseCookieName(name: string): FieldRefusal | null {
  return isToken(name) ? null : { expected: 'a cookie name of letters, digits and hyphens', hint: null };
}

export function refuseCookieValue(value: string): FieldRefusal | null {
  if (!/[;,\s"\\]/.test(value)) return refuseHeaderValue(value);
  return {
    expected: 'a cookie value without spaces, commas, semicolons, quotes or backslashes',
    hint: 'percent-encode them',
  };
}

/** Whether what follows this beginning of a Cookie header is in the value of a cookie, and not a cookie of its own. */
export function endsInCookieValue(beginning: string): boolean {
  const { text } = guard(beginning);
  return text.slice(text.lastIndexOf(';') + 1).includes('=');
}

export function refuseSubprotocol(name: string): FieldRefusal | null {
  return isToken(name) ? null : { expected: 'a subprotocol such as chat.v2', hint: null };
}

function isToken(text: string): boolean {
  return text.length <= 256 && TOKEN.test(text);
}

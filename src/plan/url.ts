// WebSocket URLs (RFC 6455 section 3) as templates. The standard `URL` is not among the names that pure code may use,
// and could not read a template anyway; this reader accepts no more than it would.

import { isIpv4, isIpv6 } from './addresses.ts';
import { fillPlaceholders } from './interpolate.ts';
import { didYouMean } from './nearest.ts';
import { REFERENCE_TARGET } from './plan.ts';

export interface UrlParts {
  readonly scheme: string;
  /** `user:password` as written, or null where there is no `@`. */
  readonly userInfo: string | null;
  readonly host: string;
  /** As written, or null. */
  readonly port: string | null;
  readonly path: string;
  /** Without the `?`, or null. */
  readonly query: string | null;
  readonly fragment: string | null;
}

export interface UrlRefusal {
  readonly expected: string;
  readonly hint: string | null;
}

const SHAPE = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/is;
const MAX_URL_LENGTH = 8192;
const EXAMPLE = 'a URL such as wss://example.com/ws';

/** The parts of a URL, or null where it has no scheme and authority. Placeholders count as text. */
export function splitUrl(url: string): UrlParts | null {
  const found = SHAPE.exec(url);
  if (found === null) return null;
  const [, scheme = '', authority = '', path = '', query, fragment] = found;
  const at = authority.lastIndexOf('@');
  const address = authority.slice(at + 1);
  const port = /^(.*):([^:\]]*)$/s.exec(address);
  return {
    scheme: scheme.toLowerCase(),
    userInfo: at === -1 ? null : authority.slice(0, at),
    host: port?.[1] ?? address,
    port: port?.[2] ?? null,
    path,
    query: query ?? null,
    fragment: fragment ?? null,
  };
}

/** What is wrong with a target's URL, or null. */
export function refuseUrl(template: string): UrlRefusal | null {
  if (template === REFERENCE_TARGET) return null;
  if (template.length > MAX_URL_LENGTH)
    return { expected: `a URL of at most ${MAX_URL_LENGTH} characters`, hint: null };
  // A column's name may hold any character, so placeholders go first. A letter stands for one, a digit in the port.
  const filled = fillPlaceholders(template, 'a');
  const url = splitUrl(filled);
  if (url === null) return { expected: `${EXAMPLE}, or ${REFERENCE_TARGET}`, hint: urlHint(template) };
  if (url.scheme !== 'ws' && url.scheme !== 'wss') {
    return { expected: 'a URL that begins with ws:// or wss://', hint: urlHint(template) };
  }
  if (/[\s\p{Cc}\\]/u.test(filled)) return { expected: 'a URL without spaces, line breaks or backslashes', hint: null };
  if (!isHost(url.host)) return { expected: 'a URL with a host name or an address', hint: null };
  const port = splitUrl(fillPlaceholders(template, '1'))?.port ?? null;
  if (port !== null && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    return { expected: 'a URL with a port from 1 to 65535', hint: null };
  }
  if (url.fragment !== null) return { expected: 'a URL without a fragment', hint: 'RFC 6455 allows no #; write %23' };
  return null;
}

/** The host to name a plan after: without port and user, placeholders by their names. */
export function hostName(template: string): string {
  const named = template.replace(/\$\{([^}]*)\}/g, '$1');
  return splitUrl(named)?.host ?? template;
}

function isHost(host: string): boolean {
  if (host.startsWith('[')) return host.endsWith(']') && isIpv6(host.slice(1, -1));
  if (host.length > 253 || !/^[\p{L}\p{M}\p{N}_.-]+$/u.test(host) || host.startsWith('.')) return false;
  // A name whose last label is a number is an address, or no host at all.
  return /(?:^|\.)\d+\.?$/.test(host) ? isIpv4(host) : true;
}

/**
 * The WebSocket URL that a text most likely means that is none: a host without a scheme, a web URL, a slash too few; null where
 * it looks like nothing of the kind.
 */
export function likelyUrl(text: string): string | null {
  const [, scheme, rest] = /^(wss?|https?):\/*(.+)$/is.exec(text) ?? [];
  if (scheme !== undefined && rest !== undefined) {
    return webSocketUrl(/^(wss|https)$/i.test(scheme) ? 'wss' : 'ws', rest);
  }
  const [, port, behind = ''] = /^:?(\d{1,5})(\/.*)?$/s.exec(text) ?? [];
  if (port !== undefined) return webSocketUrl('ws', `127.0.0.1:${port}${behind}`);
  const [, host = '', portOfHost, path] = /^([^:/?#@\s]+|\[[\da-f:.]+\])(?::(\d{1,5}))?(\/.*)?$/is.exec(text) ?? [];
  const isHere = host === 'localhost' || host.startsWith('[') || isIpv4(host);
  const isNamed = /\.[a-z]{2,}$/i.test(host);
  if (!isHere && !isNamed && portOfHost === undefined) return null;
  // Outside of tests a service with a name and without a port of its own is behind TLS.
  const isSecure = portOfHost === '443' || (portOfHost === undefined && !isHere);
  return webSocketUrl(
    isSecure ? 'wss' : 'ws',
    `${host}${portOfHost === undefined ? '' : `:${portOfHost}`}${path ?? ''}`,
  );
}

function webSocketUrl(scheme: 'ws' | 'wss', rest: string): string | null {
  const url = `${scheme}://${rest}`;
  return refuseUrl(url) === null ? url : null;
}

/** Does not repeat the text, in which a password may stand. */
function urlHint(template: string): string | null {
  const scheme = likelyUrl(template)?.split('://', 1)[0];
  if (scheme === undefined) return didYouMean(template, [REFERENCE_TARGET]);
  const [, web] = /^(https?):\/\//i.exec(template) ?? [];
  return web === undefined ? `put ${scheme}:// in front` : `write ${scheme}:// instead of ${web.toLowerCase()}://`;
}

// WebSocket URLs (RFC 6455 section 3) as templates. The standard `URL` is not among the names that pure code may use,
// and could not read a template anyway; this reader accepts no more than it would.

import { didYouMean } from '../nearest.ts';
import { REFERENCE_TARGET } from '../plan.ts';
import { isHost, isIpv4, isPort } from './addresses.ts';
import { fillPlaceholders, guard, unguard } from './client-template.ts';

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

/** The parts of a URL, or null where it has no scheme and authority. A placeholder is text, whatever its name holds. */
export function splitUrl(url: string): UrlParts | null {
  const guarded = guard(url);
  const found = SHAPE.exec(guarded.text);
  if (found === null) return null;
  const [, scheme = '', authority = '', path = '', query, fragment] = found;
  const at = authority.lastIndexOf('@');
  const address = authority.slice(at + 1);
  const port = /^(.*):([^:\]]*)$/s.exec(address);
  const written = (piece: string | undefined): string | null => (piece === undefined ? null : unguard(piece, guarded));
  return {
    scheme: scheme.toLowerCase(),
    userInfo: at === -1 ? null : unguard(authority.slice(0, at), guarded),
    host: unguard(port?.[1] ?? address, guarded),
    port: written(port?.[2]),
    path: unguard(path, guarded),
    query: written(query),
    fragment: written(fragment),
  };
}

/** What is wrong with a target's URL, or null. */
export function refuseUrl(template: string): UrlRefusal | null {
  if (template === REFERENCE_TARGET) return null;
  if (template.length > MAX_URL_LENGTH)
    return { expected: `a URL of at most ${MAX_URL_LENGTH} characters`, hint: null };
  // A column's name may hold any character, so placeholders go first. A character stands for one, a digit in the port.
  const filled = fillPlaceholders(template, 'a');
  const url = splitUrl(filled);
  if (url === null) return { expected: `${EXAMPLE}, or ${REFERENCE_TARGET}`, hint: urlHint(template) };
  if (url.scheme !== 'ws' && url.scheme !== 'wss') {
    return { expected: 'a URL that begins with ws:// or wss://', hint: urlHint(template) };
  }
  if (/[\s\p{Cc}\\]/u.test(filled)) return { expected: 'a URL without spaces, line breaks or backslashes', hint: null };
  // Half of a surrogate pair would be sent as U+FFFD.
  if (/\p{Cs}/u.test(filled)) return { expected: 'a URL without broken Unicode characters', hint: null };
  if (!isHost(url.host)) return { expected: 'a URL with a host name or an address', hint: null };
  const port = splitUrl(fillPlaceholders(template, '1'))?.port ?? null;
  if (port !== null && !isPort(port)) {
    return { expected: 'a URL with a port from 1 to 65535', hint: null };
  }
  if (url.fragment !== null)
    return { expected: 'a URL without a fragment', hint: 'RFC 6455 does not allow #; write %23' };
  return null;
}

/** The host to name a plan after: without port and user, placeholders by their names. */
export function hostName(template: string): string {
  const named = template.replace(/\$\{([^}]*)\}/g, '$1');
  return splitUrl(named)?.host ?? template;
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

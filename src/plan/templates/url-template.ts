// A URL with placeholders, filled in so that one value stays one value: in the user, the password, the path and the query it
// is percent-encoded (RFC 3986 §2.1), so that no `/`, `?`, `#`, `&`, `=`, `@`, `:`, `+` or `%` of it means anything; in the
// place of host or port it must be one. What cannot be written down as one value is refused. Only a URL that begins with a
// placeholder is written by its value, up to wherever that goes.

import { unreachable } from '../../units/unreachable.ts';
import { isHost, isPort } from './addresses.ts';
import { guard, namesIn } from './client-template.ts';
import { splitUrl, type UrlRefusal } from './url.ts';

/** Where in a URL a value stands. `address`: alone in the place of the host, with no port behind it. */
type UrlPlace = 'url' | 'user' | 'password' | 'address' | 'host' | 'port' | 'path' | 'query';

export interface FilledUrl {
  /** Placeholders without a value are still in it. */
  readonly url: string;
  readonly refused: readonly RefusedValue[];
}

export interface RefusedValue extends UrlRefusal {
  /** Of the placeholder, such as `row.user`. */
  readonly name: string;
}

/** `find`: the value by the name of its placeholder; null leaves the placeholder where it is. */
export type UrlTemplate = (find: (name: string) => string | null) => FilledUrl;

interface Piece {
  readonly place: UrlPlace;
  /** As texts and, at every other place, names of placeholders. */
  readonly parts: readonly string[];
}

/** RFC 3986 §6.2.2.2: an encoded dot is a dot, so a segment of one or two cannot be written as data. */
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;

export function urlTemplate(template: string): UrlTemplate {
  const pieces = piecesOf(template);
  return (find) => {
    const refused: RefusedValue[] = [];
    const url = pieces.map(({ place, parts }) => {
      const values = parts.map((part, at) => (at % 2 === 0 ? null : find(part)));
      const filled = parts.map((part, at) => {
        const value = values[at] ?? null;
        if (at % 2 === 0) return part;
        if (value === null) return `\${${part}}`;
        const refusal = refuseValue(value, place);
        if (refusal !== null) refused.push({ name: part, ...refusal });
        return isEncoded(place) ? encodeURIComponent(value) : value;
      });
      const text = filled.join('');
      const first = values.findIndex((value) => value !== null);
      if (place === 'path' && first !== -1 && DOT_SEGMENT.test(text)) {
        refused.push({
          name: parts[first]!,
          expected: 'a segment of the path other than "." and ".."',
          hint: DOT_HINT,
        });
      }
      return text;
    });
    return { url: url.join(''), refused };
  };
}

const DOT_HINT = 'a service reads it as a directory change, even if it is percent-encoded';

function piecesOf(template: string): readonly Piece[] {
  const guarded = guard(template);
  const { text } = guarded;
  const url = splitUrl(text);
  // What it begins with says what it is, and so where the rest of its placeholders stand.
  if (url === null || text.startsWith('\0')) return [{ place: 'url', parts: namesIn(text, guarded) }];
  const { userInfo, host, port, path, query, fragment } = url;
  const piece = (place: UrlPlace, part: string): Piece => ({ place, parts: namesIn(part, guarded) });
  const plain = (part: string): Piece => ({ place: 'url', parts: [part] });
  const colon = userInfo?.indexOf(':') ?? -1;
  const user = colon === -1 ? (userInfo ?? '') : userInfo!.slice(0, colon);
  return [
    plain(`${text.slice(0, url.scheme.length)}://`),
    piece('user', user),
    ...(colon === -1 ? [] : [plain(':'), piece('password', userInfo!.slice(colon + 1))]),
    plain(userInfo === null ? '' : '@'),
    piece(port === null && isAlone(host) ? 'address' : 'host', host),
    ...(port === null ? [] : [plain(':'), piece('port', port)]),
    ...path.split('/').flatMap((segment, at) => [plain(at === 0 ? '' : '/'), piece('path', segment)]),
    ...(query === null ? [] : [plain('?'), piece('query', query)]),
    ...(fragment === null ? [] : [plain('#'), piece('url', fragment)]),
  ];
}

/** Whether a placeholder is all there is. */
function isAlone(guarded: string): boolean {
  return /^\0\d+\0$/.test(guarded);
}

function isEncoded(place: UrlPlace): boolean {
  return place === 'user' || place === 'password' || place === 'path' || place === 'query';
}

function refuseValue(value: string, place: UrlPlace): UrlRefusal | null {
  switch (place) {
    case 'url':
    case 'path':
    case 'query':
      return null;
    case 'user':
      // RFC 7617 §2: the first colon is where the password begins.
      if (value.includes(':')) {
        const hint = `write user and password separately: \${...}:\${...}@`;
        return { expected: 'a user name without a colon', hint };
      }
      return refuseControls(value);
    case 'password':
      return refuseControls(value);
    case 'address': {
      const [, host = '', port = '1'] = /^(.*?)(?::(\d+))?$/s.exec(value) ?? [];
      if (isHost(host) && isPort(port)) return null;
      return { expected: 'a host name or an address, optionally with a port', hint: WHOLE_HINT };
    }
    case 'host':
      if (/^[\p{L}\p{M}\p{N}_.-]+$/u.test(value)) return null;
      return { expected: 'a host name or a part of one', hint: WHOLE_HINT };
    case 'port':
      return /^\d+$/.test(value) ? null : { expected: 'a port', hint: WHOLE_HINT };
    default:
      return unreachable(place);
  }
}

const WHOLE_HINT = 'one placeholder of the environment may hold the whole URL';

/** RFC 7617 §2. */
function refuseControls(value: string): UrlRefusal | null {
  return /\p{Cc}/u.test(value)
    ? { expected: 'a text without line breaks and other control characters', hint: null }
    : null;
}

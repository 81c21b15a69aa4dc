// A plan is kept in a repository, so no secret may stand in one that is written for somebody: each place that holds one
// gets `${env.NAME}`, and the names are handed back, to be set before a run. What was given as a placeholder stays one.

import { isSecretHeader, isSecretParameter } from '../redact.ts';
import { splitUrl } from './url.ts';

export interface Variable {
  readonly name: string;
  /** Where it stands: `the header Authorization`. */
  readonly place: string;
}

/** Says what to write in a place that holds a secret; names are handed out once. */
export interface SecretPlaces {
  readonly variables: readonly Variable[];
  header(name: string, value: string): string;
  url(url: string): string;
  /** A message with its members that sound secret. */
  message<T>(message: T): T;
}

/** Words before a token that are no part of it (RFC 9110 §11.1). */
const SCHEME = /^(?:Bearer|Basic|Token|ApiKey|Digest|Negotiate)\s+/i;
/** Headers whose long values are no secrets. */
const OPEN_HEADER = /^(?:user-agent|origin|host|referer|accept.*|content-.*)$/i;
/** What nobody types by hand: long, of one piece, with digits and characters. */
const TOKEN = /^(?=.*\d)(?=.*[a-z])[\w.~+/=-]{20,}$/i;

export function createSecretPlaces(): SecretPlaces {
  const variables: Variable[] = [];

  function placeholder(name: string, place: string): string {
    const base = name
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '');
    const wanted = /^[A-Z]/.test(base) ? base.slice(0, 60) : `TARGET_${base.slice(0, 60)}`;
    let free = wanted;
    for (let i = 2; variables.some((variable) => variable.name === free); i++) free = `${wanted}_${i}`;
    variables.push({ name: free, place });
    return `\${env.${free}}`;
  }

  /** The value with its secret part replaced; as it is where nothing but placeholders is in that part. */
  function hide(value: string, name: string, place: string): string {
    const scheme = SCHEME.exec(value)?.[0] ?? '';
    const rest = value.slice(scheme.length);
    if (rest.replace(/\$\{[^}]*\}/g, '').trim() === '') return value;
    return `${scheme}${placeholder(name, place)}`;
  }

  function hideCookie(pair: string): string {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, equals));
    const value = hide(pair.slice(equals + 1), `cookie_${name}`, `the cookie ${name}`);
    return equals < 0 ? value : `${name}=${value}`;
  }

  function hideMembers(value: unknown, key: string): unknown {
    if (typeof value === 'string') return isSecretHeader(key) ? hide(value, key, `${key} of a message`) : value;
    if (Array.isArray(value)) return value.map((item) => hideMembers(item, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, hideMembers(member, name)]));
  }

  return {
    variables,
    header(name, value) {
      if (/^cookie$/i.test(name)) return value.split(/;\s*/).map(hideCookie).join('; ');
      const isSecret = isSecretHeader(name) || SCHEME.test(value) || (TOKEN.test(value) && !OPEN_HEADER.test(name));
      return isSecret ? hide(value, name, `the header ${name}`) : value;
    },
    url(url) {
      const parts = splitUrl(url);
      if (parts === null) return url;
      const { userInfo, host, port, path, query } = parts;
      const [user = '', ...rest] = userInfo?.split(':') ?? [];
      const hidden =
        rest.length === 0
          ? hide(user, 'TARGET_USER', 'the user of the URL')
          : `${user}:${hide(rest.join(':'), 'TARGET_PASSWORD', 'the password of the URL')}`;
      const parameters = query?.split('&').map((parameter) => {
        const equals = parameter.indexOf('=');
        const name = parameter.slice(0, Math.max(0, equals));
        const isSecret = equals > 0 && isSecretParameter(name);
        return isSecret ? `${name}=${hide(parameter.slice(equals + 1), name, `${name} of the URL`)}` : parameter;
      });
      return [
        `${parts.scheme}://`,
        userInfo === null ? '' : `${hidden}@`,
        host,
        port === null ? '' : `:${port}`,
        path,
        parameters === undefined ? '' : `?${parameters.join('&')}`,
      ].join('');
    },
    message: <T>(message: T): T => hideMembers(message, '') as T,
  };
}

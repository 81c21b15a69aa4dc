// Why a client's connection failed, as data, and in a sentence. Texts in it are the service's or the system's own: bounded and
// redacted where they are recorded.

import { formatDuration } from '../units/duration.ts';
import { unreachable } from '../units/unreachable.ts';
import { type Check, hasFields, isFlag, isNumber, isOneOf, isText, orNull } from './checks.ts';
import { describeCloseCode } from './close-codes.ts';
import { tlsFailureText } from './tls-failure.ts';

const TIMED = ['tcp', 'tls', 'upgrade', 'pong'] as const;

export type FailureCause =
  /** The upgrade was answered with another status than 101 (RFC 9110 §15). */
  | {
      readonly kind: 'httpStatus';
      readonly status: number;
      readonly reasonPhrase: string;
      /** Header fields of the answer; null where there is none. */
      readonly location: string | null;
      readonly retryAfter: string | null;
      readonly authenticate: string | null;
      /** Its beginning. */
      readonly body: string;
    }
  /** `rule`: of which RFC and section, and how it was broken. */
  | { readonly kind: 'brokenRule'; readonly rule: string }
  /** The service closed the connection (RFC 6455 §7.1.5 and §7.1.6); `reason` is empty where it gave none. */
  | { readonly kind: 'closeFrame'; readonly code: number; readonly reason: string }
  /** The connection ended without an error and without a close frame. */
  | { readonly kind: 'ended'; readonly isOpen: boolean }
  /** `code`: of Node or OpenSSL. */
  | { readonly kind: 'tls'; readonly code: string; readonly reason: string }
  /** `code`: errno of the system call, or of the resolver; empty where the system gave none. */
  | { readonly kind: 'system'; readonly code: string; readonly message: string }
  /** Nothing came in time. `of`: what was waited for. */
  | { readonly kind: 'timeout'; readonly of: (typeof TIMED)[number]; readonly afterNs: number }
  /** A client that misbehaves ended its connection, as the plan says. */
  | { readonly kind: 'planned' }
  /** An error of the plan's own: of its protocol adapter, or of a row that makes no request. */
  | { readonly kind: 'error'; readonly message: string };

export function causeText(cause: FailureCause): string {
  switch (cause.kind) {
    case 'httpStatus':
      return httpStatusText(cause);
    case 'brokenRule':
      return cause.rule;
    case 'closeFrame': {
      const meaning = describeCloseCode(cause.code);
      return `close code ${cause.code}, ${cause.reason === '' ? meaning : `${meaning}: ${cause.reason}`}`;
    }
    case 'ended':
      return cause.isOpen
        ? 'the connection was closed without a close frame'
        : 'the service closed the connection before it answered the upgrade';
    case 'tls':
      return tlsFailureText(cause.code, cause.reason);
    case 'system':
      return cause.code === '' || cause.message.includes(cause.code)
        ? cause.message
        : `${cause.message} (${cause.code})`;
    case 'timeout':
      return TIMEOUT_TEXTS[cause.of].replace('{after}', formatDuration(cause.afterNs));
    case 'planned':
      return 'the client ended its connection, as the plan says';
    case 'error':
      return cause.message;
    default:
      return unreachable(cause);
  }
}

const TIMEOUT_TEXTS: Readonly<Record<(typeof TIMED)[number], string>> = {
  tcp: 'not connected after {after}',
  tls: 'no TCP connection with TLS after {after}',
  upgrade: 'the upgrade was not answered after {after}',
  pong: 'no pong within {after}',
};

function httpStatusText({
  status,
  reasonPhrase,
  location,
  retryAfter,
  authenticate,
  body,
}: Extract<FailureCause, { kind: 'httpStatus' }>): string {
  const parts = [`HTTP ${status} ${reasonPhrase}`.trim()];
  if (location !== null) parts.push(`location ${location}`);
  if (retryAfter !== null) parts.push(`retry after ${retryAfter}`);
  if (authenticate !== null) parts.push(`authenticate ${authenticate}`);
  return body.trim() === '' ? parts.join(', ') : `${parts.join(', ')}: ${body.trim()}`;
}

/** What the service or the system said, as `clean` makes it; the rest as it is. */
export function cleanCause(cause: FailureCause, clean: (text: string) => string): FailureCause {
  switch (cause.kind) {
    case 'httpStatus': {
      const { location, retryAfter, authenticate } = cause;
      return {
        ...cause,
        reasonPhrase: clean(cause.reasonPhrase),
        location: location === null ? null : clean(location),
        retryAfter: retryAfter === null ? null : clean(retryAfter),
        authenticate: authenticate === null ? null : clean(authenticate),
        body: clean(cause.body),
      };
    }
    case 'brokenRule':
      return { ...cause, rule: clean(cause.rule) };
    case 'closeFrame':
    case 'tls':
      return { ...cause, reason: clean(cause.reason) };
    case 'system':
    case 'error':
      return { ...cause, message: clean(cause.message) };
    case 'ended':
    case 'timeout':
    case 'planned':
      return cause;
    default:
      return unreachable(cause);
  }
}

const FIELDS: Readonly<Record<FailureCause['kind'], Readonly<Record<string, Check>>>> = {
  httpStatus: {
    status: isNumber,
    reasonPhrase: isText,
    location: orNull(isText),
    retryAfter: orNull(isText),
    authenticate: orNull(isText),
    body: isText,
  },
  brokenRule: { rule: isText },
  closeFrame: { code: isNumber, reason: isText },
  ended: { isOpen: isFlag },
  tls: { code: isText, reason: isText },
  system: { code: isText, message: isText },
  timeout: { of: isOneOf(TIMED), afterNs: isNumber },
  planned: {},
  error: { message: isText },
};

/** Of a value that was read from a record. */
export function isFailureCause(value: unknown): value is FailureCause {
  if (!hasFields(value, { kind: isOneOf(Object.keys(FIELDS)) })) return false;
  return hasFields(value, FIELDS[value.kind as FailureCause['kind']]);
}

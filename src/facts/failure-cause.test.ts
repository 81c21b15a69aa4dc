import { describe, expect, test } from 'vitest';
import { causeText, cleanCause, type FailureCause, isFailureCause } from './failure-cause.ts';

const refusal: FailureCause = {
  kind: 'httpStatus',
  status: 503,
  reasonPhrase: 'Busy',
  location: null,
  retryAfter: '5',
  authenticate: null,
  body: ' come back later\n',
};

describe('a cause in a sentence', () => {
  test.each<[FailureCause, string]>([
    [refusal, 'HTTP 503 Busy, retry after 5: come back later'],
    [
      { ...refusal, reasonPhrase: '', retryAfter: null, location: '/in', authenticate: 'Basic', body: '' },
      'HTTP 503, location /in, authenticate Basic',
    ],
    [{ kind: 'closeFrame', code: 4401, reason: 'expired' }, 'close code 4401, defined by the application: expired'],
    [{ kind: 'closeFrame', code: 1001, reason: '' }, 'close code 1001, going away'],
    [{ kind: 'ended', isOpen: true }, 'the connection was closed without a close frame'],
    [{ kind: 'ended', isOpen: false }, 'the service closed the connection before it answered the upgrade'],
    [{ kind: 'system', code: 'EPIPE', message: 'write failed' }, 'write failed (EPIPE)'],
    [{ kind: 'system', code: 'EPIPE', message: 'write EPIPE' }, 'write EPIPE'],
    [{ kind: 'timeout', of: 'pong', afterNs: 500e6 }, 'no pong within 500 ms'],
    [{ kind: 'timeout', of: 'tls', afterNs: 1e9 }, 'no TCP connection with TLS after 1.0 s'],
  ])('%j', (cause, text) => {
    expect(causeText(cause)).toBe(text);
  });
});

test('what the service or the system said is cleaned, everywhere in it, and nothing else', () => {
  const loud = (text: string): string => text.toUpperCase();
  expect(cleanCause({ ...refusal, location: '/in' }, loud)).toEqual({
    ...refusal,
    reasonPhrase: 'BUSY',
    location: '/IN',
    body: ' COME BACK LATER\n',
  });
  expect(cleanCause({ kind: 'tls', code: 'CERT_x', reason: 'old' }, loud)).toEqual({
    kind: 'tls',
    code: 'CERT_x',
    reason: 'OLD',
  });
  expect(cleanCause({ kind: 'error', message: 'no' }, loud)).toEqual({ kind: 'error', message: 'NO' });
});

test('a cause that lacks a field, or is of no known kind, is none', () => {
  expect(isFailureCause(refusal)).toBe(true);
  expect(isFailureCause({ ...refusal, status: '503' })).toBe(false);
  expect(isFailureCause({ kind: 'timeout', of: 'lunch', afterNs: 1 })).toBe(false);
  expect(isFailureCause({ kind: 'toString' })).toBe(false);
  expect(isFailureCause(null)).toBe(false);
});

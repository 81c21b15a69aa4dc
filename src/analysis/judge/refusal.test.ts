import { expect, test } from 'vitest';
import type { FailureCause } from '../../facts/failure-cause.ts';
import { type Attempt, adviceFor } from './refusal.ts';

const plain: Attempt = { target: { urls: ['ws://a.test/'], headers: {} }, hasOpened: false };
const secure: Attempt = { target: { urls: ['wss://a.test/'], headers: {} }, hasOpened: false };

const http = (status: number, reasonPhrase: string, more: object = {}): FailureCause => ({
  kind: 'httpStatus',
  status,
  reasonPhrase,
  location: null,
  retryAfter: null,
  authenticate: null,
  body: '',
  ...more,
});
const broken = (rule: string): FailureCause => ({ kind: 'brokenRule', rule });
const after = (of: 'tcp' | 'tls' | 'upgrade'): FailureCause => ({ kind: 'timeout', of, afterNs: 10e9 });
const ENDED: FailureCause = { kind: 'ended', isOpen: false };
const system = (code: string): FailureCause => ({ kind: 'system', code, message: `connect ${code}` });

test.each([
  ['upgradeRejected', http(401, 'Unauthorized', { authenticate: 'Bearer' }), /credentials/],
  ['upgradeRejected', http(403, 'Forbidden'), /target\.headers: \{ Origin: .* or -H 'Origin: /],
  ['upgradeRejected', http(403, 'Access denied', { body: 'Access denied' }), /target\.headers: \{ Origin: /],
  [
    'upgradeRejected',
    http(400, 'Bad Request', { body: 'Client sent an HTTP request to an HTTPS server.' }),
    /wss:\/\/ instead/,
  ],
  [
    'badUpgrade',
    broken('RFC 9112 §4: a response must begin with an HTTP/1.1 status line'),
    /port of a WebSocket service/,
  ],
  [
    'badUpgrade',
    broken('RFC 8446 §5.1: the answer is a TLS record, so the port uses TLS, not plain HTTP'),
    /wss:\/\/ instead/,
  ],
  ['handshakeTimeout', after('upgrade'), /port of a WebSocket service\. .*somaxconn.*more slowly/],
  ['upgradeRejected', http(301, 'Moved', { location: 'https://x' }), /location/],
  ['upgradeRejected', http(404, 'Not Found'), /path/],
  ['upgradeRejected', http(400, 'Bad Request', { body: 'missing Sec-WebSocket-Subprotocol' }), /--subprotocol NAME/],
  [
    'badUpgrade',
    broken('RFC 6455 §4.1: the server must choose one of the subprotocols offered, or none; it chose chat.v2'),
    /--subprotocol chat\.v2$/,
  ],
  ['tls', { kind: 'tls', code: 'DEPTH_ZERO_SELF_SIGNED_CERT', reason: 'self-signed' }, /--ca FILE/],
  ['reset', ENDED, /wss:\/\//],
  ['refused', system('ECONNREFUSED'), /running/],
] as const)('%s, %j', (kind, cause, advice) => expect(adviceFor({ kind, cause }, plain)).toMatch(advice));

test('what says it all needs no advice', () => {
  const busy = http(503, 'Service Unavailable', { retryAfter: '5' });
  expect(adviceFor({ kind: 'upgradeRejected', cause: busy }, plain)).toBeNull();
  for (const rule of [
    'RFC 6455 §11.3.3: Sec-WebSocket-Accept must not occur twice, got "a, a"',
    'RFC 6455 §4.2.2: Sec-WebSocket-Protocol must name a subprotocol or be left out, got it without a value',
    'the head of the answer is longer than 65536 bytes, the limit of Highwater',
  ])
    expect(adviceFor({ kind: 'badUpgrade', cause: broken(rule) }, plain)).toBeNull();
});

test('a redirect without a location, and a word of the service that only looks like a status, give no wrong advice', () => {
  expect(adviceFor({ kind: 'upgradeRejected', cause: http(302, 'Found') }, plain)).toBeNull();
  const said = http(503, 'HTTP 401 location https://x');
  expect(adviceFor({ kind: 'upgradeRejected', cause: said }, plain)).toBeNull();
});

test('who has named an Origin is not told to name one', () => {
  const target = { ...plain.target, headers: { origin: 'https://b.test' } };
  const advice = adviceFor({ kind: 'upgradeRejected', cause: http(403, 'Forbidden') }, { ...plain, target });
  expect(advice).toMatch(/check that it allows this Origin/);
});

test('where others got in, the service is not said to be none; its accept queue may be full', () => {
  const some = { ...plain, hasOpened: true };
  for (const [kind, of] of [
    ['handshakeTimeout', 'upgrade'],
    ['connectTimeout', 'tcp'],
  ] as const)
    expect(adviceFor({ kind, cause: after(of) }, some)).toMatch(/^the service's accept queue may be full/);
  for (const kind of ['refused', 'unreachable', 'reset'] as const)
    expect(adviceFor({ kind, cause: system('E') }, some)).toBeNull();
  expect(adviceFor({ kind: 'badUpgrade', cause: broken('RFC 9112 §4: x') }, some)).toBeNull();
});

test('of a secure URL nobody is told to make it secure', () => {
  expect(adviceFor({ kind: 'reset', cause: ENDED }, secure)).toMatch(/client certificate/);
  expect(adviceFor({ kind: 'connectTimeout', cause: after('tls') }, secure)).toMatch(/uses TLS/);
  expect(adviceFor({ kind: 'connectTimeout', cause: after('tcp') }, plain)).not.toMatch(/TLS/);
});

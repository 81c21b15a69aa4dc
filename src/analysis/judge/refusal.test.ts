import { expect, test } from 'vitest';
import { type Attempt, adviceFor } from './refusal.ts';

const plain: Attempt = { target: { urls: ['ws://a.test/'], headers: {} }, hasOpened: false };
const secure: Attempt = { target: { urls: ['wss://a.test/'], headers: {} }, hasOpened: false };

test.each([
  ['upgradeRejected', 'HTTP 401 Unauthorized, authenticate Bearer', /credentials/],
  ['upgradeRejected', 'HTTP 403 Forbidden', /target\.headers: \{ Origin: .* or -H 'Origin: /],
  ['upgradeRejected', 'HTTP 403 Access denied: Access denied', /target\.headers: \{ Origin: /],
  ['upgradeRejected', 'HTTP 400 Bad Request: Client sent an HTTP request to an HTTPS server.', /wss:\/\/ instead/],
  ['badUpgrade', 'RFC 9112 §4: a response must begin with an HTTP/1.1 status line', /port of a WebSocket service/],
  ['badUpgrade', 'RFC 8446 §5.1: the answer is a TLS record, so the port uses TLS, not plain HTTP', /wss:\/\/ instead/],
  [
    'handshakeTimeout',
    'the upgrade was not answered after 10 s',
    /port of a WebSocket service\. .*somaxconn.*more slowly/,
  ],
  ['upgradeRejected', 'HTTP 301 Moved, location https://x', /location/],
  ['upgradeRejected', 'HTTP 404 Not Found', /path/],
  ['upgradeRejected', 'HTTP 400 Bad Request: missing Sec-WebSocket-Subprotocol', /--subprotocol NAME/],
  [
    'badUpgrade',
    'RFC 6455 §4.1: the server must choose one of the subprotocols offered, or none; it chose chat.v2',
    /--subprotocol chat\.v2$/,
  ],
  ['tls', 'the certificate of the service is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)', /--ca FILE/],
  ['reset', 'the service closed the connection before it answered the upgrade', /wss:\/\//],
  ['refused', 'connect ECONNREFUSED', /running/],
] as const)('%s, %s', (kind, detail, advice) => expect(adviceFor({ kind, detail }, plain)).toMatch(advice));

test('what says it all needs no advice', () => {
  const detail = 'HTTP 503 Service Unavailable, retry after 5';
  expect(adviceFor({ kind: 'upgradeRejected', detail }, plain)).toBeNull();
  for (const rule of [
    'RFC 6455 §11.3.3: Sec-WebSocket-Accept must not occur twice, got "a, a"',
    'RFC 6455 §4.2.2: Sec-WebSocket-Protocol must name a subprotocol or be left out, got it without a value',
    'the head of the answer is longer than 65536 bytes, the limit of Highwater',
  ])
    expect(adviceFor({ kind: 'badUpgrade', detail: rule }, plain)).toBeNull();
});

test('who has named an Origin is not told to name one', () => {
  const target = { ...plain.target, headers: { origin: 'https://b.test' } };
  const advice = adviceFor({ kind: 'upgradeRejected', detail: 'HTTP 403 Forbidden' }, { ...plain, target });
  expect(advice).toMatch(/check that it allows this Origin/);
});

test('where others got in, the service is not said to be none; its accept queue may be full', () => {
  const some = { ...plain, hasOpened: true };
  for (const kind of ['handshakeTimeout', 'connectTimeout'] as const)
    expect(adviceFor({ kind, detail: 'after 10 s' }, some)).toMatch(/^the service's accept queue may be full/);
  for (const kind of ['refused', 'unreachable', 'reset', 'badUpgrade'] as const)
    expect(adviceFor({ kind, detail: 'x' }, some)).toBeNull();
});

test('of a secure URL nobody is told to make it secure', () => {
  expect(adviceFor({ kind: 'reset', detail: 'x' }, secure)).toMatch(/client certificate/);
  expect(adviceFor({ kind: 'connectTimeout', detail: 'x' }, secure)).toMatch(/uses TLS/);
  expect(adviceFor({ kind: 'connectTimeout', detail: 'x' }, plain)).not.toMatch(/TLS/);
});

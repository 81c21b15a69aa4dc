import { expect, test } from 'vitest';
import { adviceFor } from './refusal.ts';

test.each([
  ['upgradeRejected', 'HTTP 401 Unauthorized, authenticate Bearer', /credentials/],
  ['upgradeRejected', 'HTTP 403 Forbidden', /Origin/],
  ['upgradeRejected', 'HTTP 301 Moved, location https://x', /location/],
  ['upgradeRejected', 'HTTP 404 Not Found', /path/],
  ['upgradeRejected', 'HTTP 400 Bad Request: missing Sec-WebSocket-Subprotocol', /--subprotocol NAME/],
  [
    'badUpgrade',
    'RFC 6455 §4.1: the server must choose one of the subprotocols offered, or none; it chose chat.v2',
    /--subprotocol chat\.v2$/,
  ],
  ['tls', 'self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)', /--ca FILE/],
  ['tls', 'wrong version number (ERR_SSL_WRONG_VERSION_NUMBER)', /wss:\/\/\) or not/],
  ['refused', 'connect ECONNREFUSED', /running/],
] as const)('%s, %s', (kind, detail, advice) => expect(adviceFor({ kind, detail })).toMatch(advice));

test('what says it all needs no advice', () => {
  expect(adviceFor({ kind: 'upgradeRejected', detail: 'HTTP 503 Service Unavailable, retry after 5' })).toBeNull();
});

// Everything that may go wrong with TLS, against servers of node:tls and of node:net that do it: what is said, and what to do.

import { readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { makeCertificates } from '../../../test/support/certificates.ts';
import { createDirectory } from '../../../test/support/highwater.ts';
import { causeText } from '../../facts/failure-cause.ts';
import { tlsFailureText, tlsRemedy } from '../../facts/tls-failure.ts';
import { createNodeTransport, socketError } from './node-transport.ts';
import type { SocketError } from './transport.ts';

const { directory, remove } = createDirectory();
afterAll(remove);
const certificates = makeCertificates(directory);
const pem = (name: string): Buffer => readFileSync(path.join(directory, name));
const ca = readFileSync(certificates.ca);

function secureServer(name: string, options: tls.TlsOptions = {}): net.Server {
  const server = tls.createServer({ cert: pem(`${name}.pem`), key: pem(`${name}.key`), ...options });
  return server.on('tlsClientError', () => {});
}

function plainServer(onData: (socket: net.Socket, bytes: Buffer) => void): net.Server {
  return net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => onData(socket, bytes));
  });
}

/** How the socket ended; a connected one says something first, as a client certificate may be asked for only then. */
async function failureOf(
  server: net.Server,
  context: tls.SecureContextOptions = { ca },
  serverName = 'localhost',
): Promise<SocketError | null> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise<SocketError | null>((resolve) => {
      const transport = createNodeTransport<null>(
        {
          onConnect: () => socket.write(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
          onBytes: () => {},
          onClose: (_tag, _socket, error) => resolve(error),
        },
        { context: tls.createSecureContext(context), insecure: false },
      );
      const socket = transport.open({ address: '127.0.0.1', port, secure: true, serverName, localAddress: null }, null);
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const WEAK = { ciphers: 'DEFAULT@SECLEVEL=0' } as const;

describe('a TLS failure is told as what happened and which key to set', () => {
  test.each<[string, () => Promise<SocketError | null>, RegExp, RegExp]>([
    ['a self-signed certificate', () => failureOf(secureServer('selfSigned')), /is self-signed/, /target\.tls\.ca /],
    [
      'an authority that is not known',
      () => failureOf(secureServer('server'), {}),
      /unknown authority/,
      /target\.tls\.ca .*--ca FILE.*target\.tls\.insecure/,
    ],
    [
      'a certificate that has expired',
      () => failureOf(secureServer('expired')),
      /has expired/,
      /renew it, or turn the check off/,
    ],
    [
      'a certificate for another name',
      () => failureOf(secureServer('otherName')),
      /for another name: .*chat\.example\.com/,
      /target\.tls\.serverName \(--server-name\)/,
    ],
    [
      'a client certificate wanted, by TLS 1.3',
      () => failureOf(secureServer('server', { requestCert: true, ca })),
      /wants a client certificate/,
      /target\.tls\.cert and target\.tls\.key/,
    ],
    [
      'a client certificate wanted, by TLS 1.2',
      () => failureOf(secureServer('server', { requestCert: true, ca, maxVersion: 'TLSv1.2' })),
      /wants a client certificate, or accepts none/,
      /target\.tls\.cert and target\.tls\.key/,
    ],
    [
      'older versions of TLS only',
      () => failureOf(secureServer('server', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ...WEAK })),
      /no common TLS version/,
      /TLS 1\.2 or later/,
    ],
    [
      'a later version of TLS only',
      () => failureOf(secureServer('server', { minVersion: 'TLSv1.3' }), { ca, maxVersion: 'TLSv1.2' }),
      /no common TLS version/,
      /TLS 1\.2 or later/,
    ],
    [
      'HTTP/2 only',
      () => failureOf(secureServer('server', { ALPNProtocols: ['h2'] })),
      /does not accept HTTP\/1\.1/,
      /HTTP\/2 is not supported/,
    ],
    [
      'a plain port that answers in HTTP',
      () => failureOf(plainServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
      /the port does not use TLS/,
      /ws:\/\/ instead of wss:\/\//,
    ],
    [
      'a plain port that sends everything back',
      () => failureOf(plainServer((socket, bytes) => socket.write(bytes))),
      /the port does not use TLS/,
      /ws:\/\/ instead of wss:\/\//,
    ],
    [
      'a port that closes',
      () => failureOf(plainServer((socket) => socket.end())),
      /closed during the TLS handshake/,
      /does the port speak TLS at all/,
    ],
    [
      'a port that resets',
      () => failureOf(plainServer((socket) => socket.resetAndDestroy())),
      /closed during the TLS handshake/,
      /does the port speak TLS at all/,
    ],
  ])('%s', async (_, fail, what, remedy) => {
    const failure = await fail();
    expect(failure?.kind).toBe('tls');
    const { cause } = failure!;
    expect(causeText(cause)).toMatch(what);
    expect(causeText(cause)).toMatch(/ \([A-Z][A-Z_\d]*\)$/);
    expect(causeText(cause)).not.toMatch(/routines|deps\/openssl/);
    expect(cause.kind === 'tls' && tlsRemedy(cause.code)).toMatch(remedy);
  });

  test('what is asked for helps: the authority, the name, the client certificate, TLS before 1.2', async () => {
    const greeting = (name: string, options: tls.TlsOptions = {}): net.Server =>
      secureServer(name, options).on('secureConnection', (socket: tls.TLSSocket) => socket.end('hello'));
    const client = { cert: readFileSync(certificates.clientCert), key: readFileSync(certificates.clientKey) };
    expect(await failureOf(greeting('server'))).toBeNull();
    expect(await failureOf(greeting('selfSigned'), { ca: pem('selfSigned.pem') })).toBeNull();
    expect(await failureOf(greeting('otherName'), { ca }, 'chat.example.com')).toBeNull();
    expect(await failureOf(greeting('server', { requestCert: true, ca }), { ca, ...client })).toBeNull();
    const old = greeting('server', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ...WEAK });
    expect(await failureOf(old, { ca, minVersion: 'TLSv1', ...WEAK })).toBeNull();
  });
});

test('the names that other versions of OpenSSL have for an error say the same', () => {
  for (const code of ['ERR_SSL_TLS_ALERT_HANDSHAKE_FAILURE', 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE'])
    expect(tlsFailureText(code, 'x')).toBe(
      `the service aborted the TLS handshake: it wants a client certificate, or accepts none of the offered ciphers (${code})`,
    );
  const message =
    'write EPROTO 80AC:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl3_record.c:350:';
  expect(socketError(Object.assign(new Error(message), { code: 'EPROTO' }), true)).toEqual({
    kind: 'tls',
    cause: { kind: 'tls', code: 'ERR_SSL_WRONG_VERSION_NUMBER', reason: 'wrong version number' },
  });
});

test('an error that is not in the table keeps its reason and its code, and names the keys there are', () => {
  const code = 'ERR_SSL_DECRYPTION_FAILED';
  expect(tlsFailureText(code, 'decryption failed')).toBe(
    'the TLS handshake failed: decryption failed (ERR_SSL_DECRYPTION_FAILED)',
  );
  expect(tlsRemedy(code)).toMatch(/^check target\.tls/);
});

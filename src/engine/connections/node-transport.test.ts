import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../../../test/support/certificates.ts';
import { createMemoryNetwork } from '../../../test/support/engine/memory-network.ts';
import {
  type ContractPeer,
  type ContractWorld,
  testTransportContract,
} from '../../../test/support/engine/transport-contract.ts';
import { createVirtualClock } from '../../../test/support/engine/virtual-clock.ts';
import { FAILURE_KINDS } from '../../facts/failure.ts';
import { causeText } from '../../facts/failure-cause.ts';
import { createNodeTransport, socketError } from './node-transport.ts';
import type { Endpoint, SocketError } from './transport.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'highwater-transport-'));
let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates(directory);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What a real socket and the one in memory look like to the contract. */
function peerOf(ends: Pick<ContractPeer, 'send' | 'end' | 'reset' | 'pause' | 'resume'>) {
  const hash = createHash('sha1');
  let receivedBytes = 0;
  let ended = false;
  const peer: ContractPeer = {
    ...ends,
    receivedBytes: () => receivedBytes,
    digest: () => hash.copy().digest('hex'),
    hasEnded: () => ended,
  };
  return {
    peer,
    onBytes(bytes: Uint8Array) {
      receivedBytes += bytes.length;
      hash.update(bytes);
    },
    onEnd() {
      ended = true;
    },
  };
}

async function startMemory(): Promise<ContractWorld> {
  const clock = createVirtualClock();
  const network = createMemoryNetwork(clock);
  const peers: ContractPeer[] = [];
  network.listen('10.0.0.1', 80, (end) => {
    const { peer, onBytes, onEnd } = peerOf({
      send: (bytes) => end.send(bytes),
      end: () => end.end(),
      reset: () => end.reset(),
      pause: () => end.pause(),
      resume: () => end.resume(),
    });
    end.onBytes = onBytes;
    end.onEnd = onEnd;
    peers.push(peer);
  });
  const endpoint: Endpoint = { address: '10.0.0.1', port: 80, secure: false, serverName: '', localAddress: null };
  return {
    endpoint,
    refusing: { ...endpoint, port: 81 },
    peers,
    muchBytes: 300_000,
    open: (handler) => network.open(handler),
    until: async (done) => clock.runUntil(done),
    settle: async () => clock.runTo(clock.nowNs() + 1e9),
    close: async () => {},
  };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

async function startReal(secure: boolean): Promise<ContractWorld> {
  const peers: ContractPeer[] = [];
  const raw = new Set<net.Socket>();
  const onConnection = (socket: net.Socket): void => {
    const { peer, onBytes, onEnd } = peerOf({
      send: (bytes) => void socket.write(bytes),
      end: () => void socket.end(),
      reset() {
        const underneath = [...raw].find((one) => one.remotePort === socket.remotePort) ?? socket;
        underneath.resetAndDestroy();
      },
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
    });
    socket.on('data', onBytes);
    socket.on('end', onEnd);
    socket.on('close', onEnd);
    socket.on('error', () => {});
    peers.push(peer);
  };
  const server = secure
    ? tls.createServer(
        { cert: readFileSync(certificates.serverCert), key: readFileSync(certificates.serverKey), allowHalfOpen: true },
        onConnection,
      )
    : net.createServer({ allowHalfOpen: true }, onConnection);
  server.on('connection', (socket: net.Socket) => {
    raw.add(socket);
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  // A port that was free a moment ago and that nobody listens on.
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const freePort = (probe.address() as AddressInfo).port;
  await new Promise((resolve) => probe.close(resolve));

  const endpoint: Endpoint = {
    address: '127.0.0.1',
    port,
    secure,
    serverName: secure ? 'localhost' : '',
    localAddress: null,
  };
  const context = secure ? tls.createSecureContext({ ca: readFileSync(certificates.ca) }) : null;
  return {
    endpoint,
    refusing: { ...endpoint, port: freePort },
    peers,
    muchBytes: 16 * 1024 * 1024,
    open: (handler) => createNodeTransport(handler, context === null ? null : { context, insecure: false }),
    async until(done) {
      while (!done()) await turn();
    },
    async settle() {
      for (let i = 0; i < 100; i++) await turn();
    },
    async close() {
      for (const socket of raw) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

testTransportContract('by node:net', () => startReal(false));
testTransportContract('by node:tls', () => startReal(true));
testTransportContract('in memory', startMemory);

describe('TLS', () => {
  const openOne = (world: ContractWorld, endpoint: Endpoint, secure: Parameters<typeof createNodeTransport>[1]) =>
    new Promise<SocketError | null | 'connected'>((resolve) => {
      const transport = createNodeTransport<null>(
        { onConnect: () => resolve('connected'), onBytes: () => {}, onClose: (_tag, _socket, error) => resolve(error) },
        secure,
      );
      transport.open(endpoint, null);
    }).finally(() => world.close());

  test('a certificate of an authority that is not known is refused as tls', async () => {
    const world = await startReal(true);
    const error = await openOne(world, world.endpoint, { context: tls.createSecureContext(), insecure: false });
    expect(error).toMatchObject({ kind: 'tls' });
  });

  test('a certificate for another name is refused as tls', async () => {
    const world = await startReal(true);
    const context = tls.createSecureContext({ ca: readFileSync(certificates.ca) });
    const error = await openOne(world, { ...world.endpoint, serverName: 'example.com' }, { context, insecure: false });
    expect(error).toMatchObject({ kind: 'tls' });
  });

  test('insecure takes any', async () => {
    const world = await startReal(true);
    const secure = { context: tls.createSecureContext(), insecure: true };
    expect(await openOne(world, { ...world.endpoint, serverName: 'example.com' }, secure)).toBe('connected');
  });

  test('a service that speaks no TLS is a failure of the TLS handshake', async () => {
    const world = await startReal(false);
    const server = net.createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = { ...world.endpoint, secure: true, port: (server.address() as AddressInfo).port };
    const error = await openOne(world, endpoint, { context: tls.createSecureContext(), insecure: false });
    server.close();
    expect(error).toMatchObject({ kind: 'tls' });
  });
});

describe('a socket’s error becomes one of the closed set of kinds', () => {
  test.each([
    ['ECONNREFUSED', 'refused'],
    ['ENETUNREACH', 'unreachable'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ETIMEDOUT', 'connectTimeout'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['EMFILE', 'fileDescriptors'],
    ['ENFILE', 'fileDescriptors'],
    ['EADDRNOTAVAIL', 'ports'],
    ['EADDRINUSE', 'ports'],
    ['ENOBUFS', 'socketMemory'],
    ['EINVAL', 'unreachable'],
    ['ENOTFOUND', 'dns'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['EWHATEVER', 'other'],
  ] as const)('%s is %s', (code, kind) => {
    const error = Object.assign(new Error('it went wrong'), { code });
    const { kind: found, cause } = socketError(error, false);
    expect(found).toBe(kind);
    expect(causeText(cause)).toMatch(
      kind === 'tls' ? new RegExp(`\\(${code}\\)$`) : new RegExp(`^it went wrong \\(${code}\\)$`),
    );
    expect(FAILURE_KINDS).toContain(kind);
  });

  test.each([
    ['EADDRNOTAVAIL', 'bind', 'sourceAddress'],
    ['EINVAL', 'bind', 'sourceAddress'],
    ['EADDRINUSE', 'bind', 'ports'],
    ['EADDRNOTAVAIL', 'connect', 'ports'],
  ] as const)('%s of %s is %s', (code, syscall, kind) => {
    expect(socketError(Object.assign(new Error(code), { code, syscall }), false)).toEqual({
      kind,
      cause: { kind: 'system', code, message: code },
    });
  });

  test('a message that names its code does not get it twice, and one without a code stays as it is', () => {
    const textOf = (error: Error): string => causeText(socketError(error, false).cause);
    expect(textOf(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))).toBe('read ECONNRESET');
    expect(textOf(new Error('odd'))).toBe('odd');
    expect(socketError(new Error('odd'), false).kind).toBe('other');
  });
});

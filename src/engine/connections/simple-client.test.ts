import { describe, expect, test } from 'vitest';
import { createMemoryNetwork } from '../../../test/support/engine/memory-network.ts';
import { makePlan, SECOND } from '../../../test/support/engine/plans.ts';
import { createVirtualClock } from '../../../test/support/engine/virtual-clock.ts';
import { createWebSocketService, type PeerScript } from '../../../test/support/engine/websocket-peer.ts';
import { causeText } from '../../facts/failure-cause.ts';
import { openSimpleClient } from './simple-client.ts';

function openTo(script: PeerScript, target: Parameters<typeof makePlan>[0] = {}) {
  const clock = createVirtualClock();
  const network = createMemoryNetwork(clock);
  const service = createWebSocketService(script);
  network.listen('10.0.0.1', 80, service.accept);
  const said: string[] = [];
  const received: string[] = [];
  const simpleClient = openSimpleClient({
    plan: makePlan(target),
    addresses: {},
    openTransport: network.open,
    clock,
    nextMask: () => 0x1234_5678,
    handler: {
      onOpen: () => said.push('open'),
      onMessage: (format, bytes, start, end) =>
        received.push(`${format} ${Buffer.from(bytes.subarray(start, end)).toString('utf8')}`),
      onEnd: (kind, cause) => said.push(`${kind}: ${causeText(cause)}`),
    },
  });
  clock.runTo(SECOND / 10);
  return { clock, simpleClient, said, received, connection: () => service.connections[0]! };
}

describe('a line', () => {
  test('carries messages of both kinds, in both directions', () => {
    const { clock, simpleClient, received, said, connection } = openTo({});
    simpleClient.send('text', Buffer.from('näher'));
    simpleClient.send('binary', Buffer.alloc(300, 'x'));
    clock.runTo(SECOND);
    expect(said).toEqual(['open']);
    expect(received).toEqual(['text näher', `binary ${'x'.repeat(300)}`]);
    expect(connection().received.map(({ opcode, maskKey }) => [opcode, maskKey])).toEqual([
      [1, 0x1234_5678],
      [2, 0x1234_5678],
    ]);
  });

  test('answers pings, and closes with a close frame', async () => {
    const { clock, simpleClient, said, connection } = openTo({ onOpen: (peer) => peer.ping('are you there') });
    expect(connection().pongs).toEqual(['are you there']);
    const gone = simpleClient.close();
    clock.runTo(SECOND);
    await gone;
    expect(connection().closeCode).toBe(1000);
    expect(said).toEqual(['open']);
  });

  test('a service that does not close its end is not waited for', async () => {
    const { clock, simpleClient, connection } = openTo({ onClose: () => {} });
    const gone = simpleClient.close();
    clock.runTo(5 * SECOND);
    await gone;
    expect(connection().left).toBe('gone');
  });

  test('says with which code and reason it was closed, once', () => {
    const { clock, said } = openTo({ onOpen: (peer) => peer.close(1008, 'log in') });
    clock.runTo(5 * SECOND);
    expect(said).toEqual(['open', 'closedByServer: close code 1008, policy violation: log in']);
  });

  test('says how it was refused', () => {
    const { said } = openTo({ answer: () => 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n' });
    expect(said).toEqual(['upgradeRejected: HTTP 401 Unauthorized']);
  });

  test('a message over the limit ends it, as does what breaks the rules', () => {
    const big = openTo({ onOpen: (peer) => peer.send(Buffer.alloc(2000)) }, { target: { maxMessageBytes: 1000 } });
    expect(big.said[1]).toMatch(/^tooBig: /);
    expect(openTo({ onOpen: (peer) => peer.send(Buffer.from('x'), 5) }).said[1]).toMatch(/^framing: RFC 6455/);
    expect(big.received).toEqual([]);
  });

  test('closed while it opens, it is gone at once and says nothing', async () => {
    const { clock, simpleClient, said } = openTo({ answer: () => null });
    await simpleClient.close();
    clock.runTo(20 * SECOND);
    simpleClient.send('text', Buffer.from('late'));
    expect(said).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import { failures, type Outcome, runScenario, type Scenario } from '../../../test/support/engine/engine-run.ts';
import { DELAY_NS } from '../../../test/support/engine/memory-network.ts';
import { curve, MS, makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import { acceptFor, type PeerScript, switchingProtocols } from '../../../test/support/engine/websocket-peer.ts';
import type { Compression } from '../../plan/plan.ts';

const answering = (answer: NonNullable<PeerScript['answer']>) => (): PeerScript => ({ answer });

/** One client that is to be held for three seconds. */
function openOne(scenario: Partial<Scenario>, target: Parameters<typeof makePlan>[0] = {}): Outcome {
  return runScenario({
    plan: makePlan({ connections: curve({ to: 1 }, { hold: 3 * SECOND }), ...target }),
    ...scenario,
  });
}

function expectFailed(outcome: Outcome, failure: string): string {
  expect(outcome.tally.connections).toMatchObject({ attempted: 1, opened: 0, failed: 1, failures: { [failure]: 1 } });
  expect(failures(outcome)).toHaveLength(1);
  expect(failures(outcome)[0]!.failure).toBe(failure);
  return failures(outcome)[0]!.detail;
}

describe('the handshake', () => {
  test('asks with the plan’s path, host, headers and subprotocols', () => {
    const outcome = openOne({
      rows: [{ TOKEN: 'a1' }, { TOKEN: 'b2' }],
      plan: makePlan({
        connections: curve({ to: 3 }, { hold: SECOND }),
        target: {
          urls: [`ws://10.0.0.1:80/ws?client=\${client}`],
          headers: { Authorization: `Bearer \${row.TOKEN}` },
          subprotocols: ['chat.v2'],
        },
      }),
    });
    const requests = outcome.connections.map(({ request }) => request);
    expect(requests.map((request) => request.split('\r\n')[0])).toEqual([
      'GET /ws?client=0 HTTP/1.1',
      'GET /ws?client=1 HTTP/1.1',
      'GET /ws?client=2 HTTP/1.1',
    ]);
    expect(requests.map((request) => /Authorization: (.*)/.exec(request)?.[1])).toEqual([
      'Bearer a1',
      'Bearer b2',
      'Bearer a1',
    ]);
    expect(requests[0]).toContain('Sec-WebSocket-Protocol: chat.v2');
    expect(new Set(requests.map((request) => /Sec-WebSocket-Key: (.*)/.exec(request)?.[1])).size).toBe(3);
  });

  test('its time runs from the start of the connection', () => {
    const outcome = openOne({});
    expect(outcome.tally.histograms.handshake).toMatchObject({ count: 1, minNs: 4 * DELAY_NS, maxNs: 4 * DELAY_NS });
  });

  test('an answer in single bytes, with the first frame on its heels, is understood', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(10, SECOND) }),
      script: () => ({
        answer: () => null,
        onClose: ({ peer }) => peer.end(),
      }),
      listen: (network, accept) =>
        network.listen('10.0.0.1', 80, (peer) => {
          accept(peer);
          const { onBytes } = peer;
          peer.onBytes = (bytes) => {
            onBytes(bytes);
            peer.onBytes = onBytes;
            const answer = switchingProtocols('', accepts(bytes));
            const all = Buffer.concat([Buffer.from(answer, 'latin1'), Buffer.from([0x89, 0x02, 0x68, 0x69])]);
            for (const byte of all) peer.send(Uint8Array.of(byte));
          };
        }),
    });
    expect(outcome.tally.connections.opened).toBe(1);
    expect(outcome.connections[0]!.pongs).toEqual(['hi']);
  });

  test('upgradeRejected: the status, the reason and what the service says about it', () => {
    const outcome = openOne({
      script: answering(() => 'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\nslow down'),
    });
    expect(expectFailed(outcome, 'upgradeRejected')).toBe('HTTP 429 Too Many Requests, retry after 7: slow down');
    expect(outcome.connections[0]!.left).toBe('gone');
  });

  test('upgradeRejected: a body that never ends is waited for a second, not for the whole timeout', () => {
    const outcome = openOne({
      script: answering(() => 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 900\r\n\r\nonly this'),
    });
    expect(expectFailed(outcome, 'upgradeRejected')).toContain('HTTP 503 Service Unavailable: only this');
    const [event] = outcome.events;
    expect(event!.atNs).toBeGreaterThan(SECOND);
    expect(event!.atNs).toBeLessThan(1.1 * SECOND);
  });

  test('upgradeRejected: a refusal cut short by the end of the connection is still the refusal', () => {
    const outcome = openOne({
      script: () => ({
        answer: () => 'HTTP/1.1 403 Forbidden\r\nContent-Length: 900\r\n\r\nno',
        onOpen: ({ peer }) => peer.end(),
      }),
    });
    expect(expectFailed(outcome, 'upgradeRejected')).toContain('HTTP 403 Forbidden: no');
  });

  test('badUpgrade: a 101 with the wrong accept value', () => {
    const outcome = openOne({
      script: answering((request) => switchingProtocols(request, 'bm8gbm8gbm8gbm8gbm8gbm8=')),
    });
    expect(expectFailed(outcome, 'badUpgrade')).toContain('Sec-WebSocket-Accept');
  });

  test('badUpgrade: something that is not HTTP', () => {
    const outcome = openOne({ script: answering(() => 'SSH-2.0-OpenSSH_9.6\r\n\r\n') });
    expectFailed(outcome, 'badUpgrade');
  });

  test('reset: the service closes without an answer', () => {
    const outcome = openOne({
      script: () => ({ answer: () => null }),
      listen: (network, accept) =>
        network.listen('10.0.0.1', 80, (peer) => {
          accept(peer);
          peer.end();
        }),
    });
    expect(expectFailed(outcome, 'reset')).toContain('before it answered the upgrade');
  });

  test('handshakeTimeout: the upgrade is never answered', () => {
    const outcome = openOne(
      { script: answering(() => null) },
      { connections: curve({ to: 1 }, { hold: 12 * SECOND }), target: { handshakeTimeoutNs: 2 * SECOND } },
    );
    expectFailed(outcome, 'handshakeTimeout');
    expect(outcome.events[0]!.atNs).toBeGreaterThanOrEqual(2 * SECOND);
    expect(outcome.events[0]!.atNs).toBeLessThan(2.1 * SECOND);
    expect(outcome.connections[0]!.left).toBe('gone');
  });

  test('an answer that comes after the timeout is not taken', () => {
    const outcome = openOne(
      {
        script: answering(() => null),
        listen: (network, accept) =>
          network.listen('10.0.0.1', 80, (peer) => {
            accept(peer);
            const { onBytes } = peer;
            peer.onBytes = (bytes) => {
              onBytes(bytes);
              lateAnswers.push(() => peer.send(Buffer.from(switchingProtocols('', accepts(bytes)), 'latin1')));
            };
          }),
        prepare: ({ clock }) => clock.after(1.0501 * SECOND, () => lateAnswers[0]!()),
      },
      { target: { handshakeTimeoutNs: SECOND } },
    );
    expectFailed(outcome, 'handshakeTimeout');
  });
  const lateAnswers: (() => void)[] = [];

  test('connectTimeout: nobody answers at the address', () => {
    const outcome = openOne(
      { listen: (network) => network.listen('10.0.0.1', 80, null) },
      { target: { connectTimeoutNs: SECOND } },
    );
    expect(expectFailed(outcome, 'connectTimeout')).toContain('1.0 s');
    expect(outcome.network.attempts).toHaveLength(1);
  });

  test('refused: nothing listens, and each client of many says so', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 900 }, { hold: SECOND }) }),
      listen: () => {},
    });
    expect(outcome.tally.connections).toMatchObject({
      attempted: 900,
      opened: 0,
      failed: 900,
      failures: { refused: 900 },
    });
    expect(failures(outcome)).toHaveLength(1); // the first example stands for all
    expect(outcome.connectedNs[0]).not.toBeNull();
  });
});

function accepts(bytes: Uint8Array): string {
  return acceptFor(Buffer.from(bytes).toString('latin1'));
}

describe('a host with several addresses', () => {
  const target = { urls: ['ws://service.test:80/'] } as const;
  const plan = (clients: number) => makePlan({ connections: curve({ to: clients }, { hold: SECOND }), target });
  const addresses = { 'service.test': ['10.9.9.9', '10.8.8.8', '10.0.0.1'] };

  test('the next one is tried where one refuses, and the one that works is remembered', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 2, over: SECOND }, { hold: SECOND }), target }),
      addresses,
    });
    expect(outcome.tally.connections).toMatchObject({ attempted: 2, opened: 2, failed: 0, failures: {} });
    expect(outcome.network.attempts).toEqual(['10.9.9.9:80', '10.8.8.8:80', '10.0.0.1:80', '10.0.0.1:80']);
  });

  test('all are tried before a client has failed, each once', () => {
    const outcome = runScenario({ plan: plan(1), addresses, listen: () => {} });
    expect(outcome.tally.connections).toMatchObject({ attempted: 1, opened: 0, failed: 1, failures: { refused: 1 } });
    expect(outcome.network.attempts).toEqual(['10.9.9.9:80', '10.8.8.8:80', '10.0.0.1:80']);
  });

  test('a client that began before another one found the right address finds it too', () => {
    const outcome = runScenario({
      plan: plan(3),
      addresses,
      // The third client's first attempt takes so long that the others are up before it is refused.
      network: { delayNs: (attempt) => (attempt === 2 ? 50 * MS : DELAY_NS) },
    });
    expect(outcome.tally.connections).toMatchObject({ attempted: 3, opened: 3, failed: 0 });
  });

  test('clients share out several URLs', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve({ to: 4 }, { hold: SECOND }),
        target: { urls: ['ws://10.0.0.1:80/a', 'ws://10.0.0.1:80/b'] },
      }),
    });
    expect(outcome.connections.map(({ request }) => request.slice(0, 6))).toEqual([
      'GET /a',
      'GET /b',
      'GET /a',
      'GET /b',
    ]);
  });
});

test('a client whose row makes no request fails by name, and the others go on', () => {
  const outcome = runScenario({
    plan: makePlan({
      connections: curve({ to: 3 }, { hold: SECOND }),
      target: { headers: { 'X-Name': `\${row.NAME}` } },
    }),
    rows: [{ NAME: 'ada' }, { NAME: 'two\r\nlines' }, { NAME: 'grace' }],
  });
  expect(outcome.tally.connections).toMatchObject({ attempted: 3, opened: 2, failed: 1, failures: { other: 1 } });
  expect(failures(outcome)[0]!.detail).toContain('X-Name');
});

test('compressed messages come back as they were', () => {
  const compression: Compression = { kind: 'deflate', clientContextTakeover: false, serverContextTakeover: false };
  const outcome = runScenario({
    plan: makePlan({ messages: openMessages(50, SECOND), bytes: 500, format: 'text', target: { compression } }),
    script: answering((request, accept) =>
      switchingProtocols(
        request,
        accept,
        'Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover',
      ),
    ),
  });
  expect(outcome.tally.messages).toMatchObject({ sent: 50, delivered: 50 });
  for (const { rsv1, payload } of outcome.connections[0]!.received) {
    expect(rsv1).toBe(true);
    expect(payload.length).toBeLessThan(500);
  }
  expect(outcome.tally.bytes.sent).toBeLessThan(50 * 508);
});

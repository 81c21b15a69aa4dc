import { describe, expect, test } from 'vitest';
import { failures, runScenario, violations } from '../../../test/support/engine/engine-run.ts';
import { curve, MS, makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import { type PeerConnection, serverFrame } from '../../../test/support/engine/websocket-peer.ts';

describe('control frames', () => {
  test('a ping is answered with a pong of the same payload', () => {
    const payloads = ['', 'a', 'x'.repeat(125), 'grüße'];
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 1 }, { hold: SECOND }) }),
      script: () => ({
        onOpen(connection) {
          for (const payload of payloads) connection.ping(payload);
        },
      }),
    });
    expect(outcome.connections[0]!.pongs).toEqual(payloads);
  });

  test('pings among the messages disturb none of them', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 3 }), messages: openMessages(300, 2 * SECOND) }),
      script: () => ({
        onMessage(connection, { payload, opcode }, index) {
          connection.ping(`${index}`);
          connection.send(payload, opcode);
        },
      }),
    });
    expect(outcome.tally.messages).toMatchObject({ sent: 600, delivered: 600 });
    for (const { pongs, received } of outcome.connections) expect(pongs).toEqual(received.map((_, i) => `${i}`));
  });

  test('a flood of pings to a client that cannot write does not pile up pongs', () => {
    let queued = 0;
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 1 }, { hold: SECOND }), target: { maxBufferedBytes: 1000 } }),
      network: { kernelBytes: 1000 },
      script: () => ({
        onOpen(connection) {
          connection.peer.pause();
          for (let i = 0; i < 5000; i++) connection.ping('0123456789');
        },
      }),
      prepare: ({ clock }) => clock.after(0.5 * SECOND, () => queued++),
    });
    expect(queued).toBe(1);
    expect(outcome.tally.bytes.sent).toBeLessThan(3000);
  });

  test('a pong that nobody asked for is no message', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(10, SECOND) }),
      script: () => ({
        onOpen: (connection) => connection.peer.send(serverFrame(10, new Uint8Array(5))),
      }),
    });
    expect(outcome.tally.messages).toMatchObject({ delivered: 10, unexpected: 0 });
  });
});

describe('the close handshake', () => {
  const three = { plan: makePlan({ connections: curve({ to: 3 }), messages: openMessages(30, SECOND) }) };
  const closesBy = (onClose: (connection: PeerConnection) => void) =>
    runScenario({ ...three, script: () => ({ onClose }) });

  test('a service that answers every close frame and ends its connections is said nothing against', () => {
    const { tally } = runScenario(three);
    expect(tally.connections.closes).toEqual({ sent: 3, unanswered: 0, waitedOut: 0 });
  });

  test('close frames that are never answered are counted, and that they were waited for', () => {
    const outcome = closesBy(() => {});
    expect(outcome.tally.connections.closes).toEqual({ sent: 3, unanswered: 3, waitedOut: 3 });
    expect(outcome.tally.messages).toMatchObject({ sent: 30, delivered: 30 });
  });

  test('a connection that ends without an answer is unanswered, and was not waited for', () => {
    const { tally } = closesBy(({ peer, number }) => (number === 0 ? peer.reset() : peer.end()));
    expect(tally.connections.closes).toEqual({ sent: 3, unanswered: 3, waitedOut: 0 });
  });

  test('an answer without the end of the connection is waited for, and is one', () => {
    const { tally } = closesBy((connection) => connection.close(1000));
    expect(tally.connections.closes).toEqual({ sent: 3, unanswered: 0, waitedOut: 3 });
  });

  test('a close frame that the service began is none of ours', () => {
    const { tally } = runScenario({ ...three, script: () => ({ onOpen: (connection) => connection.close(1001) }) });
    expect(tally.connections.closes).toMatchObject({ sent: 0, unanswered: 0 });
  });

  test('ours: a close frame with 1000, and the service’s answer is no drop', () => {
    const outcome = runScenario({ plan: makePlan({ messages: openMessages(10, SECOND) }) });
    expect(outcome.connections[0]).toMatchObject({ closeCode: 1000 });
    expect(outcome.tally.connections).toMatchObject({ droppedByServer: 0, closeCodes: {}, failures: {} });
  });

  test.each([
    [1001, 1001],
    [1000, 1000],
    [1011, 1011],
    [4321, 4321],
    [null, 1000],
  ])('theirs: a close frame with %s is answered with %i, counted as a drop, and its messages are unresolved', (code, answered) => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 2 }), messages: openMessages(100, 2 * SECOND) }),
      script: (clock) => ({
        onOpen(connection) {
          if (connection.number === 0)
            clock.after(1.003 * SECOND, () => connection.close(code, code === null ? '' : 'bye'));
        },
        onMessage: (connection, { payload }) => void clock.after(100 * MS, () => connection.send(payload)),
        onClose: ({ peer }) => peer.end(),
      }),
    });
    const counted = String(code ?? 1005);
    expect(outcome.tally.connections).toMatchObject({
      droppedByServer: 1,
      closeCodes: { [counted]: 1 },
      failures: { closedByServer: 1 },
    });
    expect(outcome.connections[0]!.closeCode).toBe(answered);
    expect(failures(outcome)[0]!.detail).toContain(`close code ${counted}`);
    if (code !== null) expect(failures(outcome)[0]!.detail).toContain('bye');
    const { messages, unsent } = outcome.tally;
    // Every other message was on this client, one each 20 ms, 100 ms and the way in flight: five or six.
    expect(messages.unresolved).toBeGreaterThanOrEqual(5);
    expect(messages.unresolved).toBeLessThanOrEqual(6);
    expect(messages).toMatchObject({ due: 200, sent: 200, lost: 0, delivered: 200 - messages.unresolved });
    expect(unsent.socketClosed).toBe(0);
    expect(violations(outcome)).toEqual({});
  });

  test('a connection that ends without a close frame is a drop with 1006', () => {
    for (const end of ['end', 'reset'] as const) {
      const outcome = runScenario({
        plan: makePlan({ messages: openMessages(100, 2 * SECOND) }),
        script: (clock) => ({ onOpen: ({ peer }) => void clock.after(SECOND, () => peer[end]()) }),
      });
      expect(outcome.tally.connections).toMatchObject({
        droppedByServer: 1,
        closeCodes: { 1006: 1 },
        failures: { reset: 1 },
      });
      const { messages, unsent } = outcome.tally;
      expect(messages.due).toBe(200);
      expect(unsent.socketClosed).toBe(200 - messages.sent);
      expect(unsent.socketClosed).toBeGreaterThan(95);
      expect(messages.lost).toBe(0);
    }
  });

  test('what came before the close frame in the same read counts', () => {
    const outcome = runScenario({
      plan: makePlan({ messages: openMessages(10, SECOND) }),
      script: () => ({
        onMessage(connection, { payload }, index) {
          const message = serverFrame(2, payload);
          if (index === 9)
            connection.peer.send(Buffer.concat([message, serverFrame(8, Uint8Array.of(3, 233)), message]));
          else connection.peer.send(message);
        },
        onClose: ({ peer }) => peer.end(),
      }),
    });
    // After a close frame nothing is read: the copy behind it is no duplicate.
    expect(outcome.tally.messages).toMatchObject({ sent: 10, delivered: 10, duplicated: 0, unresolved: 0 });
    expect(outcome.tally.connections.closeCodes).toEqual({ 1001: 1 });
  });

  test('a service that closes while the client drains leaves the rest unresolved', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve({ to: 1 }, { hold: SECOND }, { to: 0 }, { hold: 2 * SECOND }),
        messages: { ...openMessages(100, 0.5 * SECOND), start: { kind: 'at', atNs: 0.4 * SECOND } } as never,
      }),
      script: (clock) => ({
        onOpen: (connection) => void clock.after(1.2 * SECOND, () => connection.close(1001)),
        onMessage: () => {},
      }),
    });
    expect(outcome.tally.messages).toMatchObject({ sent: 50, unresolved: 50, lost: 0 });
    expect(outcome.tally.connections.closeCodes).toEqual({ 1001: 1 });
  });

  test('a service that never closes the connection after the handshake is left after two seconds', () => {
    const outcome = runScenario({
      plan: makePlan({ connections: curve({ to: 1 }, { hold: SECOND }, { to: 0 }, { hold: 4 * SECOND }) }),
      script: () => ({ onClose: (connection, code) => connection.close(code) }),
    });
    expect(outcome.connections[0]).toMatchObject({ closeCode: 1000, left: 'gone' });
    expect(outcome.tally.connections.droppedByServer).toBe(0);
  });

  test('a client that is wanted again while it still closes is opened when it has', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve({ to: 1 }, { hold: SECOND }, { to: 0 }, { hold: 100 * MS }, { to: 1 }, { hold: 3 * SECOND }),
      }),
      script: (clock) => ({
        onClose: (connection, code) =>
          void clock.after(500 * MS, () => {
            connection.close(code);
            connection.peer.end();
          }),
      }),
    });
    expect(outcome.tally.connections).toMatchObject({ attempted: 2, opened: 2, droppedByServer: 0 });
  });

  test('and not at all when the curve takes it back before that', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve(
          { to: 1 },
          { hold: SECOND },
          { to: 0 },
          { hold: 100 * MS },
          { to: 1 },
          { hold: 100 * MS },
          { to: 0 },
          { hold: 3 * SECOND },
        ),
      }),
      script: (clock) => ({
        onClose: (connection, code) =>
          void clock.after(500 * MS, () => {
            connection.close(code);
            connection.peer.end();
          }),
      }),
    });
    expect(outcome.tally.connections).toMatchObject({ attempted: 1, opened: 1 });
  });

  test('a client that is wanted again while it drains goes on where its stream left off', () => {
    const outcome = runScenario({
      plan: makePlan({
        connections: curve({ to: 1 }, { hold: SECOND }, { to: 0 }, { hold: 50 * MS }, { to: 1 }, { hold: 2 * SECOND }),
        messages: openMessages(100, 2.5 * SECOND),
      }),
      script: (clock) => ({
        onMessage: (connection, { payload }) => void clock.after(200 * MS, () => connection.send(payload)),
      }),
    });
    const { messages, unsent } = outcome.tally;
    expect(outcome.tally.connections).toMatchObject({ attempted: 2, opened: 2 });
    expect(messages).toMatchObject({ delivered: messages.sent, lost: 0, unexpected: 0, reordered: 0 });
    expect(unsent.socketClosed).toBe(250 - messages.sent);
    expect(unsent.socketClosed).toBeGreaterThan(15);
  });
});

describe('a service that breaks the rules is told so', () => {
  const breaking = (bytes: Uint8Array, target = {}) =>
    runScenario({
      plan: makePlan({ messages: openMessages(100, SECOND), format: 'text', bytes: 100, target }),
      script: (clock) => ({
        onOpen: (connection: PeerConnection) => void clock.after(505 * MS, () => connection.peer.send(bytes)),
        onMessage: (connection, { payload, opcode }) =>
          void clock.after(20 * MS, () => connection.send(payload, opcode)),
      }),
    });

  test.each([
    ['framing', 1002, Uint8Array.of(0x83, 0)],
    ['framing', 1002, Uint8Array.of(0x81, 0x80, 1, 2, 3, 4)],
    ['framing', 1002, Uint8Array.of(0xf1, 0)],
    ['invalidUtf8', 1007, Uint8Array.of(0x81, 2, 0xc3, 0x28)],
    ['tooBig', 1009, Uint8Array.of(0x82, 127, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff)],
  ] as const)('%s: closed with %i', (kind, code, bytes) => {
    const outcome = breaking(bytes);
    expect(outcome.tally.connections).toMatchObject({
      failures: { [kind]: 1 },
      closeCodes: { [code]: 1 },
      droppedByServer: 1,
    });
    expect(outcome.connections[0]!.closeCode).toBe(code);
    expect(failures(outcome)[0]!.failure).toBe(kind);
    expect(failures(outcome)[0]!.detail).toMatch(/^RFC \d+ §/);
    const { messages, unsent } = outcome.tally;
    expect(messages.unresolved).toBe(messages.sent - messages.delivered);
    expect(messages.unresolved).toBeGreaterThanOrEqual(2);
    expect(unsent.socketClosed).toBe(100 - messages.sent);
  });

  test('two violations in one read are one', () => {
    const outcome = breaking(Uint8Array.of(0x83, 0, 0x83, 0, 0x83, 0));
    expect(outcome.tally.connections.failures).toEqual({ framing: 1 });
    expect(outcome.tally.connections.opened).toBe(1);
  });
});

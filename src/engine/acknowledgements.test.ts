// Services that acknowledge apart from delivering, senders that send again, and services that keep a state.

import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Outcome, runScenario, violations } from '../../test/support/engine/engine-run.ts';
import { curve, MS, makePlan, openMessages, SECOND } from '../../test/support/engine/plans.ts';
import type { PeerConnection } from '../../test/support/engine/websocket-peer.ts';
import { describeDelivery } from '../analysis/figures/delivery.ts';
import type { JsonProtocol, Resend } from '../plan/plan.ts';

const PROTOCOL: JsonProtocol = {
  kind: 'json',
  template: JSON.stringify({ id: `\${id}`, n: `\${seq}`, text: `\${payload}` }),
  join: [],
  id: ['said', 'id'],
  error: ['error'],
  ack: ['ack'],
  duplicate: ['duplicate'],
  payload: ['said', 'text'],
  state: null,
  pushes: 'unexpected',
};
const RESEND: Resend = { afterNs: 200 * MS, atMost: 3, idempotencyCheck: null };

interface Message {
  readonly id: string;
  readonly n: number;
  readonly text: string;
}
/** What the service does with the copy of a message (0: the first): documents to send back. */
type Serve = (message: Message, copy: number, connection: PeerConnection) => readonly unknown[];

const ack = ({ id }: Message, more: object = {}) => ({ ack: id, ...more });
const said = ({ id, text }: Message) => ({ said: { id, text } });
/** Takes each message once, and says so of every copy. */
const proper: Serve = (message, copy) =>
  copy === 0 ? [ack(message), said(message)] : [ack(message, { duplicate: true })];

function withService(
  serve: Serve,
  parts: { protocol?: Partial<JsonProtocol>; resend?: Resend | null; clients?: number; count?: number } = {},
): Outcome {
  const copies = new Map<string, number>();
  return runScenario({
    plan: makePlan({
      connections: curve({ to: parts.clients ?? 1 }),
      messages: openMessages(parts.count ?? 100, SECOND),
      bytes: 200,
      plan: { protocol: { ...PROTOCOL, ...parts.protocol }, resend: parts.resend ?? null, drainNs: 2 * SECOND },
    }),
    script: () => ({
      onMessage(connection, { payload }) {
        const message = JSON.parse(new TextDecoder().decode(payload)) as Message;
        const copy = copies.get(message.id) ?? 0;
        copies.set(message.id, copy + 1);
        for (const document of serve(message, copy, connection)) {
          const text = typeof document === 'string' ? document : JSON.stringify(document);
          connection.send(new TextEncoder().encode(text), 1);
        }
      },
    }),
  });
}

const none = {
  lost: 0,
  unresolved: 0,
  rejected: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
  unexpected: 0,
  diverged: 0,
};

describe('acknowledged and delivered are two things', () => {
  test('both of every message: nothing to say', () => {
    const { tally } = withService(proper);
    expect(tally.messages).toMatchObject({ ...none, sent: 100, delivered: 100, acknowledged: 100, resent: 0 });
    expect(tally.delivery.acknowledgements).toEqual({ lost: 0, recovered: 0 });
  });

  test('acknowledged and never delivered is lost', () => {
    const { tally } = withService((message, copy) =>
      message.n % 10 === 3 ? [ack(message)] : proper(message, copy, null!),
    );
    expect(tally.messages).toMatchObject({ ...none, delivered: 90, lost: 10, acknowledged: 100 });
    expect(tally.delivery.acknowledgements).toEqual({ lost: 10, recovered: 0 });
  });

  test('also where the connection died: what was not acknowledged then is unresolved', () => {
    const { tally } = withService((message, copy, connection) => {
      if (message.n === 50) connection.peer.reset();
      if (message.n >= 50) return [];
      return message.n >= 40 ? (message.n >= 45 ? [] : [ack(message)]) : proper(message, copy, connection);
    });
    expect(tally.delivery.acknowledgements.lost).toBe(5);
    expect(tally.messages).toMatchObject({ delivered: 40, lost: 5, acknowledged: 45 });
    expect(tally.messages.unresolved).toBeGreaterThanOrEqual(6);
  });

  test('delivered without an acknowledgement is recovered', () => {
    const { tally } = withService((message, copy) =>
      message.n % 20 === 0 ? [said(message)] : proper(message, copy, null!),
    );
    expect(tally.messages).toMatchObject({ ...none, delivered: 100, acknowledged: 95 });
    expect(tally.delivery.acknowledgements).toEqual({ lost: 0, recovered: 5 });
  });

  test('acknowledged, missing, and something unreadable came since: unresolved; what was sent later is lost', () => {
    const { tally } = withService((message, copy) => {
      if (message.n === 7 || message.n === 11) return [ack(message)];
      return message.n === 9 ? ['{', ...proper(message, copy, null!)] : proper(message, copy, null!);
    });
    expect(tally.messages).toMatchObject({ ...none, delivered: 98, unresolved: 1, lost: 1, acknowledged: 100 });
    expect(tally.delivery.acknowledgements).toEqual({ lost: 1, recovered: 0 });
  });

  test('a refusal at the place of the acknowledgement rejects', () => {
    const { tally } = withService((message, copy) =>
      message.n === 7 ? [ack(message, { error: 'full' })] : proper(message, copy, null!),
    );
    expect(tally.messages).toMatchObject({ ...none, delivered: 99, rejected: 1, acknowledged: 99 });
  });

  test('acknowledgements of messages that were never sent are unexpected', () => {
    const { tally } = withService((message, copy) =>
      message.n === 7
        ? [
            ...proper(message, copy, null!),
            { ack: '12345678-0-99999' },
            { ack: '12345678-9-0' },
            { ack: '99999999-0-0' },
          ]
        : proper(message, copy, null!),
    );
    expect(tally.messages).toMatchObject({ ...none, delivered: 100, acknowledged: 100, unexpected: 3 });
  });
});

/** Known answers of Jepsen's total-queue checker (jepsen/checker_test.clj), told by a service. */
describe('outcomes as Jepsen counts them', () => {
  const queue = { clients: 1, count: 3 };

  test('a sane queue: one acknowledged, both came: nothing lost, one recovered', () => {
    const { tally } = withService((message) => (message.n === 0 ? [said(message)] : [ack(message), said(message)]), {
      ...queue,
      count: 2,
    });
    expect(tally.messages).toMatchObject({ ...none, sent: 2, acknowledged: 1, delivered: 2 });
    expect(tally.delivery.acknowledgements).toEqual({ lost: 0, recovered: 1 });
    expect(describeDelivery(tally, null, makePlan({ plan: { protocol: PROTOCOL } }), {})).toMatchObject({
      consistentWith: 'exactly-once',
    });
  });

  test('a pathological queue: attempts 3, acknowledged 2, ok 1, lost 1, unexpected 1, duplicated 1, recovered 0', () => {
    const { tally } = withService((message, _, connection) => {
      // #0 hangs, #1 is enqueued and never comes, #2 comes twice; then the queue dies.
      if (message.n === 1) return [ack(message)];
      if (message.n !== 2) return [];
      const documents = [{ wtf: true }, ack(message), said(message), said(message)];
      for (const document of documents) connection.send(new TextEncoder().encode(JSON.stringify(document)), 1);
      connection.peer.reset();
      return [];
    }, queue);
    expect(tally.messages).toMatchObject({
      sent: 3,
      acknowledged: 2,
      delivered: 1,
      lost: 1,
      unexpected: 1,
      duplicated: 1,
      unresolved: 1,
    });
    expect(tally.delivery.acknowledgements).toEqual({ lost: 1, recovered: 0 });
    expect(describeDelivery(tally, null, makePlan({ plan: { protocol: PROTOCOL } }), {})).toMatchObject({
      consistentWith: 'none',
    });
  });

  test('a set: two adds are acknowledged, two are not, two fail; the last read lacks one and has two that it must not', () => {
    // Adds 0, 1 (ok), 10, 11 (unknown), 20, 21 (failed) as #0 to #5; the read {0, 10, 20, 30} is what is delivered.
    const { tally } = withService(
      (message) => {
        const isRead = message.n % 2 === 0;
        const answer = message.n < 2 ? [ack(message)] : message.n < 4 ? [] : [{ ack: message.id, error: 'failed' }];
        const never = message.n === 4 ? [{ said: { id: message.id.replace(/-4$/, '-30') } }] : [];
        return [...answer, ...(isRead ? [said(message)] : []), ...never];
      },
      { clients: 1, count: 6 },
    );
    // Of 11 nobody can say more than that it never came; 20 was said to have failed, and 30 never added.
    expect(tally.messages).toMatchObject({
      sent: 6,
      acknowledged: 2,
      delivered: 2,
      rejected: 2,
      lost: 2,
      unexpected: 2,
    });
    expect(tally.delivery.acknowledgements).toEqual({ lost: 1, recovered: 1 });
    expect(tally.delivery.unexpected).toMatchObject({ refused: 1, neverSent: 1 });
  });
});

describe('what is not acknowledged is sent again', () => {
  test('until it is: with the same id and the same content', () => {
    const { tally, connections } = withService(
      (message, copy) => (message.n % 10 === 0 && copy === 0 ? [] : proper(message, 0, null!)),
      { resend: RESEND },
    );
    expect(tally.messages).toMatchObject({
      ...none,
      sent: 100,
      delivered: 100,
      acknowledged: 100,
      resent: 10,
      reordered: 10,
    });
    const texts = connections[0]!.received.map(({ payload }) => new TextDecoder().decode(payload));
    expect(texts).toHaveLength(110);
    expect(new Set(texts).size).toBe(100);
  });

  test('its response time counts from when it was first due', () => {
    const { tally } = withService((message, copy) => (message.n === 5 && copy === 0 ? [] : proper(message, 0, null!)), {
      resend: RESEND,
    });
    expect(tally.histograms.response.maxNs).toBeGreaterThanOrEqual(200 * MS);
    expect(tally.histograms.response.maxNs).toBeLessThan(260 * MS);
  });

  test('at most so often: then it is lost', () => {
    const { tally } = withService((message, copy) => (message.n === 5 ? [] : proper(message, copy, null!)), {
      resend: RESEND,
    });
    expect(tally.messages).toMatchObject({ ...none, delivered: 99, lost: 1, resent: 3 });
  });

  test('a swallowed acknowledgement: the copy is deduplicated, and nothing is duplicated', () => {
    const { tally } = withService(
      (message, copy) => (message.n % 25 === 0 && copy === 0 ? [said(message)] : proper(message, copy, null!)),
      { resend: RESEND },
    );
    expect(tally.messages).toMatchObject({ ...none, delivered: 100, acknowledged: 100, resent: 4, deduplicated: 4 });
    expect(tally.delivery.acknowledgements).toEqual({ lost: 0, recovered: 0 });
  });

  test('a service that takes every copy delivers twice: duplicated', () => {
    const { tally } = withService(
      (message, copy) => (message.n % 25 === 0 && copy === 0 ? [said(message)] : [ack(message), said(message)]),
      { resend: RESEND },
    );
    expect(tally.messages).toMatchObject({ ...none, delivered: 100, resent: 4, deduplicated: 0, duplicated: 4 });
  });

  test('where the answer is the acknowledgement, it is enough', () => {
    const { tally } = withService((message, copy) => (message.n === 5 && copy === 0 ? [] : [said(message)]), {
      resend: RESEND,
      protocol: { ack: null },
    });
    expect(tally.messages).toMatchObject({ ...none, reordered: 1, delivered: 100, resent: 1, acknowledged: 0 });
  });

  test('an echo is sent again as well', () => {
    let dropped = false;
    const { tally } = runScenario({
      plan: makePlan({ messages: openMessages(50, SECOND), plan: { resend: RESEND, drainNs: 2 * SECOND } }),
      script: () => ({
        onMessage(connection, { payload }, index) {
          if (index === 7 && !dropped) dropped = true;
          else connection.send(payload);
        },
      }),
    });
    expect(tally.messages).toMatchObject({ ...none, delivered: 50, resent: 1, reordered: 1 });
  });
});

describe('an idempotency check sends copies though nothing is wrong', () => {
  const resend = { afterNs: SECOND, atMost: 0, idempotencyCheck: { share: 0.2, copies: 4, everyNs: 50 * MS } };

  test('all are deduplicated by a service that knows its messages', () => {
    const { tally } = withService(proper, { resend });
    const checked = tally.messages.resent / 4;
    expect(checked).toBeGreaterThan(8);
    expect(checked).toBeLessThan(36);
    expect(tally.messages).toMatchObject({ ...none, delivered: 100, deduplicated: 4 * checked });
  });

  test('every copy that is taken again is duplicated', () => {
    const { tally } = withService((message) => [ack(message), said(message)], { resend });
    expect(tally.messages.duplicated).toBe(tally.messages.resent);
    expect(tally.messages.deduplicated).toBe(0);
    expect(violations(withService((message) => [ack(message), said(message)], { resend }))).toEqual({
      duplicated: tally.messages.duplicated,
    });
  });
});

describe('a sender whose connection dies with messages in flight', () => {
  const RECONNECT = { backoff: 'constant', fromNs: 100 * MS, toNs: 100 * MS, jitter: 'none', atMost: 10 } as const;

  /** One client, 100 messages in a second, each answered after 50 ms; the connection dies under those of half a second. */
  function story(more: {
    readonly resend?: Resend | null;
    readonly reconnect?: typeof RECONNECT | null;
    readonly isBack?: boolean;
    /** Whether the service takes what reached it on the connection that died. */
    readonly takes?: boolean;
  }) {
    const { resend = RESEND, reconnect = RECONNECT, isBack = true, takes = false } = more;
    const known = new Set<string>();
    let isDead = false;
    return runScenario({
      plan: makePlan({
        messages: openMessages(100, 2 * SECOND),
        bytes: 150,
        plan: { protocol: PROTOCOL, resend, reconnect, drainNs: 2 * SECOND },
      }),
      script: (clock) => ({
        onOpen(connection) {
          if (connection.number > 0) return;
          clock.after(500 * MS, () => {
            isDead = true;
            connection.peer.reset();
          });
        },
        answer: (_request, accept, number) =>
          number > 0 && !isBack
            ? 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'
            : `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        onMessage(connection, { payload }) {
          const message = JSON.parse(new TextDecoder().decode(payload)) as Message;
          clock.after(50 * MS, () => {
            const documents = known.has(message.id)
              ? [{ ack: message.id, duplicate: true }]
              : [ack(message), said(message)];
            if (connection.number === 0 && isDead && !takes) return;
            known.add(message.id);
            for (const document of documents) connection.send(new TextEncoder().encode(JSON.stringify(document)), 1);
          });
        },
      }),
    });
  }

  test('sends them again on the next one, with the same id: nothing is lost, and nothing unresolved', () => {
    const { tally } = story({});
    expect(tally.connections).toMatchObject({ droppedByServer: 1, reconnected: 1 });
    expect(tally.messages.resent).toBeGreaterThanOrEqual(4);
    expect(tally.messages).toMatchObject({ lost: 0, unresolved: 0, duplicated: 0, delivered: tally.messages.sent });
  });

  test('finds those lost that the service took, and does not deliver to the next one', () => {
    const { tally } = story({ takes: true });
    expect(tally.messages.lost).toBeGreaterThanOrEqual(4);
    expect(tally.messages).toMatchObject({ unresolved: 0, deduplicated: tally.messages.lost, duplicated: 0 });
    expect(tally.delivery.acknowledgements).toEqual({ lost: tally.messages.lost, recovered: 0 });
  });

  test('leaves them unresolved where nothing is sent again', () => {
    const { tally } = story({ resend: null });
    expect(tally.connections).toMatchObject({ droppedByServer: 1, reconnected: 1 });
    expect(tally.messages.unresolved).toBeGreaterThanOrEqual(4);
    expect(tally.messages).toMatchObject({ lost: 0, resent: 0 });
  });

  test.each([
    ['there is no next one', { reconnect: null }],
    ['the next one never comes', { isBack: false }],
  ])('leaves them unresolved where %s', (_, more) => {
    const { tally } = story(more);
    expect(tally.connections).toMatchObject({ droppedByServer: 1, reconnected: 0 });
    expect(tally.messages.unresolved).toBeGreaterThanOrEqual(4);
    expect(tally.messages.delivered + tally.messages.unresolved).toBe(tally.messages.sent);
  });

  test('an idempotency check sends a copy on the next one as well: a service that knows its messages deduplicates it', () => {
    const idempotencyCheck = { share: 1, copies: 1, everyNs: 10 * MS };
    const { tally } = story({ resend: { ...RESEND, idempotencyCheck } });
    expect(tally.messages).toMatchObject({ lost: 0, unresolved: 0, duplicated: 0, delivered: tally.messages.sent });
    expect(tally.messages.deduplicated).toBeGreaterThan(0);
  });
});

describe('the state of the service is compared with a model', () => {
  const protocol: Partial<JsonProtocol> = {
    ack: null,
    id: ['id'],
    payload: null,
    state: { count: ['count'], digest: ['digest'], shared: false },
  };

  /** Folds what `takes` lets through, `times` over. */
  function stateful(times: (message: Message) => number, refuses: (message: Message) => boolean = () => false): Serve {
    const states = new Map<PeerConnection, { count: number; digest: string }>();
    return (message, copy, connection) => {
      const state = states.get(connection) ?? { count: 0, digest: '00000000' };
      states.set(connection, state);
      if (refuses(message)) return [{ id: message.id, error: 'full' }];
      for (let time = 0; time < (copy === 0 ? times(message) : 0); time++) {
        state.count++;
        state.digest = crc32(state.digest + message.id)
          .toString(16)
          .padStart(8, '0');
      }
      return [{ id: message.id, ...state, ...(copy === 0 ? {} : { duplicate: true }) }];
    };
  }

  test('a service that takes each message once never diverges, whatever is in flight', () => {
    const { tally } = withService(
      stateful(() => 1),
      { protocol, clients: 4, count: 400 },
    );
    expect(tally.messages).toMatchObject({ ...none, delivered: 400 });
  });

  test('a message that is applied twice: the first divergence is told with both states, and once', () => {
    const outcome = withService(
      stateful(({ n }) => (n === 30 ? 2 : 1)),
      { protocol },
    );
    expect(outcome.tally.messages).toMatchObject({ ...none, delivered: 100, diverged: 1 });
    const [violation] = outcome.events.flatMap((event) => (event.kind === 'violation' ? [event] : []));
    expect(violation).toMatchObject({
      violation: 'diverged',
      seq: 30,
      expected: expect.stringMatching(/^count 31, digest [0-9a-f]{8}$/),
      got: expect.stringMatching(/^count 32, digest [0-9a-f]{8}$/),
    });
  });

  test('a message that is answered and not applied, and a state that is forgotten, diverge', () => {
    const { tally } = withService(
      stateful(({ n }) => (n === 30 || n === 60 ? 0 : 1)),
      { protocol },
    );
    expect(tally.messages.diverged).toBe(2);
  });

  test('the count alone may agree where the digest does not', () => {
    const wrong: Serve = (message) => [{ id: message.id, count: message.n + 1, digest: 'deadbeef' }];
    expect(withService(wrong, { protocol }).tally.messages.diverged).toBe(100);
    const countOnly = { ...protocol, state: { count: ['count'], digest: null, shared: false } };
    expect(withService(wrong, { protocol: countOnly }).tally.messages.diverged).toBe(0);
  });

  test('what is no state at all diverges and stops nothing', () => {
    const odd: Serve = (message) => [{ id: message.id, count: 'many', digest: { a: 1 } }];
    expect(withService(odd, { protocol }).tally.messages).toMatchObject({ delivered: 100, diverged: 100 });
  });

  test('a refused message is not in the state, and that is right', () => {
    const { tally } = withService(
      stateful(
        () => 1,
        ({ n }) => n % 10 === 4,
      ),
      { protocol },
    );
    expect(tally.messages).toMatchObject({ ...none, delivered: 90, rejected: 10 });
  });

  test('copies change nothing', () => {
    const resend = { afterNs: SECOND, atMost: 0, idempotencyCheck: { share: 0.3, copies: 2, everyNs: 30 * MS } };
    const { tally } = withService(
      stateful(() => 1),
      { protocol, resend },
    );
    expect(tally.messages.resent).toBeGreaterThan(20);
    expect(tally.messages).toMatchObject({ ...none, delivered: 100, deduplicated: tally.messages.resent });
  });
});

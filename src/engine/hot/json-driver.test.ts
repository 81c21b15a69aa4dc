import { describe, expect, test } from 'vitest';
import { type Outcome, runScenario, violations } from '../../../test/support/engine/engine-run.ts';
import { type Answer, jsonService } from '../../../test/support/engine/json-service.ts';
import { closedMessages, curve, MS, makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import { addTypes, createTypeTallies } from '../../analysis/figures/by-type.ts';
import { littlesLawError } from '../../analysis/judge/health.ts';
import { percentile } from '../../histogram/histogram.ts';
import type { JsonProtocol } from '../../plan/plan.ts';

const PROTOCOL: JsonProtocol = {
  kind: 'json',
  template: JSON.stringify({ type: 'chat', id: `\${id}`, text: `\${payload}` }),
  join: [],
  ack: null,
  duplicate: null,
  state: null,
  id: ['replyTo'],
  error: ['error'],
  payload: ['text'],
  pushes: 'unexpected',
};
const clean = { lost: 0, unresolved: 0, rejected: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 };
const echo: Answer = ({ id, text }) => [{ replyTo: id, text }];

/** A hundred messages of 200 bytes on one client. */
function withService(
  answer: Answer,
  protocol: Partial<JsonProtocol> = {},
  parts: Parameters<typeof makePlan>[0] = {},
): Outcome {
  return runScenario({
    plan: makePlan({
      messages: openMessages(100, SECOND),
      bytes: 200,
      ...parts,
      plan: { protocol: { ...PROTOCOL, ...protocol }, ...parts.plan },
    }),
    script: () => jsonService(answer),
  });
}

describe('what became of each message of a JSON service is counted exactly', () => {
  test('delivered: all of them, each with its response time', () => {
    const outcome = withService(echo);
    expect(outcome.tally.messages).toMatchObject({ sent: 100, delivered: 100, ...clean });
    expect(outcome.events).toEqual([]);
    expect(
      outcome.connections[0]!.received.every(({ payload, opcode }) => payload.length === 200 && opcode === 1),
    ).toBe(true);
  });

  test('lost: every seventh is not answered', () => {
    const outcome = withService((message, index) => (index % 7 === 3 ? [] : echo(message, index)));
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 86, lost: 14 });
  });

  test('rejected: an answer that carries an error, and no response time', () => {
    const outcome = withService((message, index) =>
      index % 10 === 0 ? [{ replyTo: message.id, error: 'full' }] : echo(message, index),
    );
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 90, rejected: 10 });
    expect(littlesLawError(outcome.tally)).toBeCloseTo(0);
  });

  test('rejected: all of them; that they were in flight is no fault of the generator', () => {
    const outcome = withService(({ id }) => [{ replyTo: id, error: 'full' }]);
    expect(outcome.tally.messages).toMatchObject({ ...clean, rejected: 100, delivered: 0 });
    expect(outcome.tally.histograms.service.count).toBe(0);
    expect(littlesLawError(outcome.tally)).toBeCloseTo(0);
  });

  test('rejected late, and answered at once: the time of both adds up to that in flight', () => {
    const held: unknown[] = [];
    const outcome = withService((message, index) => {
      if (index % 2 === 0) held.push({ replyTo: message.id, error: 'full' });
      return [...(index % 2 === 0 ? [] : echo(message, index)), ...(index === 99 ? held.splice(0) : [])];
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 50, rejected: 50 });
    expect(outcome.tally.health.rejectedNs).toBeGreaterThan(20 * SECOND);
    expect(littlesLawError(outcome.tally)).toBeCloseTo(0);
  });

  test('what came is checked where the answer returns what was sent, and only where that is more than nothing', () => {
    expect(withService(echo).tally.delivery.unchecked).toBe(0);
    expect(withService(echo, { payload: null }).tally.delivery.unchecked).toBe(100);
    const short = withService(echo, {}, { bytes: 10 });
    expect(short.tally.messages).toMatchObject({ ...clean, delivered: 100 });
    expect(short.tally.delivery.unchecked).toBe(100);
  });

  describe('what the service says of a message that it rejects', () => {
    const wordsOf = (answer: Answer): readonly string[] =>
      withService(answer).events.flatMap((event) => (event.kind === 'rejection' ? [event.detail] : []));

    test('is told once for each kind', () => {
      const words = wordsOf((message, index) => [
        {
          replyTo: message.id,
          error: index % 3 === 0 ? `full, try again in ${index} ms` : { code: 7, why: 'no right' },
        },
      ]);
      expect(words).toEqual(['full, try again in 0 ms', '{"code":7,"why":"no right"}']);
    });

    test('is the whole document where the error is no more than a sign', () => {
      const [words, ...others] = wordsOf((message) => [{ replyTo: message.id, error: true, note: 'no right' }]);
      expect(words).toMatch(/^\{"replyTo":"[^"]+","error":true,"note":"no right"\}$/);
      expect(others).toEqual([]);
    });

    test('is nothing where it rejects none', () => {
      expect(wordsOf(echo)).toEqual([]);
    });
  });

  describe('that nothing is understood', () => {
    const notices = (answer: Answer, seconds: number, clients = 1, greeting = 0): number => {
      const service = jsonService(answer);
      const join = new TextEncoder().encode('{"welcome":"you"}');
      const outcome = runScenario({
        plan: makePlan({
          messages: openMessages(100, seconds * SECOND),
          connections: curve({ to: clients }),
          plan: { protocol: PROTOCOL },
        }),
        script: () => ({
          ...service,
          onMessage(connection, message, index) {
            if (index === 0) for (let count = 0; count < greeting; count++) connection.send(join, 1);
            service.onMessage?.(connection, message, index);
          },
        }),
      });
      return outcome.events.filter(({ kind }) => kind === 'notUnderstood').length;
    };
    const wrong: Answer = ({ id }) => [{ answerTo: id }];

    test('is said once, when a hundred answers over a second name no message', () => {
      expect(notices(wrong, 3)).toBe(1);
    });

    test('is not said within the first second, nor because each client receives a greeting or two', () => {
      expect(notices(wrong, 0.9)).toBe(0);
      expect(notices(() => [], 3, 120, 1)).toBe(0);
      expect(notices(() => [], 3, 120, 2)).toBe(0);
    });

    test('is not said of a service that answers at last', () => {
      expect(notices((message, index) => (index < 50 ? [] : echo(message, index)), 3, 1, 40)).toBe(0);
    });
  });

  test('duplicated: answered again, or rejected again', () => {
    const outcome = withService((message, index) => {
      if (index === 5) return [...echo(message, index), ...echo(message, index)];
      const rejection = { replyTo: message.id, error: 1 };
      return index === 6 ? [rejection, rejection] : echo(message, index);
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 99, rejected: 1, duplicated: 2 });
  });

  test('unexpected: delivered though it was rejected', () => {
    const outcome = withService((message, index) =>
      index === 6 ? [{ replyTo: message.id, error: 1 }, ...echo(message, index)] : echo(message, index),
    );
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 99, rejected: 1, unexpected: 1 });
    expect(outcome.tally.delivery.unexpected.refused).toBe(1);
  });

  test('a rejection makes nothing late that is still on its way', () => {
    const waiting: unknown[] = [];
    const outcome = withService((message, index) => {
      if (index % 10 === 3) return [{ replyTo: message.id, error: 'full' }];
      waiting.push(...echo(message, index));
      return index % 10 === 9 ? waiting.splice(0) : [];
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 90, rejected: 10 });
  });

  test('corrupted: the answer returns another text; the message itself is lost', () => {
    const outcome = withService((message, index) =>
      index % 25 === 0 ? [{ replyTo: message.id, text: 'something else' }] : echo(message, index),
    );
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 96, corrupted: 4, lost: 4 });
  });

  test('a service that returns no text is not asked for it', () => {
    const outcome = withService(({ id }) => [{ replyTo: id }], { payload: null });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 100 });
  });

  test('reordered: answered after a later one', () => {
    let held: Record<string, unknown> = {};
    const outcome = withService((message, index) => {
      if (index === 5) {
        held = message;
        return [];
      }
      return index === 7 ? [...echo(message, index), ...echo(held, index)] : echo(message, index);
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 100, reordered: 1 });
    expect(outcome.tally.delivery.extent).toEqual({ count: 1, sum: 2, max: 2 });
  });

  test('unexpected: no JSON, no id, another run’s id, an id never sent, another client’s', () => {
    const foreign = [
      'join',
      { join: 1 },
      { replyTo: '00000000-0-1' },
      { replyTo: '12345678-0-99999' },
      { replyTo: '12345678-7-0' },
    ];
    const outcome = withService((message, index) =>
      index === 50 ? [...echo(message, index), ...foreign] : echo(message, index),
    );
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 100, unexpected: 5 });
    expect(outcome.tally.delivery.unexpected).toMatchObject({ foreign: 2, stale: 1, neverSent: 1, otherStream: 1 });
    expect(violations(outcome)).toEqual({ unexpected: 5 });
    const found = outcome.events.filter((event) => event.kind === 'violation');
    expect(found[1]).toMatchObject({ unexpected: 'foreign', bytes: 10, sample: '{"join":1}' });
  });

  test('unreadable: what was missing when it came is unresolved, and what is lost later is lost', () => {
    const outcome = withService((message, index) => {
      if (index === 20) return [`{"replyTo":"${message.id}","t":NaN}`];
      return index === 10 || index === 30 ? [] : echo(message, index);
    });
    const { messages, delivery } = outcome.tally;
    expect(messages).toMatchObject({ ...clean, delivered: 97, unresolved: 2, lost: 1, unreadable: 1 });
    expect(delivery.unreadable).toMatchObject({ notJson: 1, severalDocuments: 0 });
    expect(delivery.loss).toMatchObject({ periods: 1, longestPeriod: 1 });
    expect(violations(outcome)).toEqual({ lost: 1 });
    const told = outcome.events.filter(({ kind }) => kind === 'unreadable');
    expect(told).toMatchObject([{ unreadable: 'notJson', client: 0, byte: 31 }]);
  });

  test('unreadable: one client of two is in doubt, and the other is not', () => {
    const outcome = withService(
      ({ id, text }, index) => {
        const client = String(id).split('-')[1];
        if (client === '0' && index === 40) return ['{"not JSON'];
        return index === 20 || index === 21 || index === 45 ? [] : [{ replyTo: id, text }];
      },
      {},
      { connections: curve({ to: 2 }) },
    );
    // Of the one 20, 21 and 40, which were on their way; of it 45, and all three of the other, are lost.
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 93, unreadable: 1, unresolved: 3, lost: 4 });
  });

  test('unreadable: the books of each type agree', () => {
    const mix = [
      { type: 'one', weight: 1, payloadBytes: 100, priority: null },
      { type: 'other', weight: 1, payloadBytes: 200, priority: null },
    ] as const;
    const { windows, tally } = withService(
      (message, index) => (index < 20 ? [] : index === 50 ? ['{'] : index > 90 ? [] : echo(message, index)),
      {},
      { mix },
    );
    const types = createTypeTallies(mix);
    for (const window of windows) addTypes(types, window);
    const sums = (outcome: 'lost' | 'unresolved' | 'delivered') =>
      types.map(({ counts }) => counts[outcome]).reduce((sum, count) => sum + count, 0);
    expect(tally.messages).toMatchObject({ delivered: 70, unresolved: 21, lost: 9 });
    expect([sums('delivered'), sums('unresolved'), sums('lost')]).toEqual([70, 21, 9]);
    for (const { counts } of types) expect(counts.sent).toBe(counts.delivered + counts.lost + counts.unresolved);
  });

  test('unreadable: that all was delivered is not doubted', () => {
    const outcome = withService((message, index) =>
      index % 10 === 9 ? [...echo(message, index), '[{"replyTo":"12345678-0-1"}]'] : echo(message, index),
    );
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 100, unreadable: 10 });
    expect(outcome.tally.delivery.unreadable.severalDocuments).toBe(10);
  });

  test('pushes: what the service says of its own accord is its right where the plan says so', () => {
    const outcome = withService((message, index) => [{ joined: 'anna' }, ...echo(message, index)], {
      pushes: 'ignore',
    });
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 100 });
    const strict = withService((message, index) => [{ joined: 'anna' }, ...echo(message, index)]);
    expect(strict.tally.messages).toMatchObject({ delivered: 100, unexpected: 100 });
  });

  test('the response time is from the due time, also with thousands in flight', () => {
    const held: Record<string, unknown>[] = [];
    const outcome = withService(
      (message, index) => {
        held.push(message);
        return index === 2999 ? held.flatMap((each) => echo(each, 0)) : [];
      },
      {},
      { messages: openMessages(3000, SECOND) },
    );
    expect(outcome.tally.messages).toMatchObject({ ...clean, delivered: 3000 });
    const { response } = outcome.tally.histograms;
    expect(response.count).toBe(3000);
    // The first waited for the last: about a second; the last not at all.
    expect(percentile(response, 100)).toBeGreaterThan(990 * MS);
    expect(percentile(response, 1)).toBeLessThan(50 * MS);
  });

  test('a closed loop goes on after a rejection as after an answer', () => {
    const outcome = withService(
      ({ id, text }, index) => [index % 2 === 0 ? { replyTo: id, error: 'no' } : { replyTo: id, text }],
      {},
      { messages: closedMessages(1, 200 * MS, { thinkNs: 10 * MS }) },
    );
    const { delivered, rejected } = outcome.tally.messages;
    expect(Math.abs(delivered - rejected)).toBeLessThanOrEqual(1);
    expect(rejected).toBeGreaterThan(5);
  });
});

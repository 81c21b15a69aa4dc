import { describe, expect, test } from 'vitest';
import { threshold } from '../../../test/support/engine/plans.ts';
import { makeWindow, type WindowParts } from '../../../test/support/engine/windows.ts';
import { createHistogram } from '../../histogram/histogram.ts';
import { addWindow, createTally, type Tally } from '../figures/tally.ts';
import { judgeContract } from './contract.ts';
import type { Evidence } from './evidence.ts';
import { judgeScoped, judgeThreshold } from './rules.ts';
import type { HealthDoubt, HealthDoubtKind } from './touches.ts';

const MS = 1e6;

function tallyOf(...parts: readonly WindowParts[]): Tally {
  const tally = createTally();
  for (const part of parts) addWindow(tally, makeWindow(part));
  return tally;
}

const evidence = (parts: WindowParts, sendingSeconds: number | null = 10): Evidence => ({
  tally: tallyOf(parts),
  types: [],
  fanout: null,
  sendingSeconds,
  attempted: parts.connections?.attempted ?? 0,
});
const received = (parts: WindowParts, fanout: Evidence['fanout'] = null) => ({ tally: tallyOf(parts), fanout });

const judge = (expression: string, parts: WindowParts, health: readonly HealthDoubt[] = []) =>
  judgeThreshold(threshold(expression), evidence(parts), health);
const kindOf = (expression: string, parts: WindowParts, health: readonly HealthDoubt[] = []) =>
  judge(expression, parts, health).result.kind;

const times = (count: number, ns: number): number[] => Array<number>(count).fill(ns);
const doubt = (kind: HealthDoubtKind): HealthDoubt => ({ kind, rule: null, detail: 'busy', during: null });

describe('operators', () => {
  const sent = { messages: { due: 100, sent: 100, delivered: 100, reordered: 5 } };
  test.each([
    ['reordered < 6', 'pass'],
    ['reordered < 5', 'fail'],
    ['reordered <= 5', 'pass'],
    ['reordered <= 4', 'fail'],
    ['reordered > 4', 'pass'],
    ['reordered > 5', 'fail'],
    ['reordered >= 5', 'pass'],
    ['reordered >= 6', 'fail'],
    ['reordered == 5', 'pass'],
    ['reordered == 4', 'fail'],
    ['reordered != 4', 'pass'],
    ['reordered != 5', 'fail'],
  ])('%s: %s', (expression, kind) => expect(kindOf(expression, sent)).toBe(kind));
});

describe('units', () => {
  const parts: WindowParts = {
    messages: { due: 1000, sent: 900, delivered: 855, lost: 45, duplicated: 3 },
    unsent: { overdue: 60, windowFull: 40 },
    connections: { attempted: 50, opened: 48, failed: 2, droppedByServer: 1 },
  };
  test.each([
    ['duplicated == 3', 3, '3'],
    ['delivered >= 95%', 0.95, '95 %'],
    ['lost <= 5%', 0.05, '5 %'],
    ['sent >= 90%', 0.9, '90 %'],
    ['unsent == 100', 100, '100'],
    ['unsent <= 10%', 0.1, '10 %'],
    ['connections.failed <= 4%', 0.04, '4 %'],
    ['connections.opened == 48', 48, '48'],
    ['connections.dropped == 1', 1, '1'],
    ['throughput.offered == 100/s', 100, '100/s'],
    ['throughput.sent == 90/s', 90, '90/s'],
    ['throughput.delivered == 85.5/s', 85.5, '85.5/s'],
  ])('%s', (expression, observed, observedText) => {
    expect(judge(expression, parts).result).toEqual({ expression, observed, observedText, kind: 'pass' });
  });

  test('times are in nanoseconds and printed for people', () => {
    const { result } = judge('service.max < 1s', { times: { service: [MS, 812 * MS] } });
    expect(result).toEqual({
      expression: 'service.max < 1s',
      observed: 812 * MS,
      observedText: '812 ms',
      kind: 'pass',
    });
  });

  test('a breach says what was observed', () => {
    const { breach } = judge('delivered >= 99.9%', parts);
    expect(breach).toEqual({ rule: 'delivered >= 99.9%', detail: 'observed 95 %' });
  });
});

describe('statistics', () => {
  const response = [...times(300, MS), ...times(100, 3 * MS)];
  test.each([
    ['response.mean < 1.51ms', 'pass'],
    ['response.mean < 1.49ms', 'fail'],
    ['response.min >= 1ms', 'pass'],
    ['response.max <= 3ms', 'pass'],
    ['response.max < 3ms', 'fail'],
    ['response.stdDev < 0.9ms', 'pass'],
    ['response.stdDev < 0.8ms', 'fail'],
    ['response.p50 < 1.01ms', 'pass'],
    ['response.p76 < 2ms', 'fail'],
  ])('%s: %s', (expression, kind) => expect(kindOf(expression, { times: { response } })).toBe(kind));
});

describe('pings', () => {
  const parts: WindowParts = { pings: { sent: 210, answered: 198, unanswered: 2 }, times: { ping: times(198, MS) } };
  test.each([
    ['pings.unanswered == 0', 'fail', 2],
    ['pings.unanswered <= 1%', 'pass', 0.01],
    ['pings.answered >= 99%', 'pass', 0.99],
  ])('%s: %s, of those that were answered or given up', (expression, kind, observed) => {
    expect(judge(expression, parts).result).toMatchObject({ kind, observed });
  });

  test('that were given up are over any limit of their time', () => {
    expect(kindOf('ping.p50 < 2ms', parts)).toBe('pass');
    expect(kindOf('ping.max < 2ms', parts)).toBe('fail');
    expect(kindOf('ping.max < 2ms', { ...parts, pings: { sent: 198, answered: 198 } })).toBe('pass');
  });

  test('of which none came to anything are nothing to judge by', () => {
    expect(judge('pings.unanswered == 0', { pings: { sent: 3 } }).result.kind).toBe('inconclusive');
  });
});

describe('what never came counts as over a percentile’s limit', () => {
  const delivered = {
    messages: { due: 1000, sent: 1000, delivered: 985 },
    times: { response: times(985, MS), service: times(985, MS) },
  };

  test('lost and unresolved messages, of response and of service', () => {
    for (const outcome of ['lost', 'unresolved'] as const) {
      const parts = { ...delivered, messages: { ...delivered.messages, [outcome]: 15 } };
      for (const of of ['response', 'service']) {
        expect(kindOf(`${of}.p99 < 1s`, parts)).toBe('fail');
        expect(kindOf(`${of}.p98 < 1s`, parts)).toBe('pass');
        expect(judge(`${of}.p99 < 1s`, parts).result).toMatchObject({
          observed: null,
          observedText: expect.stringContaining('above the limit: too many messages unanswered'),
        });
      }
    }
  });

  test('a percentile says how many it counts that were never measured, and says nothing where all were', () => {
    const textOf = (parts: WindowParts): string => judge('response.p98 < 1s', parts).result.observedText;
    expect(textOf({ ...delivered, messages: { ...delivered.messages, lost: 4 } })).toMatch(/ms, with 4 unanswered$/);
    expect(textOf(delivered)).toMatch(/ms$/);
    const rule = judge('response.mean < 1s', { ...delivered, messages: { ...delivered.messages, lost: 4 } });
    expect(rule.result.observedText).not.toContain('unanswered');
  });

  test.each<[string, WindowParts, string]>([
    [
      'response.max < 1s',
      {
        ...delivered,
        messages: { due: 1000, sent: 990, delivered: 985, lost: 3, unresolved: 2 },
        unsent: { overdue: 10 },
      },
      'above the limit: too many messages unanswered (15 of 1,000 lost, unresolved or unsent)',
    ],
    [
      'service.max < 1s',
      { ...delivered, messages: { due: 1000, sent: 990, delivered: 985, lost: 3, unresolved: 2 } },
      'above the limit: too many messages unanswered (5 of 990 lost or unresolved)',
    ],
    [
      'sendLag.max < 1s',
      { messages: { due: 10, sent: 8 }, unsent: { overdue: 2 }, times: { sendLag: times(8, MS) } },
      'above the limit: too many messages overdue (2 of 10)',
    ],
    [
      'handshake.p50 < 1s',
      { connections: { attempted: 60, opened: 13, failed: 47 }, times: { handshake: times(13, MS) } },
      'above the limit: too many connections failed to open (47 of 60 attempts)',
    ],
    [
      'outage.max < 1s',
      { connections: { attempted: 10, gaveUp: 2 }, times: { outage: times(3, MS) } },
      'above the limit: too many clients did not reconnect (2 of 5 outages)',
    ],
    [
      'ping.max < 1s',
      { pings: { sent: 5, answered: 4, unanswered: 1 }, times: { ping: times(4, MS) } },
      'above the limit: too many pings unanswered (1 of 5)',
    ],
    [
      'firstPush.max < 1s',
      { connections: { attempted: 4, opened: 4 }, times: { firstPush: times(1, MS) } },
      'above the limit: too many clients received no push (3 of 4)',
    ],
  ])('%s says of what so many never came', (expression, parts, text) => {
    expect(judge(expression, parts).result).toMatchObject({ kind: 'fail', observed: null, observedText: text });
  });

  test('unsent messages, of response but not of service', () => {
    const parts = { ...delivered, unsent: { backpressure: 15 } };
    expect(kindOf('response.p99 < 1s', parts)).toBe('fail');
    expect(kindOf('service.p99 < 1s', parts)).toBe('pass');
  });

  test('late messages, of the send lag; failed connections, of the handshake', () => {
    expect(kindOf('sendLag.p90 < 1s', { times: { sendLag: times(50, 0) }, unsent: { overdue: 20 } })).toBe('fail');
    expect(
      kindOf('handshake.p90 < 1s', { times: { handshake: times(50, MS) }, connections: { attempted: 70, failed: 20 } }),
    ).toBe('fail');
  });

  test('a single one is over the maximum too', () => {
    const parts = { times: { response: times(500, MS) }, messages: { due: 501, sent: 501, delivered: 500, lost: 1 } };
    expect(kindOf('response.max < 1h', parts)).toBe('fail');
    expect(kindOf('response.min < 1h', parts)).toBe('pass');
  });

  test('and over a limit that is to be exceeded, as in a condition that ends a run', () => {
    const parts = { ...delivered, messages: { ...delivered.messages, lost: 15 } };
    expect(kindOf('response.p99 > 1s', parts)).toBe('pass');
    expect(kindOf('response.p98 > 1s', parts)).toBe('fail');
  });

  test('no message came back at all', () => {
    const parts = { messages: { due: 500, sent: 500, lost: 500 } };
    for (const expression of ['response.p99 < 1s', 'response.mean < 1s', 'response.min < 1s', 'delivered >= 1%']) {
      expect(kindOf(expression, parts), expression).toBe('fail');
    }
  });
});

describe('a rule that the samples cannot bear is inconclusive', () => {
  test.each([
    ['p90', 29],
    ['p95', 59],
    ['p99', 299],
    ['p99.9', 2995],
  ])('%s needs %i', (percentile, needed) => {
    const expression = `response.${percentile} < 1s`;
    const few = judge(expression, { times: { response: times(needed - 1, MS) } });
    expect(few.result).toMatchObject({ kind: 'inconclusive', observed: null, observedText: 'n/a' });
    expect(few.doubts).toEqual([
      {
        kind: 'tooFewSamples',
        rule: expression,
        detail: expect.stringContaining(`needs ${needed.toLocaleString('en')} samples`),
      },
    ]);
    expect(few.breach).toBeNull();
    expect(kindOf(expression, { times: { response: times(needed, MS) } })).toBe('pass');
  });

  test('those that never came are samples too', () => {
    const parts = { times: { response: times(280, MS) }, messages: { due: 299, sent: 299, delivered: 280, lost: 19 } };
    expect(kindOf('response.p99 < 1s', parts)).toBe('fail');
  });

  test.each([
    'response.p99 < 200ms',
    'response.p99 > 200ms',
    'response.max < 1h',
    'service.mean < 1h',
    'sendLag.min >= 1ms',
    'handshake.stdDev < 1h',
    'delivered >= 1%',
    'lost == 0',
    'sent >= 1',
    'unsent == 0',
    'connections.failed == 0',
    'throughput.sent >= 1/s',
  ])('without any sample: %s', (expression) => {
    const { result, doubts, breach } = judge(expression, {});
    expect(result.kind).toBe('inconclusive');
    expect(doubts).toMatchObject([{ kind: 'noSamples', rule: expression }]);
    expect(breach).toBeNull();
  });

  test('throughput without a time in which anything was sent', () => {
    const parts = { messages: { due: 10, sent: 10, delivered: 10 } };
    expect(judgeThreshold(threshold('throughput.sent > 1/s'), evidence(parts, null), []).result.kind).toBe(
      'inconclusive',
    );
  });
});

describe('a count of 0 that nothing could have raised is not kept', () => {
  const clients = { attempted: 10, opened: 10, openNs: 1e9 };
  const unanswered = { messages: { due: 10, sent: 10, unresolved: 10 }, connections: clients };
  const oneEach = { messages: { due: 10, sent: 10, delivered: 10 }, connections: clients };
  const onePushEach = { pushes: { expected: 10, received: 10, accounts: 10 }, connections: clients };
  const noneOpened = { connections: { attempted: 10, failed: 10 } };

  test.each<readonly [string, WindowParts, string]>([
    ['duplicated == 0', unanswered, 'no message came back'],
    ['late == 0', unanswered, 'no message came back'],
    ['reordered == 0', unanswered, 'no message came back'],
    ['corrupted == 0', unanswered, 'no message came back'],
    ['rejected == 0', unanswered, 'no message was answered'],
    ['deduplicated == 0', unanswered, 'no message was answered'],
    ['diverged == 0', oneEach, 'no answer contained a state'],
    ['totalOrderViolations == 0', oneEach, 'no two clients received messages whose order could be compared'],
    ['reordered == 0', oneEach, 'each stream delivered at most one message, so there is no order to check'],
    ['reordered == 0%', oneEach, 'each stream delivered at most one message, so there is no order to check'],
    ['reordered == 0', onePushEach, 'each stream delivered at most one message, so there is no order to check'],
    ['corrupted == 0', { ...oneEach, unchecked: 10 }, 'no received message had content that could be checked'],
    ['corrupted == 0', onePushEach, 'no received message had content that could be checked'],
    ['pushes.missed == 0', onePushEach, 'no client received two pushes of one channel'],
    ['unexpected == 0', noneOpened, 'no client was open'],
    ['connections.dropped == 0', noneOpened, 'no client was open'],
    ['connections.gaveUp == 0', noneOpened, 'no client was open'],
    ['pings.unanswered == 0', oneEach, 'no ping was answered or timed out'],
    [
      'fanout.missed == 0',
      oneEach,
      'the plan has no rooms, or a worker died before it reported what its clients received',
    ],
    ['outage.max < 1s', oneEach, 'there are no samples'],
    ['response.stdDev < 1s', { ...oneEach, times: { response: [MS] } }, 'a standard deviation needs 2 samples, got 1'],
  ])('%s', (rule, parts, why) => {
    const { result, doubts } = judge(rule, parts);
    expect(result).toMatchObject({ kind: 'inconclusive', observed: null, observedText: 'n/a' });
    expect(doubts).toEqual([{ kind: 'noSamples', rule, detail: `${rule}: ${why}` }]);
  });

  const answered = { messages: { due: 20, sent: 20, delivered: 11 }, connections: clients };
  const pushed = {
    pushes: { expected: 11, received: 11, accounts: 10 },
    connections: clients,
    times: { firstPush: times(10, MS) },
  };
  test.each<readonly [string, WindowParts]>([
    ['duplicated == 0', oneEach],
    ['late == 0', oneEach],
    ['rejected == 0', oneEach],
    ['deduplicated == 0', oneEach],
    ['reordered == 0', answered],
    ['reordered == 0', pushed],
    ['corrupted == 0', { ...oneEach, unchecked: 9 }],
    ['pushes.missed == 0', pushed],
    ['unexpected == 0', { connections: clients }],
    ['connections.dropped == 0', { connections: clients }],
    ['connections.gaveUp == 0', { connections: clients }],
    ['response.stdDev < 1s', { ...oneEach, times: { response: [MS, MS] } }],
  ])('and is kept where something could have: %s', (rule, parts) => expect(kindOf(rule, parts)).toBe('pass'));

  test.each<readonly [string, WindowParts]>([
    ['reordered == 0', { messages: { ...oneEach.messages, reordered: 1 } }],
    ['unexpected == 0', { messages: { unexpected: 3 } }],
    ['corrupted == 0', { messages: { ...unanswered.messages, corrupted: 1 } }],
    ['connections.dropped == 0', { connections: { attempted: 10, droppedByServer: 1 } }],
  ])('and is broken by what was counted, whatever it is of: %s', (rule, parts) =>
    expect(kindOf(rule, parts)).toBe('fail'));

  test('of a part of the time, connections that were attempted at another time are none', () => {
    const inStage = { ...evidence({ connections: { openNs: 1e9 } }), attempted: 10 };
    const kindIn = (rule: string) => judgeThreshold(threshold(rule), inStage, []).result.kind;
    expect(kindIn('connections.failed == 0 in hold')).toBe('inconclusive');
    expect(kindIn('connections.dropped == 0 in hold')).toBe('pass');
    expect(kindOf('connections.failed == 0', { connections: clients })).toBe('pass');
  });

  test('of a part of the time, the first message of a stream may have come before: one of each can be out of order', () => {
    expect(kindOf('reordered == 0 in hold', oneEach)).toBe('pass');
  });

  test('of some of the messages, the order is that among all', () => {
    const type = { type: 'chat', weight: 1, payloadBytes: 64, priority: null };
    const counts = { ...tallyOf({}).messages, sent: 5, delivered: 5, response: createHistogram() };
    const types = [{ type, counts }];
    const kindAmong = (parts: WindowParts) =>
      judgeThreshold(threshold('reordered{type=chat} == 0'), { ...evidence(parts), types }, []).result.kind;
    expect(kindAmong(oneEach)).toBe('inconclusive');
    expect(kindAmong(answered)).toBe('pass');
  });
});

describe('the mean where some never came', () => {
  const survivors = {
    times: { response: times(90, 100 * MS) },
    messages: { due: 100, sent: 100, delivered: 90, lost: 10 },
  };

  test.each([
    ['response.mean < 200ms', 'inconclusive'],
    ['response.mean < 50ms', 'fail'],
    ['response.mean > 50ms', 'pass'],
    ['response.mean > 200ms', 'inconclusive'],
    ['response.stdDev < 1s', 'inconclusive'],
    ['response.min < 200ms', 'pass'],
  ])('is at least that of the others: %s is %s', (rule, kind) => expect(kindOf(rule, survivors)).toBe(kind));

  test('and is judged where all came', () => {
    const all = { times: { response: times(90, 100 * MS) }, messages: { due: 90, sent: 90, delivered: 90 } };
    expect(kindOf('response.mean < 200ms', all)).toBe('pass');
  });
});

describe('doubts, rule by rule', () => {
  const slow = {
    times: { response: times(500, 300 * MS) },
    messages: { due: 500, sent: 500, delivered: 500, duplicated: 1 },
  };

  test('a doubt about times makes a rule on times inconclusive, kept or broken', () => {
    for (const expression of [
      'response.p99 < 200ms',
      'response.p99 < 400ms',
      'throughput.sent > 1/s',
      'throughput.sent > 1000/s',
    ]) {
      const { result, doubts, breach } = judge(expression, slow, [doubt('cpu')]);
      expect(result.kind, expression).toBe('inconclusive');
      expect(doubts).toEqual([{ kind: 'cpu', rule: expression, detail: 'busy' }]);
      expect(breach).toBeNull();
    }
  });

  test('and says nothing about counts: a counted duplicate stays a breach', () => {
    expect(kindOf('duplicated == 0', slow, [doubt('cpu')])).toBe('fail');
    expect(kindOf('lost == 0', slow, [doubt('cpu')])).toBe('pass');
  });

  test('a doubt about what was not seen makes what is kept inconclusive, and leaves what is broken', () => {
    expect(kindOf('lost == 0', slow, [doubt('incomplete')])).toBe('inconclusive');
    expect(kindOf('duplicated == 0', slow, [doubt('incomplete')])).toBe('fail');
    expect(kindOf('response.p99 < 200ms', slow, [doubt('incomplete')])).toBe('fail');
  });

  test('a response breach of which a tenth may be the generator’s own lag is inconclusive', () => {
    const lagging = { ...slow, times: { response: times(500, 300 * MS), sendLag: times(500, 40 * MS) } };
    const { result, doubts } = judge('response.p99 < 200ms', lagging);
    expect(result.kind).toBe('inconclusive');
    expect(doubts).toMatchObject([{ kind: 'sendLag', rule: 'response.p99 < 200ms' }]);
    expect(kindOf('response.p99 < 400ms', lagging)).toBe('pass');
  });

  test('and stays a breach where it is less', () => {
    const punctual = { ...slow, times: { response: times(500, 300 * MS), sendLag: times(500, 20 * MS) } };
    expect(kindOf('response.p99 < 200ms', punctual)).toBe('fail');
    const service = { ...slow, times: { service: times(500, 300 * MS), sendLag: times(500, 40 * MS) } };
    expect(kindOf('service.p99 < 200ms', service)).toBe('fail');
  });
});

describe('the contract', () => {
  const judgeClauses = (
    contract: Parameters<typeof judgeContract>[0],
    parts: WindowParts,
    health: readonly HealthDoubt[] = [],
  ) =>
    Object.fromEntries(
      judgeContract(contract, received(parts), health).map(({ result }) => [result.expression, result.kind]),
    );
  const all = { delivery: 'exactly-once', order: 'per-stream', integrity: 'checksum', replay: 'none' } as const;
  const sent = { due: 100, sent: 100, delivered: 100 };

  test('is kept where nothing was counted against it', () => {
    expect(judgeClauses(all, { messages: sent })).toEqual({
      'delivery: exactly-once': 'pass',
      'order: per-stream': 'pass',
      'integrity: checksum': 'pass',
    });
  });

  test.each([
    ['exactly-once', 'lost', 'fail'],
    ['exactly-once', 'duplicated', 'fail'],
    ['at-least-once', 'lost', 'fail'],
    ['at-least-once', 'duplicated', 'pass'],
    ['at-most-once', 'lost', 'pass'],
    ['at-most-once', 'duplicated', 'fail'],
  ] as const)('%s with one %s: %s', (delivery, fault, kind) => {
    const contract = { delivery, order: 'none', integrity: 'none', replay: 'none' } as const;
    expect(judgeClauses(contract, { messages: { ...sent, [fault]: 1 } })).toEqual({ [`delivery: ${delivery}`]: kind });
  });

  test('order and integrity are broken by one reordered and one corrupted message, and by nothing else', () => {
    const contract = { delivery: 'none', order: 'per-stream', integrity: 'checksum', replay: 'none' } as const;
    const others = { lost: 4, duplicated: 4, unexpected: 4 };
    expect(judgeClauses(contract, { messages: { ...sent, ...others } })).toEqual({
      'order: per-stream': 'pass',
      'integrity: checksum': 'pass',
    });
    expect(judgeClauses(contract, { messages: { ...sent, reordered: 1 } })).toMatchObject({
      'order: per-stream': 'fail',
    });
    expect(judgeClauses(contract, { messages: { ...sent, corrupted: 1 } })).toMatchObject({
      'integrity: checksum': 'fail',
    });
  });

  test('a breach names each count', () => {
    const [clause] = judgeContract(all, received({ messages: { ...sent, lost: 2, duplicated: 1200 } }), []);
    expect(clause!.breach).toEqual({ rule: 'delivery: exactly-once', detail: '2 lost, 1,200 duplicated' });
    expect(clause!.result.observed).toBe(1202);
  });

  test('a clause is not kept by what could not have broken it', () => {
    const clients = { attempted: 100, opened: 100 };
    expect(judgeClauses(all, { messages: sent, connections: clients, unchecked: 100 })).toEqual({
      'delivery: exactly-once': 'pass',
      'order: per-stream': 'inconclusive',
      'integrity: checksum': 'inconclusive',
    });
    const pushes = { expected: 5, received: 5, accounts: 5 };
    expect(judgeClauses(all, { pushes })).toEqual({
      'delivery: exactly-once': 'inconclusive',
      'order: per-stream': 'inconclusive',
      'integrity: checksum': 'inconclusive',
    });
    expect(judgeClauses({ ...all, delivery: 'at-most-once' }, { pushes })).toMatchObject({
      'delivery: at-most-once': 'pass',
    });
    expect(
      judgeClauses(all, {
        messages: { due: 9, sent: 9, rejected: 9 },
        pushes: { ...pushes, expected: 9, received: 9 },
      }),
    ).toMatchObject({
      'delivery: exactly-once': 'inconclusive',
    });
  });

  test('nothing was sent: nothing is kept', () => {
    expect(Object.values(judgeClauses(all, {}))).toEqual(['inconclusive', 'inconclusive', 'inconclusive']);
  });

  test('a worker died: what seems kept is inconclusive, what is broken stays broken', () => {
    expect(judgeClauses(all, { messages: { ...sent, reordered: 1 } }, [doubt('incomplete')])).toEqual({
      'delivery: exactly-once': 'inconclusive',
      'order: per-stream': 'fail',
      'integrity: checksum': 'inconclusive',
    });
    expect(Object.values(judgeClauses(all, { messages: sent }, [doubt('cpu')]))).toEqual(['pass', 'pass', 'pass']);
  });
});

describe('pushes that were numbered anew', () => {
  const anew = { expected: 100, received: 100, accounts: 2, renumbered: 1 };
  const contract = { delivery: 'exactly-once', order: 'per-stream', integrity: 'none', replay: 'none' } as const;
  const clauses = (parts: WindowParts) =>
    judgeContract(contract, received(parts), []).map(({ result, doubts }) => [
      result.kind,
      ...doubts.map(({ kind }) => kind),
    ]);

  test('leave open what seems kept, and say why', () => {
    for (const rule of [
      'duplicated == 0',
      'reordered == 0',
      'late == 0',
      'pushes.missed == 0',
      'pushes.received >= 99%',
    ]) {
      const { result, doubts } = judge(rule, { pushes: anew });
      expect([result.kind, doubts.map(({ kind }) => kind)], rule).toEqual(['inconclusive', ['renumbered']]);
    }
    expect(clauses({ pushes: anew })).toEqual([
      ['inconclusive', 'renumbered'],
      ['inconclusive', 'renumbered'],
    ]);
  });

  test('leave what was counted, and all that does not rest on numbers', () => {
    expect(kindOf('pushes.missed == 0', { pushes: { ...anew, expected: 101, missed: 1 } })).toBe('fail');
    expect(kindOf('unexpected == 0', { pushes: anew })).toBe('pass');
    expect(clauses({ pushes: anew, messages: { reordered: 1 } })[1]).toEqual(['fail']);
    expect(clauses({ pushes: { ...anew, renumbered: 0 } })).toEqual([['pass'], ['pass']]);
  });
});

describe('what clients are expected once they are back', () => {
  const contract = { delivery: 'none', order: 'none', integrity: 'none', replay: 'missed' } as const;
  const judged = (offline: number, reconnected: number) =>
    judgeContract(
      contract,
      received({ pushes: { expected: 100, received: 100, offline }, connections: { reconnected } }),
      [],
    )[0]!.result;

  test('is kept where they were sent all that was said while they were offline', () => {
    expect(judged(0, 3)).toMatchObject({ expression: 'replay: missed', kind: 'pass', observedText: '0 violations' });
  });

  test('is broken by what they were not', () => {
    expect(judged(7, 3)).toMatchObject({ kind: 'fail', observedText: '7 offline' });
  });

  test('cannot be judged where no client was ever offline', () => {
    expect(judged(0, 0)).toMatchObject({ kind: 'inconclusive', observedText: 'n/a' });
  });
});

describe('doubts that reach further', () => {
  const broken = { messages: { due: 100, sent: 100, delivered: 99, lost: 1, duplicated: 2 } };
  const all = { delivery: 'exactly-once', order: 'none', integrity: 'none', replay: 'none' } as const;
  const atMostOnce = { ...all, delivery: 'at-most-once' } as const;
  const approximate = doubt('approximate');

  test('a service that was not understood leaves every rule about delivery open, broken or kept, and no other', () => {
    const notUnderstood = [doubt('unmatched')];
    expect(kindOf('lost == 0', broken, notUnderstood)).toBe('inconclusive');
    expect(kindOf('delivered >= 10%', broken, notUnderstood)).toBe('inconclusive');
    expect(kindOf('sent == 100', broken, notUnderstood)).toBe('pass');
    expect(kindOf('unexpected > 0', broken, notUnderstood)).toBe('fail');
    expect(judgeContract(all, received(broken), notUnderstood)[0]?.result.kind).toBe('inconclusive');
  });

  test('what could not be read leaves open what it may decide, and nothing else', () => {
    const unread = [doubt('unreadable')];
    const messages = { due: 100, sent: 100, delivered: 90, unresolved: 10 };
    const parts = { messages, times: { response: times(90, MS) } };
    expect(kindOf('lost == 0', parts, unread)).toBe('inconclusive');
    expect(kindOf('delivered >= 99%', parts, unread)).toBe('inconclusive');
    expect(kindOf('response.p95 < 5ms', parts, unread)).toBe('inconclusive');
    expect(kindOf('duplicated == 0', parts, unread)).toBe('inconclusive');
    expect(kindOf('sent == 100', parts, unread)).toBe('pass');
    expect(kindOf('unreadable == 0', { messages: { ...messages, unreadable: 3 } }, unread)).toBe('fail');
    expect(judgeContract(all, received(parts), unread)[0]?.result.kind).toBe('inconclusive');
  });

  test('what is broken even if all that was unresolved had come stays broken', () => {
    const unread = [doubt('unreadable')];
    const messages = { due: 100, sent: 100, delivered: 80, unresolved: 10, lost: 10 };
    const parts = { messages, times: { response: times(80, 9 * MS) } };
    expect(kindOf('lost == 0', parts, unread)).toBe('fail');
    expect(kindOf('delivered >= 99%', parts, unread)).toBe('fail');
    expect(kindOf('response.p50 < 5ms', parts, unread)).toBe('fail');
    expect(judgeContract(all, received(parts), unread)[0]?.result.kind).toBe('fail');
  });

  test('nor can what was in flight when a worker died, or a run was killed, break a rule', () => {
    const parts = { messages: { due: 100, sent: 100, delivered: 90, unresolved: 10 } };
    expect(kindOf('delivered >= 99%', parts, [doubt('workerDied')])).toBe('inconclusive');
    expect(kindOf('delivered >= 99%', parts, [doubt('incomplete')])).toBe('inconclusive');
  });

  test('without it the unresolved break a rule about what was delivered', () => {
    expect(kindOf('delivered >= 99%', { messages: { due: 100, sent: 100, delivered: 90, unresolved: 10 } })).toBe(
      'fail',
    );
  });

  test('a ledger out of its depth takes back what rests on duplicates alone, and no loss', () => {
    expect(kindOf('duplicated == 0', broken, [approximate])).toBe('inconclusive');
    expect(kindOf('lost == 0', broken, [approximate])).toBe('fail');
    expect(judgeContract(atMostOnce, received(broken), [approximate])[0]?.result.kind).toBe('inconclusive');
    expect(judgeContract(all, received(broken), [approximate])[0]?.result.kind).toBe('fail');
  });
});

describe('what clients received of one another', () => {
  const receivers = { count: 0, complete: 0, worst: [] };
  const none = {
    unresolved: 0,
    offline: 0,
    messagesUnresolved: 0,
    compared: 0,
    totalOrderViolations: 0,
    forged: 0,
    firstMissed: [],
    accounts: 10,
    hearsItself: true,
  };
  const fanout = { ...none, expected: 1000, missed: 5, messagesMissed: 5, receivers };
  const judgeFanout = (rule: string, more: Partial<typeof fanout> = {}, parts: WindowParts = {}) =>
    judgeThreshold(
      threshold(rule),
      { ...evidence({ messages: { sent: 100 }, ...parts }), fanout: { ...fanout, ...more } },
      [],
    ).result;

  test('missed and received are judged as counts and as shares of what was expected', () => {
    expect(judgeFanout('fanout.missed == 0')).toMatchObject({ kind: 'fail', observed: 5 });
    expect(judgeFanout('fanout.missed <= 0.5%')).toMatchObject({ kind: 'pass', observed: 0.005 });
    expect(judgeFanout('fanout.missed == 0', { missed: 0 }).kind).toBe('pass');
  });

  test('what is unresolved may have been missed: that the rule was kept is then not known', () => {
    expect(judgeFanout('fanout.missed == 0', { missed: 0, unresolved: 1 }).kind).toBe('inconclusive');
    expect(judgeFanout('fanout.missed <= 1%', { missed: 0, unresolved: 1 }).kind).toBe('pass');
  });

  test('what was missed is over the limit of a percentile', () => {
    const receivedFast = { times: { fanout: times(500, MS) } };
    expect(judgeFanout('fanout.p90 < 10ms', { missed: 10 }, receivedFast).kind).toBe('pass');
    expect(judgeFanout('fanout.p90 < 10ms', { missed: 400 }, receivedFast).kind).toBe('fail');
  });

  test('where nobody was expected anything, or nobody lived to tell, there is nothing to judge', () => {
    expect(judgeFanout('fanout.missed == 0', { expected: 0 }).kind).toBe('inconclusive');
    expect(judge('fanout.missed == 0', { messages: { sent: 1 } }).result.kind).toBe('inconclusive');
  });

  test('the contract is broken by what a client missed', () => {
    const contract = { delivery: 'at-least-once', order: 'none', integrity: 'none', replay: 'none' } as const;
    const parts = { messages: { due: 100, sent: 100, delivered: 100 } };
    const kindWith = (more: Partial<typeof fanout>): string | undefined =>
      judgeContract(contract, received(parts, { ...fanout, ...more }), [])[0]?.result.kind;
    expect(kindWith({})).toBe('fail');
    expect(kindWith({ missed: 0 })).toBe('pass');
    expect(kindWith({ missed: 0, unresolved: 3 })).toBe('inconclusive');
  });
});

describe('a rule about a part of the time', () => {
  const fast: WindowParts = { messages: { due: 1000, sent: 1000 }, times: { response: times(1000, 10 * MS) } };
  const rule = 'response.p99 < 100ms outside faults';
  const judged = (drain: WindowParts, expression = rule, certain = fast) =>
    judgeScoped(
      threshold(expression),
      { certain: evidence(certain), withDrain: { ...evidence({}), tally: tallyOf(certain, drain) } },
      [],
    );

  test('holds where it would hold even if all that came late, or never, had been of that time', () => {
    expect(judged({}).result.kind).toBe('pass');
    expect(judged({ messages: { lost: 9 } }).result.kind).toBe('pass');
  });

  test.each([
    ['what never came', { messages: { lost: 15, unresolved: 5 } }],
    ['what came after the sending', { times: { response: times(20, 900 * MS) } }],
  ])('is open where it would not, for %s', (_what, drain) => {
    const { result, doubts } = judged(drain);
    expect(result.kind).toBe('inconclusive');
    expect(doubts).toMatchObject([{ kind: 'unplaced' }]);
  });

  test('that is broken by what did come is broken', () => {
    const slow = { ...fast, times: { response: times(1000, 200 * MS) } };
    expect(judged({ messages: { lost: 500 } }, rule, slow).result.kind).toBe('fail');
  });

  test('about what has a time of its own is not made open by the drain', () => {
    const drain = { connections: { attempted: 0, droppedByServer: 3 } };
    const certain = { ...fast, connections: { attempted: 10, opened: 10 } };
    expect(judged(drain, 'connections.dropped == 0 outside faults', certain).result.kind).toBe('pass');
  });

  test('of which there was no time has no samples', () => {
    const none = evidence({}, null);
    const { doubts } = judgeScoped(threshold(rule), { certain: none, withDrain: none }, []);
    expect(doubts).toMatchObject([{ kind: 'noSamples' }]);
  });
});

describe('a broken rule is taken back where the generator broke it', () => {
  const second = (health: WindowParts['health'] = {}): WindowParts => ({
    messages: { due: 1000, sent: 1000, delivered: 1000 },
    times: { response: [...times(970, 5 * MS), ...times(30, 900 * MS)], sendLag: times(1000, MS) },
    health: { elapsedNs: 60e9, ...health },
  });
  const stalled = (ns: number): WindowParts => second({ stall: { ns, longestNs: ns, cpuNs: 0 } });

  test('a percentile that a standstill can have lifted, and not one that it cannot', () => {
    // 3 % are slow. A standstill of 0.9 s in 60 s can explain twice 1.5 % of them, one of 0.3 s only 1 %.
    expect(kindOf('response.p99 < 100ms', stalled(0.9e9))).toBe('inconclusive');
    expect(kindOf('response.p99 < 100ms', stalled(0.3e9))).toBe('fail');
    expect(kindOf('response.p99 < 100ms', second())).toBe('fail');
    expect(kindOf('response.p99 < 1s', stalled(0.9e9))).toBe('pass');
  });

  test('a maximum, a mean and a deviation alike', () => {
    expect(kindOf('response.max < 100ms', stalled(0.9e9))).toBe('inconclusive');
    expect(kindOf('response.mean < 20ms', stalled(0.9e9))).toBe('inconclusive');
    expect(kindOf('response.mean < 3ms', stalled(0.3e9))).toBe('fail');
    expect(kindOf('response.stdDev < 20ms', stalled(0.3e9))).toBe('inconclusive');
    expect(kindOf('response.max < 100ms', second())).toBe('fail');
  });

  test('messages unsent because it was behind, as far as they alone broke the rule', () => {
    const unsent = (overdue: number, socketClosed: number): WindowParts => ({
      messages: { due: 1000, sent: 1000 - overdue - socketClosed, delivered: 1000 - overdue - socketClosed },
      unsent: { overdue, socketClosed },
    });
    expect(kindOf('unsent == 0', unsent(1, 0))).toBe('inconclusive');
    expect(kindOf('sent >= 100%', unsent(1, 0))).toBe('inconclusive');
    expect(kindOf('unsent == 0', unsent(1, 1))).toBe('fail');
    expect(kindOf('unsent == 0', unsent(0, 1))).toBe('fail');
  });
});

describe('clients that are not back when sending ends', () => {
  const outages = (back: readonly number[], offline: readonly number[]): WindowParts => ({
    times: { outage: back, offline },
    connections: { attempted: 60, opened: 60, reconnected: back.length },
  });

  test('break a rule about outages that they have exceeded', () => {
    expect(kindOf('outage.max < 1s', outages(times(10, 330 * MS), times(40, 8e9)))).toBe('fail');
    expect(kindOf('outage.p90 < 1s', outages(times(100, 330 * MS), times(20, 8e9)))).toBe('fail');
  });

  test('leave it open where they may still come back in time', () => {
    expect(kindOf('outage.max < 10s', outages(times(10, 330 * MS), times(40, 8e9)))).toBe('inconclusive');
  });

  test('do not matter to a percentile that lies below them', () => {
    expect(kindOf('outage.p50 < 1s', outages(times(100, 330 * MS), times(20, 8e9)))).toBe('pass');
  });

  test('and a rule is kept where all are back', () => {
    expect(kindOf('outage.max < 1s', outages(times(50, 330 * MS), []))).toBe('pass');
  });
});

describe('limits of the generator', () => {
  const limits = [doubt('generatorLimits')];
  const parts: WindowParts = {
    messages: { due: 1000, sent: 800, delivered: 800, duplicated: 2 },
    unsent: { socketClosed: 200 },
    connections: { attempted: 50, opened: 30, failed: 20, droppedByServer: 3, failures: { ports: 15, refused: 5 } },
    times: { handshake: times(30, MS), response: times(800, MS) },
  };

  test.each([
    'connections.opened >= 50',
    'connections.failed < 6',
    'handshake.p50 < 0.5ms',
    'response.p99 < 10ms',
    'sent >= 99%',
    'throughput.sent > 90/s',
  ])('%s is not broken by what never reached the service', (rule) => {
    expect(kindOf(rule, parts)).toBe('fail');
    expect(kindOf(rule, parts, limits)).toBe('inconclusive');
  });

  test.each(['duplicated == 0', 'connections.dropped == 0'])('%s is broken whatever did not reach it', (rule) => {
    expect(kindOf(rule, parts, limits)).toBe('fail');
  });

  test('failures at the service alone that are too many are a breach', () => {
    expect(kindOf('connections.failed < 5', parts, limits)).toBe('fail');
    expect(kindOf('connections.failed < 10%', parts, limits)).toBe('fail');
    expect(kindOf('connections.failed < 11%', parts, limits)).toBe('inconclusive');
  });

  test('in a part of the time the share is of all attempts of the run', () => {
    const stage: WindowParts = { connections: { attempted: 0, failed: 7, failures: { ports: 5, refused: 2 } } };
    const part = { ...evidence(stage), attempted: 1000 };
    const kind = judgeThreshold(threshold('connections.failed < 0.5%'), part, limits).result.kind;
    expect(kind).toBe('inconclusive');
  });
});

describe('a quota of CPU that took too little for a doubt of its own', () => {
  const parts = (heldMs: number): WindowParts => ({
    messages: { due: 1000, sent: 990, delivered: 990 },
    times: { response: [...times(960, MS), ...times(40, 80 * MS)] },
    health: { throttledNs: heldMs * MS },
  });

  test('may be why a percentile is over its limit where twice what it took is as much as lies above it', () => {
    expect(kindOf('response.p99 < 50ms', parts(16))).toBe('inconclusive');
    expect(kindOf('response.p99 < 50ms', parts(14))).toBe('fail');
    expect(kindOf('response.p97 < 50ms', parts(4))).toBe('fail');
    expect(kindOf('response.max < 50ms', parts(21))).toBe('inconclusive');
    expect(kindOf('response.max < 50ms', parts(19))).toBe('fail');
    expect(judge('response.p99 < 50ms', parts(16)).doubts).toMatchObject([{ kind: 'throttled' }]);
  });

  test('may be why less was carried, and leaves what is kept, and counts, as they are', () => {
    expect(kindOf('throughput.sent > 100/s', parts(20))).toBe('inconclusive');
    expect(kindOf('throughput.sent > 110/s', parts(20))).toBe('fail');
    expect(kindOf('throughput.sent < 90/s', parts(20))).toBe('fail');
    expect(kindOf('response.p99 < 100ms', parts(20))).toBe('pass');
    expect(kindOf('delivered > 990', parts(20))).toBe('fail');
  });
});

test('a time that never was is not taken back because the generator was late', () => {
  const failed: WindowParts = {
    connections: { attempted: 60, opened: 11, failed: 49 },
    times: { handshake: times(11, MS) },
  };
  expect(kindOf('handshake.p50 < 1s', failed, [doubt('sendLag')])).toBe('fail');
  expect(kindOf('handshake.p50 < 1s', failed, [doubt('generatorLimits')])).toBe('inconclusive');
  const opened: WindowParts = { connections: { attempted: 60, opened: 60 }, times: { handshake: times(60, 2e9) } };
  expect(kindOf('handshake.p50 < 1s', opened, [doubt('sendLag')])).toBe('inconclusive');
});

describe('what nobody can know of', () => {
  test('clients that received no push leaves rules about pushes open, however well the others fared', () => {
    const receivedBy = (clients: number): WindowParts => ({
      pushes: { expected: 136, received: 136, accounts: 1 },
      connections: { attempted: 10, opened: 10 },
      times: { firstPush: times(clients, MS) },
    });
    expect(kindOf('pushes.received >= 99%', receivedBy(1))).toBe('inconclusive');
    expect(kindOf('pushes.missed == 0', receivedBy(9))).toBe('inconclusive');
    expect(kindOf('pushes.missed == 0', receivedBy(10))).toBe('pass');
    const exactly = { delivery: 'exactly-once', order: 'none', integrity: 'none', replay: 'none' } as const;
    expect(judgeContract(exactly, received(receivedBy(1)), [])[0]?.result.kind).toBe('inconclusive');
    expect(judgeContract(exactly, received(receivedBy(10)), [])[0]?.result.kind).toBe('pass');
  });

  test('messages that came to another client as well leaves open whether any came twice', () => {
    const parts = (otherStream: number): WindowParts => ({
      messages: { due: 40, sent: 40, delivered: 40, unexpected: otherStream },
      unexpected: { otherStream },
    });
    const exactly = { delivery: 'exactly-once', order: 'none', integrity: 'none', replay: 'none' } as const;
    expect(judgeContract(exactly, received(parts(40)), [])[0]?.result.kind).toBe('inconclusive');
    expect(judgeContract(exactly, received(parts(0)), [])[0]?.result.kind).toBe('pass');
  });

  test('messages that were all rejected says nothing about losses', () => {
    expect(kindOf('lost == 0', { messages: { due: 60, sent: 60, rejected: 60 } })).toBe('inconclusive');
    expect(kindOf('lost == 0', { messages: { due: 60, sent: 60, rejected: 59, delivered: 1 } })).toBe('pass');
  });
});

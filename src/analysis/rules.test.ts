import { describe, expect, test } from 'vitest';
import { threshold } from '../../test/support/engine/plans.ts';
import { makeWindow, type WindowParts } from '../../test/support/engine/windows.ts';
import type { HealthDoubt } from './health.ts';
import { type Evidence, judgeContract, judgeScoped, judgeThreshold } from './rules.ts';
import { addWindow, createTally, type Tally } from './tally.ts';

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
});
const heard = (parts: WindowParts, fanout: Evidence['fanout'] = null) => ({ tally: tallyOf(parts), fanout });

const judge = (expression: string, parts: WindowParts, health: readonly HealthDoubt[] = []) =>
  judgeThreshold(threshold(expression), evidence(parts), health);
const kindOf = (expression: string, parts: WindowParts, health: readonly HealthDoubt[] = []) =>
  judge(expression, parts, health).result.kind;

const times = (count: number, ns: number): number[] => Array<number>(count).fill(ns);
const doubt = (casts: HealthDoubt['casts']): HealthDoubt => ({ kind: 'cpu', rule: null, detail: 'busy', casts });

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
    unsent: { late: 60, windowFull: 40 },
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
    for (const fate of ['lost', 'unresolved'] as const) {
      const parts = { ...delivered, messages: { ...delivered.messages, [fate]: 15 } };
      for (const of of ['response', 'service']) {
        expect(kindOf(`${of}.p99 < 1s`, parts)).toBe('fail');
        expect(kindOf(`${of}.p98 < 1s`, parts)).toBe('pass');
        expect(judge(`${of}.p99 < 1s`, parts).result).toMatchObject({
          observed: null,
          observedText: expect.stringContaining('never'),
        });
      }
    }
  });

  test('unsent messages, of response but not of service', () => {
    const parts = { ...delivered, unsent: { backpressure: 15 } };
    expect(kindOf('response.p99 < 1s', parts)).toBe('fail');
    expect(kindOf('service.p99 < 1s', parts)).toBe('pass');
  });

  test('late messages, of the send lag; failed lanes, of the handshake', () => {
    expect(kindOf('sendLag.p90 < 1s', { times: { sendLag: times(50, 0) }, unsent: { late: 20 } })).toBe('fail');
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
        detail: expect.stringContaining(`${needed.toLocaleString('en')} are needed`),
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
    'sendLag.min >= 0ms',
    'handshake.stdDev < 1h',
    'delivered >= 0%',
    'lost == 0',
    'sent >= 0',
    'unsent == 0',
    'connections.failed == 0',
    'throughput.sent >= 0/s',
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
      const { result, doubts, breach } = judge(expression, slow, [doubt('timing')]);
      expect(result.kind, expression).toBe('inconclusive');
      expect(doubts).toEqual([{ kind: 'cpu', rule: expression, detail: 'busy' }]);
      expect(breach).toBeNull();
    }
  });

  test('and says nothing about counts: a counted duplicate stays a breach', () => {
    expect(kindOf('duplicated == 0', slow, [doubt('timing')])).toBe('fail');
    expect(kindOf('lost == 0', slow, [doubt('timing')])).toBe('pass');
  });

  test('a doubt about what was not seen makes what is kept inconclusive, and leaves what is broken', () => {
    expect(kindOf('lost == 0', slow, [doubt('pass')])).toBe('inconclusive');
    expect(kindOf('duplicated == 0', slow, [doubt('pass')])).toBe('fail');
    expect(kindOf('response.p99 < 200ms', slow, [doubt('pass')])).toBe('fail');
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
      judgeContract(contract, heard(parts), health).map(({ result }) => [result.expression, result.kind]),
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
    const [clause] = judgeContract(all, heard({ messages: { ...sent, lost: 2, duplicated: 1200 } }), []);
    expect(clause!.breach).toEqual({ rule: 'delivery: exactly-once', detail: '2 lost, 1,200 duplicated' });
    expect(clause!.result.observed).toBe(1202);
  });

  test('nothing was sent: nothing is kept', () => {
    expect(Object.values(judgeClauses(all, {}))).toEqual(['inconclusive', 'inconclusive', 'inconclusive']);
  });

  test('a worker died: what seems kept is inconclusive, what is broken stays broken', () => {
    expect(judgeClauses(all, { messages: { ...sent, reordered: 1 } }, [doubt('pass')])).toEqual({
      'delivery: exactly-once': 'inconclusive',
      'order: per-stream': 'fail',
      'integrity: checksum': 'inconclusive',
    });
    expect(Object.values(judgeClauses(all, { messages: sent }, [doubt('timing')]))).toEqual(['pass', 'pass', 'pass']);
  });
});

describe('what lanes are owed once they are back', () => {
  const contract = { delivery: 'none', order: 'none', integrity: 'none', replay: 'missed' } as const;
  const judged = (away: number, reconnected: number) =>
    judgeContract(contract, heard({ pushes: { owed: 100, received: 100, away }, connections: { reconnected } }), [])[0]!
      .result;

  test('is kept where they were sent all that was said while they were away', () => {
    expect(judged(0, 3)).toMatchObject({ expression: 'replay: missed', kind: 'pass', observedText: 'kept' });
  });

  test('is broken by what they were not', () => {
    expect(judged(7, 3)).toMatchObject({ kind: 'fail', observedText: '7 away' });
  });

  test('cannot be judged where no lane was ever away', () => {
    expect(judged(0, 0)).toMatchObject({ kind: 'inconclusive', observedText: 'n/a' });
  });
});

describe('doubts that reach further', () => {
  const broken = { messages: { due: 100, sent: 100, delivered: 99, lost: 1, duplicated: 2 } };
  const all = { delivery: 'exactly-once', order: 'none', integrity: 'none', replay: 'none' } as const;
  const atMostOnce = { ...all, delivery: 'at-most-once' } as const;
  const approximate: HealthDoubt = { kind: 'approximate', rule: null, detail: 'confused', casts: 'pass' };

  test('a service that was not understood leaves every rule about delivery open, broken or kept, and no other', () => {
    const notUnderstood = [doubt('delivery')];
    expect(kindOf('lost == 0', broken, notUnderstood)).toBe('inconclusive');
    expect(kindOf('delivered >= 10%', broken, notUnderstood)).toBe('inconclusive');
    expect(kindOf('sent == 100', broken, notUnderstood)).toBe('pass');
    expect(kindOf('unexpected > 0', broken, notUnderstood)).toBe('fail');
    expect(judgeContract(all, heard(broken), notUnderstood)[0]?.result.kind).toBe('inconclusive');
  });

  test('what could not be read leaves open what it may decide, and nothing else', () => {
    const unread = [doubt('unread')];
    const messages = { due: 100, sent: 100, delivered: 90, unresolved: 10 };
    const parts = { messages, times: { response: times(90, MS) } };
    expect(kindOf('lost == 0', parts, unread)).toBe('inconclusive');
    expect(kindOf('delivered >= 99%', parts, unread)).toBe('inconclusive');
    expect(kindOf('response.p95 < 5ms', parts, unread)).toBe('inconclusive');
    expect(kindOf('duplicated == 0', parts, unread)).toBe('inconclusive');
    expect(kindOf('sent == 100', parts, unread)).toBe('pass');
    expect(kindOf('unreadable == 0', { messages: { ...messages, unreadable: 3 } }, unread)).toBe('fail');
    expect(judgeContract(all, heard(parts), unread)[0]?.result.kind).toBe('inconclusive');
  });

  test('what is broken even if all that was unresolved had come stays broken', () => {
    const unread = [doubt('unread')];
    const messages = { due: 100, sent: 100, delivered: 80, unresolved: 10, lost: 10 };
    const parts = { messages, times: { response: times(80, 9 * MS) } };
    expect(kindOf('lost == 0', parts, unread)).toBe('fail');
    expect(kindOf('delivered >= 99%', parts, unread)).toBe('fail');
    expect(kindOf('response.p50 < 5ms', parts, unread)).toBe('fail');
    expect(judgeContract(all, heard(parts), unread)[0]?.result.kind).toBe('fail');
  });

  test('without it the unresolved break a rule about what was delivered', () => {
    expect(kindOf('delivered >= 99%', { messages: { due: 100, sent: 100, delivered: 90, unresolved: 10 } })).toBe(
      'fail',
    );
  });

  test('a ledger out of its depth takes back what rests on duplicates alone, and no loss', () => {
    expect(kindOf('duplicated == 0', broken, [approximate])).toBe('inconclusive');
    expect(kindOf('lost == 0', broken, [approximate])).toBe('fail');
    expect(judgeContract(atMostOnce, heard(broken), [approximate])[0]?.result.kind).toBe('inconclusive');
    expect(judgeContract(all, heard(broken), [approximate])[0]?.result.kind).toBe('fail');
  });
});

describe('what lanes heard of one another', () => {
  const receivers = { count: 0, complete: 0, worst: [] };
  const none = {
    unresolved: 0,
    away: 0,
    messagesUnresolved: 0,
    compared: 0,
    disagreed: 0,
    forged: 0,
    hearsItself: true,
  };
  const fanout = { ...none, owed: 1000, missed: 5, messagesMissed: 5, receivers };
  const judgeFanout = (rule: string, more: Partial<typeof fanout> = {}, parts: WindowParts = {}) =>
    judgeThreshold(
      threshold(rule),
      { ...evidence({ messages: { sent: 100 }, ...parts }), fanout: { ...fanout, ...more } },
      [],
    ).result;

  test('missed and received are judged as counts and as shares of what was owed', () => {
    expect(judgeFanout('fanout.missed == 0')).toMatchObject({ kind: 'fail', observed: 5 });
    expect(judgeFanout('fanout.missed <= 0.5%')).toMatchObject({ kind: 'pass', observed: 0.005 });
    expect(judgeFanout('fanout.missed == 0', { missed: 0 }).kind).toBe('pass');
  });

  test('what is unresolved may have been missed: that the rule was kept is then not known', () => {
    expect(judgeFanout('fanout.missed == 0', { missed: 0, unresolved: 1 }).kind).toBe('inconclusive');
    expect(judgeFanout('fanout.missed <= 1%', { missed: 0, unresolved: 1 }).kind).toBe('pass');
  });

  test('what was missed is over the limit of a percentile', () => {
    const heardFast = { times: { fanout: times(500, MS) } };
    expect(judgeFanout('fanout.p90 < 10ms', { missed: 10 }, heardFast).kind).toBe('pass');
    expect(judgeFanout('fanout.p90 < 10ms', { missed: 400 }, heardFast).kind).toBe('fail');
  });

  test('where nobody was owed anything, or nobody lived to tell, there is nothing to judge', () => {
    expect(judgeFanout('fanout.missed == 0', { owed: 0 }).kind).toBe('inconclusive');
    expect(judge('fanout.missed == 0', { messages: { sent: 1 } }).result.kind).toBe('inconclusive');
  });

  test('the contract is broken by what a lane missed', () => {
    const contract = { delivery: 'at-least-once', order: 'none', integrity: 'none', replay: 'none' } as const;
    const parts = { messages: { due: 100, sent: 100, delivered: 100 } };
    const kindWith = (more: Partial<typeof fanout>): string | undefined =>
      judgeContract(contract, heard(parts, { ...fanout, ...more }), [])[0]?.result.kind;
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

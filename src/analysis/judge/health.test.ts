import { describe, expect, test } from 'vitest';
import { makeWindow, type WindowParts } from '../../../test/support/engine/windows.ts';
import { addWindow, createTally, type Tally } from '../figures/tally.ts';
import { BUSY_CPU_RATIO, type GeneratorFacts, judgeHealth, LITTLE_LIMIT_RATIO, littlesLawError } from './health.ts';
import { type RecordFacts, WHOLE_RECORD } from './record-account.ts';

const MS = 1e6;
const tallyOf = (parts: WindowParts): Tally => {
  const tally = createTally();
  addWindow(tally, makeWindow(parts));
  return tally;
};
const times = (count: number, ns: number): number[] => Array<number>(count).fill(ns);

function doubts(parts: WindowParts, facts: Partial<GeneratorFacts> = {}): string[] {
  return judgeHealth(factsOf(parts, facts)).map(({ kind }) => kind);
}

function factsOf(parts: WindowParts, facts: Partial<GeneratorFacts> = {}): GeneratorFacts {
  const tally = tallyOf(parts);
  return {
    sending: tally,
    whole: tally,
    busyCpuShare: 0,
    workerCount: 1,
    allowedCores: 4,
    deadWorkers: 0,
    firstDeath: null,
    complete: true,
    endedBecause: null,
    failedFaults: [],
    idleFaults: [],
    proxyDelayNs: null,
    record: WHOLE_RECORD,
    unreadable: {},
    ...facts,
  };
}

describe('a generator that is well has no doubt', () => {
  test('a fault that did nothing casts doubt on a pass; none does not', () => {
    const idle = { name: 'r', kind: 'reorder', atNs: 0, counts: { passed: 4, chosen: 4, reordered: 0 } };
    expect(doubts({}, { idleFaults: [idle] })).toContain('faultWithoutEffect');
    expect(doubts({})).not.toContain('faultWithoutEffect');
  });

  test('punctual, free, whole', () => {
    const parts: WindowParts = {
      messages: { due: 1000, sent: 1000, delivered: 1000 },
      times: {
        sendLag: times(1000, 0.6 * MS),
        response: times(1000, 3 * MS),
        service: times(1000, 2 * MS),
        eventLoopDelay: times(50, MS),
      },
      health: { inFlightNs: 2000 * MS },
    };
    expect(doubts(parts)).toEqual([]);
  });

  test('and one that did nothing at all has none either', () => expect(doubts({})).toEqual([]));
});

describe('send lag', () => {
  const lag = (lagNs: number, responseNs: number): string[] =>
    doubts({ times: { sendLag: times(1000, lagNs), response: times(1000, responseNs) } });

  test('fires over 10 ms and a tenth of the response time', () => {
    expect(lag(11 * MS, 100 * MS)).toEqual(['sendLag']);
  });
  test('stays silent below 10 ms, whatever the share, and below a tenth', () => {
    expect(lag(9 * MS, 9 * MS)).toEqual([]);
    expect(lag(11 * MS, 120 * MS)).toEqual([]);
  });
  test('fires on a tail of over 100 ms, however slow the target', () => {
    const tail = [...times(990, MS), ...times(10, 101 * MS)];
    expect(doubts({ times: { sendLag: tail, response: times(1000, 60e9) } })).toEqual(['sendLag']);
    const shorter = [...times(990, MS), ...times(10, 99 * MS)];
    expect(doubts({ times: { sendLag: shorter, response: times(1000, 60e9) } })).toEqual([]);
  });
});

test('event loop: fires over 20 ms at p99 and stays silent below', () => {
  expect(doubts({ times: { eventLoopDelay: [...times(95, MS), ...times(5, 21 * MS)] } })).toEqual(['eventLoop']);
  expect(doubts({ times: { eventLoopDelay: [...times(95, MS), ...times(5, 19 * MS)] } })).toEqual([]);
});

test('CPU: fires where more than a tenth of the windows were busy, and never for a worker that spins', () => {
  expect(BUSY_CPU_RATIO).toBe(0.9);
  expect(doubts({}, { busyCpuShare: 0.11 })).toEqual(['cpu']);
  expect(doubts({}, { busyCpuShare: 0.1 })).toEqual([]);
  expect(doubts({ health: { spinning: true } }, { busyCpuShare: 1 })).toEqual([]);
});

test('late: fires where more than one in a thousand was given up', () => {
  expect(doubts({ messages: { due: 1000, sent: 998 }, unsent: { overdue: 2 } })).toEqual(['unsentOverdue']);
  expect(doubts({ messages: { due: 1000, sent: 999 }, unsent: { overdue: 1 } })).toEqual([]);
  expect(doubts({ messages: { due: 1000, sent: 0 }, unsent: { socketClosed: 1000 } })).toEqual([]);
});

describe('a quota of CPU', () => {
  const late = { sendLag: times(1000, 50 * MS), response: times(1000, 60 * MS), eventLoopDelay: times(50, 30 * MS) };
  const held = (ms: number, more: WindowParts = {}): WindowParts => ({ health: { throttledNs: ms * MS }, ...more });
  const details = (parts: WindowParts, facts: Partial<GeneratorFacts> = {}): string[] =>
    judgeHealth(factsOf(parts, facts)).map(({ detail }) => detail);

  test('fires where it took a twentieth of the time, or so little as half a per cent where the generator was late', () => {
    expect(doubts(held(50))).toEqual(['throttled']);
    expect(doubts(held(49))).toEqual([]);
    expect(doubts(held(5, { times: late }))).toEqual(['throttled', 'sendLag', 'eventLoop']);
    expect(doubts(held(4, { times: late }))).toEqual(['sendLag', 'eventLoop']);
    expect(doubts(held(0))).toEqual([]);
  });

  test('says how long, of which quota, and what to do; and nobody advises more workers then', () => {
    const parts = held(260, { times: late, messages: { due: 1000 }, unsent: { overdue: 2 } });
    const told = details(parts, { allowedCores: 0.4 });
    expect(told[0]).toBe(
      'the kernel throttled the generator for up to 260 ms of 1.0 s: its CPU quota (cgroup) is 0.4 cores; raise the quota, use less load',
    );
    expect(told.join('\n')).not.toContain('use more workers');
    expect(
      told.filter((text) => text.endsWith('raise its CPU quota (more workers would share the same quota)')),
    ).toHaveLength(2);
    expect(details({ times: late }).join('\n')).toContain('use more workers');
  });

  test('names the calmer pace only to one that spins', () => {
    const spinning = { health: { throttledNs: 260 * MS, spinning: true } };
    expect(details(spinning)[0]).toMatch(/use less load, or use --pace economical$/);
  });

  test('is one for all workers, each of which reads the same counter', () => {
    const tally = createTally();
    for (const worker of [0, 1]) addWindow(tally, makeWindow({ worker, health: { throttledNs: 260 * MS } }));
    const [doubt] = judgeHealth({ ...factsOf({}), sending: tally, whole: tally, workerCount: 2, allowedCores: 1 });
    expect(doubt?.detail).toContain(
      'throttled the generator for up to 260 ms of 1.0 s: its CPU quota (cgroup) is 1 core;',
    );
  });
});

describe('what this machine had no more of', () => {
  const failed = (failures: NonNullable<WindowParts['connections']>['failures']): WindowParts => ({
    connections: { attempted: 50, opened: 38, failed: 12, failures: failures ?? {} },
  });

  test('is a doubt about connections, with how many it kept from the service and what to do', () => {
    expect(doubts(failed({ ports: 12 }))).toEqual(['generatorLimits']);
    const detail = (parts: WindowParts): string | undefined => judgeHealth(factsOf(parts))[0]?.detail;
    expect(detail(failed({ ports: 12 }))).toMatch(
      /^12 of 50 connection attempts failed on this machine, not at the service: this machine ran out of local ports; add target\.sourceAddresses/,
    );
    expect(detail(failed({ fileDescriptors: 1 }))).toMatch(
      /^1 of 50 .* file descriptors; raise the limit \(ulimit -n\)/,
    );
    expect(detail(failed({ sourceAddress: 4 }))).toMatch(/^4 of 50 .* source address .* choose another/);
    expect(detail(failed({ socketMemory: 4 }))).toMatch(/^4 of 50 .* no memory for another connection; use fewer/);
  });

  test('is one doubt where it was several things, and none for what the service did', () => {
    expect(doubts(failed({ ports: 3, fileDescriptors: 2, refused: 7 }))).toEqual(['generatorLimits']);
    expect(doubts(failed({ refused: 6, upgradeRejected: 3, handshakeTimeout: 3 }))).toEqual([]);
  });
});

describe('Little’s law', () => {
  const parts = (inFlightNs: number, more: WindowParts['messages'] = {}): WindowParts => ({
    messages: { due: 1000, sent: 1000, delivered: 1000, ...more },
    times: { service: times(1000, 2 * MS) },
    health: { inFlightNs },
  });

  test('holds where the in-flight integral is the sum of the service times', () => {
    expect(littlesLawError(tallyOf(parts(2000 * MS)))).toBe(0);
    expect(doubts(parts(2000 * MS))).toEqual([]);
  });
  test('fires where they disagree by more than a twentieth, either way', () => {
    expect(LITTLE_LIMIT_RATIO).toBe(0.05);
    expect(doubts(parts(2110 * MS))).toEqual(['littlesLaw']);
    expect(doubts(parts(1900 * MS))).toEqual(['littlesLaw']);
    expect(doubts(parts(2090 * MS))).toEqual([]);
    expect(doubts(parts(1910 * MS))).toEqual([]);
  });
  test('is not asked where messages are missing: they were in flight and have no service time', () => {
    expect(littlesLawError(tallyOf(parts(9000 * MS, { delivered: 999, lost: 1 })))).toBeNull();
    expect(littlesLawError(tallyOf(parts(9000 * MS, { delivered: 999, unresolved: 1 })))).toBeNull();
    expect(littlesLawError(tallyOf(parts(9000 * MS, { delivered: 1000 })))).not.toBeNull();
    expect(littlesLawError(tallyOf({}))).toBeNull();
  });
  test('holds with rejections, which were in flight as well: their time counts', () => {
    const rejecting = parts(2500 * MS, { delivered: 1000, rejected: 500, sent: 1500 });
    const timed = { ...rejecting, health: { inFlightNs: 2500 * MS, rejectedNs: 500 * MS } };
    expect(littlesLawError(tallyOf(timed))).toBe(0);
    expect(doubts(timed)).toEqual([]);
    const allRejected = { messages: { sent: 9, rejected: 9 }, health: { inFlightNs: 9 * MS, rejectedNs: 9 * MS } };
    expect(littlesLawError(tallyOf(allRejected))).toBe(0);
    expect(doubts(rejecting)).toEqual(['littlesLaw']);
  });
  test('is not asked where the time of an answer is not remembered, or a part of the record is missing', () => {
    const forgetful = { ...parts(9000 * MS), health: { inFlightNs: 9000 * MS, untimed: 1 } };
    expect(littlesLawError(tallyOf(forgetful))).toBeNull();
    expect(littlesLawError(tallyOf(parts(9000 * MS, { sent: 1100 })))).toBeNull();
    expect(littlesLawError(tallyOf(parts(9000 * MS, { sent: 900 })))).toBeNull();
  });
});

describe('a service that is not understood', () => {
  test('whose every message is a stranger leaves delivery in doubt', () => {
    expect(doubts({ messages: { sent: 10, lost: 10, unexpected: 10 }, unexpected: { foreign: 10 } })).toEqual([
      'unmatched',
    ]);
  });
  test('is understood from the first answer on, be it a rejection; and silence is no misunderstanding', () => {
    const unexpected = { foreign: 10 };
    expect(doubts({ messages: { sent: 10, delivered: 1, lost: 9 }, unexpected })).toEqual([]);
    expect(doubts({ messages: { sent: 10, rejected: 1, lost: 9 }, unexpected })).toEqual([]);
    expect(doubts({ messages: { sent: 10, lost: 10 } })).toEqual([]);
  });
});

describe('what came and could not be read', () => {
  const notJson = { notJson: { count: 3, first: { client: 4, atSecond: 0.1, text: 'byte 17 of {"id":NaN}' } } };
  test('is a doubt about delivery, of all of it where nothing else was understood', () => {
    const messages = { sent: 10, unreadable: 3, unresolved: 3 };
    expect(doubts({ messages: { ...messages, delivered: 7 } }, { unreadable: notJson })).toEqual(['unreadable']);
    expect(doubts({ messages }, { unreadable: notJson })).toEqual(['unreadable', 'unmatched']);
  });
  test('says how many of how many, what they are, the first, and what to do', () => {
    const whole = tallyOf({ messages: { sent: 10, delivered: 7, unreadable: 3, unresolved: 3 } });
    const [doubt] = judgeHealth({ ...factsOf({}), sending: whole, whole, unreadable: notJson });
    expect(doubt?.detail).toMatch(
      /^3 of 10 received messages could not be read.*3 are not JSON: .*RFC 8259.*first: byte 17 of/,
    );
  });
  test('where all can be read there is none', () => {
    expect(doubts({ messages: { sent: 10, delivered: 10 } })).toEqual([]);
  });
});

test('the record: dead workers, a missing end, an early end, a ledger out of its depth', () => {
  expect(doubts({}, { deadWorkers: 1 })).toEqual(['workerDied']);
  expect(doubts({}, { complete: false })).toEqual(['incomplete']);
  expect(doubts({}, { endedBecause: 'stopped by the user' })).toEqual(['incomplete']);
  expect(doubts({ health: { approximate: true } })).toEqual(['approximate']);
});

test('a proxy on the way that was late is in every time, and one that was not in none', () => {
  expect(doubts({}, { proxyDelayNs: 21 * MS })).toEqual(['proxy']);
  expect(doubts({}, { proxyDelayNs: 19 * MS })).toEqual([]);
  expect(doubts({}, { proxyDelayNs: null })).toEqual([]);
});

describe('the record', () => {
  const lines = { read: 20, missing: 0, repeated: 0 };
  const gap = { worker: 0, group: 0, count: 4, fromNs: 3e9, toNs: 7e9 };
  const texts = (record: Partial<RecordFacts>): string[] =>
    judgeHealth(factsOf({}, { record: { ...WHOLE_RECORD, ...record } })).map(({ detail }) => detail);

  test('raises no doubt where every line is there once', () => {
    expect(doubts({}, { record: { ...WHOLE_RECORD, windows: lines, events: lines, readings: 3 } })).toEqual([]);
  });

  test('with windows missing leaves rules open, and says how many of how many, and when', () => {
    const record = { ...WHOLE_RECORD, windows: { ...lines, missing: 4 }, gaps: [gap] };
    expect(doubts({}, { record })).toEqual(['damagedRecord']);
    expect(texts(record)[0]).toContain('4 of 24 windows are missing from windows.ndjson (worker 0: 3.0 s to 7.0 s)');
  });

  test('with many gaps tells the first, and how many more there are', () => {
    const gaps = [0, 1, 2, 3, 4].map((worker) => ({ ...gap, worker, group: 1, count: 1, toNs: null }));
    const [text] = texts({ windows: { ...lines, missing: 5 }, gaps });
    expect(text).toContain('(worker 0, misbehaving group 1: 3.0 s to the end, ');
    expect(text).toContain('worker 2, misbehaving group 1: 3.0 s to the end and 2 more gaps)');
  });

  test('with events missing leaves rules open', () => {
    const record = { ...WHOLE_RECORD, events: { ...lines, missing: 1 } };
    expect(doubts({}, { record })).toEqual(['damagedRecord']);
    expect(texts(record)[0]).toContain('1 of 21 lines is missing from events.ndjson');
  });

  test('with lines repeated is in doubt, though they count once', () => {
    const record = { ...WHOLE_RECORD, windows: { ...lines, repeated: 2 }, events: { ...lines, repeated: 1 } };
    expect(doubts({}, { record })).toEqual(['repeatedRecord']);
    expect(texts(record)[0]).toContain('2 of windows.ndjson, 1 of events.ndjson');
  });

  test('with windows missing says nothing of Little’s law: the two sides are of different messages', () => {
    const parts: WindowParts = {
      messages: { due: 10, sent: 10, delivered: 10 },
      times: { service: times(10, MS), response: times(10, MS) },
      health: { inFlightNs: 20 * MS },
    };
    expect(doubts(parts)).toEqual(['littlesLaw']);
    const record = { ...WHOLE_RECORD, windows: { ...lines, missing: 4 }, gaps: [gap] };
    expect(doubts(parts, { record })).toEqual(['damagedRecord']);
  });

  test('of a run that goes on has no end yet, and nobody killed it', () => {
    const [text] = judgeHealth(factsOf({}, { complete: false, record: { ...WHOLE_RECORD, isGoingOn: true } }));
    expect(text).toMatchObject({ kind: 'incomplete', detail: expect.stringContaining('still going') });
    expect(judgeHealth(factsOf({}, { complete: false }))[0]?.detail).toContain('was killed');
  });
});

import { describe, expect, test } from 'vitest';
import { makeWindow, type WindowParts } from '../../test/support/engine/windows.ts';
import { BUSY_CPU_RATIO, type GeneratorFacts, judgeHealth, LITTLE_LIMIT_RATIO, littlesLawError } from './health.ts';
import { addWindow, createTally, type Tally } from './tally.ts';

const MS = 1e6;
const tallyOf = (parts: WindowParts): Tally => {
  const tally = createTally();
  addWindow(tally, makeWindow(parts));
  return tally;
};
const times = (count: number, ns: number): number[] => Array<number>(count).fill(ns);

function doubts(parts: WindowParts, facts: Partial<GeneratorFacts> = {}): string[] {
  const tally = tallyOf(parts);
  return judgeHealth({
    sending: tally,
    whole: tally,
    busyCpuShare: 0,
    deadWorkers: 0,
    firstDeath: null,
    complete: true,
    endedBecause: null,
    failedFaults: [],
    proxyDelayNs: null,
    unreadableWindows: 0,
    unreadable: {},
    ...facts,
  }).map(({ kind, casts }) => `${kind}/${casts}`);
}

describe('a generator that is well has no doubt', () => {
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
    expect(lag(11 * MS, 100 * MS)).toEqual(['sendLag/timing']);
  });
  test('stays silent below 10 ms, whatever the share, and below a tenth', () => {
    expect(lag(9 * MS, 9 * MS)).toEqual([]);
    expect(lag(11 * MS, 120 * MS)).toEqual([]);
  });
  test('fires on a tail of over 100 ms, however slow the target', () => {
    const tail = [...times(990, MS), ...times(10, 101 * MS)];
    expect(doubts({ times: { sendLag: tail, response: times(1000, 60e9) } })).toEqual(['sendLag/timing']);
    const shorter = [...times(990, MS), ...times(10, 99 * MS)];
    expect(doubts({ times: { sendLag: shorter, response: times(1000, 60e9) } })).toEqual([]);
  });
});

test('event loop: fires over 20 ms at p99 and stays silent below', () => {
  expect(doubts({ times: { eventLoopDelay: [...times(95, MS), ...times(5, 21 * MS)] } })).toEqual(['eventLoop/timing']);
  expect(doubts({ times: { eventLoopDelay: [...times(95, MS), ...times(5, 19 * MS)] } })).toEqual([]);
});

test('CPU: fires where more than a tenth of the windows were busy, and never for a worker that spins', () => {
  expect(BUSY_CPU_RATIO).toBe(0.9);
  expect(doubts({}, { busyCpuShare: 0.11 })).toEqual(['cpu/timing']);
  expect(doubts({}, { busyCpuShare: 0.1 })).toEqual([]);
  expect(doubts({ health: { spinning: true } }, { busyCpuShare: 1 })).toEqual([]);
});

test('late: fires where more than one in a thousand was given up', () => {
  expect(doubts({ messages: { due: 1000, sent: 998 }, unsent: { late: 2 } })).toEqual(['unsentLate/timing']);
  expect(doubts({ messages: { due: 1000, sent: 999 }, unsent: { late: 1 } })).toEqual([]);
  expect(doubts({ messages: { due: 1000, sent: 0 }, unsent: { socketClosed: 1000 } })).toEqual([]);
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
    expect(doubts(parts(2110 * MS))).toEqual(['littlesLaw/timing']);
    expect(doubts(parts(1900 * MS))).toEqual(['littlesLaw/timing']);
    expect(doubts(parts(2090 * MS))).toEqual([]);
    expect(doubts(parts(1910 * MS))).toEqual([]);
  });
  test('is not asked where messages are missing: they were in flight and have no service time', () => {
    expect(littlesLawError(tallyOf(parts(9000 * MS, { delivered: 999, lost: 1 })))).toBeNull();
    expect(littlesLawError(tallyOf(parts(9000 * MS, { delivered: 999, unresolved: 1 })))).toBeNull();
    expect(littlesLawError(tallyOf(parts(9000 * MS, { delivered: 1000 })))).not.toBeNull();
    expect(littlesLawError(tallyOf({}))).toBeNull();
  });
});

describe('a service that is not understood', () => {
  test('whose every message is a stranger leaves delivery in doubt', () => {
    expect(doubts({ messages: { sent: 10, lost: 10, unexpected: 10 }, strangers: { foreign: 10 } })).toEqual([
      'unmatched/delivery',
    ]);
  });
  test('is understood from the first answer on, be it a rejection; and silence is no misunderstanding', () => {
    const strangers = { foreign: 10 };
    expect(doubts({ messages: { sent: 10, delivered: 1, lost: 9 }, strangers })).toEqual([]);
    expect(doubts({ messages: { sent: 10, rejected: 1, lost: 9 }, strangers })).toEqual([]);
    expect(doubts({ messages: { sent: 10, lost: 10 } })).toEqual([]);
  });
});

describe('what came and could not be read', () => {
  const notJson = { notJson: { count: 3, first: { lane: 4, atSecond: 0.1, text: 'byte 17 of {"id":NaN}' } } };
  test('is a doubt about delivery, of all of it where nothing else was understood', () => {
    const messages = { sent: 10, unreadable: 3, unresolved: 3 };
    expect(doubts({ messages: { ...messages, delivered: 7 } }, { unreadable: notJson })).toEqual(['unreadable/unread']);
    expect(doubts({ messages }, { unreadable: notJson })).toEqual(['unreadable/delivery']);
  });
  test('says how many of how many, what they are, the first, and what to do', () => {
    const whole = tallyOf({ messages: { sent: 10, delivered: 7, unreadable: 3, unresolved: 3 } });
    const [doubt] = judgeHealth({
      sending: whole,
      whole,
      busyCpuShare: 0,
      deadWorkers: 0,
      firstDeath: null,
      complete: true,
      endedBecause: null,
      failedFaults: [],
      proxyDelayNs: null,
      unreadableWindows: 0,
      unreadable: notJson,
    });
    expect(doubt?.detail).toMatch(
      /^3 of 10 messages that came could not be read.*3 are not JSON: .*RFC 8259.*the first: byte 17 of/,
    );
  });
  test('where all can be read there is none', () => {
    expect(doubts({ messages: { sent: 10, delivered: 10 } })).toEqual([]);
  });
});

test('the record: dead workers, a missing end, an early end, a ledger out of its depth', () => {
  expect(doubts({}, { deadWorkers: 1 })).toEqual(['workerDied/pass']);
  expect(doubts({}, { complete: false })).toEqual(['incomplete/pass']);
  expect(doubts({}, { endedBecause: 'stopped by the user' })).toEqual(['incomplete/pass']);
  expect(doubts({ health: { approximate: true } })).toEqual(['approximate/pass']);
});

test('a proxy on the way that was late is in every time, and one that was not in none', () => {
  expect(doubts({}, { proxyDelayNs: 21 * MS })).toEqual(['proxy/timing']);
  expect(doubts({}, { proxyDelayNs: 19 * MS })).toEqual([]);
  expect(doubts({}, { proxyDelayNs: null })).toEqual([]);
});

test('lines of the record that cannot be read are in no figure, and nobody passes for it', () => {
  expect(doubts({}, { unreadableWindows: 1 })).toEqual(['incomplete/pass']);
  expect(doubts({}, { unreadableWindows: 1, complete: false })).toEqual(['incomplete/pass']);
});

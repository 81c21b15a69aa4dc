import { describe, expect, test } from 'vitest';
import { makePlan, openMessages, SECOND, threshold } from '../../../test/support/engine/plans.ts';
import { makeWindow, type WindowParts } from '../../../test/support/engine/windows.ts';
import type { Contract, Rooms } from '../../plan/plan.ts';
import { addWindow, createTally } from '../figures/tally.ts';
import { judgeSoFar } from './rules-so-far.ts';

const MS = 1e6;
const times = (count: number, ns: number): number[] => Array<number>(count).fill(ns);
const ROOMS: Rooms = { count: 1, publishers: 2, self: true, settleNs: 0 };

/** In the middle of a run: 10 messages are in flight. */
const HALF: WindowParts = {
  messages: { due: 1000, sent: 1000, delivered: 990 },
  connections: { attempted: 10, opened: 10, openNs: SECOND },
  times: { response: times(990, 100 * MS), sendLag: times(1000, 0.1 * MS) },
};

interface Given {
  readonly rules?: readonly string[];
  readonly contract?: Partial<Contract>;
  readonly rooms?: Rooms;
  readonly parts?: WindowParts;
}

function soFar({ rules = [], contract, rooms, parts = HALF }: Given) {
  const plan = makePlan({
    messages: openMessages(100, 20 * SECOND),
    ...(rooms === undefined ? {} : { rooms }),
    plan: {
      thresholds: rules.map(threshold),
      contract:
        contract === undefined
          ? null
          : { delivery: 'none', order: 'none', integrity: 'none', replay: 'none', ...contract },
    },
  });
  const tally = createTally();
  addWindow(tally, makeWindow(parts));
  return judgeSoFar(plan, {
    tally,
    types: [],
    fanout: null,
    sendingSeconds: 10,
    attempted: tally.connections.attempted,
  });
}
const stateOf = (rule: string, more: Omit<Given, 'rules'> = {}): string => soFar({ rules: [rule], ...more })[0]!.state;

describe('a rule while the run goes', () => {
  test('passes or fails by what is known, with what was observed', () => {
    expect(soFar({ rules: ['response.p99 < 200ms', 'response.p90 < 50ms'] })).toEqual([
      { expression: 'response.p99 < 200ms', state: 'pass', observedText: '100 ms' },
      { expression: 'response.p90 < 50ms', state: 'fail', observedText: '100 ms' },
    ]);
  });

  test('is undecided while there are too few samples', () => {
    expect(stateOf('response.p99.9 < 1s')).toBe('undecided');
  });

  test('about loss is judged at the end, and fails as soon as a loss is known', () => {
    expect(stateOf('lost == 0')).toBe('atEnd');
    expect(stateOf('lost == 0', { parts: { messages: { sent: 1000, delivered: 989, lost: 1 } } })).toBe('fail');
  });

  test('does not fail for messages in flight, but for those that were lost', () => {
    expect(stateOf('delivered >= 99.9%')).toBe('undecided');
    expect(stateOf('delivered >= 98%')).toBe('pass');
    const parts = { messages: { sent: 1000, delivered: 980, lost: 10 } };
    expect(stateOf('delivered >= 99.9%', { parts })).toBe('fail');
  });

  test('does not fail while a count can still reach it', () => {
    expect(stateOf('sent >= 2000')).toBe('undecided');
    expect(stateOf('sent >= 500')).toBe('pass');
    expect(stateOf('sent == 2000')).toBe('undecided');
    expect(stateOf('sent == 500')).toBe('fail');
  });

  test('about a stage, a fault, a type or what is received of others is judged at the end', () => {
    for (const rule of [
      'response.p99 < 200ms in hold',
      'response.p99 < 200ms during any fault',
      'fanout.missed == 0',
      'pushes.missed == 0',
    ]) {
      expect(stateOf(rule), rule).toBe('atEnd');
    }
  });

  test('in rooms is judged at the end where the workers know it only together, and fails for what one alone knows', () => {
    expect(stateOf('response.p99 < 200ms', { rooms: ROOMS })).toBe('atEnd');
    expect(stateOf('sendLag.p99 < 200ms', { rooms: ROOMS })).toBe('pass');
    expect(stateOf('duplicated == 0', { rooms: ROOMS })).toBe('atEnd');
    const parts = { messages: { sent: 1000, delivered: 990, duplicated: 1 } };
    expect(stateOf('duplicated == 0', { rooms: ROOMS, parts })).toBe('fail');
  });
});

describe('a contract while the run goes', () => {
  const all: Partial<Contract> = { delivery: 'exactly-once', order: 'per-stream', integrity: 'checksum' };

  test('is judged clause by clause: delivery at the end, order and content as messages come', () => {
    expect(soFar({ contract: all })).toEqual([
      { expression: 'delivery: exactly-once', state: 'atEnd', observedText: '' },
      { expression: 'order: per-stream', state: 'pass', observedText: '0 violations' },
      { expression: 'integrity: checksum', state: 'pass', observedText: '0 violations' },
    ]);
  });

  test('fails as soon as a message breaks it', () => {
    const parts = { ...HALF, messages: { sent: 1000, delivered: 990, duplicated: 3, corrupted: 1 } };
    expect(soFar({ contract: all, parts }).map(({ state }) => state)).toEqual(['fail', 'pass', 'fail']);
  });

  test('at-most-once needs no end: what came twice is known', () => {
    expect(soFar({ contract: { delivery: 'at-most-once' } })[0]!.state).toBe('pass');
  });
});

test('a plan without rules has none', () => {
  expect(soFar({})).toEqual([]);
});

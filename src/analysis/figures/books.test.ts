import { describe, expect, test } from 'vitest';
import { makeWindow, type WindowParts } from '../../../test/support/engine/windows.ts';
import type { MessageResult } from '../../facts/result.ts';
import { closeBooks, imbalances } from './books.ts';
import { addWindow, createTally } from './tally.ts';

const books = (parts: WindowParts, brokeOff = false) => {
  const tally = createTally();
  addWindow(tally, makeWindow(parts));
  return closeBooks(tally, brokeOff);
};

const problemsOf = (messages: MessageResult): readonly string[] =>
  imbalances({ messages, fanout: null, pushes: null, misbehaving: [] });

const balanced: WindowParts = {
  messages: { due: 110, sent: 100, delivered: 80, rejected: 5, lost: 10, unresolved: 5, duplicated: 7, reordered: 7 },
  unsent: { overdue: 1, backpressure: 2, windowFull: 3, socketClosed: 4 },
};

describe('the books', () => {
  test('balance where each message is due once and has one outcome', () => {
    expect(problemsOf(books(balanced))).toEqual([]);
    expect(books(balanced).deliveredRatio).toBe(0.8);
  });

  test.each([
    'due',
    'sent',
    'delivered',
    'rejected',
    'lost',
    'unresolved',
  ] as const)('one %s too many is told', (name) => {
    const messages = { ...balanced.messages, [name]: balanced.messages![name]! + 1 };
    const problems = problemsOf(books({ ...balanced, messages }));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join()).toContain(String(messages[name]));
  });

  test.each([
    'overdue',
    'backpressure',
    'windowFull',
    'socketClosed',
  ] as const)('one unsent too many, %s, is told', (reason) => {
    const unsent = { ...balanced.unsent, [reason]: 99 };
    expect(problemsOf(books({ ...balanced, unsent }))).toHaveLength(1);
  });

  test('what is beside the books moves nothing', () => {
    const messages = { ...balanced.messages, duplicated: 1e6, reordered: 1e6, corrupted: 1e6, unexpected: 1e6 };
    expect(problemsOf(books({ ...balanced, messages }))).toEqual([]);
  });

  test('in a record that broke off, what was in flight is unresolved', () => {
    const messages = { due: 10, sent: 10, delivered: 7 };
    expect(books({ messages }, true)).toMatchObject({ unresolved: 3 });
    expect(problemsOf(books({ messages }, true))).toEqual([]);
    expect(problemsOf(books({ messages }, false))).toHaveLength(1);
  });

  test('more outcomes than messages are never made to fit', () => {
    expect(problemsOf(books({ messages: { due: 10, sent: 10, delivered: 11 } }, true))).toHaveLength(1);
  });

  test('nothing sent has no ratio', () => {
    expect(books({}).deliveredRatio).toBeNull();
    expect(problemsOf(books({}))).toEqual([]);
  });
});

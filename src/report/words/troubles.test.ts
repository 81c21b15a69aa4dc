import { expect, test } from 'vitest';
import { resultOf } from '../../../test/support/judged-run.ts';
import type { MessageResult, RunResult } from '../../facts/result.ts';
import { troublesOf } from './troubles.ts';

const judged = resultOf({ seconds: 1 });
const clean: RunResult = { ...judged, messages: { ...judged.messages, lost: 0 } };
const said = (more: Partial<RunResult>): string[] => troublesOf({ ...clean, ...more }).map(({ text }) => text);
const ofMessages = (more: Partial<MessageResult>): Partial<RunResult> => ({ messages: { ...clean.messages, ...more } });

test('of a run in which nothing went wrong there is nothing to say', () => {
  expect(said({})).toEqual([]);
});

test.each<[Partial<MessageResult>, string]>([
  [{ lost: 3 }, '3 of 1,000 messages were lost.'],
  [{ lost: 1 }, '1 of 1,000 messages was lost.'],
  [{ corrupted: 2 }, '2 messages arrived corrupted.'],
  [{ duplicated: 1 }, '1 message arrived more than once.'],
  [{ reordered: 2 }, '2 messages arrived out of order.'],
  [{ diverged: 1 }, '1 reply had a wrong state.'],
  [{ totalOrderViolations: 2 }, '2 messages reached two clients of a room in different orders.'],
  [{ unexpected: 2 }, '2 messages arrived where they were not expected.'],
  [{ rejected: 5 }, '5 of 1,000 messages were rejected by the service.'],
  [{ unreadable: 1 }, '1 message could not be read.'],
  [{ late: 2 }, '2 messages arrived after they had been counted as lost or unresolved.'],
  [{ unresolved: 1 }, '1 of 1,000 messages is unresolved: the connection dropped, or an answer could not be read.'],
])('%j is named, and nothing else', (messages, text) => {
  expect(said(ofMessages(messages))).toEqual([text]);
});

test('what was not sent is named with its reasons', () => {
  const unsent = { ...clean.messages.unsent, overdue: 2, socketClosed: 3 };
  expect(said(ofMessages({ unsent }))).toEqual([
    '5 of 1,000 due messages were not sent (overdue 2, connection closed 3).',
  ]);
});

test('kinds are told in words', () => {
  const { delivery } = clean;
  const texts = said({
    ...ofMessages({ corrupted: 3, unexpected: 2, unreadable: 4, reordered: 1, lost: 2 }),
    delivery: {
      ...delivery,
      damage: { ...delivery.damage, bitFlips: 2, truncated: 1 },
      unexpected: { ...delivery.unexpected, stale: 2 },
      unreadable: { notJson: { count: 4, first: null } },
      reordering: { ...delivery.reordering, maxExtent: 7 },
      acknowledgements: { lost: 2, recovered: 0 },
    },
  });
  expect(texts).toEqual([
    '2 of 1,000 messages were lost, 2 of them after the service had acknowledged them.',
    '3 messages arrived corrupted (flipped bits 2, cut off 1).',
    '1 message arrived out of order, at most 7 places late.',
    '2 messages arrived where they were not expected (of another run 2).',
    '4 messages could not be read (4 are not JSON).',
  ]);
});

test('so are connections, deliveries in rooms, and pushes', () => {
  const connections = { ...clean.connections, attempted: 9, failed: 2, droppedByServer: 3, reconnected: 3, gaveUp: 1 };
  expect(said({ connections })).toEqual([
    '2 of 9 attempts to connect failed.',
    '3 connections were dropped by the service or the network, and clients reconnected 3 times.',
    '1 client gave up reconnecting.',
  ]);
  const fanout = { missed: 1 } as RunResult['fanout'];
  const pushes = { missed: 2 } as RunResult['pushes'];
  expect(said({ fanout, pushes })).toEqual(['1 delivery to other clients was missed.', '2 pushes were missed.']);
});

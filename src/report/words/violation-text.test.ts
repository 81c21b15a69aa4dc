import { expect, test } from 'vitest';
import type { Violation } from '../../facts/violation.ts';
import { momentText, violationText } from './violation-text.ts';

const place = { client: 3, stream: 3 };
const lost = {
  ...place,
  violation: 'lost' as const,
  seq: 7,
  acknowledged: false,
  damaged: false,
  dueSecond: null,
  sentFromSecond: 3,
  sentToSecond: 4,
  previous: 6,
  next: 9,
};
const missed = { ...place, violation: 'missed' as const, seq: 110, lastSeq: 111, previous: 109, next: 112 };
const unexpected = { ...place, violation: 'unexpected' as const, seq: null, ofStream: null, bytes: null, sample: null };

test.each<readonly [Violation, string]>([
  [lost, 'sent between 3.0 and 4.0 s, given up at 9.500 s'],
  [{ ...lost, sentFromSecond: 3.25, sentToSecond: 3.25 }, 'sent at 3.250 s, given up at 9.500 s'],
  [{ ...lost, sentFromSecond: null, sentToSecond: null }, 'given up at 9.500 s'],
  [{ ...place, violation: 'duplicated', seq: 4, push: null }, 'at 9.500 s'],
])('%j says when', (violation, text) => {
  expect(momentText({ ...violation, atSecond: 9.5 })).toBe(text);
});

test.each<readonly [Violation, string]>([
  [lost, '#7 never came back; #6 and #9 did'],
  [{ ...lost, previous: null }, '#7 never came back; #9 did'],
  [{ ...lost, next: null }, '#7 never came back; #6 did, and nothing after it'],
  [{ ...lost, previous: null, next: null }, '#7 never came back; no other message of its stream came back'],
  [{ ...lost, acknowledged: true }, '#7 never came back, though the service acknowledged it; #6 and #9 did'],
  [{ ...lost, damaged: true }, '#7 came back only damaged; #6 and #9 did'],
  [{ ...missed, push: { channel: 'BTC' } }, '#110 to #111 of BTC never came; #109 and #112 did'],
  [{ ...missed, lastSeq: 110, push: { channel: null } }, '#110 never came; #109 and #112 did'],
  [{ ...missed, next: null, push: { channel: null } }, '#110 to #111 never came; another client received #111'],
  [{ ...place, violation: 'duplicated', seq: 4, push: null }, '#4 arrived again'],
  [{ ...place, client: 7, violation: 'duplicated', seq: 4, push: null }, '#4 arrived again at client 7'],
  [{ ...place, violation: 'duplicated', seq: 4, push: { channel: 'BTC' } }, 'push #4 of BTC arrived again'],
  [
    { ...place, violation: 'late', seq: 4, push: { channel: null } },
    'push #4 arrived after it was counted as lost or unresolved',
  ],
  [{ ...place, violation: 'reordered', seq: 4, after: 6, extent: 2, push: null }, '#4 after #6, 2 places late'],
  [
    { ...place, violation: 'reordered', seq: 4, after: null, extent: 1, push: null },
    '#4 after a later one, 1 place late',
  ],
  [
    { ...place, violation: 'reordered', seq: 4, after: null, extent: null, push: null },
    '#4 after a later one, too many places late to count',
  ],
  [
    { ...place, violation: 'reordered', seq: 4, after: null, extent: null, push: { channel: 'BTC' } },
    'push #4 of BTC after a later one',
  ],
  [{ ...place, violation: 'corrupted', seq: 4, damage: 'truncated', bytes: 1200 }, '#4 came back cut off, 1,200 bytes'],
  [
    { client: 3, stream: 5, violation: 'corrupted', seq: null, damage: 'bitFlips', bytes: 70 },
    'a message came with flipped bits, 70 bytes',
  ],
  [{ ...unexpected, unexpected: 'otherStream', ofStream: 9, push: null }, 'a message of stream 9'],
  [{ ...unexpected, unexpected: 'foreign', bytes: 12, push: null }, '12 bytes that are not a message of this run'],
  [
    { ...unexpected, unexpected: 'foreign', bytes: 12, sample: '{"op":"x"}', push: null },
    'an answer without an id of this run: {"op":"x"}',
  ],
  [{ ...unexpected, unexpected: 'neverSent', seq: 70, push: null }, '#70, which this client has not sent'],
  [
    { ...unexpected, unexpected: 'neverSent', seq: 70, push: { channel: 'BTC' } },
    'push #70 of BTC, far from all numbers before it',
  ],
  [
    { ...place, violation: 'diverged', seq: 4, expected: 'count 5', got: 'count 6' },
    'after #4 expected count 5, got count 6',
  ],
  [
    { ...place, violation: 'totalOrder', seq: 4, before: { stream: 8, seq: 2 } },
    '#4: client 3 received it after #2 of stream 8, another client the other way round',
  ],
])('%j is said so', (violation, said) => {
  expect(violationText(violation)).toBe(said);
});

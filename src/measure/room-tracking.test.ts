import { describe, expect, test } from 'vitest';
import { joinReceivers } from '../analysis/figures/fanout.ts';
import type { Rooms } from '../plan/plan.ts';
import { createDensityFacts } from './density.ts';
import {
  createRoomTracking,
  noteReceived,
  receiverClosed,
  receiverFactsOf,
  receiverOpened,
  startRoomTracking,
} from './room-tracking.ts';

const SECOND = 1e9;
/** One room in which client 0 sends. */
const one: Rooms = { count: 1, publishers: 1, self: true, settleNs: SECOND };

describe('a receiver that is left out for very long', () => {
  const roomTrackingOf = () => {
    const roomTracking = createRoomTracking(one, 2, createDensityFacts(), false);
    for (const receiver of [0, 1]) receiverOpened(roomTracking, receiver, 0);
    startRoomTracking(roomTracking, SECOND, 0, (receiver) => receiver);
    return roomTracking;
  };
  const join = (roomTracking: ReturnType<typeof roomTrackingOf>, sent: number) => {
    for (const receiver of [0, 1]) receiverClosed(roomTracking, receiver, receiver, 'stayed');
    return joinReceivers(one, [receiverFactsOf(roomTracking, [[0, sent]], (receiver) => receiver)]);
  };

  test('has missed what it did not receive, and is judged on', () => {
    const roomTracking = roomTrackingOf();
    for (let seq = 70_000; seq < 80_000; seq++) noteReceived(roomTracking, 1, 1, 0, seq, Number.POSITIVE_INFINITY);
    // The first number that was out of all proportion was not believed.
    expect(join(roomTracking, 80_000)).toMatchObject({ expected: 80_000, missed: 70_001 });
  });

  test('with more holes than are remembered has missed exactly as many', () => {
    const roomTracking = roomTrackingOf();
    let received = 0;
    for (let seq = 0; seq < 200_000; seq++) {
      if (seq % 20 === 3) continue;
      noteReceived(roomTracking, 1, 1, 0, seq, Number.POSITIVE_INFINITY);
      received++;
    }
    expect(join(roomTracking, 200_000)).toMatchObject({ expected: 200_000, missed: 200_000 - received });
  });

  test('a number that nobody can have sent is not believed, and what is beyond the sent is forged', () => {
    const roomTracking = roomTrackingOf();
    for (let seq = 0; seq < 100; seq++) noteReceived(roomTracking, 1, 1, 0, seq, Number.POSITIVE_INFINITY);
    expect(noteReceived(roomTracking, 1, 1, 0, 2 ** 52, Number.POSITIVE_INFINITY)).toBeNull();
    // #90 to #99 were received and never sent.
    expect(join(roomTracking, 90)).toMatchObject({ expected: 90, missed: 0, forged: 10 });
  });
});

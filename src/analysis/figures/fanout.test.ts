import { describe, expect, test } from 'vitest';
import type { ReceiverFacts } from '../../facts/receivers.ts';
import type { Rooms } from '../../plan/plan.ts';
import { joinReceivers } from './fanout.ts';

const rooms: Rooms = { count: 1, publishers: 1, self: false, settleNs: 0 };
const STAYED = 1;
const LEFT = 0;
/** Client 0 sent a hundred messages to one other client, which received all of them. */
const whole: ReceiverFacts = {
  sent: [[0, 100]],
  streams: [{ stream: 0, spans: [[0, 100, STAYED, 1]], missed: [], unresolved: [], unplaced: [0, 0] }],
  receivers: [[1, 100]],
  orders: [],
  refused: [],
  outstanding: [],
  offline: 0,
};
const joined = (more: Partial<ReceiverFacts>) => joinReceivers(rooms, [{ ...whole, ...more }]);
const stream = (more: Partial<ReceiverFacts['streams'][number]>): Pick<ReceiverFacts, 'streams'> => ({
  streams: [{ ...whole.streams[0]!, ...more }],
});

test('a stream that was received whole has nothing missed', () => {
  expect(joined({})).toMatchObject({ expected: 100, missed: 0, unresolved: 0, messagesUnresolved: 0 });
});

describe('a message that is missing', () => {
  const gap = stream({ missed: [[5, 6, 1]] });

  test('and was in flight at several drops of its sender is unresolved once', () => {
    const drops: Partial<ReceiverFacts> = {
      outstanding: [
        [0, 0, 10],
        [0, 0, 60],
        [0, 0, 100],
      ],
    };
    expect(joined({ ...gap, ...drops })).toMatchObject({ expected: 100, missed: 0, unresolved: 1, messagesMissed: 0 });
  });

  test('and was refused, once or again, is expected by nobody, also where its sender dropped later', () => {
    const refused: Partial<ReceiverFacts> = {
      refused: [
        [0, 5, 6],
        [0, 5, 6],
      ],
      outstanding: [[0, 0, 100]],
      receivers: [[1, 99]],
    };
    const fanout = joined({ ...gap, ...refused });
    expect(fanout).toMatchObject({ expected: 99, missed: 0, unresolved: 0, messagesMissed: 0, messagesUnresolved: 0 });
    expect(fanout.receivers).toMatchObject({ count: 1, complete: 1 });
  });

  test('is looked at wherever it lies, however many messages its sender had sent before it dropped', () => {
    const many = 1_000_000;
    const late: Partial<ReceiverFacts> = {
      sent: [[0, many]],
      ...stream({ spans: [[0, many, STAYED, 1]], missed: [[many - 2, many - 1, 1]] }),
      outstanding: [[0, 0, many]],
    };
    expect(joined(late)).toMatchObject({ missed: 0, unresolved: 1, messagesMissed: 0, messagesUnresolved: 1 });
  });

  test('and was neither refused nor in flight is missed', () => {
    expect(joined({ ...gap, outstanding: [[0, 90, 100]] })).toMatchObject({ missed: 1, unresolved: 0 });
  });
});

test('what the service refused when nobody was there any more is not unresolved as well', () => {
  const fanout = joined({ ...stream({ spans: [[0, 40, LEFT, 1]] }), refused: [[0, 40, 100]], receivers: [] });
  expect(fanout).toMatchObject({ expected: 40, missed: 0, messagesMissed: 0, messagesUnresolved: 0 });
  const some = joined({ ...stream({ spans: [[0, 40, LEFT, 1]] }), refused: [[0, 40, 70]], receivers: [] });
  expect(some).toMatchObject({ messagesUnresolved: 30 });
});

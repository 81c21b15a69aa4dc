import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createSharedState,
  judgeShared,
  noteSharedRefusal,
  noteSharedStep,
  type SharedState,
  type Telling,
} from './shared-state.ts';
import { foldDigest, type Judged } from './state-model.ts';

const NO_DIGEST = '00000000';
const idOf = (stream: number, sequence: number): string => `1-${stream}-${sequence}`;

function telling(stream: number, sequence: number, count: number, digest: string | null = null): Telling {
  return { stream, sequence, id: idOf(stream, sequence), count, digest };
}

const diverges = (judged: Judged | null): boolean => judged !== null && judged.expected !== judged.got;

function afterSending(...messages: readonly (readonly [stream: number, sequence: number])[]): SharedState {
  const state = createSharedState();
  for (const [stream, sequence] of messages) noteSharedStep(state, stream, sequence);
  return state;
}

describe('a state that several clients change', () => {
  test('a count is told to one message: the second one that is told it was overwritten', () => {
    const state = afterSending([0, 0], [1, 0]);
    expect(diverges(judgeShared(state, telling(0, 0, 7)))).toBe(false);
    expect(judgeShared(state, telling(1, 0, 7))).toEqual({
      expected: 'a count of its own, not 7, which #0 of stream 0 was told',
      got: 'count 7',
    });
  });

  test('a message that was sent after 9 had been told is told more than 9, whichever client it is of', () => {
    const state = afterSending([0, 0], [1, 0]);
    judgeShared(state, telling(0, 0, 9));
    noteSharedStep(state, 2, 0);
    expect(diverges(judgeShared(state, telling(1, 0, 8)))).toBe(false); // sent before
    expect(judgeShared(state, telling(2, 0, 5))?.expected).toBe('a count above 9, which was told before it was sent');
  });

  test('each digest follows from the one before, in whatever order they are received', () => {
    const first = foldDigest(NO_DIGEST, idOf(0, 0));
    const second = foldDigest(first, idOf(1, 0));
    const told = [telling(0, 0, 1, first), telling(1, 0, 2, second)] as const;
    for (const order of [told, [...told].reverse()]) {
      const state = afterSending([0, 0], [1, 0]);
      expect(order.map((each) => diverges(judgeShared(state, each)))).toEqual([false, false]);
    }
    const wrong = [telling(0, 0, 1, first), telling(1, 0, 2, 'deadbeef')] as const;
    for (const order of [wrong, [...wrong].reverse()]) {
      const state = afterSending([0, 0], [1, 0]);
      expect(order.map((each) => diverges(judgeShared(state, each)))).toEqual([false, true]);
    }
  });

  test('another client that is told of the same count has the same digest', () => {
    const state = afterSending([0, 0]);
    judgeShared(state, telling(0, 0, 1, 'aaaaaaaa'));
    expect(judgeShared(state, telling(0, 0, 1, 'aaaaaaaa'))).toBeNull();
    expect(judgeShared(state, telling(0, 0, 1, 'bbbbbbbb'))).toEqual({
      expected: 'count 1, digest aaaaaaaa',
      got: 'count 1, digest bbbbbbbb',
    });
  });

  test('one that was forgotten is told once, and goes on from there', () => {
    const state = createSharedState();
    const judged: boolean[] = [];
    for (const [sequence, count] of [1, 2, 3, 1, 2, 3, 4].entries()) {
      noteSharedStep(state, 0, sequence);
      judged.push(diverges(judgeShared(state, telling(0, sequence, count))));
    }
    expect(judged).toEqual([false, false, false, true, false, false, false]);
    expect(state.isBroken).toBe(true);
  });

  test('a message that was refused is waited for no longer', () => {
    const state = afterSending([0, 0], [0, 1]);
    noteSharedRefusal(state, 0, 0);
    expect([...state.before.keys()]).toEqual(['0 1']);
  });

  test('a count that is too old to be remembered is neither judged nor counted again', () => {
    const state = createSharedState();
    for (let n = 1; n <= 5000; n++) {
      noteSharedStep(state, 0, n);
      judgeShared(state, telling(0, n, n));
    }
    for (let n = 1; n <= 500; n++) expect(judgeShared(state, telling(0, n, n))).toBeNull();
    expect(state.answers).toBe(5000);
  });

  test('what is no count is said to be none', () => {
    expect(judgeShared(afterSending([0, 0]), telling(0, 0, -1))?.expected).toBe('a count');
  });
});

test('whatever the order in which a right service takes messages and is received, nothing diverges', () => {
  const step = fc.record({ client: fc.nat(3), act: fc.constantFrom('send', 'take', 'receive') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.nat(50), (steps, base) => {
      const state = createSharedState();
      const sent: Telling[][] = [[], [], [], []];
      const answers: Telling[][] = [[], [], [], []];
      const next = [0, 0, 0, 0];
      let count = base;
      let digest = NO_DIGEST;
      for (const { client, act } of steps) {
        if (act === 'send') {
          noteSharedStep(state, client, next[client]!);
          sent[client]!.push(telling(client, next[client]!++, 0));
        } else if (act === 'take') {
          const message = sent[client]!.shift();
          if (message === undefined) continue;
          count++;
          digest = foldDigest(digest, message.id);
          answers[client]!.push({ ...message, count, digest });
        } else {
          const answer = answers[client]!.shift();
          if (answer !== undefined) expect(diverges(judgeShared(state, answer))).toBe(false);
        }
      }
      expect(state.isBroken).toBe(false);
    }),
  );
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJitter, noteTransit, takeJitter } from './jitter.ts';

/** J after each packet, in the unit of the times. */
function jitterOf(sent: readonly number[], received: readonly number[]): number[] {
  const jitter = createJitter(1);
  return sent.map((at, index) => {
    noteTransit(jitter, 0, received[index]! - at);
    return Number.isNaN(jitter.meanNs[0]!) ? 0 : jitter.meanNs[0]!;
  });
}

describe('interarrival jitter of the examples of RFC 4737, in arrival order', () => {
  test('table 1: constant until packet 4 is late', () => {
    const sent = [0, 20, 40, 80, 100, 120, 140, 60, 160, 180];
    const received = [68, 88, 108, 148, 168, 188, 208, 210, 228, 248];
    expect(jitterOf(sent, received)).toEqual([0, 0, 0, 0, 0, 0, 0, 5.125, 9.9296875, 9.30908203125]);
  });

  test('table 2: two packets late', () => {
    const sent = [0, 20, 40, 60, 120, 80, 100, 140, 160, 180];
    const received = [68, 88, 108, 128, 188, 189, 190, 208, 228, 248];
    expect(jitterOf(sent, received).slice(4)).toEqual([
      0, 2.5625, 3.58984375, 4.740478515625, 4.4441986083984375, 4.166436195373535,
    ]);
  });
});

test('a constant time under way has none, whatever it is', () => {
  fc.assert(
    fc.property(fc.nat(1e9), fc.array(fc.nat(1e9), { minLength: 2 }), (transit, sent) => {
      expect(
        jitterOf(
          sent,
          sent.map((at) => at + transit),
        ).at(-1),
      ).toBe(0);
    }),
  );
});

test('clients do not know of one another, and a client that is taken begins again', () => {
  const jitter = createJitter(2);
  for (const [client, transit] of [
    [0, 100],
    [1, 900],
    [0, 260],
    [1, 900],
  ] as const) {
    noteTransit(jitter, client, transit);
  }
  expect([takeJitter(jitter, 0), takeJitter(jitter, 1)]).toEqual([10, 0]);
  expect(takeJitter(jitter, 0)).toBeNull();
  noteTransit(jitter, 0, 5);
  expect(takeJitter(jitter, 0)).toBeNull();
});

import { describe, expect, test } from 'vitest';
import { formatRate } from '../../units/rate.ts';
import { chainSegments } from './segments.ts';

describe('a curve as written', () => {
  test('starts at 0 and goes on from where each segment ended, after a burst from before it', () => {
    const curve = chainSegments(
      [{ to: 8000, over: 10e9 }, { hold: 50e9 }, { burst: 20_000, for: 2e9 }, { to: 0 }],
      String,
    );
    expect(curve.map(({ shape, from, to }) => [shape, from, to])).toEqual([
      ['linear', 0, 8000],
      ['hold', 8000, 8000],
      ['burst', 8000, 20_000],
      ['instant', 8000, 0],
    ]);
  });

  test('names its segments after what they do, and numbers the second of a name', () => {
    const curve = chainSegments(
      [{ rate: 8000, for: 1 }, { hold: 1 }, { burst: 9000, for: 1 }, { to: 1, name: 'cool down' }],
      formatRate,
    );
    expect(curve.map(({ name }) => name)).toEqual([
      'ramp to 8,000/s',
      'hold 8,000/s',
      'hold 8,000/s (2)',
      'burst 9,000/s',
      'cool down',
    ]);
  });

  test('has ten steps where it is stepped and says no other number', () => {
    const stepped = { to: 10, over: 1, curve: 'stepped' } as const;
    const curve = chainSegments([stepped, { ...stepped, steps: 3 }, { to: 0, over: 1 }], String);
    expect(curve.map(({ steps }) => steps)).toEqual([10, 3, 1]);
  });
});

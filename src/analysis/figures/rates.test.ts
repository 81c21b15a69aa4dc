import { expect, test } from 'vitest';
import { rateSeconds } from './rates.ts';

test('a rate needs a second of sending: over less there is none', () => {
  expect([0, 2.7e6, 999_999_999, 1e9, 10.5e9].map(rateSeconds)).toEqual([null, null, null, 1, 10.5]);
});

import { expect, test } from 'vitest';
import { makePlan, openMessages, SECOND, threshold } from '../../test/support/engine/plans.ts';
import { readStoredPlan } from './stored-plan.ts';

const plan = { ...makePlan({ messages: openMessages(100, 3 * SECOND) }), thresholds: [threshold('lost == 0')] };
const stored = (): Record<string, unknown> => JSON.parse(JSON.stringify(plan)) as Record<string, unknown>;

test('a plan that was written is read back', () => {
  expect(readStoredPlan(stored())).toEqual(stored());
});

test('so is one with clients that misbehave, and each of them must say how', () => {
  const withClients = (misbehaving: readonly unknown[]) => ({ ...stored(), load: { ...plan.load, misbehaving } });
  const good = withClients([{ share: 0.1, misbehavior: { kind: 'slow-reader', bytesPerSecond: 0, afterNs: 0 } }]);
  expect(readStoredPlan(good)).toEqual(good);
  const bad = withClients([{ share: 0.1 }]);
  expect(readStoredPlan(bad)).toEqual({ problem: expect.stringMatching(/^load\.misbehaving\.0/) });
});

test.each([
  ['name', undefined],
  ['name', 5],
  ['load', null],
  ['load', 1],
  ['thresholds', null],
  ['thresholds', ['response.p99 < 1ms']],
  ['contract', 1],
  ['faults', null],
  ['profile', undefined],
  ['monitors', undefined],
])('one whose %s is %j is none, and it says where', (key, value) => {
  const read = readStoredPlan({ ...stored(), [key]: value });
  expect(read).toEqual({ problem: expect.stringMatching(new RegExp(`^${key}`)) });
});

test.each([null, 5, [], 'plan'])('%j is none', (value) => {
  expect(readStoredPlan(value)).toHaveProperty('problem');
});

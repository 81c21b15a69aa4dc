import { describe, expect, test } from 'vitest';
import { SECOND } from '../../../test/support/engine/plans.ts';
import { makeWindow, type WindowParts } from '../../../test/support/engine/windows.ts';
import type { RunEvent } from '../../facts/event.ts';
import { createStandstills } from './standstill.ts';

const STAGES = [{ name: 'ramp', fromNs: 0, toNs: 60 * SECOND }];
type Health = NonNullable<WindowParts['health']>;
const stalled = (ns: number, cpuNs = 0): Health => ({ stall: { ns, longestNs: ns, cpuNs } });

function doubts(windows: readonly WindowParts[], events: readonly RunEvent[] = [], isProxyIn = false) {
  const standstills = createStandstills(STAGES, events, isProxyIn);
  for (let second = 0; second < 60; second++) {
    const parts = windows.find((window) => window.second === second) ?? {};
    standstills.add(makeWindow({ second, stage: 0, ...parts }));
  }
  return standstills.doubts();
}

describe('a generator that stood still', () => {
  test('for a second or longer is in doubt, wherever it was: connecting, sending, draining', () => {
    for (const [stage, where] of [
      [-1, 'while clients connected'],
      [0, 'during ramp'],
      [1, 'during the drain'],
    ] as const) {
      const [doubt] = doubts([{ second: 7, stage, health: stalled(1.5 * SECOND) }]);
      expect(doubt).toMatchObject({ kind: 'standstill', during: [{ fromNs: 7 * SECOND, toNs: 8 * SECOND }] });
      expect(doubt?.detail).toContain(`worker 0 did not run for 1.5 s ${where}`);
    }
  });

  test('for less than that is in doubt about its times where it was more than a hundredth of a stage', () => {
    const short = (times: number): WindowParts[] =>
      Array.from({ length: times }, (_, second) => ({ second, health: stalled(0.3 * SECOND) }));
    expect(doubts(short(2))).toEqual([]);
    expect(doubts(short(3)).map(({ kind }) => kind)).toEqual(['eventLoop']);
  });

  test('by itself, by its own code or with the machine: the cause is named', () => {
    const causeOf = (health: Health): string => doubts([{ second: 3, health }])[0]!.detail;
    expect(causeOf(stalled(2 * SECOND, 0.1 * SECOND))).toContain('the process was stopped, or got no CPU');
    expect(causeOf(stalled(2 * SECOND, 1.9 * SECOND))).toContain('its event loop was blocked');
    expect(causeOf({ suspendedNs: 30 * SECOND })).toContain('the machine did not run for 30.0 s during ramp');
  });

  test('and one that ran all the time is not', () => expect(doubts([])).toEqual([]));
});

test('a coordinator that stood still is in doubt where the fault proxy runs in it, and in no other run', () => {
  const events: RunEvent[] = [{ kind: 'coordinatorStalled', atNs: 9 * SECOND, forNs: 3 * SECOND }];
  expect(doubts([], events, true)).toMatchObject([
    { kind: 'standstill', during: [{ fromNs: 6 * SECOND, toNs: 9 * SECOND }] },
  ]);
  expect(doubts([], events, false)).toEqual([]);
});

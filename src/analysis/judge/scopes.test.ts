import { describe, expect, test } from 'vitest';
import { makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import { makeWindow } from '../../../test/support/engine/windows.ts';
import type { RunEvent } from '../../facts/event.ts';
import { createHistogram, record } from '../../histogram/histogram.ts';
import { encodeSparse } from '../../histogram/sparse-codec.ts';
import type { Fault, Scope } from '../../plan/plan.ts';
import { parseThreshold } from '../../plan/rules/thresholds.ts';
import { planStages } from '../../plan/schedule/stages.ts';
import { createScopes } from './scopes.ts';

const FAULTS: readonly Fault[] = [
  { kind: 'partition', name: 'cut', atNs: 2 * SECOND, forNs: 2 * SECOND },
  { kind: 'restart', name: 'deployment', atNs: 6 * SECOND, forNs: 0 },
];

const [{ name: STAGE } = { name: '' }] = planStages(makePlan({ messages: openMessages(10, 10 * SECOND) }));

const fault = (index: number, phase: 'began' | 'ended', atNs: number, detail: string | null = null): RunEvent => ({
  kind: 'fault',
  atNs,
  fault: index,
  phase,
  detail,
});

function scopesOf(rules: readonly string[], events: readonly RunEvent[]) {
  const thresholds = rules.map((rule) => {
    const parsed = parseThreshold(rule);
    if ('expected' in parsed) throw new Error(parsed.expected);
    return parsed;
  });
  const plan = { ...makePlan({ messages: openMessages(10, 10 * SECOND) }), faults: FAULTS, thresholds };
  const scopes = createScopes(plan, events);
  for (let second = 0; second < 11; second++) {
    const histogram = createHistogram();
    record(histogram, (second + 1) * 1e6);
    const window = makeWindow({
      second,
      stage: second < 10 ? 0 : 1,
      messages: { sent: 1 },
      health: { elapsedNs: 1e9 },
    });
    scopes.add({ ...window, histograms: { ...window.histograms, response: encodeSparse(histogram) } });
  }
  return {
    count: (scope: Scope): number => scopes.evidence(scope, { attempted: 7, fanout: null }).certain.tally.messages.sent,
    withDrain: (scope: Scope): number =>
      scopes.evidence(scope, { attempted: 7, fanout: null }).withDrain.tally.messages.sent,
    attempted: (scope: Scope): number => scopes.evidence(scope, { attempted: 7, fanout: null }).certain.attempted,
    seconds: (scope: Scope): number | null =>
      scopes.evidence(scope, { attempted: 7, fanout: null }).certain.sendingSeconds,
  };
}

const EVENTS = [
  fault(0, 'began', 2.5 * SECOND),
  fault(0, 'ended', 4.5 * SECOND),
  fault(1, 'began', 6.5 * SECOND),
  fault(1, 'ended', 6.5 * SECOND),
];
const RULES = [
  'response.p50 < 1s during faults',
  'response.p50 < 1s outside faults',
  'response.p50 < 1s during cut',
  'response.p50 < 1s outside cut',
  `response.p50 < 1s in ${STAGE}`,
];

describe('what is counted in a part of the time', () => {
  test('a second counts to a fault that lasted in any part of it, and the drain to none', () => {
    const { count, seconds, withDrain } = scopesOf(RULES, EVENTS);
    expect(withDrain({ kind: 'during', fault: null })).toBe(5);
    expect(withDrain({ kind: 'outside', fault: null })).toBe(7);
    expect(count({ kind: 'during', fault: null })).toBe(4);
    expect(count({ kind: 'outside', fault: null })).toBe(6);
    expect(count({ kind: 'during', fault: 'cut' })).toBe(3);
    expect(count({ kind: 'outside', fault: 'cut' })).toBe(7);
    expect(count({ kind: 'stage', name: STAGE })).toBe(10);
    expect(seconds({ kind: 'during', fault: 'cut' })).toBe(3);
  });

  test('a fault that could not be begun was not there, and one that never ended lasts on', () => {
    const { count, seconds, attempted, withDrain } = scopesOf(RULES, [
      fault(0, 'began', 2.5 * SECOND, 'no right to'),
      fault(1, 'began', 6.5 * SECOND),
    ]);
    expect(count({ kind: 'during', fault: 'cut' })).toBe(0);
    expect(attempted({ kind: 'during', fault: 'cut' })).toBe(0);
    expect(withDrain({ kind: 'during', fault: 'cut' })).toBe(0);
    expect(attempted({ kind: 'during', fault: null })).toBe(7);
    expect(seconds({ kind: 'during', fault: 'cut' })).toBeNull();
    expect(count({ kind: 'during', fault: null })).toBe(4);
  });
});

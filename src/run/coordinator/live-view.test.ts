import { describe, expect, test } from 'vitest';
import { curve, makePlan, openMessages, SECOND, threshold } from '../../../test/support/engine/plans.ts';
import { makeWindow } from '../../../test/support/engine/windows.ts';
import { ROOMY_MACHINE } from '../../../test/support/machine.ts';
import { machineNeeds } from '../preflight/machine-needs.ts';
import { createLiveView, type LiveView } from './live-view.ts';

const plan = makePlan({
  connections: curve({ to: 10 }),
  messages: openMessages(100, 10 * SECOND),
  plan: { name: 'chat-capacity', thresholds: [threshold('duplicated == 0'), threshold('throughput.sent >= 90/s')] },
});

function viewOf(): LiveView {
  const needs = machineNeeds(plan, ROOMY_MACHINE);
  return createLiveView(plan, needs);
}

function windowOf(second: number, duplicated: number) {
  return makeWindow({
    second,
    messages: { due: 100, sent: 100, delivered: 100, duplicated },
    connections: { opened: 10, attempted: 10, open: 10, openNs: SECOND },
    health: { elapsedNs: SECOND },
  });
}

describe('the live view', () => {
  test('has the name of the plan, and its rules as they stand by the whole run so far', () => {
    const view = viewOf();
    for (const second of [0, 1]) view.add(windowOf(second, 0));
    const before = view.progress(1, 'sending', 2, 10);
    expect(before.name).toBe('chat-capacity');
    expect(before.rules).toEqual([
      { expression: 'duplicated == 0', state: 'pass', observedText: '0' },
      { expression: 'throughput.sent >= 90/s', state: 'pass', observedText: '100/s' },
    ]);
    view.add(windowOf(2, 3));
    view.add(windowOf(3, 0));
    expect(view.progress(3, 'sending', 4, 10).rules[0]).toEqual({
      expression: 'duplicated == 0',
      state: 'fail',
      observedText: '3',
    });
  });

  test('leaves misbehaving clients out of the rules', () => {
    const view = viewOf();
    view.add(windowOf(0, 0));
    view.add({ ...windowOf(0, 7), group: 1 });
    expect(view.progress(0, 'sending', 1, 10).rules[0]!.state).toBe('pass');
  });

  test('knows the first abort condition that holds, and none where none does', () => {
    const view = viewOf();
    view.add(windowOf(0, 3));
    const conditions = ['lost > 0', 'duplicated > 2', 'duplicated > 1'].map(threshold);
    expect(view.metCondition(conditions)?.expression).toBe('duplicated > 2');
    expect(view.metCondition([threshold('duplicated > 3')])).toBeNull();
  });
});

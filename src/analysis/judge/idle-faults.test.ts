import { describe, expect, test } from 'vitest';
import type { FaultPhase, RunEnd, RunEvent } from '../../facts/event.ts';
import type { FaultCounts } from '../../facts/fault-counts.ts';
import type { Fault } from '../../plan/plan.ts';
import { idleFaults, whyIdle } from './idle-faults.ts';

const FAULT: Fault = { kind: 'restart', name: 'r', atNs: 0, forNs: 1 };
const turned = (phase: FaultPhase, detail: string | null = null): RunEvent => ({
  kind: 'fault',
  atNs: 1,
  fault: 0,
  phase,
  detail,
});
const counted = (counts: FaultCounts | null): RunEvent => ({ kind: 'faultCounts', atNs: 2, fault: 0, counts });
const ended = (end: RunEnd): RunEvent => ({ kind: 'runEnded', atNs: 3, end, windows: [] });
const idle = (...events: readonly RunEvent[]): readonly string[] =>
  idleFaults({ faults: [FAULT] }, events).map(({ name }) => name);

describe('a fault that did nothing', () => {
  test('is found where it was on, and every effect is 0', () => {
    expect(idle(turned('began'), turned('ended'), counted({ passed: 40, chosen: 40, reordered: 0 }))).toEqual(['r']);
    expect(idle(turned('began'), counted({ droppedPackets: 0 }))).toEqual(['r']);
  });

  test('is found where its time never came although the run went to its end', () => {
    expect(idle(ended('completed'))).toEqual(['r']);
    const [fault] = idleFaults({ faults: [{ ...FAULT, atNs: 60e9 }] }, [ended('completed')]);
    expect(whyIdle(fault!)).toMatch(/the load ended before 60.0 s, when the fault was to start; lower at/);
  });

  test.each([
    ['it had an effect', [turned('began'), counted({ passed: 40, chosen: 1, reordered: 1 })]],
    ['it had another effect than its own', [turned('began'), counted({ chosen: 1, reordered: 0, dropped: 1 })]],
    ['nobody can know', [turned('began'), turned('ended'), counted(null)]],
    ['the record has no end', [turned('began')]],
    ['the run ended before its turn came', [ended('interrupted')]],
    ['it could not be begun, which is told apart', [turned('began', 'no such process'), counted({ signals: 0 })]],
    [
      'it could not be undone, which is told apart',
      [turned('began'), turned('ended', 'gone'), counted({ signals: 0 })],
    ],
  ])('is not found where %s', (_what, events) => {
    expect(idle(...events)).toEqual([]);
  });
});

describe('why it did nothing', () => {
  test.each([
    ['reorder', { passed: 10, chosen: 10, reordered: 0 }, /held 10 messages back.*no later message.*send more/],
    ['drop', { passed: 0, chosen: 0, dropped: 0 }, /no message passed/],
    ['drop', { passed: 1200, chosen: 0, dropped: 0 }, /selected none of the 1,200 messages.*raise rate/],
    ['latency', { delayedBytes: 0 }, /no byte passed/],
    ['swallow_pong', { swallowedPongs: 0 }, /no pong passed.*target\.ping/],
  ])('%s with %j', (kind, counts, text) => {
    expect(whyIdle({ kind, atNs: 0, counts })).toMatch(text);
  });
});

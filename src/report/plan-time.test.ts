import { describe, expect, test } from 'vitest';
import { resultOf } from '../../test/support/judged-run.ts';
import type { RunResult } from '../facts/result.ts';
import { bandsOf } from './charts/bands.ts';
import { secondText } from './charts/labels.ts';
import { responseOverTime } from './charts/over-time.ts';
import { frameOf } from './charts/plot-frame.ts';
import { inPlanTime } from './plan-time.ts';

const started = (messagesStartedSeconds: number | null): RunResult => {
  const result = resultOf({ seconds: 4 });
  return {
    ...result,
    run: {
      ...result.run,
      messagesStartedSeconds,
      targetDeath: { pid: 7, exitCode: 1, signal: null, atSecond: 3.25 },
    },
    violations: [
      {
        violation: 'lost',
        client: 0,
        stream: 0,
        seq: 2,
        acknowledged: false,
        damaged: false,
        previous: 1,
        next: null,
        dueSecond: null,
        sentFromSecond: 2.25,
        sentToSecond: 3.25,
        atSecond: 4.25,
      },
      { violation: 'duplicated', client: 0, stream: 0, seq: 3, push: null, atSecond: 2.5 },
    ] as RunResult['violations'],
    rejections: [{ client: 0, seq: 1, text: 'no', atSecond: 1.75 }] as RunResult['rejections'],
    stages: [{ ...result.stages[0]!, name: 'steady', fromSecond: 1.25, toSecond: 4.25 }],
    recovery: {
      ...result.recovery!,
      incidents: [{ name: 'restart', kind: 'restart', fromSecond: 2.25, toSecond: null }] as never,
    },
  };
};

describe('the times of a report', () => {
  test('count from when the first message was due, as those of the plan', () => {
    const shown = inPlanTime(started(1.25));
    expect(shown.recovery?.incidents[0]).toMatchObject({ fromSecond: 1, toSecond: null });
    expect(shown.stages[0]).toMatchObject({ fromSecond: 0, toSecond: 3 });
    expect(shown.violations[0]).toMatchObject({ dueSecond: null, sentFromSecond: 1, sentToSecond: 2, atSecond: 3 });
    expect(shown.violations[1]?.atSecond).toBe(1.25);
    expect(shown.rejections[0]?.atSecond).toBe(0.5);
    // How long the target lived is told, and not when it died.
    expect(shown.run.targetDeath?.atSecond).toBe(3.25);
    expect(shown.timeline.map(({ second }) => second)).toEqual([-1.25, -0.25, 0.75, 1.75]);
  });

  test('say of a message of the first second that it was sent from 0 s on', () => {
    const result = started(1.25);
    const [lost] = result.violations;
    const early = { ...lost, sentFromSecond: 1, sentToSecond: 2 } as RunResult['violations'][number];
    const [shown] = inPlanTime({ ...result, violations: [early] }).violations;
    expect(shown).toMatchObject({ sentFromSecond: 0, sentToSecond: 0.75 });
  });

  test.each([null, 0])('are those of the run where messages started at %j', (messagesStartedSeconds) => {
    const result = started(messagesStartedSeconds);
    expect(inPlanTime(result)).toBe(result);
  });

  test('before 0 s are on the axis too, and a fault that was not undone lasts to the end', () => {
    const shown = inPlanTime(started(1.25));
    const chart = responseOverTime(shown)!;
    const frame = frameOf(chart, { widthPx: 600 } as never);
    expect(frame.from).toBe(-1.25);
    expect(bandsOf(shown)[0]).toMatchObject({ kind: 'fault', from: 1, to: 2.75 });
    expect(chart.reading).toContain('0 s is when the first message was due.');
    expect(secondText(-5)).toBe('-5 s');
  });
});

import { describe, expect, test } from 'vitest';
import { makePlan, SECOND } from '../../../test/support/engine/plans.ts';
import { completedRun } from '../../../test/support/engine/windows.ts';
import { resultOf } from '../../../test/support/judged-run.ts';
import { createJudge } from '../../analysis/judge/judge.ts';
import { REPORT_TOOLS } from '../../outputs/report-tools.ts';
import { formatMs } from '../words/figures.ts';
import { renderPlots } from './plot.ts';
import { plainStyle } from './style.ts';

const plot = (unicode: boolean, seconds = 100): readonly string[] =>
  renderPlots(resultOf({ seconds, messages: 100 }), plainStyle(unicode), REPORT_TOOLS.inflate).split('\n');

describe('plots for a terminal', () => {
  test('show response time, throughput and the spectrum, with what their heights and ends are', () => {
    const lines = plot(true);
    expect(lines.filter((line) => /^ {2}[a-z]/.test(line)).map((line) => line.trim())).toEqual([
      'response time   · response p50   • response p99',
      'messages each second   · offered   • delivered',
      'response time by percentile   · service   • response',
    ]);
    expect(lines).toContainEqual(expect.stringMatching(/^ {13}0 s +99 s$/));
    // As many delivered as were offered, to the eye: the line is whole, and in front.
    expect(lines).toContainEqual(expect.stringMatching(/^ +100\/s │•{64}$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ {13}0 % +99\.9\d* %$/));
  });

  test('keep the slow seconds of thousands', () => {
    const result = resultOf({ seconds: 2500, messages: 20 });
    const [, top] = renderPlots(result, plainStyle(true), REPORT_TOOLS.inflate).split('\n');
    const slowest = Math.max(...result.timeline.map(({ responseP99Ms }) => responseP99Ms ?? 0));
    expect(top).toMatch(new RegExp(`^ +${formatMs(slowest)} │.*•`));
  });

  test('take nothing but ASCII where a terminal has no more', () => {
    for (const line of plot(false)) expect(line).toMatch(/^[\x20-\x7e]*$/);
    expect(plot(false).join('\n')).toMatch(/\*[\s\S]*\./);
  });

  test('are no wider than eighty characters', () => {
    for (const line of [...plot(true), ...plot(true, 200)]) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('of a run of one second are plots too, and of one without messages there are none', () => {
    expect(plot(true, 1).length).toBeGreaterThan(20);
    const plan = makePlan({ messages: { kind: 'none' } });
    const idle = createJudge(plan, completedRun(0, 3 * SECOND), () => '').finish();
    expect(renderPlots(idle, plainStyle(true), REPORT_TOOLS.inflate)).toBe('');
  });
});

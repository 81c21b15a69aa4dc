import { describe, expect, test } from 'vitest';
import { makePlan, SECOND } from '../../../test/support/engine/plans.ts';
import { completedRun } from '../../../test/support/engine/windows.ts';
import { resultOf } from '../../../test/support/judged-run.ts';
import { createJudge } from '../../analysis/judge/judge.ts';
import { REPORT_TOOLS } from '../../outputs/report-tools.ts';
import { formatMs } from '../words/figures.ts';
import { renderPlots } from './plot.ts';
import { plainStyle } from './style.ts';

const RESULT = resultOf({ seconds: 100, messages: 100 });
const plot = (unicode: boolean, result = RESULT): readonly string[] =>
  renderPlots(result, plainStyle(unicode), REPORT_TOOLS.inflate).split('\n');

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
    // One of its seconds is slow, and no other of the 2,500.
    const slowest = Math.max(...RESULT.timeline.map(({ responseP99Ms }) => responseP99Ms ?? 0));
    const quick = RESULT.timeline.filter(({ responseP99Ms }) => responseP99Ms !== slowest);
    const timeline = Array.from({ length: 2500 }, (_, second) => ({
      ...quick[second % quick.length]!,
      second,
      ...(second === 1234 ? { responseP99Ms: slowest } : {}),
    }));
    const [, top] = plot(true, { ...RESULT, timeline });
    expect(top).toMatch(new RegExp(`^ +${formatMs(slowest)} │.*•`));
  });

  test('take nothing but ASCII where a terminal has no more', () => {
    for (const line of plot(false)) expect(line).toMatch(/^[\x20-\x7e]*$/);
    expect(plot(false).join('\n')).toMatch(/\*[\s\S]*\./);
  });

  test('are no wider than eighty characters', () => {
    for (const line of [...plot(true), ...plot(true, resultOf({ seconds: 200, messages: 1 }))])
      expect(line.length).toBeLessThanOrEqual(80);
  });

  test('of a run of one second are plots too, and of one without messages there are none', () => {
    expect(plot(true, resultOf({ seconds: 1, messages: 100 })).length).toBeGreaterThan(20);
    const plan = makePlan({ messages: { kind: 'none' } });
    const idle = createJudge(plan, completedRun(0, 3 * SECOND), () => '').finish();
    expect(renderPlots(idle, plainStyle(true), REPORT_TOOLS.inflate)).toBe('');
  });
});

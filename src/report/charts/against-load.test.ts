import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../test/support/judged-run.ts';
import type { IncidentResult, RunResult, TimelinePoint } from '../../facts/result.ts';
import type { Plan } from '../../plan/plan.ts';
import { responseAgainstLoad } from './against-load.ts';

const run = resultOf({ seconds: 40 });

/** The run with so many messages sent in each of its seconds. */
function withLoad(sent: (second: number) => number, more: Partial<TimelinePoint> = {}): RunResult {
  return { ...run, timeline: run.timeline.map((point) => ({ ...point, sent: sent(point.second), ...more })) };
}

/** Around 100 a second, as far apart as a Poisson process makes them. */
const BY_CHANCE = [92, 108, 100, 87, 113, 97, 103, 95, 105, 110];

describe('response time against load', () => {
  test('of a ramp is a point for each whole second, from the least load to the most', () => {
    const chart = responseAgainstLoad(withLoad((second) => 1000 - 20 * second))!;
    expect(chart.axis).toEqual({ of: 'load' });
    // The first and the last second of sending are parts of seconds.
    expect(chart.x).toEqual(Array.from({ length: 38 }, (_, place) => 240 + 20 * place));
    const fastest = run.timeline[38]!;
    expect(chart.series).toEqual([
      expect.objectContaining({ name: 'response p50' }),
      expect.objectContaining({ name: 'response p99' }),
    ]);
    expect(chart.series.map(({ y }) => y[0])).toEqual([fastest.responseP50Ms, fastest.responseP99Ms]);
  });

  test('leaves out seconds with a fault, and says so', () => {
    const incident = { name: 'down', fromSecond: 10.2, toSecond: 12.5 } as IncidentResult;
    const ramp = withLoad((second) => 100 + 20 * second);
    const chart = responseAgainstLoad({ ...ramp, recovery: { ...run.recovery!, incidents: [incident] } })!;
    const seconds = chart.x.map((sent) => (sent - 100) / 20);
    expect(seconds).toEqual(Array.from({ length: 38 }, (_, place) => place + 1).filter((at) => at < 10 || at > 12));
    expect(chart.reading).toContain('Seconds with a fault are left out.');
    expect(responseAgainstLoad(ramp)!.reading).not.toContain('fault');
  });

  test('says that load follows from response time where clients wait for replies, and only there', () => {
    const ramp = withLoad((second) => 100 + 20 * second);
    const messages = { kind: 'closed', inFlight: 1, thinkNs: 0, forNs: 40e9 } as unknown as Plan['load']['messages'];
    const closed = { ...ramp, plan: { ...ramp.plan, load: { ...ramp.plan.load, messages } } };
    expect(responseAgainstLoad(closed)!.reading).toContain('slow replies also lower the load');
    expect(responseAgainstLoad(ramp)!.reading).not.toContain('slow replies also lower the load');
  });

  test('is not shown where the load is even, or differs by chance only', () => {
    expect(responseAgainstLoad(withLoad(() => 1000))).toBeNull();
    expect(responseAgainstLoad(withLoad((second) => BY_CHANCE[second % 10]!))).toBeNull();
    expect(responseAgainstLoad(withLoad((second) => [3, 7, 5, 9, 4][second % 5]!))).toBeNull();
  });

  test('is not shown of a few seconds, or without replies', () => {
    expect(responseAgainstLoad(withLoad((second) => (second < 10 ? 100 + 90 * second : 0)))).toBeNull();
    expect(responseAgainstLoad(withLoad((second) => 20 * second, { responseP50Ms: null }))).toBeNull();
  });
});

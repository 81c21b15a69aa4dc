import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../test/support/judged-run.ts';
import type { IncidentResult, RunResult } from '../../facts/result.ts';
import { REPORT_TOOLS } from '../../outputs/report-tools.ts';
import { deliverySection } from '../sections/delivery-section.ts';
import { loadSection } from '../sections/load-section.ts';
import { resourcesSection } from '../sections/resources-section.ts';
import { timesSection } from '../sections/times-section.ts';
import type { LineChart } from './chart.ts';
import { connectionsOverTime, resourcesOverTime, responseOverTime } from './over-time.ts';

/** A run whose connections were open so many at the least, and at the end, of each second. */
function withOpen(open: (second: number) => readonly [lowest: number, atEnd: number]): RunResult {
  const result = resultOf({ seconds: 20 });
  return {
    ...result,
    connections: { ...result.connections, attempted: 100 },
    timeline: result.timeline.map((point) => {
      const [connectionsOpenLowest, connectionsOpen] = open(point.second);
      return { ...point, connectionsOpenLowest, connectionsOpen };
    }),
  };
}

const AN_OUTAGE = withOpen((second) => (second === 7 ? [0, 100] : [100, 100]));
/** As in every run: clients connect in the first second and close in the last. */
const NONE = withOpen((second) => (second === 0 ? [0, 100] : second === 19 ? [0, 0] : [100, 100]));

describe('open connections', () => {
  test('show an outage that was over within its second', () => {
    const [atEnd, fewest] = connectionsOverTime(AN_OUTAGE)!.series;
    expect(atEnd).toMatchObject({ name: 'at the end of the second', drawnAtSeconds: 1 });
    expect(new Set(atEnd!.y)).toEqual(new Set([100]));
    expect(fewest!.name).toBe('fewest in the second');
    expect(fewest!.y.map((count, second) => (count === 0 ? second : null)).filter((at) => at !== null)).toEqual([7]);
  });

  test('say that the fewest of several workers are added up, and only then', () => {
    const reading = (workerCount: number) =>
      connectionsOverTime({ ...NONE, run: { ...NONE.run, workerCount } })!.reading;
    expect(reading(2)).toContain('more were open at once');
    expect(reading(1)).not.toContain('more were open at once');
  });

  test('stand behind response times where they vary while messages are sent', () => {
    const behind = (result: RunResult) =>
      responseOverTime(result)!.series.filter((series) => series.behind !== undefined);
    expect(behind(AN_OUTAGE)).toEqual([
      { name: 'open connections', behind: 'count', y: AN_OUTAGE.timeline.map((point) => point.connectionsOpenLowest) },
    ]);
    expect(behind(NONE)).toEqual([]);
    expect(behind(withOpen((second) => (second === 7 ? [99, 100] : [100, 100])))).toEqual([]);
  });
});

describe('faults', () => {
  const faulty = (...names: readonly string[]): RunResult => {
    const incidents = names.map((name, place) => ({ name, fromSecond: 2 * place, toSecond: 2 * place + 1 }));
    return { ...NONE, recovery: { ...NONE.recovery!, incidents: incidents as unknown as readonly IncidentResult[] } };
  };
  const chartsOver = (result: RunResult): readonly LineChart[] =>
    [timesSection(result, REPORT_TOOLS), loadSection(result), deliverySection(result), resourcesSection(result)]
      .filter((section) => section !== null)
      .flatMap(({ blocks }) => blocks)
      .flatMap((block) => (block.kind === 'chart' && block.chart.kind === 'lines' ? [block.chart] : []))
      .filter(({ axis }) => axis.of === 'seconds');

  test('are told once in a report, by the first chart over time, with their numbers', () => {
    const told = chartsOver(faulty('latency', 'down')).map(({ reading }) => /Shaded.*/.exec(reading)?.[0]);
    expect(told[0]).toBe(
      'Shaded, here and in the other charts over time: 1 latency (0 s to 1 s), 2 down (2 s to 3 s).',
    );
    expect(told.length).toBeGreaterThan(3);
    expect(told.slice(1).filter((text) => text !== undefined)).toEqual([]);
  });

  test('that are none are not told, and one alone has no number', () => {
    expect(chartsOver(NONE).filter(({ reading }) => reading.includes('Shaded'))).toEqual([]);
    expect(chartsOver(faulty('down'))[0]!.reading).toMatch(/: down \(0 s to 1 s\)\.$/);
  });

  test('of a run without replies are told by the chart of its messages', () => {
    const silent = faulty('down');
    const charts = chartsOver({ ...silent, response: { ...silent.response, count: 0 } });
    expect(charts.filter(({ reading }) => reading.includes('Shaded')).map(({ id }) => id)).toEqual([
      'throughput-over-time',
    ]);
  });
});

test('series of monitors have names for people, and a chart of one of them is named by it', () => {
  const resources = {
    'service.rssBytes': 1e6,
    'service.fileDescriptors': 12,
    'host.cpuRatio': 0.5,
    'host.receivedBytesPerSecond': 9,
    'host.loopbackBytesPerSecond': 9,
    'queue.depth': 4,
  };
  const timeline = NONE.timeline.map((point) => ({ ...point, resources }));
  const charts = resourcesOverTime({ ...NONE, timeline });
  expect(charts.map(({ title, series }) => [title, series.map(({ name }) => name)])).toEqual([
    ['CPU of generator', ['CPU']],
    ['Memory of generator', ['memory']],
    ['Memory of service', ['memory']],
    ['Open files of service', ['open files']],
    ['CPU of host', ['CPU']],
    ['Data rate of host', ['network received', 'loopback']],
    ['Depth of queue', ['depth']],
  ]);
});

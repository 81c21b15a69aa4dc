import hdr from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { HOSTILE, makeSummary, rawIn } from '../../test/support/history.ts';
import { resultOf } from '../../test/support/judged-run.ts';
import { type PlanTrend, planTrend } from '../analysis/compare/plan-trend.ts';
import type { RunEvent } from '../facts/event.ts';
import type { RunResult } from '../facts/result.ts';
import { REPORT_TOOLS } from '../outputs/report-tools.ts';
import type { Chart, LineChart } from './charts/chart.ts';
import { placeText } from './charts/labels.ts';
import type { Block, ReportDocument, TableBlock } from './document.ts';
import { FORMATS } from './files/formats.ts';
import { runDocument } from './run-document.ts';
import { formatMs } from './words/figures.ts';

const LOST: RunEvent = {
  kind: 'violation',
  atNs: 1.5e9,
  worker: 0,
  violation: 'lost',
  client: 3,
  stream: 3,
  seq: 41,
  acknowledged: false,
  damaged: false,
  dueSecond: null,
  sentFromSecond: 3,
  sentToSecond: 4,
  previous: 40,
  next: 42,
};

const blocksOf = ({ sections }: ReportDocument): readonly Block[] => sections.flatMap(({ blocks }) => blocks);
const tablesOf = (document: ReportDocument): readonly TableBlock[] =>
  blocksOf(document).flatMap((block) => (block.kind === 'table' ? [block] : []));
const chartsOf = (document: ReportDocument): readonly Chart[] =>
  blocksOf(document).flatMap((block) => (block.kind === 'chart' ? [block.chart] : []));

/** Every number that stands anywhere in a result. */
function numbersOf(value: unknown, into = new Set<number>()): ReadonlySet<number> {
  if (typeof value === 'number') into.add(value);
  else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) numbersOf(member, into);
  return into;
}

function documentOf(result: RunResult): ReportDocument {
  return runDocument(result, REPORT_TOOLS);
}

describe('the numbers of a report', () => {
  const result = resultOf({ seconds: 3000, messages: 20, events: [LOST] });
  const document = documentOf(result);
  const known = numbersOf(result);

  test('in tables are those of the result', () => {
    const values = tablesOf(document).flatMap(({ rows }) => rows.flat().flatMap(({ value }) => value ?? []));
    expect(values.length).toBeGreaterThan(50);
    for (const value of values) expect(known.has(value), String(value)).toBe(true);
  });

  test('in charts over time are those of the timeline, at their seconds, and no peak is thinned away', () => {
    const fields = {
      'response p50': 'responseP50Ms',
      'response p99': 'responseP99Ms',
      'response max': 'responseMaxMs',
      'service p99': 'serviceP99Ms',
      'send lag p99': 'sendLagP99Ms',
      offered: 'due',
      sent: 'sent',
      delivered: 'delivered',
      lost: 'lost',
    } as const;
    let checked = 0;
    for (const chart of chartsOf(document)) {
      if (chart.kind !== 'lines' || chart.axis.of !== 'seconds') continue;
      expect(chart.x.length).toBeLessThanOrEqual(2100);
      for (const { name, y } of chart.series) {
        const field = fields[name as keyof typeof fields];
        if (field === undefined) continue;
        checked++;
        const all = result.timeline.map((point) => point[field]);
        expect(y).toEqual(chart.x.map((second) => all[second]));
        expect(Math.max(...y.map((value) => value ?? 0))).toBe(Math.max(...all.map((value) => value ?? 0)));
      }
    }
    expect(checked).toBe(9);
  });

  test('in the spectrum are those that the library reads from the histograms', () => {
    const spectrum = chartsOf(document).find(({ id }) => id === 'spectrum');
    if (spectrum?.kind !== 'lines') throw new Error('no spectrum');
    const library = hdr.decodeFromCompressedBase64(result.response.hdr);
    const [response] = spectrum.series;
    for (const [place, rarity] of spectrum.x.entries()) {
      const expected = library.getValueAtPercentile(100 * (1 - 1 / rarity)) / 1e6;
      expect(response!.y[place]! / expected, `1/${rarity}`).toBeCloseTo(1, 2);
    }
  });

  test('in the heat map are all answers', () => {
    const heat = chartsOf(document).find(({ kind }) => kind === 'heat');
    if (heat?.kind !== 'heat') throw new Error('no heat map');
    expect(heat.cells.reduce((sum, [, , count]) => sum + count, 0)).toBe(result.response.count);
  });

  test('in the key figures are shown as the summary shows them', () => {
    const figures = blocksOf(document).flatMap((block) => (block.kind === 'figures' ? block.figures : []));
    expect(figures.find(({ name }) => name === 'response, p99')).toMatchObject({
      text: formatMs(result.response.p99Ms),
      note: 'rule: response.p99 < 1s',
    });
    expect(figures.find(({ name }) => name === 'lost')).toMatchObject({ text: '3,000', tone: 'bad' });
  });
});

describe('what a report says first', () => {
  test('a broken rule is a no-go, with the rule and what was observed', () => {
    const { verdict, headline } = documentOf(resultOf());
    expect(verdict).toEqual({ word: 'FAIL', tone: 'bad' });
    expect(headline).toBe('Fail: 1 of 2 rules failed: lost == 0, observed: 3.');
  });

  test('kept rules are a go', () => {
    const { verdict, headline } = documentOf(resultOf({ rules: ['response.p99 < 1s', 'lost < 10'] }));
    expect(verdict.word).toBe('PASS');
    expect(headline).toBe('Pass: all 2 rules passed.');
  });

  test('an instrument in doubt is no decision, and what to do about it stands there', () => {
    const died: RunEvent = { kind: 'workerDied', atNs: 1, worker: 0, detail: 'signal SIGKILL' };
    const document = documentOf(resultOf({ rules: ['response.p99 < 1s'], events: [died] }));
    expect(document.verdict.word).toBe('INCONCLUSIVE');
    expect(document.headline).toMatch(/^Inconclusive: the run cannot be judged: /);
    expect(JSON.stringify(document.sections[0])).toContain('Find out why a worker died');
  });

  test('the first message that was lost is a witness, and a step', () => {
    const document = documentOf(resultOf({ events: [LOST] }));
    expect(JSON.stringify(document.sections[0])).toContain('#41 never came back');
    const witnesses = tablesOf(document).find(({ title }) => title === 'Evidence (first 100 of each kind)');
    expect(witnesses?.rows).toHaveLength(1);
  });

  test('what has nothing to say is left out', () => {
    const ids = documentOf(resultOf()).sections.map(({ id }) => id);
    expect(ids).not.toContain('recovery');
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('over the runs of a plan', () => {
  const at = (place: number): string => new Date(Date.UTC(2026, 10, 1) + place * 3_600_000).toISOString();
  const trendOf = (...p99Ms: readonly number[]): PlanTrend => {
    const base = makeSummary({ id: 'base' });
    const runs = p99Ms.map((responseP99Ms, place) => {
      const git = { commit: `${place + 1}`.padStart(40, 'c'), branch: 'main', isDirty: false };
      return { ...base, id: `run-${place + 1}`, startedAt: at(place), git, responseP99Ms };
    });
    const trend = planTrend(runs);
    if (trend.kind !== 'trend') throw new Error('too few');
    return trend;
  };
  const level = (ms: number, count: number): readonly number[] => Array.from({ length: count }, () => ms);
  const sectionOf = (trend: PlanTrend | null) =>
    runDocument(resultOf(), REPORT_TOOLS, { comparison: null, trend }).sections.find(({ id }) => id === 'trend');
  const chartOf = (trend: PlanTrend): LineChart => {
    const [chart] = chartsOf({ ...documentOf(resultOf()), sections: [sectionOf(trend)!] });
    if (chart?.kind !== 'lines') throw new Error('no chart');
    return chart;
  };

  test('a change is told with its run, commit and both levels, and parts the chart where it is', () => {
    const trend = trendOf(...level(12, 12), ...level(18, 8));
    const text = JSON.stringify(sectionOf(trend));
    for (const part of ['Worse since run run-13', '12 ms -> 18 ms (+50.0 %)', 'cccccc', '20 runs'])
      expect(text).toContain(part);
    const chart = chartOf(trend);
    expect(chart.series[1]).toEqual({
      name: 'response p99',
      y: trend.runs.map(({ figures }) => figures.responseP99Ms),
    });
    expect(chart.bands).toEqual([
      { kind: 'level', name: '', from: 1, to: 13 },
      { kind: 'level', name: 'since run 13', from: 13, to: 20 },
    ]);
    expect(placeText(chart.axis, 13)).toBe('13: 2026-11-01 12:00, run-13');
  });

  test('without a change there is a chart and no table, and without a trend there is nothing', () => {
    const even = trendOf(...level(12, 15));
    expect(sectionOf(even)?.blocks.map(({ kind }) => kind)).toEqual(['paragraph', 'chart']);
    expect(chartOf(even).bands).toEqual([]);
    expect(sectionOf(null)).toBeUndefined();
  });

  test('Markdown has a line where the latest change is for the worse, and only there', () => {
    const textOf = (trend: PlanTrend): string =>
      String(FORMATS.md(resultOf(), REPORT_TOOLS, { comparison: null, trend })[0]!.content);
    expect(textOf(trendOf(...level(12, 12), ...level(18, 8)))).toMatch(
      /^- worse since run `run-13` \(commit `c{8}`\): response p99 `12 ms -> 18 ms \(\+50\.0 %\)`$/m,
    );
    for (const trend of [trendOf(...level(12, 20)), trendOf(...level(12, 8), ...level(18, 8), ...level(12, 8))])
      expect(textOf(trend)).not.toContain('since run');
  });

  test('a run or a commit that is called anything is shown and does nothing', () => {
    const trend = trendOf(...level(12, 12), ...level(18, 8));
    const hostile = { ...trend.runs[12]!, id: HOSTILE, git: { commit: HOSTILE, branch: HOSTILE, isDirty: false } };
    const changes = trend.changes.map((change) => ({ ...change, run: hostile }));
    const { content } = FORMATS.md(resultOf(), REPORT_TOOLS, { comparison: null, trend: { ...trend, changes } })[0]!;
    expect(rawIn(String(content))).toEqual([]);
    expect(rawIn(JSON.stringify(sectionOf({ ...trend, changes, runs: trend.runs.with(12, hostile) })))).toEqual([]);
  });
});

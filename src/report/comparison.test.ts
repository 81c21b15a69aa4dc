import { describe, expect, test } from 'vitest';
import type { Comparison, MetricComparison } from '../facts/comparison.ts';
import { comparisonDocument } from './comparison-document.ts';
import { COMPARISON_FORMATS } from './files/comparison-formats.ts';
import { renderComparison } from './terminal/comparison-text.ts';
import { plainStyle } from './terminal/style.ts';
import { formatEffect, leadText } from './words/comparison-figures.ts';

const HOSTILE = '|`x`| [a](javascript:b) <img src=x> \u202e\u001b[31m \r\n# h';
/** What a terminal would act on. */
const ACTING = ['\u001b', '\u202e', '\r'];

function metricOf(parts: Partial<MetricComparison>): MetricComparison {
  return {
    metric: 'response.p50',
    unit: 'ms',
    better: 'lower',
    baseline: 5,
    candidate: 6,
    change: 'worse',
    effect: 0.2,
    interval: [0.15, 0.25],
    pValue: 0.0004,
    smallestVisible: 0.04,
    isApart: false,
    runsNeeded: null,
    reason: null,
    ...parts,
  };
}

const run = (id: string) => ({
  id,
  name: 'chat',
  startedAt: '2026-11-21T10:17:41.000Z',
  durationSeconds: 60,
  targets: ['ws://10.0.0.7:9000'],
});

function comparisonOf(parts: Partial<Comparison> = {}): Comparison {
  return {
    schema: 'highwater/comparison/1',
    change: 'worse',
    baseline: { reference: 'before', runs: [run('a1'), run('a2')] },
    candidate: { reference: 'latest', runs: [run('b1')] },
    method: { kind: 'ranks' },
    part: { kind: 'steady', seconds: 48 },
    margin: { ratio: 0.05, shareDifference: 0.001 },
    metrics: [
      metricOf({}),
      metricOf({
        metric: 'delivered',
        unit: 'share',
        baseline: 1,
        candidate: 0.996,
        effect: -0.004,
        interval: [-0.005, -0.003],
        smallestVisible: 0.002,
      }),
      metricOf({
        metric: 'response.p99',
        change: 'inconclusive',
        pValue: 0.2,
        runsNeeded: 12,
        reason: 'it may be either',
      }),
      metricOf({
        metric: 'response.p90',
        change: 'inconclusive',
        pValue: 0.2,
        runsNeeded: 12,
        reason: 'it may be either',
      }),
      metricOf({
        metric: 'service.p99',
        change: 'same',
        effect: 0,
        interval: [0, 0],
        pValue: null,
        smallestVisible: 0,
      }),
      metricOf({
        metric: 'response.p99.9',
        change: 'noData',
        baseline: null,
        candidate: null,
        effect: null,
        interval: null,
        pValue: null,
        smallestVisible: null,
        reason: 'too few samples',
      }),
    ],
    responsePercentiles: [
      { rarity: 1, baselineMs: 4, candidateMs: 5 },
      { rarity: 100, baselineMs: 9, candidateMs: 12 },
      { rarity: 1000, baselineMs: 20, candidateMs: null },
    ],
    leftOut: [
      { metric: 'fanout.p99', reason: 'the plan has no rooms' },
      { metric: 'fanout.received', reason: 'the plan has no rooms' },
    ],
    differences: [],
    notes: [],
    ...parts,
  };
}

const text = (parts: Partial<Comparison> = {}): string => renderComparison(comparisonOf(parts), plainStyle(false));

describe('a comparison as text', () => {
  test('says first what became of it, then each metric, then what that rests on', () => {
    expect(text().split('\n')).toEqual([
      ' WORSE    chat   response.p50 +20.0 %   2 worse, 1 same, 2 undecided',
      '',
      '  baseline   2 runs of before   2026-11-21 10:17   vs ws://10.0.0.7:9000',
      '  now        b1   2026-11-21 10:17   vs ws://10.0.0.7:9000',
      '',
      '  result    metric           baseline      now         change                  95 % interval         p   smallest detectable change',
      '  worse     response.p50       5.0 ms   6.0 ms        +20.0 %             +15.0 % to +25.0 %   < 0.001                        4.0 %',
      '  worse     delivered           100 %   99.6 %   -0.40 points   -0.50 points to -0.30 points   < 0.001                  0.20 points',
      '  undecided response.p99       5.0 ms   6.0 ms        +20.0 %             +15.0 % to +25.0 %     0.200                        4.0 %',
      '  undecided response.p90       5.0 ms   6.0 ms        +20.0 %             +15.0 % to +25.0 %     0.200                        4.0 %',
      '  same      service.p99        5.0 ms   6.0 ms         +0.0 %',
      '  no data   response.p99.9        n/a      n/a',
      '',
      '  undecided  response.p99, response.p90: it may be either; run each side 12 times to settle it',
      '  undecided  response.p99.9: too few samples',
      '  method     2 runs against 1 run, one value per run (Mann-Whitney, Hodges-Lehmann), p corrected for 4 metrics',
      '  compared   the steady part of each run: 48 s',
      '  margin     5 %, 0.1 points for shares: smaller changes count as no change',
      '  left out   fanout.p99, fanout.received (the plan has no rooms)',
      '',
    ]);
  });

  test('says where it is weak, and where it was forced, and in what the runs differ', () => {
    const weak = text({
      change: 'inconclusive',
      method: { kind: 'blocks', weakness: 'one run per side', resamples: 2000, seed: 1, blockSeconds: 12 },
      differences: [{ kind: 'plan', where: 'drainNs', baseline: '1', other: '2', otherRun: 'b1' }],
      notes: ['made on several machines'],
    });
    expect(weak).toMatch(/^ INCONCLUSIVE {4}chat .* weak: one run per side {3}not comparable \(forced\)\n/);
    expect(weak).toMatch(/in blocks of up to 12 s, so variation between runs is unknown/);
    expect(weak).toMatch(/warning {4}drainNs: expected the same value in all runs, got 1 in the baseline and 2 in b1/);
    expect(weak).toMatch(/warning {4}made on several machines/);
  });

  test('lets nothing through that a terminal would act on', () => {
    const found = text({
      baseline: { reference: HOSTILE, runs: [{ ...run('a1'), name: HOSTILE, targets: [HOSTILE] }, run('a2')] },
      differences: [{ kind: 'generator', run: 'a1', detail: HOSTILE }],
    });
    for (const acting of ACTING) expect(found).not.toContain(acting);
    expect(found).not.toMatch(/^# h/m);
  });
});

describe('a comparison as a file', () => {
  test('in Markdown has the table, with whatever comes from outside in code', () => {
    const [file] = COMPARISON_FORMATS.md(
      comparisonOf({
        candidate: { reference: 'latest', runs: [{ ...run('b1'), targets: [HOSTILE] }] },
        notes: [HOSTILE],
      }),
    );
    expect(file!.name).toBe('comparison.md');
    expect(file!.content).toMatch(/^## WORSE: `chat`$/m);
    expect(file!.content).toMatch(/^\| response\.p50 \| 5\.0 ms \| 6\.0 ms \| \+20\.0 % \| .* \| \*\*worse\*\* \|$/m);
    for (const acting of ACTING) expect(file!.content).not.toContain(acting);
    expect(file!.content).toMatch(/``.*`x`.*``/);
  });

  test('in a document has both sides over one another, and none of sides without replies', () => {
    const chartsOf = (comparison: Comparison) =>
      comparisonDocument(comparison)
        .sections.flatMap(({ blocks }) => blocks)
        .flatMap((block) => (block.kind === 'chart' ? [block.chart] : []));
    expect(chartsOf(comparisonOf())).toMatchObject([
      {
        axis: { of: 'rarity' },
        x: [1, 100, 1000],
        series: [
          { name: 'baseline', y: [4, 9, 20] },
          { name: 'now', y: [5, 12, null] },
        ],
      },
    ]);
    expect(chartsOf(comparisonOf({ responsePercentiles: [] }))).toEqual([]);
  });

  test('in JSON is the comparison', () => {
    const comparison = comparisonOf();
    const [file] = COMPARISON_FORMATS.json(comparison);
    expect([file!.name, JSON.parse(file!.content)]).toEqual(['comparison.json', comparison]);
  });
});

describe('figures of a change', () => {
  const rowOf = (parts: Partial<MetricComparison>): string =>
    renderComparison(comparisonOf({ metrics: [metricOf(parts)] }), plainStyle(false));

  test.each([
    [0.2, '+20.0 %'],
    [4.52, '+452 %'],
    [8.99, '+899 %'],
    [9, 'x 10'],
    [152.4, 'x 153'],
    [2339.6, 'x 2,340'],
    [1e20, '> x 9,999'],
    [-0.9935, '-99.4 %'],
  ])('%d is %s', (effect, text) => {
    expect(formatEffect(effect, 'ms')).toBe(text);
  });

  const far = {
    baseline: 0.13,
    candidate: 20,
    effect: 152.4,
    interval: [-0.5, 1e6],
    pValue: 0.2,
    smallestVisible: 1e6,
    isApart: true,
  } as const;

  test('far apart are said as a factor, with four digits at most, and by what they were decided', () => {
    const text = rowOf(far);
    expect(text).toMatch(/^ WORSE .* response\.p50 153 x slower {3}/);
    expect(text).not.toContain(' to > x 9,999');
    expect(rowOf({ ...far, isApart: false })).toContain('too noisy to say');
    expect(rowOf({ ...far, isApart: false, interval: [-0.5, 99] })).toContain('-50.0 % to x 100');
    expect(text).toMatch(/^ {2}decided {4}response\.p50: without p, because every second of one side lies beyond/m);
    expect(text).not.toMatch(/\d{6}/);
    expect(rowOf({ ...far, change: 'better', effect: -0.9935, isApart: false })).not.toContain('decided');
    expect(leadText(metricOf({ effect: -0.9935 }))).toBe('response.p50 154 x faster');
    expect(leadText(metricOf({ metric: 'throughput.delivered', unit: 'perSecond', effect: -0.95 }))).toBe(
      'throughput.delivered 20 x less',
    );
  });

  test('of shares that cannot be are said to be too noisy, others are shown', () => {
    const share = { ...far, unit: 'share', isApart: false, effect: 0, smallestVisible: 1.2 } as const;
    expect(rowOf({ ...share, interval: [-1.82, 1.29] })).toMatch(/too noisy to say.*too noisy to say/);
    expect(rowOf({ ...share, interval: [-0.1, 0.2], smallestVisible: 0.3 })).toContain(
      '-10.00 points to +20.00 points',
    );
  });
});

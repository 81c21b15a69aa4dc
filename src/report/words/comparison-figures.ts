// The figures of a comparison as text, the same in every format.

import type { Comparison, MetricComparison } from '../../facts/comparison.ts';
import { plural } from '../../units/plural.ts';
import { formatCount, formatRate } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { formatMs } from './figures.ts';

export const CHANGES: Readonly<Record<Comparison['change'], string>> = {
  worse: 'WORSE',
  better: 'BETTER',
  same: 'SAME',
  sameInPart: 'SAME IN PART',
  inconclusive: 'INCONCLUSIVE',
};

export const METRIC_CHANGES: Readonly<Record<MetricComparison['change'], string>> = {
  worse: 'worse',
  better: 'better',
  same: 'same',
  inconclusive: 'undecided',
  noData: 'no data',
};

export const COLUMNS = [
  'metric',
  'baseline',
  'now',
  'change',
  '95 % interval',
  'p',
  'smallest detectable change',
  'result',
] as const;

/** A cell for each column. */
export function metricCells(metric: MetricComparison): readonly string[] {
  const { unit, effect, isApart } = metric;
  return [
    metric.metric,
    formatValue(metric.baseline, unit),
    formatValue(metric.candidate, unit),
    effect === null ? '' : formatEffect(effect, unit),
    ...(isApart ? ['', '', ''] : testCells(metric)),
    METRIC_CHANGES[metric.change],
  ];
}

/** What does not decide is not shown beside the decision. */
function testCells({ unit, interval, pValue, smallestVisible }: MetricComparison): readonly string[] {
  return [
    interval === null || pValue === null
      ? ''
      : saysNothing(interval, unit)
        ? 'too noisy to say'
        : `${formatEffect(interval[0], unit)} to ${formatEffect(interval[1], unit)}`,
    pValue === null ? '' : formatPValue(pValue),
    smallestVisible === null || smallestVisible === 0
      ? ''
      : smallestVisible > mostEffect(unit)
        ? 'too noisy to say'
        : formatSize(smallestVisible, unit),
  ];
}

/** A share cannot change by more than all of it; a figure that may have grown a hundredfold may have done anything. */
function mostEffect(unit: MetricComparison['unit']): number {
  return unit === 'share' ? 1 : 100;
}

/** An interval that holds what cannot be, or nearly everything, is the noise of the runs and no figure. */
function saysNothing([low, high]: readonly [number, number], unit: MetricComparison['unit']): boolean {
  return high > mostEffect(unit) || (unit === 'share' && low < -mostEffect(unit));
}

function formatValue(value: number | null, unit: MetricComparison['unit']): string {
  if (value === null) return 'n/a';
  if (unit === 'ms') return formatMs(value);
  return unit === 'share' ? formatPercent(value) : formatRate(value);
}

/** From this ratio on it is told as a factor. */
const LEAST_FACTOR = 10;
const MOST_FACTOR = 9_999;

/** With its sign: `+20.5 %`, and of shares `-0.40 points`, which are hundredths of all; what is ten times as much `x 153`. */
export function formatEffect(effect: number, unit: MetricComparison['unit']): string {
  if (unit !== 'share' && 1 + effect >= LEAST_FACTOR) return formatFactor(1 + effect);
  return `${effect < 0 ? '-' : '+'}${formatSize(Math.abs(effect), unit)}`;
}

/** Without a sign. */
function formatSize(size: number, unit: MetricComparison['unit']): string {
  if (unit === 'share') return `${(size * 100).toFixed(2)} points`;
  if (1 + size >= LEAST_FACTOR) return formatFactor(1 + size);
  return `${(size * 100).toFixed(size < 0.9995 ? 1 : 0)} %`;
}

/** `x 153`, `x 12.4`, `x 2,340`, and `> x 9,999` for all beyond. */
function formatFactor(ratio: number): string {
  return ratio > MOST_FACTOR ? `> x ${formatCount(MOST_FACTOR)}` : `x ${formatRatio(ratio)}`;
}

function formatRatio(ratio: number): string {
  return ratio >= 100 ? formatCount(Number(ratio.toPrecision(3))) : String(Number(ratio.toPrecision(3)));
}

/** For a sentence: `response.p50 153 x slower`, `response.p50 +23.6 %`. */
export function leadText({ metric, effect, unit }: MetricComparison): string {
  const ratio = 1 + effect!;
  const factor = Math.max(ratio, 1 / ratio);
  if (unit === 'share' || factor < LEAST_FACTOR) return `${metric} ${formatEffect(effect!, unit)}`;
  const [more, less] = unit === 'ms' ? ['slower', 'faster'] : ['more', 'less'];
  const times = factor > MOST_FACTOR ? `over ${formatCount(MOST_FACTOR)}` : formatRatio(factor);
  return `${metric} ${times} x ${ratio > 1 ? more : less}`;
}

function formatPValue(pValue: number): string {
  return pValue < 0.001 ? '< 0.001' : pValue.toFixed(3);
}

/** What the judgment rests on, each with its name. */
export function basisTexts(comparison: Comparison): readonly (readonly [name: string, text: string])[] {
  const { method, part, margin, baseline, candidate, leftOut, metrics } = comparison;
  const apart = metrics.filter(({ isApart }) => isApart);
  const tested = metrics.filter(({ pValue }) => pValue !== null).length;
  const counts = `${plural(baseline.runs.length, 'run')} against ${plural(candidate.runs.length, 'run')}`;
  const correction = `p corrected for ${plural(tested, 'metric')}`;
  const blocks =
    method.kind === 'blocks' && method.blockSeconds !== null ? `, in blocks of up to ${method.blockSeconds} s` : '';
  return [
    [
      'method',
      method.kind === 'ranks'
        ? `${counts}, one value per run (Mann-Whitney, Hodges-Lehmann), ${correction}`
        : `weak: ${method.weakness}. Compares seconds of ${counts}${blocks}, so variation between runs is unknown; run each side five times to settle it`,
    ],
    [
      'compared',
      `${part.kind === 'steady' ? 'the steady part of each run' : 'the whole sending time and the drain, because no part of the load was constant for long enough'}: ${part.seconds.toFixed(0)} s`,
    ],
    [
      'margin',
      `${formatPercent(margin.ratio)}, ${(margin.shareDifference * 100).toFixed(1)} points for shares: smaller changes count as no change`,
    ],
    ...(apart.length === 0
      ? []
      : [
          [
            'decided',
            `${namesOf(apart)}: without p, because every second of one side lies beyond every second of the other, by more than the seconds of a side differ`,
          ] as const,
        ]),
    ...(leftOut.length === 0 ? [] : [['left out', leftOutText(leftOut)] as const]),
  ];
}

function leftOutText(leftOut: Comparison['leftOut']): string {
  const reasons = [...new Set(leftOut.map(({ reason }) => reason))];
  return reasons.map((reason) => `${namesOf(leftOut.filter((each) => each.reason === reason))} (${reason})`).join('; ');
}

/** Why metrics are undecided, and what would decide them: those of one reason together. */
export function undecidedTexts({ metrics }: Comparison): readonly string[] {
  const texts = metrics.flatMap((metric) => {
    if (metric.reason === null) return [];
    const { runsNeeded, change, reason } = metric;
    const need =
      runsNeeded !== null
        ? `; run each side ${timesText(runsNeeded)} to settle it`
        : change === 'inconclusive'
          ? '; no practical number of runs would settle it'
          : '';
    return [{ metric: metric.metric, reason: `${reason}${need}` }];
  });
  return [...new Set(texts.map(({ reason }) => reason))].map(
    (reason) => `${namesOf(texts.filter((each) => each.reason === reason))}: ${reason}`,
  );
}

/** `four times`, `12 times`. */
function timesText(runs: number): string {
  return `${NUMBER_WORDS[runs] ?? formatCount(runs)} times`;
}

const NUMBER_WORDS: Readonly<Record<number, string>> = {
  4: 'four',
  5: 'five',
  6: 'six',
  7: 'seven',
  8: 'eight',
  9: 'nine',
};

function namesOf(metrics: readonly { readonly metric: string }[]): string {
  return metrics.map(({ metric }) => metric).join(', ');
}

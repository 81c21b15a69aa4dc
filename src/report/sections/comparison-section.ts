// Whether the run is worse than the baseline, metric by metric, and with what confidence.

import type { Comparison, MetricComparison } from '../../facts/comparison.ts';
import type { RunResult } from '../../facts/result.ts';
import { printable } from '../../units/printable.ts';
import { comparisonSpectrum } from '../charts/comparison-spectrum.ts';
import { type Block, type Cell, charts, list, paragraph, type Section, strong, type Tone } from '../document.ts';
import type { Beside, ReportTools } from '../files/report-file.ts';
import { numbers, said, secondsCell, table, text, words } from '../tables.ts';
import { basisTexts, CHANGES, COLUMNS, metricCells, undecidedTexts } from '../words/comparison-figures.ts';
import { differenceText } from '../words/difference-text.ts';

export function comparisonSection(_result: RunResult, _tools: ReportTools, { comparison }: Beside): Section | null {
  if (comparison === null) return null;
  const verdict = paragraph(strong(CHANGES[comparison.change]));
  return { id: 'comparison', title: 'Against the baseline', blocks: [verdict, ...comparisonBlocks(comparison)] };
}

/** Without the verdict, which a document of its own has as its title. */
export function comparisonBlocks(comparison: Comparison): readonly Block[] {
  const { method, metrics, differences, notes, baseline, candidate } = comparison;
  const warnings = [...differences.map(differenceText), ...notes].map((note) => printable(note, 400));
  const item = (tone: Tone, words: string) => ({ tone, line: [words] });
  return [
    ...(method.kind === 'blocks'
      ? [paragraph(`Weak evidence: ${method.weakness}, so variation between runs is unknown.`)]
      : []),
    table(
      'Metric by metric',
      [...words('metric'), ...numbers(...COLUMNS.slice(1, -1)), ...words('')],
      metrics.map(cells),
    ),
    ...charts(comparisonSpectrum(comparison)),
    ...list(
      'Undecided',
      undecidedTexts(comparison).map((words) => item('open', words)),
    ),
    ...list(
      'Warnings',
      warnings.map((words) => item('open', words)),
    ),
    ...list(
      'How this was judged',
      basisTexts(comparison).map(([name, words]) => item('quiet', `${name}: ${words}`)),
    ),
    table(
      'Runs',
      [...words('side', 'run', 'started'), ...numbers('duration'), ...words('target')],
      [
        ...baseline.runs.map((run) => ['baseline', run] as const),
        ...candidate.runs.map((run) => ['now', run] as const),
      ].map(([side, { id, startedAt, durationSeconds, targets }]) => [
        text(side),
        said(id),
        said(startedAt),
        secondsCell(durationSeconds),
        said(targets.join(', ')),
      ]),
    ),
  ];
}

const TONES: Readonly<Record<MetricComparison['change'], Tone>> = {
  worse: 'bad',
  better: 'good',
  same: 'good',
  inconclusive: 'open',
  noData: 'quiet',
};

function cells(metric: MetricComparison): readonly Cell[] {
  const all = metricCells(metric);
  return all.map((words, place): Cell => {
    if (place === all.length - 1) return { text: words, tone: TONES[metric.change] };
    const value = [
      undefined,
      metric.baseline,
      metric.candidate,
      metric.effect,
      undefined,
      metric.pValue,
      metric.smallestVisible,
    ][place];
    return value === undefined ? { text: words } : { text: words, value };
  });
}

// A comparison for a pull request. Whatever comes from outside stands in code, where it means nothing.

import type { ComparedSide, Comparison, MetricComparison } from '../../facts/comparison.ts';
import { basisTexts, CHANGES, COLUMNS, metricCells, undecidedTexts } from '../words/comparison-figures.ts';
import { differenceText } from '../words/difference-text.ts';
import { code, paragraphs, table } from './markdown-parts.ts';
import type { ReportFile } from './report-file.ts';

export function renderComparisonMarkdown(comparison: Comparison): readonly ReportFile[] {
  const title = [`## ${CHANGES[comparison.change]}: ${code(comparison.baseline.runs[0].name, 80)}`];
  return [{ name: 'comparison.md', content: paragraphs([title, ...comparisonParagraphs(comparison)]) }];
}

/** What follows its title; lines that belong together. */
export function comparisonParagraphs(comparison: Comparison): readonly (readonly string[])[] {
  const { baseline, candidate, metrics, method, differences, notes } = comparison;
  return [
    [sideText('Baseline', baseline), sideText('Now', candidate)],
    ...(method.kind === 'blocks' ? [[`**Weak evidence: ${method.weakness}.**`]] : []),
    table(COLUMNS, metrics.map(row)),
    undecidedTexts(comparison).map((text) => `- ${text}`),
    [...differences.map(differenceText), ...notes].map((text) => `- warning: ${code(text)}`),
    [
      '<details><summary>How this was judged</summary>',
      '',
      ...basisTexts(comparison).map(([name, text]) => `- ${name}: ${text}`),
      '',
      '</details>',
    ],
  ];
}

function sideText(name: string, { runs }: ComparedSide): string {
  const targets = [...new Set(runs.flatMap((run) => run.targets))];
  return `- ${name}: ${runs.map(({ id }) => code(id, 120)).join(', ')}, against ${targets.map((url) => code(url, 120)).join(', ')}`;
}

function row(metric: MetricComparison): readonly string[] {
  const cells = metricCells(metric);
  const word = cells.at(-1)!;
  return [...cells.slice(0, -1), metric.change === 'worse' ? `**${word}**` : word];
}

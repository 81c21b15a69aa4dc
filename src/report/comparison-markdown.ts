// A comparison for a pull request. Whatever comes from outside stands in code, where it means nothing.

import type { ComparedSide, Comparison, MetricComparison } from '../facts/comparison.ts';
import { basisTexts, CHANGES, COLUMNS, metricCells, undecidedTexts } from './comparison-figures.ts';
import { differenceText } from './difference-text.ts';
import { code, table } from './markdown-parts.ts';
import type { ReportFile } from './report-file.ts';

export function renderComparisonMarkdown(comparison: Comparison): readonly ReportFile[] {
  const { baseline, candidate, metrics, method, differences, notes } = comparison;
  const sections = [
    [`## ${CHANGES[comparison.change]}: ${code(baseline.runs[0].name, 80)}`],
    [sideText('Baseline', baseline), sideText('Now', candidate)],
    ...(method.kind === 'blocks' ? [[`**Weak: ${method.weakness}.**`]] : []),
    table(COLUMNS, metrics.map(row)),
    undecidedTexts(comparison).map((text) => `- ${text}`),
    [...differences.map(differenceText), ...notes].map((text) => `- warning: ${code(text)}`),
    [
      '<details><summary>What it rests on</summary>',
      '',
      ...basisTexts(comparison).map(([name, text]) => `- ${name}: ${text}`),
      '',
      '</details>',
    ],
  ];
  const text = `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
  return [{ name: 'comparison.md', text }];
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

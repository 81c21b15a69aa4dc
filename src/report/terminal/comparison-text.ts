// A comparison for a terminal: the judgment first, then the figures, then what they rest on.

import type { ComparedSide, Comparison, MetricComparison } from '../../facts/comparison.ts';
import { plural } from '../../units/plural.ts';
import { printable } from '../../units/printable.ts';
import {
  basisTexts,
  CHANGES,
  COLUMNS,
  leadText,
  METRIC_CHANGES,
  metricCells,
  undecidedTexts,
} from '../words/comparison-figures.ts';
import { differenceText } from '../words/difference-text.ts';
import { alignColumns } from './columns.ts';
import type { TextStyle } from './style.ts';

export function renderComparison(comparison: Comparison, style: TextStyle): string {
  const warnings = [...comparison.differences.map(differenceText), ...comparison.notes];
  return [
    headline(comparison, style),
    ...sideLines(comparison),
    '',
    ...tableLines(comparison.metrics, style),
    '',
    ...undecidedTexts(comparison).map((text) => `  ${style.yellow('undecided'.padEnd(10))} ${text}`),
    ...basisTexts(comparison).map(([name, text]) => `  ${name.padEnd(10)} ${text}`),
    ...warnings.map((text) => `  ${style.yellow('warning'.padEnd(10))} ${printable(text, 400)}`),
    '',
  ].join('\n');
}

function headline(comparison: Comparison, style: TextStyle): string {
  const { change, metrics, baseline, differences, method } = comparison;
  const text = ` ${CHANGES[change]} `;
  const badge = badgeStyle(change, style)(style.bold(text));
  const counted = (['worse', 'better', 'same', 'inconclusive'] as const).flatMap((kind) => {
    const count = metrics.filter((metric) => metric.change === kind).length;
    return count === 0 ? [] : [`${count} ${METRIC_CHANGES[kind]}`];
  });
  const worst = metrics.find((metric) => metric.change === change && metric.effect !== null);
  const first = (change === 'worse' || change === 'better') && worst !== undefined ? [leadText(worst)] : [];
  return [
    badge,
    style.bold(printable(baseline.runs[0].name, 80)),
    ...first,
    counted.join(', '),
    ...(method.kind === 'blocks' ? [style.yellow(`weak: ${method.weakness}`)] : []),
    ...(differences.length === 0 ? [] : [style.yellow('not comparable (forced)')]),
  ].join('   ');
}

function badgeStyle(change: Comparison['change'], style: TextStyle): (text: string) => string {
  if (change === 'worse') return style.red;
  return change === 'better' || change === 'same' ? style.green : style.yellow;
}

function sideLines({ baseline, candidate }: Comparison): readonly string[] {
  return ['', sideLine('baseline', baseline), sideLine('now', candidate)];
}

function sideLine(name: string, { reference, runs }: ComparedSide): string {
  const first = runs[0];
  const group = reference.includes(',') ? `from ${first.id} to ${runs.at(-1)!.id}` : `of ${reference}`;
  const what = runs.length === 1 ? printable(first.id, 120) : `${plural(runs.length, 'run')} ${printable(group, 120)}`;
  const targets = [...new Set(runs.flatMap((run) => run.targets))].map((url) => printable(url, 120)).join(', ');
  return `  ${name.padEnd(10)} ${what}   ${first.startedAt.slice(0, 16).replace('T', ' ')}   vs ${targets}`;
}

const MARKS: Readonly<Record<MetricComparison['change'], string>> = {
  worse: 'x ',
  better: '+ ',
  same: 'ok',
  inconclusive: '? ',
  noData: '  ',
};

function tableLines(metrics: readonly MetricComparison[], style: TextStyle): readonly string[] {
  const isEdge = (place: number): boolean => place === 0 || place === COLUMNS.length - 1;
  const columns = COLUMNS.map((title, place) => ({ title, align: isEdge(place) ? 'left' : 'right' }) as const);
  const rows = metrics.map((metric) => {
    const cells = metricCells(metric);
    return [...cells.slice(0, -1), colorOf(metric.change, style)(cells.at(-1)!)];
  });
  const [head = '', ...lines] = alignColumns(columns, rows);
  return [
    style.dim(`     ${head}`),
    ...metrics.map(({ change }, place) => `  ${colorOf(change, style)(MARKS[change])} ${lines[place]}`),
  ];
}

function colorOf(change: MetricComparison['change'], style: TextStyle): (text: string) => string {
  if (change === 'worse') return style.red;
  if (change === 'inconclusive') return style.yellow;
  return change === 'noData' ? style.dim : style.green;
}

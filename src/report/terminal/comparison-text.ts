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
import { type HangingLine, wrapLines } from './wrap.ts';

export function renderComparison(comparison: Comparison, style: TextStyle): string {
  const warnings = [...comparison.differences.map(differenceText), ...comparison.notes];
  const wrapped = (...lines: readonly HangingLine[]): readonly string[] => wrapLines(lines, style.columns);
  return [
    ...wrapped({ text: headline(comparison, style), hang: 2 }, ...sideLines(comparison)),
    '',
    // A table is never broken.
    ...tableLines(comparison.metrics, style),
    '',
    ...wrapped(
      ...undecidedTexts(comparison).map((text) => row('undecided', text, style.yellow)),
      ...basisTexts(comparison).map(([name, text]) => row(name, text)),
      ...warnings.map((text) => row('warning', printable(text, 400), style.yellow)),
    ),
    '',
  ].join('\n');
}

const LABEL_WIDTH = 10;

function row(name: string, text: string, paint: (text: string) => string = (label) => label): HangingLine {
  return { text: `  ${paint(name)}${' '.repeat(LABEL_WIDTH - name.length)} ${text}`, hang: LABEL_WIDTH + 3 };
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

function sideLines({ baseline, candidate }: Comparison): readonly HangingLine[] {
  return [{ text: '', hang: 0 }, sideLine('baseline', baseline), sideLine('now', candidate)];
}

function sideLine(name: string, { reference, runs }: ComparedSide): HangingLine {
  const first = runs[0];
  const group = reference.includes(',') ? `from ${first.id} to ${runs.at(-1)!.id}` : `of ${reference}`;
  const what = runs.length === 1 ? printable(first.id, 120) : `${plural(runs.length, 'run')} ${printable(group, 120)}`;
  const targets = [...new Set(runs.flatMap((run) => run.targets))].map((url) => printable(url, 120)).join(', ');
  return row(name, `${what}   ${first.startedAt.slice(0, 16).replace('T', ' ')}   vs ${targets}`);
}

/** The result first, as in the rules of a run. */
function tableLines(metrics: readonly MetricComparison[], style: TextStyle): readonly string[] {
  const columns = COLUMNS.map((title, place) => ({ title, align: place === 0 ? 'left' : 'right' }) as const);
  const [head = '', ...lines] = alignColumns(
    columns.slice(0, -1),
    metrics.map((metric) => metricCells(metric).slice(0, -1)),
  );
  const width = Math.max(...Object.values(METRIC_CHANGES).map(({ length }) => length));
  return [
    style.dim(`  ${COLUMNS.at(-1)!.padEnd(width)} ${head}`),
    ...metrics.map(({ change }, place) => {
      return `  ${colorOf(change, style)(METRIC_CHANGES[change].padEnd(width))} ${lines[place]}`;
    }),
  ];
}

function colorOf(change: MetricComparison['change'], style: TextStyle): (text: string) => string {
  if (change === 'worse') return style.red;
  if (change === 'inconclusive') return style.yellow;
  return change === 'noData' ? style.dim : style.green;
}

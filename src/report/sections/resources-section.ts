// Resources over time: what monitors of the service and the machine read, and what grew under constant load.

import type { RunResult } from '../../facts/result.ts';
import { valueText } from '../charts/labels.ts';
import { resourcesOverTime, unitOf } from '../charts/over-time.ts';
import { type Block, charts, type Section } from '../document.ts';
import { countCell, numbers, said, secondsCell, table, text, words } from '../tables.ts';
import { findingText } from '../words/finding-text.ts';
import { monitorSeriesName, seriesName } from '../words/series-names.ts';

export function resourcesSection(result: RunResult): Section {
  return {
    id: 'resources',
    title: 'Resources',
    blocks: [...findings(result), ...charts(...resourcesOverTime(result)), ...series(result), ...gaps(result)],
  };
}

function findings({ findings: all }: RunResult): readonly Block[] {
  if (all.length === 0) return [];
  const rows = all.map((found) => [
    text(found.kind, 'bad'),
    said(monitorSeriesName(found.series), 120),
    secondsCell(found.fromSecond),
    secondsCell(found.toSecond),
    text(findingText(found)),
  ]);
  return [
    table(
      'Growth under constant load',
      [...words('what', 'series'), ...numbers('from', 'to'), ...words('evidence')],
      rows,
    ),
  ];
}

function series({ resources }: RunResult): readonly Block[] {
  const rows = Object.entries(resources).flatMap(([monitor, all]) =>
    Object.entries(all).map(([name, { first, max, last, slopePerMinute }]) => {
      const cell = (value: number) => ({ text: valueText(unitOf(name), value), value });
      return [
        said(monitor, 40),
        said(seriesName(name), 80),
        cell(first),
        cell(max),
        cell(last),
        slopePerMinute === null ? { text: 'n/a', value: null } : cell(slopePerMinute),
      ];
    }),
  );
  if (rows.length === 0) return [];
  const columns = [...words('monitor', 'series'), ...numbers('first', 'max', 'last', 'change per minute')];
  return [table('Monitor readings', columns, rows, 'The change per minute covers the time under constant load.')];
}

function gaps({ monitors }: RunResult): readonly Block[] {
  const rows = monitors.flatMap(({ name, readings, gaps: missing, firstGap }) =>
    missing === 0 ? [] : [[said(name, 40), countCell(readings), countCell(missing), said(firstGap ?? '')]],
  );
  if (rows.length === 0) return [];
  return [
    table(
      'Missing monitor readings',
      [...words('monitor'), ...numbers('readings', 'gaps'), ...words('first reason')],
      rows,
    ),
  ];
}

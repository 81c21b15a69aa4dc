// Response times over time, every answer of the run in it: what a line of percentiles hides, such as two kinds of answers.

import type { RunResult } from '../../facts/result.ts';
import type { HeatMap } from './chart.ts';

export function heatMap({ responseHeat, timeline }: RunResult): HeatMap | null {
  if (responseHeat === null) return null;
  const { columnSeconds, edgesMs, columns } = responseHeat;
  return {
    kind: 'heat',
    id: 'response-heat',
    title: 'All response times',
    reading:
      'Each column is a stretch of the run, each row a range of times. A stronger color means more replies. Two bands mean two kinds of replies. A stripe that rises to the right means a growing ' +
      'queue.',
    fromSecond: timeline[0]?.second ?? 0,
    columnSeconds,
    edgesMs,
    // To the end of the run, as the charts above and below it.
    columnCount: Math.max(columns.length, Math.ceil(timeline.length / columnSeconds)),
    cells: columns.flatMap((counts, column) =>
      counts.flatMap((count, row) => (count === 0 ? [] : [[column, row, count] as const])),
    ),
  };
}

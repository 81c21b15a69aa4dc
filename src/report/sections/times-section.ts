// How long messages took: by percentile, over time, in a heat map, and in figures with their intervals.

import type { Distribution, RunResult } from '../../facts/result.ts';
import { formatCount } from '../../units/rate.ts';
import { responseAgainstLoad } from '../charts/against-load.ts';
import { heatMap } from '../charts/heat-map.ts';
import { responseOverTime } from '../charts/over-time.ts';
import { spectrum } from '../charts/spectrum.ts';
import { type Cell, charts, type Section } from '../document.ts';
import type { ReportTools } from '../files/report-file.ts';
import { TIME_COLUMNS, table, text, timeCells, words } from '../tables.ts';
import { formatMs } from '../words/figures.ts';

export function timesSection(result: RunResult, { inflate }: ReportTools): Section | null {
  if (result.response.count === 0) return null;
  const named: readonly (readonly [string, Distribution])[] = [
    ['response', result.response],
    ['service', result.service],
    ['send lag', result.sendLag],
    ...(result.fanout === null ? [] : ([['fan-out', result.fanout.times]] as const)),
    ['handshake', result.connections.handshake],
    ...(result.pings === null ? [] : ([['ping', result.pings.time]] as const)),
  ];
  const shown = named.filter(([, { count }]) => count > 0);
  return {
    id: 'times',
    title: 'Response time',
    blocks: [
      ...charts(spectrum(result, inflate), responseOverTime(result), responseAgainstLoad(result), heatMap(result)),
      table(
        'Times',
        [...words(''), ...TIME_COLUMNS],
        shown.map(([name, times]) => [text(name), ...timeCells(times)]),
        `Response: from due to received. Service: from sent to received. Send lag: from due to sent. ${absent(result)}` +
          'A percentile is n/a if there are too few samples for 95 % confidence.',
      ),
      table(
        '95 % confidence intervals of the percentiles',
        words('', ...INTERVALS.map(([name]) => name)),
        shown.map(([name, { intervals }]) => [text(name), ...intervalCells(intervals)]),
        'The intervals assume independent samples. Where samples depend on each other, as in a stall, the true interval is ' +
          'wider.',
      ),
    ],
  };
}

function absent({ messages }: RunResult): string {
  return messages.lost + messages.unresolved === 0
    ? ''
    : `Not included: ${formatCount(messages.lost)} lost and ${formatCount(messages.unresolved)} unresolved messages. `;
}

const INTERVALS = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p95', 'p95'],
  ['p99', 'p99'],
  ['p99.9', 'p999'],
] as const;

function intervalCells(intervals: Distribution['intervals']): readonly Cell[] {
  return INTERVALS.map(([, key]) => {
    const interval = intervals[key] ?? null;
    return text(interval === null ? 'n/a' : `${formatMs(interval[0])} to ${formatMs(interval[1])}`);
  });
}

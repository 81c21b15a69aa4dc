// How long messages took: as a spectrum, over time, every one in a heat map, and in figures with their intervals.

import type { Distribution, RunResult } from '../../facts/result.ts';
import { formatCount } from '../../units/rate.ts';
import { heatMap } from '../charts/heat-map.ts';
import { responseOverTime } from '../charts/over-time.ts';
import { spectrum } from '../charts/spectrum.ts';
import { type Cell, charts, type Section } from '../document.ts';
import { formatMs } from '../figures.ts';
import type { ReportTools } from '../report-file.ts';
import { TIME_COLUMNS, table, text, timeCells, words } from '../tables.ts';

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
      ...charts(spectrum(result, inflate), responseOverTime(result), heatMap(result)),
      table(
        'Times',
        [...words(''), ...TIME_COLUMNS],
        shown.map(([name, times]) => [text(name), ...timeCells(times)]),
        `Response is from due to received, service from sent to received, send lag from due to sent, of what came back: ${absent(result)}` +
          'have no time. A percentile that the samples cannot bound with 95 % confidence is n/a.',
      ),
      table(
        'How sure the percentiles are: 95 % intervals',
        words('', ...INTERVALS.map(([name]) => name)),
        shown.map(([name, { intervals }]) => [text(name), ...intervalCells(intervals)]),
        'From the order of the samples, which supposes that they do not depend on one another; where they do, as in a stall, ' +
          'the truth is less sure.',
      ),
    ],
  };
}

function absent({ messages }: RunResult): string {
  return `${formatCount(messages.lost)} lost and ${formatCount(messages.unresolved)} unresolved messages `;
}

const INTERVALS = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
  ['p99.9', 'p999'],
] as const;

function intervalCells(intervals: Distribution['intervals']): readonly Cell[] {
  return INTERVALS.map(([, key]) => {
    const interval = intervals[key] ?? null;
    return text(interval === null ? 'n/a' : `${formatMs(interval[0])} to ${formatMs(interval[1])}`);
  });
}

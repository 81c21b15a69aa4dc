// What each monitor read over the run, in a line of text: CPU, memory and files first, missing readings last.

import { DETAIL_SERIES } from '../../facts/monitor.ts';
import type { ResourceSeries, RunResult } from '../../facts/result.ts';
import { formatBytes } from '../../units/bytes.ts';
import { plural } from '../../units/plural.ts';
import { printable } from '../../units/printable.ts';
import { formatCount } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { valueText } from '../charts/labels.ts';
import { seriesName } from './series-names.ts';

const MOST_SERIES_SHOWN = 6;
const FIRST_SHOWN: readonly string[] = ['cpuRatio', 'rssBytes', 'memoryUsedBytes', 'fileDescriptors'];
/** Details that are shown once there are any. */
const TROUBLES: readonly string[] = ['tcpRetransmitsPerSecond', 'tcpResetsPerSecond'];

/** One line for each monitor: what it read, and how often it did not. */
export function monitorTexts({ monitors, resources }: RunResult): string[] {
  return monitors.map(({ name, gaps, firstGap }) => {
    const series = Object.entries(resources[name] ?? {})
      .filter(([of, { max }]) => !DETAIL_SERIES.includes(of) || (max > 0 && TROUBLES.includes(of)))
      .sort(([a], [b]) => placeOf(a) - placeOf(b));
    const shown = series.slice(0, MOST_SERIES_SHOWN).map(([of, values]) => seriesText(of, values));
    const parts = [
      ...shown,
      ...(series.length > shown.length ? [`${formatCount(series.length - shown.length)} more in the result`] : []),
      ...(gaps === 0 ? [] : [`${plural(gaps, 'gap')}, first: ${printable(firstGap ?? '')}`]),
    ];
    return `${printable(name, 40)}: ${parts.length === 0 ? 'no readings' : parts.join('   ')}`;
  });
}

function placeOf(series: string): number {
  const place = FIRST_SHOWN.indexOf(series);
  return place === -1 ? FIRST_SHOWN.length : place;
}

function seriesText(name: string, { first, max, last, slopePerMinute }: ResourceSeries): string {
  switch (name) {
    case 'cpuRatio':
      return `CPU at most ${formatPercent(Math.round(max * 100) / 100)}`;
    case 'rssBytes':
    case 'memoryUsedBytes': {
      const slope = slopePerMinute === null ? '' : ` (${signed(slopePerMinute, formatBytes)} per minute)`;
      return `${seriesName(name)} ${formatBytes(first)} to ${formatBytes(last)}${slope}`;
    }
    case 'fileDescriptors':
      return `open files ${formatCount(first)} to ${formatCount(last)}`;
    case 'tcpRetransmitsPerSecond':
      return `TCP retransmits at most ${plainNumber(max)}/s`;
    case 'tcpResetsPerSecond':
      return `TCP resets at most ${plainNumber(max)}/s`;
    default: {
      const text = /bytes$/i.test(name.split('{')[0] ?? '') ? formatBytes : plainNumber;
      return `${printable(seriesName(name), 80)} ${text(first)} to ${text(last)}, at most ${text(max)}`;
    }
  }
}

function signed(value: number, format: (value: number) => string): string {
  return value < 0 ? format(value) : `+${format(value)}`;
}

function plainNumber(value: number): string {
  return valueText('number', value);
}

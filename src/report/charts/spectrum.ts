// The whole distribution of times as one line: how rare a time is, against how long it is. Rarity is 1/(1−p), on a
// logarithmic axis, so that the slowest in ten thousand have as much room as the slower half.
// Source: Tene, How NOT to Measure Latency; HdrHistogram's plotter.

import type { Distribution, RunResult } from '../../facts/result.ts';
import { decodeHdrV2 } from '../../histogram/hdr-v2.ts';
import { type Histogram, percentile } from '../../histogram/histogram.ts';
import { raritiesOf } from '../../histogram/rarities.ts';
import { nsToMs } from '../../units/duration.ts';
import type { LineChart, Series } from './chart.ts';
import { roundBelow } from './ticks.ts';

const LINES = [
  ['response', 'response'],
  ['service', 'service'],
  ['send lag', 'sendLag'],
] as const;

export function spectrum(result: RunResult, inflate: (bytes: Uint8Array) => Uint8Array): LineChart | null {
  if (result.response.count === 0) return null;
  const x = raritiesOf(LINES.map(([, of]) => result[of].count));
  const valuesFrom = fastestMs(result);
  return {
    kind: 'lines',
    id: 'spectrum',
    title: 'Response time by percentile',
    reading:
      'At 99 %, one message in a hundred was slower; at 99.99 %, one in ten thousand. Each line ends at its slowest message. A line that stays ' +
      'low and then rises steeply means that the service stalls now and then. A send lag below the fastest reply is not shown.',
    axis: { of: 'rarity' },
    unit: 'ms',
    scale: 'logarithmic',
    ...(valuesFrom === null ? {} : { valuesFrom }),
    x,
    series: LINES.map(([name, of]) => seriesOf(name, result[of], x, inflate)),
    bands: [],
    limits: [],
  };
}

/** The axis begins where replies are: a send lag of a hundred nanoseconds would take most of it. */
function fastestMs({ response, service }: RunResult): number | null {
  const fastest = Math.min(...[response.minMs, service.minMs].map((ms) => (ms === null || ms <= 0 ? Infinity : ms)));
  return Number.isFinite(fastest) ? roundBelow(fastest) : null;
}

function seriesOf(
  name: string,
  { hdr, count, maxMs }: Distribution,
  x: readonly number[],
  inflate: (bytes: Uint8Array) => Uint8Array,
): Series {
  if (count === 0) return { name, y: x.map(() => null) };
  const decoded = decodeHdrV2(hdr, inflate);
  if (decoded.kind === 'invalid') throw new Error(`${name}: ${decoded.problem}`);
  const at = (rarity: number): number | null => {
    if (rarity === count) return maxMs;
    return rarity > count ? null : atRarity(decoded.histogram, rarity);
  };
  return { name, y: x.map(at) };
}

function atRarity(histogram: Histogram, rarity: number): number | null {
  const ns = percentile(histogram, Math.max(0, 100 * (1 - 1 / rarity)));
  return ns === null ? null : nsToMs(ns);
}

// Both sides of a comparison over one another: the whole distribution of response times, by percentile.

import type { Comparison } from '../../facts/comparison.ts';
import type { LineChart } from './chart.ts';

export function comparisonSpectrum({ responsePercentiles }: Comparison): LineChart | null {
  if (responsePercentiles.length === 0) return null;
  return {
    kind: 'lines',
    id: 'comparison-spectrum',
    title: 'Response time by percentile, both sides',
    reading:
      'All replies of the compared part, the runs of a side together. Where the lines part, one side was slower; how far they must ' +
      'part to mean something, the table says. At the right end each line rests on a few replies.',
    axis: { of: 'rarity' },
    unit: 'ms',
    scale: 'logarithmic',
    x: responsePercentiles.map(({ rarity }) => rarity),
    series: [
      { name: 'baseline', y: responsePercentiles.map(({ baselineMs }) => baselineMs) },
      { name: 'now', y: responsePercentiles.map(({ candidateMs }) => candidateMs) },
    ],
    bands: [],
    limits: [],
  };
}

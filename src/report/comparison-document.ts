// A comparison as a document of its own: a page, or a PDF.

import type { Comparison } from '../facts/comparison.ts';
import { plural } from '../units/plural.ts';
import { printable } from '../units/printable.ts';
import type { ReportDocument, Tone } from './document.ts';
import { comparisonBlocks } from './sections/comparison-section.ts';
import { CHANGES } from './words/comparison-figures.ts';

const TONES: Readonly<Record<Comparison['change'], Tone>> = {
  worse: 'bad',
  better: 'good',
  same: 'good',
  sameInPart: 'open',
  inconclusive: 'open',
};

export function comparisonDocument(comparison: Comparison): ReportDocument {
  const { baseline, candidate, metrics, change } = comparison;
  return {
    title: printable(baseline.runs[0].name, 120),
    verdict: { word: CHANGES[change], tone: TONES[change] },
    headline: headline(metrics),
    facts: [
      `${plural(baseline.runs.length, 'run')} against ${plural(candidate.runs.length, 'run')}`,
      `baseline ${printable(baseline.reference, 160)}`,
      `now ${printable(candidate.reference, 160)}`,
    ],
    sections: [{ id: 'comparison', title: 'Comparison', blocks: comparisonBlocks(comparison) }],
  };
}

/** Which metrics changed. */
function headline(metrics: Comparison['metrics']): string {
  const said = (['worse', 'better', 'inconclusive'] as const).flatMap((change) => {
    const names = metrics.filter((metric) => metric.change === change).map(({ metric }) => metric);
    return names.length === 0 ? [] : [`${change === 'inconclusive' ? 'undecided' : change}: ${names.join(', ')}`];
  });
  return said.length === 0
    ? 'No metric changed.'
    : `${said.join('; ')}.`.replace(/^./, (character) => character.toUpperCase());
}

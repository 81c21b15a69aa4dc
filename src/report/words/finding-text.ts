// A finding's evidence in a sentence, for people.

import type { Finding, FindingEvidence } from '../../facts/result.ts';
import { formatBytes } from '../../units/bytes.ts';
import { formatDuration, msToNs } from '../../units/duration.ts';
import { formatCount } from '../../units/rate.ts';

const FORMATS: Readonly<Record<FindingEvidence['unit'], (value: number) => string>> = {
  bytes: formatBytes,
  count: (value) => formatCount(Math.round(value)),
  ms: (value) => formatDuration(msToNs(value)),
};

export function findingText({ fromSecond, toSecond, evidence }: Finding): string {
  return evidence.map((each) => growthText(each, fromSecond, toSecond)).join('; ');
}

function growthText(
  { unit, start, growth, slopePerMinute, intervalPerMinute: [low, high], pValue, points }: FindingEvidence,
  fromSecond: number,
  toSecond: number,
): string {
  const text = FORMATS[unit];
  return (
    `it grew steadily under constant load, from ${text(start)} at ${fromSecond.toFixed(0)} s by ${text(growth)} until ` +
    `${toSecond.toFixed(0)} s: ${text(slopePerMinute)} per minute (95 % interval ${text(low)} to ${text(high)}; ` +
    `Mann-Kendall p ${pText(pValue)} over ${formatCount(points)} lowest points)`
  );
}

function pText(pValue: number): string {
  return pValue < 1e-6 ? '< 0.000001' : `= ${pValue.toPrecision(1)}`;
}

// Response times of both sides by percentile, for the eye: all runs of a side as one. What is decided, the metrics decide.

import type { PercentilePair } from '../../facts/comparison.ts';
import { highestEquivalent } from '../../histogram/layout.ts';
import { raritiesOf } from '../../histogram/rarities.ts';
import { nsToMs } from '../../units/duration.ts';
import type { RunSample } from './run-sample.ts';
import { allCounts, countOf, type StepCounts } from './step-counts.ts';

/** Empty where neither side has replies. */
export function responsePercentiles(
  baseline: readonly RunSample[],
  candidate: readonly RunSample[],
): readonly PercentilePair[] {
  const [before, now] = [repliesOf(baseline), repliesOf(candidate)];
  const rarities = raritiesOf([countOf(before), countOf(now)]);
  const [baselineMs, candidateMs] = [timesMs(before, rarities), timesMs(now, rarities)];
  return rarities.map((rarity, place) => ({
    rarity,
    baselineMs: baselineMs[place] ?? null,
    candidateMs: candidateMs[place] ?? null,
  }));
}

function repliesOf(runs: readonly RunSample[]): StepCounts {
  return allCounts(runs.flatMap(({ steps }) => steps.map(({ counts }) => counts.response)));
}

/** `rarities` in ascending order: one walk through the counters finds them all. */
function timesMs(replies: StepCounts, rarities: readonly number[]): readonly (number | null)[] {
  const count = countOf(replies);
  let place = 0;
  let seen = replies.counts[0] ?? 0;
  return rarities.map((rarity) => {
    if (rarity > count) return null;
    const exact = count - count / rarity;
    // Less what rounding adds, or a whole number would become the next.
    const rank = rarity === count ? count : Math.max(1, Math.ceil(exact - exact * 1e-12));
    while (seen < rank) seen += replies.counts[++place]!;
    return nsToMs(highestEquivalent(replies.indexes[place]!));
  });
}

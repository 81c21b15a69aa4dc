// Where a distribution is read, so that the slowest in ten thousand have as much room as the slower half: by rarity 1/(1−p) of a
// percentile p, in even steps of its logarithm.

/** A factor of ten in rarity has so many points. */
const POINTS_PER_DECADE = 24;

/** From 1 (every value) to the rarest of the most; and that of each distribution, which is one of its count. None without values. */
export function raritiesOf(counts: readonly number[]): readonly number[] {
  const most = Math.max(0, ...counts);
  if (most === 0) return [];
  const steps = Math.max(1, Math.ceil(Math.log10(most) * POINTS_PER_DECADE));
  const even = Array.from({ length: steps }, (_, step) => most ** (step / steps));
  return [...new Set([...even, ...counts.filter((count) => count > 0)])].sort((a, b) => a - b);
}

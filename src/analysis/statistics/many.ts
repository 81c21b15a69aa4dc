// Several tests at once: with twenty of them one is significant at 5 % though nothing is there.

/**
 * P-values corrected for their number, in their order: of those at or below a level, no more than that share is expected to
 * be false (Benjamini and Hochberg, Journal of the Royal Statistical Society B 57, 1995). Where nothing at all is there, it
 * is the chance that any of them is at or below the level.
 */
export function benjaminiHochberg(pValues: readonly number[]): readonly number[] {
  const count = pValues.length;
  const descending = pValues.map((_, place) => place).sort((a, b) => pValues[b]! - pValues[a]!);
  const corrected = new Array<number>(count);
  let least = 1;
  descending.forEach((place, position) => {
    least = Math.min(least, pValues[place]! * (count / (count - position)));
    corrected[place] = least;
  });
  return corrected;
}

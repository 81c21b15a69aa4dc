// Counts in a few steps, each with a color of its own, for the legend of a heat map.

export interface CountStep {
  readonly from: number;
  /** Itself among it. */
  readonly to: number;
}

/** From the finest: the factors within a power of ten, and how many powers of ten there are from one to the next. */
const LADDERS = [
  { factors: [1, 2, 5], powers: 1 },
  { factors: [1, 3], powers: 1 },
  { factors: [1], powers: 1 },
  { factors: [1], powers: 2 },
  { factors: [1], powers: 3 },
] as const;

/** From 1 to `most`, in at most `steps` steps, which begin at round numbers. */
export function countSteps(most: number, steps: number): readonly CountStep[] {
  const ladders = LADDERS.map((ladder) => beginnings(most, ladder));
  const begin = ladders.find(({ length }) => length <= steps) ?? ladders.at(-1)!.slice(0, steps);
  return begin.map((from, place) => ({ from, to: (begin[place + 1] ?? most + 1) - 1 }));
}

function beginnings(most: number, { factors, powers }: (typeof LADDERS)[number]): readonly number[] {
  const found: number[] = [];
  for (let power = 1; power <= most; power *= 10 ** powers) {
    for (const factor of factors) if (factor * power <= most) found.push(factor * power);
  }
  return found;
}

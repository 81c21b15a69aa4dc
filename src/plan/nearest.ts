// The known name that somebody most likely meant.

/** Longer than any name of ours; what is longer is not a slip of the finger. */
const MAX_NAME_LENGTH = 64;

/** The nearest of the known names, or null where none is near: a third of the characters may differ, at least one. */
export function nearest(name: string, known: readonly string[]): string | null {
  if (name.length === 0 || name.length > MAX_NAME_LENGTH) return null;
  const wanted = name.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Damerau-Levenshtein (optimal string alignment): insertions, deletions, substitutions and swapped neighbors. */
export function editDistance(a: string, b: string): number {
  // Three rows suffice: a swap looks back two.
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = cell(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let distance = Math.min(cell(last, j) + 1, cell(row, j - 1) + 1, substitution);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) distance = Math.min(distance, cell(beforeLast, j - 2) + 1);
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return cell(last, b.length);
}

function cell(row: readonly number[], index: number): number {
  return row[index] ?? 0;
}

/** `did you mean "x"?`, or null where nothing is near. */
export function didYouMean(name: string, known: readonly string[]): string | null {
  const found = nearest(name, known);
  return found === null ? null : `did you mean "${found}"?`;
}

// Runs that differ in more than the service are not compared.

import type { Difference } from '../facts/comparison.ts';
import { HighwaterError } from '../facts/error.ts';
import { differenceText } from '../report/words/difference-text.ts';

/** Throws RUNS_NOT_COMPARABLE where there is a difference. `or`: what else the user can do. */
export function refuseDifferences(differences: readonly Difference[], or: string): void {
  if (differences.length === 0) return;
  throw new HighwaterError('RUNS_NOT_COMPARABLE', [
    ...differences.map(differenceText),
    `Compare complete runs with the same load, on the same machine, with a healthy generator, ${or}`,
  ]);
}

// Why runs are not comparable, in a sentence.

import type { Difference } from '../../facts/comparison.ts';

export function differenceText(difference: Difference): string {
  switch (difference.kind) {
    case 'generator':
      return `run ${difference.run}: the generator was not healthy: ${difference.detail}`;
    case 'outcome':
      return `run ${difference.run}: the run did not complete: ${difference.detail}`;
    case 'plan':
    case 'machine': {
      const { where, baseline, other, otherRun } = difference;
      return `${where}: expected the same value in all runs, got ${baseline} in the baseline and ${other} in ${otherRun}`;
    }
  }
}

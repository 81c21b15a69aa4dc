// Why runs are not comparable, in a sentence.

import type { Difference } from '../facts/comparison.ts';

export function differenceText(difference: Difference): string {
  switch (difference.kind) {
    case 'generator':
      return `run ${difference.run}: expected a healthy generator, got: ${difference.detail}`;
    case 'outcome':
      return `run ${difference.run}: expected a run that went to its end, got: ${difference.detail}`;
    case 'plan':
    case 'machine': {
      const { where, baseline, other, otherRun } = difference;
      return `${where}: expected the same in all runs, got ${baseline} in the baseline and ${other} in ${otherRun}`;
    }
  }
}

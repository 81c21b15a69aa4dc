// Why runs are not comparable, in a sentence.

import type { Difference } from '../../facts/comparison.ts';

/** Of the machine, which no plan file has keys for. */
const MACHINE_NAMES: Readonly<Record<string, string>> = {
  'machine.cpuModel': 'processor',
  'machine.cores': 'cores of the machine',
  'machine.allowedCores': 'usable cores',
};

export function differenceText(difference: Difference): string {
  switch (difference.kind) {
    case 'generator':
      return `run ${difference.run}: the generator was not healthy: ${difference.detail}`;
    case 'outcome':
      return `run ${difference.run}: the run did not complete: ${difference.detail}`;
    case 'plan':
    case 'machine': {
      const { where, baseline, other, otherRun } = difference;
      return `${MACHINE_NAMES[where] ?? where}: expected the same value in all runs, got ${baseline} in the baseline and ${other} in ${otherRun}`;
    }
  }
}

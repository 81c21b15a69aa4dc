// Which message type the run's message i is: a hash of seed and i, so all workers agree and none asks.

import type { Plan } from '../plan/plan.ts';
import { weightedIndex } from '../random/distributions.ts';
import { hash01 } from '../random/generator.ts';

export function createTypePicker(plan: Plan): (index: number) => number {
  const { mix } = plan.load;
  if (mix.length === 1) return () => 0;
  let total = 0;
  const cumulativeWeights = Float64Array.from(mix, (type) => (total += type.weight));
  return (index) => weightedIndex(cumulativeWeights, hash01(plan.seed, index));
}

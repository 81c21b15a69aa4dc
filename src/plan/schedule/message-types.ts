// Which type a message has: a hash of the seed, the stream and the number, so that whoever knows which message it is knows
// its type too: the sender, every receiver, and whoever counts what was lost.

import { weightedIndex } from '../../random/distributions.ts';
import { hash01 } from '../../random/generator.ts';
import type { Plan } from '../plan.ts';
import { messageIndex } from './message-index.ts';

/** The place in the mix of a message's type. */
export type TypeOf = (stream: number, sequence: number) => number;

export function createTypeOf({ seed, load: { mix } }: Pick<Plan, 'seed' | 'load'>): TypeOf {
  if (mix.length === 1) return () => 0;
  let total = 0;
  const cumulativeWeights = Float64Array.from(mix, (type) => (total += type.weight));
  return (stream, sequence) => weightedIndex(cumulativeWeights, hash01(seed, messageIndex(stream, sequence)));
}

// One encoded histogram by itself; the product only ever adds it to another.

import { createHistogram, type Histogram } from '../../src/histogram/histogram.ts';
import { addSparse, type InvalidHistogram } from '../../src/histogram/sparse-codec.ts';

export function decodeSparse(
  sparse: unknown,
): { readonly kind: 'decoded'; readonly histogram: Histogram } | InvalidHistogram {
  const histogram = createHistogram();
  const added = addSparse(histogram, sparse);
  return added.kind === 'added' ? { kind: 'decoded', histogram } : added;
}

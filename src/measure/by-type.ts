// The books of each message type by itself, where a plan has several: what was sent, what became of it, and how long it took.

import { type TypeCounts, type TypeFacts, zeroTypeCounts } from '../facts/window.ts';
import { createHistogram, type Histogram, record, reset } from '../histogram/histogram.ts';
import { encodeSparse } from '../histogram/sparse-codec.ts';
import type { TypeOf } from '../plan/schedule/message-types.ts';

export interface ByType {
  readonly typeOf: TypeOf;
  /** By type. */
  readonly counts: readonly TypeCounts[];
  readonly response: readonly Histogram[];
}

export function createByType(typeOf: TypeOf, types: number): ByType {
  return {
    typeOf,
    counts: Array.from({ length: types }, zeroTypeCounts),
    response: Array.from({ length: types }, () => createHistogram()),
  };
}

export function countByType(
  { typeOf, counts }: ByType,
  name: keyof TypeCounts,
  stream: number,
  sequence: number,
): void {
  counts[typeOf(stream, sequence)]![name]++;
}

/** `responseNs` NaN where it is not known. */
export function deliveredByType(
  { typeOf, counts, response }: ByType,
  stream: number,
  sequence: number,
  responseNs: number,
): void {
  const type = typeOf(stream, sequence);
  counts[type]!.delivered++;
  if (!Number.isNaN(responseNs)) record(response[type]!, responseNs);
}

/** Everything since the last cut, type by type. */
export function cutByType({ counts, response }: ByType): readonly TypeFacts[] {
  return counts.map((count, type) => {
    const facts: TypeFacts = { ...count, response: encodeSparse(response[type]!) };
    Object.assign(count, zeroTypeCounts());
    reset(response[type]!);
    return facts;
  });
}

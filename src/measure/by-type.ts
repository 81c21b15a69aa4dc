// The books of each message type by itself, where a plan has several: what was sent, what became of it, and how long it took.

import { TYPE_FACTS, type TypeFacts } from '../facts/window.ts';
import { createHistogram, type Histogram, record, reset } from '../histogram/histogram.ts';
import { encodeSparse } from '../histogram/sparse-codec.ts';
import type { TypeOf } from '../plan/message-types.ts';

export type TypeCount = (typeof TYPE_FACTS)[number];

export interface ByType {
  readonly typeOf: TypeOf;
  /** By type. */
  readonly counts: readonly Record<TypeCount, number>[];
  readonly response: readonly Histogram[];
}

export function createByType(typeOf: TypeOf, types: number): ByType {
  return {
    typeOf,
    counts: Array.from({ length: types }, zeroCounts),
    response: Array.from({ length: types }, () => createHistogram()),
  };
}

function zeroCounts(): Record<TypeCount, number> {
  return Object.fromEntries(TYPE_FACTS.map((name) => [name, 0])) as Record<TypeCount, number>;
}

export function countByType({ typeOf, counts }: ByType, name: TypeCount, stream: number, sequence: number): void {
  counts[typeOf(stream, sequence)]![name]++;
}

export function recordByType({ typeOf, response }: ByType, stream: number, sequence: number, responseNs: number): void {
  record(response[typeOf(stream, sequence)]!, responseNs);
}

/** Everything since the last cut, type by type. */
export function cutByType({ counts, response }: ByType): readonly TypeFacts[] {
  return counts.map((count, type) => {
    const facts: TypeFacts = { ...count, response: encodeSparse(response[type]!) };
    Object.assign(count, zeroCounts());
    reset(response[type]!);
    return facts;
  });
}

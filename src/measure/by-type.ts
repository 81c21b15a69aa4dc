// The books of each message type by itself, where a plan has several: what was sent, what became of it, and how long it took.

import { createCounters, takeCounters } from '../facts/merge-rules.ts';
import { TYPE_FIELDS, type TypeCounters, type TypeCounts, type TypeFacts } from '../facts/window.ts';
import { record } from '../histogram/histogram.ts';
import type { TypeOf } from '../plan/schedule/message-types.ts';

export interface ByType {
  readonly typeOf: TypeOf;
  readonly types: readonly TypeCounters[];
}

export function createByType(typeOf: TypeOf, types: number): ByType {
  return { typeOf, types: Array.from({ length: types }, () => createCounters(TYPE_FIELDS)) };
}

export function countByType({ typeOf, types }: ByType, name: keyof TypeCounts, stream: number, sequence: number): void {
  types[typeOf(stream, sequence)]![name]++;
}

/** `responseNs` NaN where it is not known. */
export function deliveredByType({ typeOf, types }: ByType, stream: number, sequence: number, responseNs: number): void {
  const type = types[typeOf(stream, sequence)]!;
  type.delivered++;
  if (!Number.isNaN(responseNs)) record(type.response, responseNs);
}

/** Everything since the last cut, type by type. */
export function cutByType({ types }: ByType): readonly TypeFacts[] {
  return types.map((type) => takeCounters(TYPE_FIELDS, type));
}

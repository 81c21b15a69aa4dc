// Failed connections by kind, each with the first that was told of it. Pure.

import type { RunEvent } from '../../facts/event.ts';
import type { FailureKind } from '../../facts/failure.ts';
import type { FailureResult } from '../../facts/result.ts';
import type { Tally } from './tally.ts';

/** `group`: of the clients that `failures` were counted of, 0 for those that behave. */
export function failuresOf(
  { failures }: Pick<Tally, 'failures'>,
  events: readonly RunEvent[],
  group: number,
): Readonly<Partial<Record<FailureKind, FailureResult>>> {
  const examples = new Map<FailureKind, string>();
  for (const event of events) {
    if (event.kind === 'failure' && event.group === group && !examples.has(event.failure)) {
      examples.set(event.failure, event.detail);
    }
  }
  const described: Partial<Record<FailureKind, FailureResult>> = {};
  for (const [kind, count] of Object.entries(failures) as [FailureKind, number][]) {
    described[kind] = { count, example: examples.get(kind) ?? '' };
  }
  return described;
}

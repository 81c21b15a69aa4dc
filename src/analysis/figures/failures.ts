// Failed connections by kind, each with the first that was told of it. Pure.

import type { RunEvent } from '../../facts/event.ts';
import type { FailureKind } from '../../facts/failure.ts';
import type { FailureCause } from '../../facts/failure-cause.ts';
import type { FailureResult } from '../../facts/result.ts';
import type { Tally } from './tally.ts';

/** `group`: of the clients that `failures` were counted of, 0 for those that behave. */
export function failuresOf(
  { failures }: Pick<Tally['connections'], 'failures'>,
  events: readonly RunEvent[],
  group: number,
): Readonly<Partial<Record<FailureKind, FailureResult>>> {
  const causes = new Map<FailureKind, FailureCause>();
  for (const event of events) {
    if (event.kind === 'failure' && event.group === group && !causes.has(event.failure)) {
      causes.set(event.failure, event.cause);
    }
  }
  const described: Partial<Record<FailureKind, FailureResult>> = {};
  for (const [kind, count] of Object.entries(failures) as [FailureKind, number][]) {
    described[kind] = { count, cause: causes.get(kind) ?? null };
  }
  return described;
}

// What a result says of its failed connections.

import type { FailureKind } from '../../src/facts/failure.ts';
import { causeText } from '../../src/facts/failure-cause.ts';
import type { RunResult } from '../../src/facts/result.ts';

/** Of the first failure of a kind; empty where there was none. */
export function failureCauseText({ connections }: RunResult, kind: FailureKind): string {
  const cause = connections.failures[kind]?.cause ?? null;
  return cause === null ? '' : causeText(cause);
}

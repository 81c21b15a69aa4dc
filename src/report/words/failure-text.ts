// The first failure of a kind in words, for people.

import { type FailureKind, PROXY_FAILURES, unusedProxyText } from '../../facts/failure.ts';
import { causeText } from '../../facts/failure-cause.ts';
import type { FailureResult, RunResult } from '../../facts/result.ts';

/** Empty where nothing is known of it. A service that only a proxy can reach looks like one that is not there. */
export function failureText(kind: FailureKind, { cause }: FailureResult, { unusedProxy }: RunResult['run']): string {
  const proxy = unusedProxy !== null && PROXY_FAILURES.includes(kind) ? [unusedProxyText(unusedProxy)] : [];
  return [...(cause === null ? [] : [causeText(cause)]), ...proxy].join('; ');
}

import { expect, test } from 'vitest';
import type { FailureKind } from '../../facts/failure.ts';
import type { RunResult } from '../../facts/result.ts';
import { failureText } from './failure-text.ts';

const refused = { count: 1, cause: { kind: 'system', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' } } as const;
const run = (unusedProxy: string | null): RunResult['run'] => ({ unusedProxy }) as RunResult['run'];

test.each<FailureKind>([
  'dns',
  'refused',
  'unreachable',
  'connectTimeout',
])('%s, which a proxy may help against, says that the one of the environment is not used', (kind) => {
  expect(failureText(kind, refused, run('HTTP_PROXY'))).toBe(
    'connect ECONNREFUSED; HTTP_PROXY is set in the environment but not used: connections go directly to the service',
  );
  expect(failureText(kind, refused, run(null))).toBe('connect ECONNREFUSED');
});

test.each<FailureKind>(['reset', 'tls', 'upgradeRejected'])('%s says nothing of a proxy', (kind) => {
  expect(failureText(kind, refused, run('HTTP_PROXY'))).toBe('connect ECONNREFUSED');
});

test('a failure of which nothing is known has no text', () => {
  expect(failureText('tls', { count: 1, cause: null }, run(null))).toBe('');
});

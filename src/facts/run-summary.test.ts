import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeSummary, resultOf } from '../../test/support/history.ts';
import type { RunResult } from './result.ts';
import { decodeSummary, isSummary, summaryOf } from './run-summary.ts';

const GIT = { commit: 'a'.repeat(40), branch: 'main', isDirty: true };

test('says of a result what the result says', () => {
  const result = resultOf({ id: 'a', name: 'chat', git: GIT });
  const summary = summaryOf(result);
  expect(summary).toMatchObject({ id: 'a', name: 'chat', git: GIT, verdict: result.verdict.kind, sent: 1000, lost: 0 });
  expect(summary.responseP99Ms).toBe(result.response.p99Ms);
  expect(summary.deliveredPerSecond).toBe(result.throughput.deliveredPerSecond);
});

test('of a result that is older than the question for git it is null', () => {
  const { git: _git, ...run } = resultOf({ id: 'a' }).run;
  const summary = summaryOf({ ...resultOf({ id: 'a' }), run } as RunResult);
  expect(summary.git).toBeNull();
  expect(isSummary(summary)).toBe(true);
});

test('what is written is what is read', () => {
  const figures = {
    responseP99Ms: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 })),
    lost: fc.nat(),
  };
  fc.assert(
    fc.property(fc.record({ ...figures, name: fc.string(), git: fc.constantFrom(null, GIT) }), (changes) => {
      // JSON has no negative zero, and a count or a time is none.
      const summary = makeSummary({ id: 'a' }, changes);
      expect(decodeSummary(JSON.stringify(summary))).toEqual(summary);
    }),
  );
});

test('whatever lacks one of its fields, or has another in its place, is none', () => {
  const summary = makeSummary({ id: 'a', git: GIT });
  for (const name of Object.keys(summary)) {
    const { [name as keyof typeof summary]: _left, ...rest } = summary;
    expect(decodeSummary(JSON.stringify(rest)), name).toBeNull();
    expect(decodeSummary(JSON.stringify({ ...summary, [name]: {} })), name).toBeNull();
  }
  for (const text of ['', '{', 'null', '[]', JSON.stringify(summary).slice(0, -5)])
    expect(decodeSummary(text)).toBeNull();
});

import { expect, test } from 'vitest';
import type { Doubt } from '../../facts/result.ts';
import type { RuleResult } from './rules.ts';
import type { HealthDoubt } from './touches.ts';
import { verdictOf } from './verdict.ts';

const outcome = (
  expression: string,
  kind: 'pass' | 'fail' | 'inconclusive',
  doubts: readonly Doubt[] = [],
): RuleResult => ({
  result: { expression, kind, observed: 1, observedText: '1' },
  breach: kind === 'fail' ? { rule: expression, detail: 'observed 1' } : null,
  doubts,
});
const doubt = (detail: string, rule: string | null = null): Doubt => ({ kind: 'sendLag', rule, detail });
const health: HealthDoubt = { kind: 'sendLag', rule: null, detail: 'late', during: null };

test('every rule kept and no doubt: pass', () => {
  const verdict = verdictOf([outcome('a', 'pass'), outcome('b', 'pass')], []);
  expect(verdict).toMatchObject({ kind: 'pass', breaches: [], doubts: [] });
  expect(verdict.thresholds.map(({ expression }) => expression)).toEqual(['a', 'b']);
});

test('no rules: inconclusive, never a pass', () => {
  expect(verdictOf([], [])).toMatchObject({ kind: 'inconclusive', doubts: [{ kind: 'noRules', rule: null }] });
});

test('one breach is a fail, whatever else is kept or in doubt', () => {
  const verdict = verdictOf(
    [outcome('a', 'pass'), outcome('b', 'fail'), outcome('c', 'inconclusive', [doubt('x', 'c')])],
    [health],
  );
  expect(verdict).toMatchObject({
    kind: 'fail',
    breaches: [{ rule: 'b' }],
    doubts: [{ rule: 'c' }, { kind: 'sendLag', rule: null }],
  });
});

test('no breach and one doubt: inconclusive', () => {
  const verdict = verdictOf([outcome('a', 'pass'), outcome('c', 'inconclusive', [doubt('x', 'c')])], []);
  expect(verdict).toMatchObject({ kind: 'inconclusive', breaches: [], doubts: [{ rule: 'c' }] });
});

test('a generator in doubt about itself passes nothing, though every rule is kept', () => {
  expect(verdictOf([outcome('a', 'pass')], [health])).toMatchObject({
    kind: 'inconclusive',
    doubts: [{ kind: 'sendLag', rule: null, detail: 'late' }],
  });
});

test('one doubt about many rules is told once, about the run', () => {
  const { doubts } = verdictOf(
    [outcome('a', 'inconclusive', [doubt('x', 'a')]), outcome('b', 'inconclusive', [doubt('x', 'b'), doubt('y', 'b')])],
    [],
  );
  expect(doubts).toEqual([doubt('x'), doubt('y', 'b')]);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from './nearest.ts';
import { formatProblem, gotText, pathText, quote, valueAt } from './problems.ts';

describe('a problem', () => {
  test('says where, expected, got and what to do on one line', () => {
    const problem = {
      path: 'load.messages.open[0].to',
      expected: 'a rate such as 500/s',
      got: '"fast"',
      hint: 'add a unit',
    };
    expect(formatProblem(problem)).toBe(
      'load.messages.open[0].to: expected a rate such as 500/s, got "fast" (add a unit)',
    );
    expect(formatProblem({ ...problem, hint: null })).not.toContain('(');
  });

  test('has a path in which odd keys are quoted', () => {
    expect(pathText(['load', 'open', 0, 'to'])).toBe('load.open[0].to');
    expect(pathText(['target', 'headers', 'X Y\n'])).toBe('target.headers["X Y\\n"]');
    expect(pathText([])).toBe('plan');
  });

  test.each([
    [undefined, 'nothing'],
    [null, 'nothing'],
    ['fast', '"fast"'],
    [12, '12'],
    [Number.NaN, 'NaN'],
    [[], 'an empty list'],
    [[1], 'a list'],
    [{}, 'an object'],
    [() => 1, 'a function'],
  ])('%j was %s', (value, text) => {
    expect(gotText(value)).toBe(text);
  });

  test('is one short line whatever was found', () => {
    expect(gotText('x'.repeat(1e7)).length).toBeLessThan(70);
    expect(quote('\u001b[31mred\u202e\u2028\u0085')).toBe('"\\u001b[31mred\\u202e\\u2028\\u0085"');
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(gotText(text))));
  });

  test('looks up no inherited value', () => {
    expect(valueAt({ a: [{ b: 1 }] }, ['a', 0, 'b'])).toBe(1);
    expect(valueAt({}, ['constructor', 'name'])).toBeUndefined();
    expect(valueAt('text', ['length'])).toBeUndefined();
  });
});

describe('the nearest known name', () => {
  const known = ['connections', 'messages', 'mix', 'drain'];

  test.each([
    ['conections', 'connections'],
    ['mesages', 'messages'],
    ['Mix', 'mix'],
    ['drian', 'drain'],
    ['mx', 'mix'],
  ])('of %j is %j', (name, found) => {
    expect(nearest(name, known)).toBe(found);
  });

  test.each(['reconnect', 'x', '', 'y'.repeat(1e6)])('of %.20j there is none', (name) => {
    expect(nearest(name, known)).toBeNull();
  });

  test('is at a distance that is symmetric and 0 only to itself', () => {
    const words = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(words, words, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  test('counts a swap of neighbors as one', () => {
    expect(editDistance('drian', 'drain')).toBe(1);
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });
});

import { describe, expect, test } from 'vitest';
import { checkTags, countOf, parseAge, sinceOf } from './history-flags.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

describe('since when', () => {
  test.each([
    ['7d', '2026-11-14T12:00:00Z'],
    ['12h', '2026-11-21T00:00:00Z'],
    ['2w', '2026-11-07T12:00:00Z'],
    ['2026-11-01', '2026-11-01T00:00:00Z'],
    ['2026-11-01T08:30Z', '2026-11-01T08:30:00Z'],
    ['2026-11-01T08:30:15+02:00', '2026-11-01T06:30:15Z'],
  ])('%j is from %s on', (text, from) => {
    expect(sinceOf('--since', text, NOW)).toBe(Date.parse(from));
  });

  test.each([
    '',
    '7',
    'd',
    '-1d',
    '7 days',
    'yesterday',
    '2026-13-01',
    '2026-02-40',
    '21.11.2026',
    '9999999d',
  ])('%j is refused', (text) => {
    expect(() => sinceOf('--since', text, NOW)).toThrow(/--since: expected an age such as 7d/);
  });
});

test.each(['', '30', '1.5d', '30days', '30D'])('%j is no age', (text) => {
  expect(parseAge(text)).toBeNull();
});

test('a count is a whole number from the least on', () => {
  expect(countOf('--limit', '12', 1)).toBe(12);
  for (const text of ['0', '-1', '1.5', 'x', '', '99999999'])
    expect(() => countOf('--limit', text, 1)).toThrow('--limit');
});

test('of several tags each that is none is named', () => {
  expect(() => checkTags('--tag', ['good', '1', 'latest'])).toThrow(/--tag: .*"1"[\s\S]*--tag: .*"latest"/);
});

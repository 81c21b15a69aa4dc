import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeats } from '../../test/support/repeats.ts';
import { jsonMistakeOffset } from './json-mistake.ts';
import { readPlanText } from './text.ts';

function problems(text: string, format: 'yaml' | 'json' = 'yaml') {
  const read = readPlanText(text, format);
  return 'problems' in read ? read.problems : [];
}

describe('YAML', () => {
  test('is read as plain data', () => {
    expect(readPlanText('a: 1\nb: [x, on, 10s, 1:30]\nc: &x {d: ~}\ne: *x', 'yaml')).toEqual({
      document: { a: 1, b: ['x', 'on', '10s', '1:30'], c: { d: null }, e: { d: null } },
    });
  });

  test('with a mistake is a problem at its line and column', () => {
    const [problem] = problems('a: 1\nb: [1, 2\nc: 3');
    expect(problem?.path).toMatch(/^line [23], column \d+$/);
    expect(problem?.expected).toBe('valid YAML');
  });

  test.each([
    ['thresholds: [ lost{type=chat} == 0 ]', 'put the rule in quotes: "lost{type=chat} == 0"'],
    [
      'thresholds: [ "sent > 0", response.p99{priority=high} < 5ms ]',
      'put the rule in quotes: "response.p99{priority=high} < 5ms"',
    ],
    [`target: { url: ws://x/\${client} }`, 'put a text with a placeholder in quotes'],
    ['a: [ b, c: [ d }', null],
  ])('%j has one problem, and what to put in quotes', (text, hint) => {
    const read = readPlanText(text, 'yaml');
    if (!('problems' in read)) throw new Error('the text was read');
    expect(read.problems).toHaveLength(1);
    expect(read.problems[0].hint).toBe(hint);
  });

  test('with a key twice is a problem', () => {
    expect(problems('a: 1\nb: 2\na: 3')).toEqual([
      { path: 'line 3, column 1', expected: 'each key once', got: 'a repeated key', hint: null },
    ]);
  });

  test('with two documents, an unknown tag or an alias without its anchor is a problem', () => {
    expect(problems('a: 1\n---\nb: 2')).toHaveLength(1);
    expect(problems('a: !!js/function "x"')).toHaveLength(1);
    expect(problems('a: *nowhere')).toHaveLength(1);
  });

  test('that would grow beyond all bounds is a problem', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh']) {
      lines.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(', ')}]`);
    }
    expect(problems(lines.join('\n'))).toHaveLength(1);
  });

  test('nested without end or long without end is a problem', () => {
    expect(problems('['.repeat(100_000)).length).toBeGreaterThan(0);
    expect(problems(`${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}`).length).toBeGreaterThan(0);
    expect(problems('a'.repeat(2 ** 21))).toHaveLength(1);
  });

  test('merges no keys', () => {
    expect(readPlanText('a: &a {x: 1}\nb: {<<: *a}', 'yaml')).toMatchObject({ document: { b: { '<<': { x: 1 } } } });
  });

  test('quotes nothing of the text in a problem', () => {
    for (const text of ['password: "hunter2" x', 'a: hunter2: 3', '- hunter2\nhunter2: [', '"hunter2']) {
      expect(JSON.stringify(problems(text))).not.toContain('hunter2');
    }
  });
});

describe('JSON', () => {
  test('is read as JSON and nothing more', () => {
    expect(readPlanText('{"a": [1, "x"]}', 'json')).toEqual({ document: { a: [1, 'x'] } });
    expect(problems('a: 1', 'json')[0]?.expected).toBe('valid JSON');
    expect(problems("{'a': 1}", 'json')).toHaveLength(1);
  });

  test('with a mistake is a problem at its line and column', () => {
    expect(problems('{\n  "a": 1,\n  "b": }\n', 'json')[0]?.path).toBe('line 3, column 8');
    expect(problems('{"a": 1', 'json')[0]?.path).toBe('line 1, column 8');
  });

  test.each([
    ['', 0],
    ['{"a": }', 6],
    ['[1, ]', 4],
    ['{"a" 1}', 5],
    ['{a: 1}', 1],
    ['[1] 2', 4],
    ['[1, 2', 5],
    ['"a\nb"', 0],
    ['[01]', 2],
    ['{"a": 1]', 7],
    ['[tru]', 1],
    ['NaN', 0],
  ])('%j stops being JSON at %d', (text, offset) => {
    expect(jsonMistakeOffset(text)).toBe(offset);
  });

  test('has no mistake exactly where the platform reads it', () => {
    const texts = fc.oneof(
      fc.json(),
      fc
        .array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', ' ', 'null', '-'), { maxLength: 7 })
        .map((parts) => parts.join('')),
      fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 1 })).map(([json, at, text]) => {
        const cut = at % (json.length + 1);
        return json.slice(0, cut) + text + json.slice(cut + 1);
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        // A text that lacks only its end has its mistake there, as has one without any.
        const offset = jsonMistakeOffset(text);
        if (valid) expect(offset).toBe(text.length);
        if (offset < text.length) expect(valid).toBe(false);
      }),
      { numRuns: repeats(1000) },
    );
  });

  test('with a key twice is a problem', () => {
    expect(problems('{"a": 1,\n"a": 2}', 'json')[0]).toMatchObject({
      path: 'line 2, column 1',
      expected: 'each key once',
    });
  });

  test('quotes nothing of the text in a problem', () => {
    expect(JSON.stringify(problems('{"password": hunter2}', 'json'))).not.toContain('hunter2');
  });
});

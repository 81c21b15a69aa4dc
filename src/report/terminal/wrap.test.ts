import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ansiStyle } from './style.ts';
import { wrapCommand, wrapLines, wrapText } from './wrap.ts';

const BOOKS = '  messages    due 1,010   sent 1,000   delivered 990   lost 6   unresolved 4';

describe('a line', () => {
  test('that fits, or is not for a terminal, stays as it is', () => {
    expect(wrapLines([{ text: BOOKS, hang: 14 }], 80)).toEqual([BOOKS]);
    expect(wrapLines([{ text: BOOKS, hang: 14 }], BOOKS.length)).toEqual([BOOKS]);
    expect(wrapLines([{ text: BOOKS, hang: 14 }], null)).toEqual([BOOKS]);
  });

  test('that is too long goes on below where its text began, and its parts stay whole', () => {
    expect(wrapLines([{ text: BOOKS, hang: 14 }], 50)).toEqual([
      '  messages    due 1,010   sent 1,000',
      '              delivered 990   lost 6',
      '              unresolved 4',
    ]);
  });

  test('is broken between words where a part is longer than a line', () => {
    expect(wrapLines([{ text: '  doubt the generator could not keep up with the plan', hang: 8 }], 40)).toEqual([
      '  doubt the generator could not keep up',
      '        with the plan',
    ]);
  });

  test('begins a sentence beside what stands before it', () => {
    const text = 'ARGUMENTS_INVALID  --connections: expected a whole number of at least 1, got "ten"';
    expect(wrapLines([{ text, hang: 2 }], 80)).toEqual([
      'ARGUMENTS_INVALID  --connections: expected a whole number of at least 1, got',
      '  "ten"',
    ]);
  });

  test('never leaves a label alone, and never breaks a word', () => {
    const path = '/srv/runs/20261128-1050-a-very-long-name-of-a-run';
    expect(wrapLines([{ text: `  record      ${path}`, hang: 14 }], 40)).toEqual([`  record      ${path}`]);
  });

  test('goes on near the left edge where the terminal is very narrow', () => {
    const [, second] = wrapLines([{ text: '  messages    due 1,010   sent 1,000', hang: 14 }], 30);
    expect(second).toBe('    sent 1,000');
  });

  test('is measured without its colors', () => {
    const style = ansiStyle(true);
    const text = `  ${style.red('fail')} ${style.bold('lost == 0')}`;
    expect(wrapLines([{ text, hang: 7 }], 16)).toEqual([text]);
  });

  test('keeps every word, in order, within the width', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z0-9]{1,9}( {1,4})?$/), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 20, max: 100 }),
        fc.integer({ min: 0, max: 15 }),
        (words, columns, hang) => {
          const text = words.join(' ').trim();
          const lines = wrapLines([{ text, hang }], columns);
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
          expect(lines.join(' ').split(/ +/).filter(Boolean)).toEqual(text.split(/ +/));
        },
      ),
    );
  });
});

test('each line of a text is broken by itself', () => {
  expect(wrapText('one two three\nfour', 2, 9)).toBe('one two\n  three\nfour');
  expect(wrapText('one two three\nfour', 2, null)).toBe('one two three\nfour');
});

describe('a command', () => {
  const command = `highwater init wss://chat.example.com/ws --yes --join '{"type":"auth"}'`;

  test('is broken before its flags, so that all of it can be copied', () => {
    expect(wrapCommand(command, '  next  ', 60)).toEqual([
      '  next  highwater init wss://chat.example.com/ws --yes \\',
      `          --join '{"type":"auth"}'`,
    ]);
  });

  test('is broken between words where a part is too long, but not within quotation marks', () => {
    const quoted = `highwater init wss://chat.example.com/ws -H 'Authorization: Bearer abc' -y`;
    expect(wrapCommand(quoted, '  ', 33)).toEqual([
      '  highwater init \\',
      '    wss://chat.example.com/ws \\',
      '    -H \\',
      `    'Authorization: Bearer abc' \\`,
      '    -y',
    ]);
  });

  test('means the same to a shell, whatever the width', () => {
    for (let columns = 20; columns < 80; columns++) {
      const lines = wrapCommand(command, '  next  ', columns);
      for (const line of lines.slice(0, -1)) expect(line).toMatch(/ \\$/);
      const joined = lines.map((line) => line.trim().replace(/ \\$/, '')).join(' ');
      expect(joined).toBe(`next  ${command}`);
    }
  });

  test('that fits, or is not for a terminal, stays as it is', () => {
    expect(wrapCommand(command, '  ', 80)).toEqual([`  ${command}`]);
    expect(wrapCommand(command, '  ', null)).toEqual([`  ${command}`]);
  });
});

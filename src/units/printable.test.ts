import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable, printableJson } from './printable.ts';

describe('text from outside', () => {
  test('is left as it is where it is only text', () => {
    for (const text of ['hello', 'grüße', '日本語', '👋', 'a  b']) expect(printable(text)).toBe(text);
  });

  test('takes one line: line ends and tabs are spaces', () => expect(printable('a\r\nb\tc\nd')).toBe('a  b c d'));

  test('cannot move the cursor, color the terminal or set its title', () => {
    expect(printable('\u001b[31mred\u001b]0;title\u0007\u009b1A\u0000')).toBe(
      '\\u001b[31mred\\u001b]0;title\\u0007\\u009b1A\\u0000',
    );
  });

  test('cannot turn the direction of writing, hide characters or break the line another way', () => {
    for (const code of [
      0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff, 0x061c, 0x00ad,
    ]) {
      const character = String.fromCodePoint(code);
      expect(printable(`a${character}b`), code.toString(16)).toBe(`a\\u${code.toString(16).padStart(4, '0')}b`);
    }
  });

  test('has no control character left, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  test('is cut where it is too long, and says so', () => {
    expect(printable('x'.repeat(1000), 10)).toBe('xxxxxxxxxx... (1000 characters)');
    expect(printable('x'.repeat(10), 10)).toBe('xxxxxxxxxx');
    expect(printable('x'.repeat(1e6)).length).toBeLessThan(400);
  });
});

test('JSON shows nothing raw and still means the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = printableJson(value);
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  expect(printableJson('\u{e0001}\u202e')).toBe('"\\udb40\\udc01\\u202e"');
});

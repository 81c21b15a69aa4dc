import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textOf } from './text-file.ts';

const TEXT = 'room\nMünchen 🎈\n';
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const utf32le = (text: string): Buffer =>
  Buffer.concat(
    [...text].map((character) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(character.codePointAt(0)!);
      return bytes;
    }),
  );
const utf32be = (text: string): Buffer => utf32le(text).swap32();
const marked = (encode: (text: string) => Buffer): Buffer => encode(`\ufeff${TEXT}`);
const utf16le = (text: string): Buffer => Buffer.from(text, 'utf16le');

describe('bytes as text', () => {
  test('are read as UTF-8, without a byte order mark in front', () => {
    expect(textOf(Buffer.from(TEXT))).toBe(TEXT);
    expect(textOf(Buffer.from(`\ufeff${TEXT}`))).toBe(TEXT);
    expect(textOf(Buffer.from(''))).toBe('');
    expect(textOf(Buffer.from('\ufeff'))).toBe('');
    expect(textOf(Buffer.from(`a\ufeffb`))).toBe(`a\ufeffb`);
  });

  test('of every text come out as they went in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(textOf(Buffer.from(`\ufeff${text}`))).toBe(text);
      }),
    );
  });

  test.each([
    ['UTF-16LE', marked(utf16le)],
    ['UTF-16BE', marked(utf16be)],
    ['UTF-32LE', marked(utf32le)],
    ['UTF-32BE', marked(utf32be)],
    ['UTF-16LE', utf16le(TEXT)],
    ['UTF-16BE', utf16be(TEXT)],
    ['UTF-32LE', utf32le(TEXT)],
    ['UTF-32BE', utf32be(TEXT)],
  ])('in %s are refused by its name, with a mark and without', (encoding, bytes) => {
    expect(() => textOf(bytes)).toThrow(`a text in ${encoding} instead of UTF-8`);
  });

  test.each([
    ['room\nM\xfcnchen\n', 2, 2, '0xfc'],
    ['\xe9', 1, 1, '0xe9'],
    ['a\nb\n\nabc\x80', 4, 4, '0x80'],
    ['\xc3\xbc\xc3', 1, 2, '0xc3'],
    ['\xef\xbb\xbfa\xff', 1, 2, '0xff'],
    ['\xed\xa0\x80', 1, 1, '0xed'],
    ['\xf0\x9f\x8e\x88\xf0\x9f\x8e', 1, 2, '0xf0'],
  ])('that are not UTF-8 (%j as Latin-1) are refused with the place of the first', (latin1, line, column, byte) => {
    expect(() => textOf(Buffer.from(latin1, 'latin1'))).toThrow(
      `a text that is not UTF-8 (byte ${byte} at line ${line}, column ${column})`,
    );
  });
});

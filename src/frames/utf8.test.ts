import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mustBe } from '../../test/support/must-be.ts';
import { repeats } from '../../test/support/repeats.ts';
import { decodeUtf8, encodeUtf8, isValidUtf8, utf8Progress } from './utf8.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('RFC 3629', () => {
  test.each([
    ['nothing is valid', '', true],
    ['§3: U+007F is the last of one byte', '7f', true],
    ['§3: U+0080 is the first of two bytes', 'c280', true],
    ['§3: U+07FF is the last of two bytes', 'dfbf', true],
    ['§3: U+0800 is the first of three bytes', 'e0a080', true],
    ['§3: U+D7FF is the last before the surrogates', 'ed9fbf', true],
    ['§3: U+E000 is the first after the surrogates', 'ee8080', true],
    ['§3: U+10000 is the first of four bytes', 'f0908080', true],
    ['§3: U+10FFFF is the last of all', 'f48fbfbf', true],
    ['§3: U+110000 is beyond the last', 'f4908080', false],
    ['§3: a high surrogate is refused', 'eda080', false],
    ['§3: a low surrogate is refused', 'edbfbf', false],
    ['§3: an overlong form of two bytes is refused', 'c0af', false],
    ['§3: an overlong form of two bytes up to U+007F is refused', 'c1bf', false],
    ['§3: an overlong form of three bytes is refused', 'e09fbf', false],
    ['§3: an overlong form of four bytes is refused', 'f08fbfbf', false],
    ['§4: a tail byte alone is refused', '80', false],
    ['§4: F5 starts nothing', 'f5808080', false],
    ['§4: FE and FF never occur', 'feff', false],
    ['§4: two bytes cut off are refused', '6161c3', false],
    ['§4: three bytes cut off are refused', 'e282', false],
    ['§4: four bytes cut off are refused', 'f09f98', false],
    ['§4: an ASCII byte in place of a tail is refused', 'e28241', false],
    ['a wrong byte behind a long run of ASCII is found', `${'61'.repeat(23)}ff`, false],
  ])('%s', (_, text, valid) => {
    const bytes = hex(text);
    expect(isValidUtf8(bytes, 0, bytes.length)).toBe(valid);
    expect(isUtf8(bytes)).toBe(valid);
  });

  test('bytes outside the range do not count', () => {
    const bytes = hex('ff c3a4 ff');
    expect(isValidUtf8(bytes, 1, 3)).toBe(true);
    expect(isValidUtf8(bytes, 1, 2)).toBe(false);
    expect(isValidUtf8(bytes, 2, 2)).toBe(true);
  });
});

const texts = fc.string({ unit: 'binary', maxLength: 60 });
const mutated = fc
  .tuple(texts, fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 }), fc.nat(3))
  .map(([text, changes, cut]) => {
    const bytes = new TextEncoder().encode(text);
    for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes.slice(0, Math.max(0, bytes.length - cut));
  });
const anyBytes = fc.oneof(mutated, fc.uint8Array({ maxLength: 40 }));

test('the validator agrees with node on random and on mutated strings', () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      mustBe(isValidUtf8(bytes, 0, bytes.length), isUtf8(bytes), 'validity');
    }),
    { seed: 4, numRuns: repeats(20_000) },
  );
});

test('the validator agrees with node on every sequence of one, two and three bytes after a start byte', () => {
  const bytes = new Uint8Array(4);
  for (let first = 0x80; first < 0x100; first++)
    for (let second = 0x70; second < 0x100; second += 1)
      for (const third of [0x41, 0x7f, 0x80, 0xbf, 0xc0])
        for (const fourth of [0x7f, 0x80, 0xbf, 0xc2]) {
          bytes.set([first, second, third, fourth]);
          if (isValidUtf8(bytes, 0, 4) !== isUtf8(bytes))
            expect.fail(`differs for ${Buffer.from(bytes).toString('hex')}`);
        }
});

describe('text that is still coming', () => {
  test.each([
    ['nothing is whole', '', 0],
    ['ASCII is whole', '616263', 3],
    ['one byte of two is waited for', '61c3', 1],
    ['two bytes of three are waited for', 'e282', 0],
    ['three bytes of four are waited for', '61f09f98', 1],
    ['four bytes of four are whole', 'f09f9880', 4],
    ['a lead byte that begins nothing is wrong at once', '61f5', -1],
    ['an overlong form is wrong with its second byte', 'e080', -1],
    ['a surrogate is wrong with its second byte', 'eda0', -1],
    ['what is beyond U+10FFFF is wrong with its second byte', 'f490', -1],
    ['a tail byte without a start is wrong', '80', -1],
    ['a tail byte too many is wrong', 'c3a4bf', -1],
    ['a character that is cut off by another is wrong', 'e28261', -1],
  ])('%s', (_, text, progress) => {
    const bytes = hex(text);
    expect(utf8Progress(bytes, 0, bytes.length)).toBe(progress);
  });

  test('is judged as the streaming decoder of the platform judges it, and what is left can be a character only', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
        let isPossible = true;
        try {
          decoder.decode(bytes, { stream: true });
        } catch {
          isPossible = false;
        }
        const progress = utf8Progress(bytes, 0, bytes.length);
        mustBe(progress >= 0, isPossible, 'whether it is possible');
        if (!isPossible) return;
        mustBe(isUtf8(bytes.subarray(0, progress)), true, 'validity of what is whole');
        mustBe(bytes.length - progress < 4, true, 'less than a character is left');
        if (progress < bytes.length) mustBe(isUtf8(bytes.subarray(progress)), false, 'validity of what is left');
      }),
      { seed: 7, numRuns: repeats(20_000) },
    );
  });
});

test('decoding replaces what is wrong exactly as the WHATWG decoder does', () => {
  const reference = new TextDecoder('utf-8', { ignoreBOM: true });
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      mustBe(decodeUtf8(bytes, 0, bytes.length), reference.decode(bytes), 'text');
    }),
    { seed: 5, numRuns: repeats(5_000) },
  );
});

test('encoding agrees with TextEncoder, lone surrogates included', () => {
  fc.assert(
    fc.property(
      fc.oneof(texts, fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) })),
      (text) => {
        expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
      },
    ),
    { seed: 6, numRuns: repeats(2_000) },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repeats } from '../../test/support/repeats.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';

describe('base64', () => {
  it('is what the platform makes, and comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = encodeBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        expect(decodeBase64(text)).toEqual(bytes);
      }),
      { numRuns: repeats(1_000) },
    );
  });

  it('takes more bytes than one chunk', () => {
    const bytes = Uint8Array.from({ length: 50_000 }, (_, i) => i % 251);
    expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
  });

  it('refuses wrong lengths, characters, padding and leftover bits', () => {
    for (const text of [
      'A',
      'AA',
      'AAA',
      'AA-_',
      'A===',
      '=AAA',
      'AA=A',
      'AAA\u{e9}',
      'AB==',
      'AAB=',
      'AA==AAAA',
      '====',
    ]) {
      expect(decodeBase64(text), text).toBe(null);
    }
    expect(decodeBase64('')).toEqual(new Uint8Array(0));
  });

  it('accepts only the one text of its bytes', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-D+/=]{0,8}$/), (text) => {
        const bytes = decodeBase64(text);
        if (bytes !== null) expect(encodeBase64(bytes)).toBe(text);
      }),
      { numRuns: repeats(2_000) },
    );
  });
});

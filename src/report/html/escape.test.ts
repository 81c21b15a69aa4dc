import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeHtml, jsonForScript } from './escape.ts';

test('no text can begin markup, end an attribute or turn the writing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeHtml(text);
      expect(escaped).not.toMatch(/[<>"'\u202a-\u202e\u2066-\u2069]/);
      expect(escaped).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/);
    }),
  );
});

test('lines of a text stay lines, and every character stays what it is', () => {
  expect(escapeHtml('a\nb\tc')).toBe('a\nb\\u0009c');
  expect(escapeHtml('größer 漢字 👋')).toBe('größer 漢字 👋');
  expect(escapeHtml('\u202eabc\ud800')).toBe('\\u202eabc\\ud800');
});

test('JSON in a script comes back as it was, and cannot end the script', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const written = jsonForScript(value);
      expect(written).not.toMatch(/[<\u2028\u2029]/);
      expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

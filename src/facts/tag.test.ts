import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOSTILE } from '../../test/support/history.ts';
import { BASELINE, decodeTags, encodeTags, tagProblem } from './tag.ts';

test.each(['nightly', 'v1.2.0', 'release-2026_11', 'A'])('%j is a tag', (name) => {
  expect(tagProblem(name)).toBeNull();
});

test.each([
  ['', /a letter/],
  ['20261121', /a letter/],
  ['1.2.0', /a letter/],
  ['a/b', /a letter/],
  ['..', /a letter/],
  ['chat@3', /a letter/],
  ['a,b', /a letter/],
  ['a b', /a letter/],
  ['x'.repeat(65), /at most 63/],
  ['latest', /which is reserved/],
  ['all', /which is reserved/],
  [BASELINE, /highwater baseline set RUN/],
  [HOSTILE, /a letter/],
])('%j is none, and the message says why', (name, message) => {
  expect(tagProblem(name)).toMatch(message);
});

const tag = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,63}$/);

test('what is written is what is read', () => {
  fc.assert(
    fc.property(fc.array(tag), (tags) => {
      expect(decodeTags(encodeTags(tags))).toEqual(tags);
    }),
  );
});

test.each([
  '',
  '{',
  '[]',
  'null',
  '{"schema":"highwater/tags/2","tags":[]}',
  '{"schema":"highwater/tags/1"}',
  '{"schema":"highwater/tags/1","tags":"a"}',
  '{"schema":"highwater/tags/1","tags":[1]}',
  `{"schema":"highwater/tags/1","tags":[${JSON.stringify(HOSTILE)}]}`,
])('%j are no tags', (text) => {
  expect(decodeTags(text)).toBeNull();
});

import { expect, test } from 'vitest';
import { parseJsonPath } from './json-path.ts';

test.each([
  ['id', ['id']],
  ['$.data.id', ['data', 'id']],
  ['data[0].x', ['data', '0', 'x']],
  ['$[1]', ['1']],
  ['', null],
  ['a..b', null],
  ['a b', null],
  ['$', null],
])('the path %s', (text, path) => {
  expect(parseJsonPath(text)).toEqual(path);
});

// Campaigns switch detectors off in a copy of the sources, and take half an hour until they say that a line has moved. Here it is said
// at once.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const FILES = ['test/campaign/mutations.test.ts', 'test/verdicts/mutations.test.ts', 'test/e2e/honesty.test.ts'];
/** As those files write it: `file` below `src` or `dist`, and what stands there once. */
const MUTATION = /file: '([^']+)',\s*from: (['"])(.*?)\2,\s*to:/g;

interface Mutation {
  readonly file: string;
  readonly from: string;
}

const mutationsIn = (source: string): Mutation[] =>
  [...source.matchAll(MUTATION)].map(([, file = '', , from = '']) => ({ file, from }));

function astray({ file, from }: Mutation): readonly string[] {
  const source = path.join(ROOT, 'src', file.replace(/\.js$/, '.ts'));
  if (!existsSync(source)) return [`${file}: no such file`];
  const count = readFileSync(source, 'utf8').split(from).length - 1;
  return count === 1 ? [] : [`${file}: expected once, found ${count} times: ${from}`];
}

test('what tests break on purpose stands in the sources once', () => {
  const mutations = FILES.flatMap((file) => mutationsIn(readFileSync(path.join(ROOT, file), 'utf8')));
  expect(mutations.length).toBeGreaterThan(30);
  expect(mutations.flatMap(astray)).toEqual([]);
});

test('a line that has gone, and a file that has, are named', () => {
  const planted = `[{ file: 'units/shares.ts', from: 'no such line', to: '' }, { file: 'units/none.js', from: "x", to: '' }]`;
  expect(mutationsIn(planted).flatMap(astray)).toEqual([
    'units/shares.ts: expected once, found 0 times: no such line',
    'units/none.js: no such file',
  ]);
});

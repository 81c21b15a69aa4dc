import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { HOSTILE, rawIn } from '../../../test/support/history.ts';
import { renderAnswer, renderAnswerCsv, renderAnswerJson } from './query-answer.ts';

const answer = {
  columns: ['name', 'count', 'more'],
  rows: [
    ['chat', 12, { tags: ['a', 1], git: null }],
    ['feed', 3.5, null],
    ['none', null, [true]],
  ],
};

test('as text, columns stand under one another, numbers to the right', () => {
  expect(renderAnswer(answer).split('\n')).toEqual([
    'name   count   more',
    'chat      12   {"tags":["a",1],"git":null}',
    'feed     3.5',
    'none           [true]',
    '',
  ]);
  expect(renderAnswer({ columns: ['x'], rows: [] })).toBe('x\n');
});

test('as CSV, a row is read back as it was, and no text is a formula', () => {
  const rows = parse(
    renderAnswerCsv({
      columns: ['a', 'b'],
      rows: [
        ['x,"y"', -1.5],
        ['=1+1', null],
      ],
    }),
  ) as string[][];
  expect(rows).toEqual([
    ['a', 'b'],
    ['x,"y"', '-1.5'],
    ["'=1+1", ''],
  ]);
});

test('as JSON, a row is an object', () => {
  expect(JSON.parse(renderAnswerJson(answer))[0]).toEqual({
    name: 'chat',
    count: 12,
    more: { tags: ['a', 1], git: null },
  });
});

test('none of them shows anything raw', () => {
  const hostile = { columns: [HOSTILE], rows: [[HOSTILE], [{ [HOSTILE]: [HOSTILE] }]] };
  for (const render of [renderAnswer, renderAnswerCsv, renderAnswerJson]) expect(rawIn(render(hostile))).toEqual([]);
  expect(JSON.parse(renderAnswerJson(hostile))[0]).toEqual({ [HOSTILE]: HOSTILE });
});

import { expect, test } from 'vitest';
import { countCell, numbers, table, text, words } from '../tables.ts';
import { blockHtml } from './blocks.ts';

const PLACE = { level: 3, prefix: '' };

test('a table of texts names each cell, so that they can stand below one another on a phone', () => {
  const rules = table('Rules', words('result', 'rule', 'observed'), [[text('fail'), text('lost == 0'), text('3')]]);
  const html = blockHtml(rules, PLACE);
  expect(html).toContain('class="table prose"');
  expect(html).toContain('<td data-name="observed">3</td>');
});

test('a table of numbers does not, and scrolls', () => {
  const books = table(
    'Books',
    [...words('type'), ...numbers('sent', 'lost')],
    [[text('chat'), countCell(1), countCell(0)]],
  );
  const html = blockHtml(books, PLACE);
  expect(html).toContain('class="table"');
  expect(html).not.toContain('data-name');
});

test('the plan is open to read', () => {
  expect(blockHtml({ kind: 'code', title: 'Plan', text: 'name: chat' }, PLACE)).toContain(
    '<details class="code" open>',
  );
});

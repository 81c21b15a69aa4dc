import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numbers, table, text, words } from '../tables.ts';
import { CELL_PADDING_PT, columnWidths, textWidthPt } from './table-widths.ts';

const PAGE_PT = 515;
const total = (widths: readonly number[]): number =>
  widths.reduce((sum, widthPt) => sum + widthPt + 2 * CELL_PADDING_PT, 0);

test('columns that fit get what their texts need, and no more than some air', () => {
  const small = table('rates', [...words('what'), ...numbers('per second')], [[text('offered'), text('500/s')]]);
  const [first, second] = columnWidths(small, PAGE_PT)!;
  expect(first).toBeGreaterThanOrEqual(textWidthPt('offered'));
  expect(second).toBeGreaterThanOrEqual(textWidthPt('per second'));
  expect(total([first!, second!])).toBeLessThan(PAGE_PT / 2);
});

test('where texts are long, words share what is left, and no number wraps', () => {
  const row = [text('corrupted'), text('25.543 s'), text('a long sentence '.repeat(30))];
  const long = table('evidence', [...words('what'), ...numbers('at'), ...words('evidence')], [row]);
  const widths = columnWidths(long, PAGE_PT)!;
  expect(widths[1]).toBeGreaterThanOrEqual(textWidthPt('25.543 s'));
  expect(widths[0]).toBeGreaterThanOrEqual(textWidthPt('corrupted'));
  expect(total(widths)).toBeCloseTo(PAGE_PT, 6);
});

test('columns that cannot stand beside one another have no widths', () => {
  const wide = table('wide', numbers(...Array.from({ length: 14 }, (_, at) => `column${at}`)), []);
  expect(columnWidths(wide, PAGE_PT)).toBeNull();
});

test('whatever the texts are, columns are no wider than the page', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.string(), { minLength: 3, maxLength: 3 }), { maxLength: 5 }), (rows) => {
      const any = table(
        'any',
        words('a', 'b', 'c'),
        rows.map((cells) => cells.map((cell) => text(cell))),
      );
      expect(total(columnWidths(any, PAGE_PT)!)).toBeLessThanOrEqual(PAGE_PT + 1e-6);
    }),
  );
});

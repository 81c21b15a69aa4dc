import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultLabels, fittingText, rowsOf, widthOfPx } from './fault-labels.ts';

const spots = fc
  .array(fc.record({ name: fc.string({ minLength: 1, maxLength: 30 }), fromPx: fc.nat(1000) }), { maxLength: 40 })
  .map((all) => all.sort((a, b) => a.fromPx - b.fromPx));

test('no two labels touch, and none sticks out of the plot', () => {
  fc.assert(
    fc.property(spots, fc.integer({ min: 200, max: 1000 }), (faults, widthPx) => {
      const labels = faultLabels(faults, widthPx).filter(({ text }) => text !== '');
      for (const [place, { text, atPx, row }] of labels.entries()) {
        expect(atPx).toBeGreaterThanOrEqual(0);
        expect(atPx + widthOfPx(text)).toBeLessThanOrEqual(widthPx);
        for (const other of labels.slice(place + 1).filter((each) => each.row === row)) {
          const isApart = atPx + widthOfPx(text) < other.atPx || other.atPx + widthOfPx(other.text) < atPx;
          expect(isApart).toBe(true);
        }
      }
    }),
  );
});

describe('labels of faults', () => {
  test('stand in one row where they are far apart, however short the faults are', () => {
    expect(
      faultLabels(
        [
          { name: 'latency', fromPx: 10 },
          { name: 'down', fromPx: 100 },
        ],
        300,
      ),
    ).toEqual([
      { text: 'latency', atPx: 10, row: 0 },
      { text: 'down', atPx: 100, row: 0 },
    ]);
  });

  test('use another row where they would overlap', () => {
    const labels = faultLabels(
      ['latency', 'down', 'drop'].map((name, place) => ({ name, fromPx: 10 * place })),
      300,
    );
    expect(labels.map(({ text, row }) => [text, row])).toEqual([
      ['latency', 0],
      ['down', 1],
      ['drop', 2],
    ]);
    expect(rowsOf(labels)).toBe(3);
  });

  test('are numbers where names do not fit', () => {
    const many = Array.from({ length: 12 }, (_, place) => ({ name: 'packet loss', fromPx: 20 * place }));
    expect(faultLabels(many, 250).map(({ text }) => text)).toEqual(many.map((_, place) => String(place + 1)));
  });

  test('end at the right edge of the plot', () => {
    expect(faultLabels([{ name: 'corrupt', fromPx: 290 }], 300)).toEqual([{ text: 'corrupt', atPx: 258, row: 0 }]);
  });

  test('of no faults take no row', () => {
    expect(rowsOf(faultLabels([], 300))).toBe(0);
  });
});

test.each([
  ['hold 500/s', 100, 'hold 500/s'],
  ['ramp to 500/s over a minute', 60, 'ramp to 5…'],
  ['ramp', 20, ''],
  ['up', 20, 'up'],
])('of %s in %d px stands %s', (text, widthPx, expected) => {
  expect(fittingText(text, widthPx)).toBe(expected);
});

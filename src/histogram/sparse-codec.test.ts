import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repeats } from '../../test/support/repeats.ts';
import { decodeSparse } from '../../test/support/sparse.ts';
import { add, createHistogram, type Histogram, record, recordMany } from './histogram.ts';
import { addSparse, encodeSparse, type FilledSparseHistogram, isSparseHistogram } from './sparse-codec.ts';

const values = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.double({ min: 0, max: 42, noNaN: true }).map((exponent) => Math.floor(2 ** exponent)) },
    { weight: 1, arbitrary: fc.double() },
  ),
  { maxLength: 60 },
);

function histogramOf(recorded: Iterable<number>): Histogram {
  const h = createHistogram();
  for (const value of recorded) record(h, value);
  return h;
}

/** Its numbers and its non-empty counters: as strict as comparing the whole, and a thousand times faster. */
function plain(h: Histogram) {
  const filled: [number, number][] = [];
  for (let index = 0; index < h.counts.length; index += 1) {
    if (h.counts[index] !== 0) filled.push([index, h.counts[index]!]);
  }
  return { ...h, counts: filled };
}

const good = encodeSparse(histogramOf([1, 5, 5, 1_000_000, 2_000_000_000])) as FilledSparseHistogram;

describe('the sparse form', () => {
  it('comes back as it was, through JSON', () => {
    fc.assert(
      fc.property(values, (recorded) => {
        const h = histogramOf(recorded);
        const decoded = decodeSparse(JSON.parse(JSON.stringify(encodeSparse(h))));
        if (decoded.kind === 'invalid') expect.fail(decoded.expected);
        expect(plain(decoded.histogram)).toEqual(plain(h));
      }),
      { numRuns: repeats(100) },
    );
  });

  it('adds as the histogram itself would', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const bySparse = histogramOf(a);
        expect(addSparse(bySparse, encodeSparse(histogramOf(b)))).toEqual({ kind: 'added' });
        const direct = histogramOf(a);
        add(direct, histogramOf(b));
        expect(plain(bySparse)).toEqual(plain(direct));
      }),
      { numRuns: repeats(100) },
    );
  });

  it('is tiny without values', () => {
    expect(JSON.stringify(encodeSparse(createHistogram()))).toBe('{"count":0}');
  });

  it('is a few kilobytes for a busy second', () => {
    const h = createHistogram();
    for (let i = 0; i < 3000; i += 1) recordMany(h, Math.floor(200_000 * 1.001 ** i), 1 + (i % 60));
    expect(JSON.stringify(encodeSparse(h)).length).toBeLessThan(10_000);
  });

  it('is taken by the guard exactly when it can be added', () => {
    expect(isSparseHistogram(good)).toBe(true);
    expect(isSparseHistogram({ count: 0 })).toBe(true);
    expect(isSparseHistogram({ ...good, count: 4 })).toBe(false);
    expect(isSparseHistogram(null)).toBe(false);
  });
});

describe('a torn or hostile sparse form', () => {
  const broken: ReadonlyArray<readonly [string, string, unknown]> = [
    ['no object', '', 7],
    ['null', '', null],
    ['no fields', 'count', {}],
    ['a negative count', 'count', { ...good, count: -5 }],
    ['a count that the counters do not add up to', 'count', { ...good, count: 6 }],
    ['a fraction', 'minNs', { ...good, minNs: 1.5 }],
    ['negative zero', 'minNs', { ...good, minNs: -0 }],
    ['a minimum of another counter', 'minNs', { ...good, minNs: 0 }],
    ['a maximum of another counter', 'maxNs', { ...good, maxNs: 3_000_000_000 }],
    ['a text for a number', 'maxNs', { ...good, maxNs: '2000000000' }],
    ['a maximum beyond all values', 'maxNs', { ...good, maxNs: 1e300 }],
    ['overflow without a value above the range', 'overflowCount', { ...good, overflowCount: 1 }],
    ['negatives without a value at 0', 'negativeCount', { ...good, negativeCount: 1 }],
    ['a sum below count * min', 'sumLowNs', { ...good, sumLowNs: 0 }],
    ['a sum above count * max', 'sumLowNs', { ...good, sumHigh: 1 }],
    ['no buckets', 'buckets', { ...good, buckets: undefined }],
    ['empty buckets', 'count', { ...good, buckets: '' }],
    ['a cut string', 'buckets', { ...good, buckets: good.buckets.slice(0, -1) }],
    ['an endless string', 'buckets', { ...good, buckets: 'A'.repeat(1_000_000) }],
    ['characters that are not base64', 'buckets', { ...good, buckets: '!!!!' }],
  ];

  it.each(broken)('with %s is refused by field and leaves the histogram as it was', (_, field, sparse) => {
    const into = histogramOf([3, 4]);
    expect(addSparse(into, sparse)).toMatchObject({ kind: 'invalid', field });
    expect(plain(into)).toEqual(plain(histogramOf([3, 4])));
    expect(decodeSparse(sparse).kind).toBe('invalid');
  });

  it('with a minimum above its maximum is refused', () => {
    const one = encodeSparse(histogramOf([1_000_000])) as FilledSparseHistogram;
    expect(addSparse(createHistogram(), { ...one, minNs: 1_000_001 })).toMatchObject({
      kind: 'invalid',
      field: 'minNs',
    });
  });

  it('with a total that would no longer be exact is refused', () => {
    const into = createHistogram();
    recordMany(into, 1, Number.MAX_SAFE_INTEGER);
    expect(addSparse(into, good)).toMatchObject({ kind: 'invalid', field: 'count' });
  });

  it('either is refused or keeps the books, whatever is changed in it', () => {
    const anyField = fc.constantFrom(...(Object.keys(good) as (keyof FilledSparseHistogram)[]));
    const anyValue = fc.oneof(fc.anything(), fc.nat(), fc.base64String());
    fc.assert(
      fc.property(anyField, anyValue, (field, value) => {
        const into = histogramOf([9]);
        const added = addSparse(into, { ...good, [field]: value });
        if (added.kind === 'invalid') expect(plain(into)).toEqual(plain(histogramOf([9])));
        expect(into.counts.reduce((sum, count) => sum + count, 0)).toBe(into.count);
      }),
      { numRuns: repeats(500) },
    );
  });
});

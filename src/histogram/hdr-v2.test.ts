import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { build, decodeFromCompressedBase64, type Histogram as TheirHistogram } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { repeats } from '../../test/support/repeats.ts';
import { decodeHdrV2, encodeHdrV2 } from './hdr-v2.ts';
import { createHistogram, type Histogram, mean, percentile, record } from './histogram.ts';
import { HIGHEST_NS, highestEquivalent, indexOf, lowestEquivalent } from './layout.ts';
import { encodeSparse, isSparseHistogram } from './sparse-codec.ts';

const values = fc.array(
  fc.double({ min: 0, max: 41, noNaN: true }).map((exponent) => Math.floor(2 ** exponent)),
  { minLength: 1, maxLength: 60 },
);
const PERCENTS = [0.1, 25, 50, 75, 90, 99, 99.9];

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

function decoded(text: string): Histogram {
  const result = decodeHdrV2(text, inflateSync);
  if (result.kind === 'invalid') throw new Error(result.problem);
  return result.histogram;
}

function base64OfTheirs(theirs: TheirHistogram): string {
  return (theirs as unknown as { encodeIntoCompressedBase64(): string }).encodeIntoCompressedBase64();
}

describe('oracle A-5', () => {
  it.each([
    ['from Java', 'HISTFAAAAB542pNpmSzMwMDAxAABzFCaEUoz2X+AMIKZAEARAtM='],
    ['from hdr-histogram-js', 'HISTFAAAACJ4nJNpmSzMwMDAxMDAwMjAwMDMAAGMUJoJxg9mAgA1TQGm'],
  ])('%s: one value, 42', (_, text) => {
    const h = decoded(text);
    expect([h.count, mean(h), h.minNs, h.maxNs]).toEqual([1, 42, 42, 42]);
    expect(plain(decoded(encodeHdrV2(h, deflateSync)))).toEqual(plain(h));
  });
});

describe('the V2 encoding', () => {
  it('is read by hdr-histogram-js with the same counters', () => {
    fc.assert(
      fc.property(values, (recorded) => {
        const h = histogramOf(recorded);
        const theirs = decodeFromCompressedBase64(encodeHdrV2(h, deflateSync), 64);
        expect(theirs.totalCount).toBe(h.count);
        for (const percent of PERCENTS) {
          expect(Math.min(theirs.getValueAtPercentile(percent), h.maxNs)).toBe(percentile(h, percent));
        }
      }),
      { numRuns: repeats(100) },
    );
  });

  it('of hdr-histogram-js is read with the same counters', () => {
    fc.assert(
      fc.property(values, (recorded) => {
        const theirs = build({
          bitBucketSize: 64,
          highestTrackableValue: HIGHEST_NS,
          numberOfSignificantValueDigits: 3,
        });
        for (const value of recorded) theirs.recordValue(value);
        expect(plain(decoded(base64OfTheirs(theirs))).counts).toEqual(plain(histogramOf(recorded)).counts);
      }),
      { numRuns: repeats(100) },
    );
  });

  it('comes back with its counters, and with min and max widened to their ends', () => {
    fc.assert(
      fc.property(values, (recorded) => {
        const h = histogramOf(recorded);
        const back = decoded(encodeHdrV2(h, deflateSync));
        expect(plain(back).counts).toEqual(plain(h).counts);
        expect(back.count).toBe(h.count);
        expect(back.minNs).toBe(lowestEquivalent(indexOf(h.minNs)));
        expect(back.maxNs).toBe(highestEquivalent(indexOf(h.maxNs)));
        expect(Math.abs(mean(back)! / mean(h)! - 1)).toBeLessThan(0.001);
        expect(isSparseHistogram(encodeSparse(back))).toBe(true);
      }),
      { numRuns: repeats(100) },
    );
  });

  it('has the header of the format: cookies, offset 0, three digits, 1 to one hour, ratio 1.0', () => {
    const bytes = Buffer.from(encodeHdrV2(histogramOf([42]), deflateSync), 'base64');
    expect(bytes.readUInt32BE(0)).toBe(0x1c849314);
    expect(bytes.readUInt32BE(4)).toBe(bytes.length - 8);
    const payload = inflateSync(bytes.subarray(8));
    expect(payload.readUInt32BE(0)).toBe(0x1c849313);
    expect([payload.readInt32BE(4), payload.readInt32BE(8), payload.readInt32BE(12)]).toEqual([2, 0, 3]);
    expect([payload.readBigInt64BE(16), payload.readBigInt64BE(24)]).toEqual([1n, 3_600_000_000_000n]);
    expect(payload.readDoubleBE(32)).toBe(1);
    expect([...payload.subarray(40)]).toEqual([83, 2]);
  });

  it('holds an empty histogram', () => {
    const text = encodeHdrV2(createHistogram(), deflateSync);
    expect(plain(decoded(text))).toEqual(plain(createHistogram()));
    expect(decodeFromCompressedBase64(text).totalCount).toBe(0);
  });

  it('holds one hour and what is above it', () => {
    for (const value of [HIGHEST_NS, HIGHEST_NS + 2 ** 32, 1e13]) {
      const back = decoded(encodeHdrV2(histogramOf([value]), deflateSync));
      expect(plain(back).counts).toEqual(plain(histogramOf([value])).counts);
      expect(isSparseHistogram(encodeSparse(back))).toBe(true);
    }
  });
});

describe('what is no V2 histogram', () => {
  const whole = encodeHdrV2(histogramOf([42, 1e9]), deflateSync);
  const withPayload = (change: (payload: Buffer) => unknown, keptBytes?: number) => {
    const payload = Buffer.from(inflateSync(Buffer.from(whole, 'base64').subarray(8)));
    change(payload);
    const compressed = deflateSync(payload.subarray(0, keptBytes));
    const head = Buffer.alloc(8);
    head.writeUInt32BE(0x1c849314, 0);
    head.writeUInt32BE(compressed.length, 4);
    return Buffer.concat([head, compressed]).toString('base64');
  };

  it.each([
    ['no base64', '!'],
    ['empty', ''],
    ['another cookie', Buffer.alloc(64).toString('base64')],
    ['cut off', Buffer.from(whole, 'base64').subarray(0, 30).toString('base64')],
    ['no zlib data', Buffer.concat([Buffer.from(whole, 'base64').subarray(0, 8), Buffer.alloc(90)]).toString('base64')],
    ['a payload without header', withPayload(() => {}, 20)],
    ['a payload with another cookie', withPayload((payload) => payload.writeUInt32BE(1, 0))],
    ['counters that are cut off', withPayload(() => {}, 41)],
    ['two digits', withPayload((payload) => payload.writeInt32BE(2, 12))],
    ['a lowest value of 1000', withPayload((payload) => payload.writeBigInt64BE(1000n, 16))],
    ['a number that does not end', withPayload((payload) => payload.writeUInt8(0xff, payload.length - 1))],
  ])('%s is refused', (_, text) => {
    expect(decodeHdrV2(text, inflateSync).kind).toBe('invalid');
  });

  it('is what the unchanged payload is not', () => {
    expect(
      decodeHdrV2(
        withPayload(() => {}),
        inflateSync,
      ).kind,
    ).toBe('decoded');
  });
});

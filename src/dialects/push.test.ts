import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJsonScanner, type JsonPath } from './json-scan.ts';
import { createPushReader, readPush } from './push.ts';

function readerOf(channel: readonly string[] | null) {
  const paths: JsonPath[] = [];
  const reader = createPushReader({ sequence: ['data', 'seq'], channel, shared: false }, paths);
  const scanner = createJsonScanner(paths);
  return (document: unknown) => {
    const bytes = Buffer.from(JSON.stringify(document));
    if (!scanner.scan(bytes, 0, bytes.length) || !readPush(reader, scanner, bytes)) return null;
    const name = bytes.toString('utf8', reader.channelFrom, reader.channelTo);
    return { sequence: reader.sequence, channel: reader.channel, name };
  };
}

describe('a push', () => {
  const read = readerOf(null);

  test('is a document with a whole number where it is looked for', () => {
    expect(read({ type: 'tick', data: { seq: 4711, price: 1.5 } })?.sequence).toBe(4711);
    expect(read({ data: { seq: 0 } })?.sequence).toBe(0);
  });

  test('may have its number as text, as services write what a double cannot hold', () => {
    expect(read({ data: { seq: '90071992547409' } })?.sequence).toBe(90071992547409);
  });

  test('has any number below 2^53', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (seq) => {
        fc.pre(seq < Number.MAX_SAFE_INTEGER);
        expect(read({ data: { seq } })?.sequence).toBe(seq);
      }),
    );
  });

  test.each([
    [{}],
    [{ data: {} }],
    [{ seq: 1 }],
    [{ data: { seq: -1 } }],
    [{ data: { seq: 1.5 } }],
  ])('is not %j', (document) => expect(read(document)).toBeNull());

  test.each([
    [{ data: { seq: 'one' } }],
    [{ data: { seq: '' } }],
    [{ data: { seq: null } }],
    [{ data: { seq: '1234567890123456789' } }],
  ])('has no number that can be trusted in %j', (document) => expect(read(document)).toBeNull());
});

describe('a channel', () => {
  const read = readerOf(['symbol']);

  test('is known by its name, whatever else the document says', () => {
    const first = read({ symbol: 'BTC-USD', data: { seq: 1 } });
    const later = read({ data: { seq: 2 }, more: true, symbol: 'BTC-USD' });
    expect(first?.name).toBe('BTC-USD');
    expect(later?.channel).toBe(first?.channel);
    expect(read({ symbol: 'BTC-USE', data: { seq: 2 } })?.channel).not.toBe(first?.channel);
  });

  test('may be a number', () => {
    expect(read({ symbol: 17, data: { seq: 1 } })?.name).toBe('17');
  });

  test('that is not there makes the document none of the numbered ones', () => {
    expect(read({ data: { seq: 1 } })).toBeNull();
  });

  test('is told from 100,000 others', () => {
    const hashes = new Set<number>();
    for (let n = 0; n < 100_000; n++) hashes.add(read({ symbol: `S-${n}`, data: { seq: 1 } })!.channel);
    expect(hashes.size).toBe(100_000);
    expect([...hashes].every(Number.isSafeInteger)).toBe(true);
  });
});

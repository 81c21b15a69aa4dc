import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJsonScanner, type JsonPath } from '../json/scan.ts';
import { createPushReader, readPush } from './push.ts';

function readerOf(channel: readonly string[] | null) {
  const paths: JsonPath[] = [];
  const reader = createPushReader({ sequence: ['data', 'seq'], channel, shared: false }, paths);
  const scanner = createJsonScanner(paths);
  return (document: unknown) => {
    const bytes = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
    if (!scanner.scan(bytes, 0, bytes.length) || readPush(reader, scanner, bytes) !== 'push') return null;
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

  test.each([
    ['4711.0', 4711],
    ['47.11e2', 4711],
    ['1E3', 1000],
    ['-0', 0],
    ['"00000000000000000042"', 42],
  ])('may have its number as %s', (number, sequence) => {
    expect(read(`{"data":{"seq":${number}}}`)?.sequence).toBe(sequence);
  });

  test.each([
    '9007199254740991',
    '9007199254740992',
    '"18446744073709551615"',
    '1e300',
  ])('of number %s is too large', (number) => {
    const paths: JsonPath[] = [];
    const reader = createPushReader({ sequence: ['seq'], channel: null, shared: false }, paths);
    const scanner = createJsonScanner(paths);
    const bytes = Buffer.from(`{"seq":${number}}`);
    scanner.scan(bytes, 0, bytes.length);
    expect(readPush(reader, scanner, bytes)).toBe('tooLarge');
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

  test('is the same however its name is written', () => {
    const written = (name: string) => read(`{"symbol":"${name}","data":{"seq":1}}`)?.channel;
    expect(new Set(['BTC/USD', 'BTC\\/USD', '\\u0042TC/USD'].map(written)).size).toBe(1);
    expect(written('gr\\u00fc\\ud83d\\ude00n')).toBe(written('grü😀n'));
    expect(written('a\\\\b')).not.toBe(written('ab'));
  });

  test('is told from 100,000 others', () => {
    const hashes = new Set<number>();
    for (let n = 0; n < 100_000; n++) hashes.add(read({ symbol: `S-${n}`, data: { seq: 1 } })!.channel);
    expect(hashes.size).toBe(100_000);
    expect([...hashes].every(Number.isSafeInteger)).toBe(true);
  });
});

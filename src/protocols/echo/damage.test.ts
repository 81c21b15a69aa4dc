import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeats } from '../../../test/support/repeats.ts';
import { appendBytes, cutOff, flipBits, spliceTogether } from '../../injection/damage.ts';
import { createRandom } from '../../random/generator.ts';
import { type ClientKnowledge, examineDamage } from './damage.ts';
import { createEchoCodec, type EchoCodec, writeEcho } from './echo.ts';

const RUN = 0x1234_5678;
const STREAM = 7;
const SENT = 1000;
const codecs = { binary: createEchoCodec('binary', RUN), text: createEchoCodec('text', RUN) };

function message(codec: EchoCodec, bytes: number, sequence: number, type = 0): Uint8Array {
  const out = new Uint8Array(bytes);
  writeEcho(
    codec,
    out,
    new DataView(out.buffer),
    0,
    bytes,
    type,
    STREAM,
    sequence,
    sequence * 1e6,
    sequence * 1e6 + 5e4,
    0,
  );
  return out;
}

const client = (bytes: number, missing: readonly number[]): ClientKnowledge => ({
  stream: STREAM,
  payloadBytes: [bytes],
  isSent: (sequence) => Number.isInteger(sequence) && sequence >= 0 && sequence < SENT,
  missing: () => missing,
});

const cases = fc.record({
  format: fc.constantFrom('binary' as const, 'text' as const),
  bytes: fc.integer({ min: 128, max: 600 }),
  sequence: fc.integer({ min: 1, max: SENT - 1 }),
  seed: fc.nat(),
});

describe('what happened to a damaged message', () => {
  test('one flipped bit, wherever it is: which message it was, if it is the only one missing near', () => {
    fc.assert(
      fc.property(cases, ({ format, bytes, sequence, seed }) => {
        const codec = codecs[format];
        const damaged = flipBits(message(codec, bytes, sequence), 1, format === 'text', createRandom(seed));
        expect(examineDamage(codec, damaged, client(bytes, [sequence]), true)).toEqual({ kind: 'bitFlips', sequence });
      }),
      { numRuns: repeats(500) },
    );
  });

  test('cut off: with its number where that is left, without where it is not', () => {
    fc.assert(
      fc.property(cases, ({ format, bytes, sequence, seed }) => {
        const codec = codecs[format];
        const damaged = cutOff(message(codec, bytes, sequence), format === 'text', createRandom(seed));
        const hasHead = damaged.length >= (format === 'text' ? 48 : 24);
        const expected = { kind: 'truncated', sequence: hasHead ? sequence : null };
        expect(examineDamage(codec, damaged, client(bytes, [sequence]), true)).toEqual(expected);
      }),
    );
  });

  test('with bytes added', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 50 }), ({ format, bytes, sequence, seed }, more) => {
        const codec = codecs[format];
        const damaged = appendBytes(message(codec, bytes, sequence), more, format === 'text', createRandom(seed));
        expect(examineDamage(codec, damaged, client(bytes, [sequence]), true)).toEqual({ kind: 'extended', sequence });
      }),
    );
  });

  test('the first half of one and the second half of another', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 16 }), ({ format, bytes, sequence }, before) => {
        fc.pre(sequence >= before);
        const codec = codecs[format];
        const damaged = spliceTogether(message(codec, bytes, sequence), message(codec, bytes, sequence - before));
        expect(examineDamage(codec, damaged, client(bytes, [sequence]), true)).toEqual({ kind: 'spliced', sequence });
      }),
    );
  });

  test('also where the two are of different types and sizes', () => {
    const size = fc.oneof(fc.integer({ min: 64, max: 200 }), fc.integer({ min: 64, max: 5000 }));
    fc.assert(
      fc.property(cases, size, size, ({ format, sequence }, firstBytes, secondBytes) => {
        const codec = codecs[format];
        const [first, second] = [firstBytes, secondBytes].map((bytes) => (format === 'text' ? 2 * bytes : bytes)) as [
          number,
          number,
        ];
        const knowledge = { ...client(first, [sequence]), payloadBytes: [first, second] };
        const other = message(codec, second, sequence - 1, 1);
        const damaged = spliceTogether(message(codec, first, sequence), other);
        expect(examineDamage(codec, damaged, knowledge, true)).toEqual({ kind: 'spliced', sequence });
      }),
      { numRuns: repeats(2000) },
    );
  });

  test('a message of which the middle is noise is mangled, and known by its number', () => {
    const damaged = message(codecs.binary, 300, 5);
    damaged.set(new Uint8Array(200).fill(0xa5), 60);
    expect(examineDamage(codecs.binary, damaged, client(300, [5]), true)).toEqual({ kind: 'mangled', sequence: 5 });
  });

  test('without a thorough look every damage is mangled, and a stranger is a stranger all the same', () => {
    const damaged = cutOff(message(codecs.binary, 300, 5), false, createRandom(1));
    expect(examineDamage(codecs.binary, damaged, client(300, [5]), false)?.kind).toBe('mangled');
    expect(examineDamage(codecs.binary, new Uint8Array(300), client(300, [5]), false)).toBeNull();
  });

  test('noise, other people’s messages and another run’s are not ours', () => {
    const noise = fc.uint8Array({ minLength: 0, maxLength: 300 });
    fc.assert(
      fc.property(fc.constantFrom('binary' as const, 'text' as const), noise, (format, bytes) => {
        expect(examineDamage(codecs[format], bytes, client(200, [1, 2, 3]), true)).toBeNull();
      }),
    );
    const other = message(createEchoCodec('binary', RUN ^ 0x7070_7070), 200, 3);
    expect(examineDamage(codecs.binary, other, client(200, [1, 2, 3]), true)).toBeNull();
  });
});

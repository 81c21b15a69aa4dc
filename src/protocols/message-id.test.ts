import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMessageIds, MAX_ID_BYTES, messageIdBytes, readMessageId, writeMessageId } from './message-id.ts';

const RUN = 0x5eed_0001;
const plain = createMessageIds(RUN, false);
const timed = createMessageIds(RUN, true);
const out = new Uint8Array(MAX_ID_BYTES);
const nobody = () => ({ stream: -1, sequence: -1, dueNs: 0, sentNs: 0 });
const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function written(ids: typeof plain, name: { stream: number; sequence: number; dueNs: number; sentNs: number }): string {
  return textOf(out.subarray(0, writeMessageId(ids, out, 0, name)));
}

describe('the id of a message', () => {
  test('says run, stream and number, and the times where nobody else could', () => {
    const name = { stream: 12, sequence: 345, dueNs: 36 ** 3, sentNs: 36 ** 3 + 35 };
    expect(written(plain, name)).toBe('5eed0001-12-345');
    expect(written(timed, name)).toBe('5eed0001-12-345-1000-z');
  });

  test('read(write(name)) = name, in the bytes that were promised', () => {
    const times = fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.maxSafeNat(), times, (stream, sequence, [dueNs, sentNs]) => {
        const name = { stream, sequence, dueNs, sentNs };
        const end = writeMessageId(timed, out, 0, name);
        expect(end).toBe(messageIdBytes(timed, name));
        const read = nobody();
        expect(readMessageId(timed, out, 0, end, read)).toBe('ours');
        expect(read).toEqual(name);
        const plainEnd = writeMessageId(plain, out, 0, name);
        expect(plainEnd).toBe(messageIdBytes(plain, name));
        expect(readMessageId(plain, out, 0, plainEnd, read)).toBe('ours');
        expect(read).toEqual({ stream, sequence, dueNs: Number.NaN, sentNs: Number.NaN });
      }),
    );
  });

  test('of another run is stale, and the name stays untouched', () => {
    const name = nobody();
    expect(readMessageId(plain, bytesOf('5eed0002-1-2'), 0, 12, name)).toBe('stale');
    expect(name.stream).toBe(-1);
  });

  test.each([
    '',
    '5eed0001',
    '5eed0001-1',
    '5eed0001-1-',
    '5eed0001--2',
    '5eed0001-1-2-',
    '5eed0001-1-2-3-4',
    '5eed0001-1-2x',
    '5eed0001-1-:2',
    '5eed0001-1-2 ',
    '5eed0001.1.2',
  ])('%j is none', (text) => {
    expect(readMessageId(plain, bytesOf(text), 0, text.length, nobody())).toBe('none');
  });

  test.each([
    '5eed0001-1-2',
    '5eed0001-1-2-3',
    '5eed0001-1-2-3-',
    '5eed0001-1-2-A-b',
    '5eed0001-1-2-3-4-5',
  ])('%j lacks its times', (text) => {
    expect(readMessageId(timed, bytesOf(text), 0, text.length, nobody())).toBe('none');
  });

  test('whatever bytes come, reading does not throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        readMessageId(timed, bytes, 0, bytes.length, nobody());
      }),
    );
  });
});

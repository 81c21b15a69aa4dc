import { expect, test } from 'vitest';
import { createRejectionKinds, isNewKind, wordsOf } from './rejections.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('words are of a new kind once; numbers and ids in them make no other', () => {
  const kinds = createRejectionKinds();
  const isNew = (text: string): boolean => isNewKind(kinds, bytes(text), 0, bytes(text).length);
  expect(isNew('message 17 refused')).toBe(true);
  expect(isNew('message 18 refused')).toBe(false);
  expect(isNew('message a9f3 refused')).toBe(false);
  expect(isNew('message refused')).toBe(true);
  expect(isNew('room is full')).toBe(true);
  expect(isNew('room is full')).toBe(false);
  expect(isNew('')).toBe(true);
  expect(isNew('404')).toBe(false);
});

test('only eight kinds are told, and only what stands between start and end counts', () => {
  const kinds = createRejectionKinds();
  const text = bytes('abcdefghijkl');
  const told = Array.from({ length: 12 }, (_, at) => isNewKind(kinds, text, at, at + 1));
  expect(told.filter(Boolean)).toHaveLength(8);
  expect(told.slice(8)).toEqual([false, false, false, false]);
});

test('a JSON string is shown as what it stands for, all else as it stands, at most 200 bytes of it', () => {
  const words = (text: string): string => wordsOf(bytes(text), 0, bytes(text).length);
  expect(words('"room \\"a\\" is full"')).toBe('room "a" is full');
  expect(words('{"code":7}')).toBe('{"code":7}');
  expect(words(`"${'x'.repeat(1000)}"`)).toBe('x'.repeat(199));
});

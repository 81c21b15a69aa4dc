import { describe, expect, test } from 'vitest';
import { describeCloseCode, mayBeOnTheWire } from './close-codes.ts';

describe('RFC 6455 §7.4', () => {
  test.each([
    [0, false],
    [999, false],
    [1000, true],
    [1003, true],
    [1004, false],
    [1005, false],
    [1006, false],
    [1007, true],
    [1011, true],
    [1014, true],
    [1015, false],
    [1016, false],
    [2999, false],
    [3000, true],
    [4999, true],
    [5000, false],
    [65_535, false],
  ])('code %i on the wire: %s', (code, may) => {
    expect(mayBeOnTheWire(code)).toBe(may);
  });

  test('a code is described by its meaning or by its range', () => {
    expect(describeCloseCode(1001)).toBe('going away');
    expect(describeCloseCode(1006)).toBe('connection ended without a close frame');
    expect(describeCloseCode(3500)).toBe('registered by a library or framework');
    expect(describeCloseCode(4001)).toBe('defined by the application');
    expect(describeCloseCode(1999)).toBe('undefined code');
  });
});

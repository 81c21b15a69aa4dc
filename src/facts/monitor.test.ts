import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeReading, encodeReading } from './monitor.ts';

test('a reading survives its line', () => {
  const reading = fc.record({
    monitor: fc.string(),
    atNs: fc.nat(),
    values: fc.dictionary(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    ),
    gap: fc.option(fc.string()),
  });
  fc.assert(
    fc.property(reading, (one) => {
      expect(decodeReading(encodeReading(one))).toEqual({ ...one, values: { ...one.values } });
    }),
  );
});

test('a torn or foreign line is none', () => {
  const line = encodeReading({ monitor: 'target', atNs: 1, values: { rssBytes: 2 }, gap: null });
  expect(decodeReading(line)).not.toBeNull();
  for (const other of [line.slice(0, -3), '', '1', 'null', '{}', line.replace('2', '"2"'), line.replace('null', '7')]) {
    expect(decodeReading(other), other).toBeNull();
  }
  expect(decodeReading(line.replace('{"rssBytes":2}', '[2]'))).toBeNull();
});

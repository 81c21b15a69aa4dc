import { expect, test } from 'vitest';
import type { MonitorReading } from '../../facts/monitor.ts';
import { createReadingCleaner } from './clean-reading.ts';

const reading = (values: MonitorReading['values'], gap: string | null = null): MonitorReading => ({
  monitor: 'queue',
  atNs: 1,
  values,
  gap,
});

test('secrets go from the names of series and from the reason of a gap, and each name is cleaned once', () => {
  let asked = 0;
  const clean = createReadingCleaner((text) => {
    asked++;
    return text.replaceAll('hush', '[redacted]');
  });
  for (let tick = 0; tick < 10; tick++) {
    expect(clean(reading({ 'depth{of="hush"}': tick }))).toEqual(reading({ 'depth{of="[redacted]"}': tick }));
  }
  expect(asked).toBe(1);
  expect(clean(reading({}, 'no hush'))).toEqual(reading({}, 'no [redacted]'));
});

test('a program that prints new names at every tick is kept to so many, and the rest is a gap', () => {
  const clean = createReadingCleaner((text) => text);
  for (let n = 0; n < 64; n++) expect(clean(reading({ [`n${n}`]: n })).gap).toBeNull();
  expect(clean(reading({ n7: 1, n64: 2 }, 'late'))).toEqual(
    reading({ n7: 1 }, 'late; more than 64 names; the rest is left out'),
  );
});

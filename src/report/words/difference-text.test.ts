import { expect, test } from 'vitest';
import { differenceText } from './difference-text.ts';

const DIFFERENT = { baseline: '2', other: '64', otherRun: 'b' } as const;

test.each([
  ['machine.cpuModel', 'processor'],
  ['machine.cores', 'cores of the machine'],
  ['machine.allowedCores', 'usable cores'],
])('%s has a name for people', (where, name) => {
  expect(differenceText({ kind: 'machine', where, ...DIFFERENT })).toBe(
    `${name}: expected the same value in all runs, got 2 in the baseline and 64 in b`,
  );
});

test('what a plan file has is named by its key', () => {
  const text = differenceText({ kind: 'plan', where: 'load.messages.open[0].to', ...DIFFERENT });
  expect(text).toMatch(/^load\.messages\.open\[0\]\.to: /);
});

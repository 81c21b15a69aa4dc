import { expect, test } from 'vitest';
import type { RunResult } from '../facts/result.ts';
import { exitCodeOf } from './run-command.ts';

const exitCode = (failures: Readonly<Record<string, number>>, opened = 0): number =>
  exitCodeOf({
    run: { end: 'aborted' },
    verdict: { kind: 'inconclusive' },
    connections: {
      attempted: 10,
      opened,
      failures: Object.fromEntries(Object.entries(failures).map(([kind, count]) => [kind, { count, example: '' }])),
    },
  } as unknown as RunResult);

test('a target is unreachable where no connection opened, unless none got out of this machine', () => {
  expect(exitCode({ refused: 10 })).toBe(69);
  expect(exitCode({ refused: 1, ports: 9 })).toBe(69);
  expect(exitCode({})).toBe(69);
  expect(exitCode({ ports: 10 })).toBe(2);
  expect(exitCode({ fileDescriptors: 4, ports: 4, sourceAddress: 1, socketMemory: 1 })).toBe(2);
  expect(exitCode({ refused: 9 }, 1)).toBe(2);
});

// Stages and faults of a run, as stretches that every chart over time shows.

import type { RunResult } from '../../facts/result.ts';
import type { Band } from './chart.ts';

export function bandsOf({ stages, recovery, run }: RunResult): readonly Band[] {
  return [
    ...(stages.length < 2 ? [] : stages).map(
      ({ name, fromSecond, toSecond }): Band => ({ kind: 'stage', name, from: fromSecond, to: toSecond }),
    ),
    ...(recovery?.incidents ?? []).map(
      ({ name, fromSecond, toSecond }): Band => ({
        kind: 'fault',
        name,
        from: fromSecond,
        to: toSecond ?? run.durationSeconds,
      }),
    ),
  ];
}

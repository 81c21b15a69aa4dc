// Stages and faults of a run, as stretches that every chart over time shows.

import type { RunResult } from '../../facts/result.ts';
import type { Band } from './chart.ts';

export function bandsOf({ stages, recovery, run }: RunResult): readonly Band[] {
  return [
    ...(stages.length < 2 ? [] : stages).map(
      ({ name, fromSecond, toSecond }): Band => ({ kind: 'stage', name, fromSecond, toSecond }),
    ),
    ...(recovery?.incidents ?? []).map(
      ({ name, fromSecond, toSecond }): Band => ({
        kind: 'fault',
        name,
        fromSecond,
        toSecond: toSecond ?? run.durationSeconds,
      }),
    ),
  ];
}

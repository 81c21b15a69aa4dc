// Stages and faults of a run, as stretches that every chart over time shows.

import type { RunResult } from '../../facts/result.ts';
import type { Band } from './chart.ts';

export function bandsOf({ stages, recovery, timeline }: RunResult): readonly Band[] {
  const end = (timeline.at(-1)?.second ?? 0) + 1;
  return [
    ...(stages.length < 2 ? [] : stages).map(
      ({ name, fromSecond, toSecond }): Band => ({ kind: 'stage', name, from: fromSecond, to: toSecond }),
    ),
    ...(recovery?.incidents ?? []).map(
      ({ name, fromSecond, toSecond }): Band => ({
        kind: 'fault',
        name,
        from: fromSecond,
        to: toSecond ?? end,
      }),
    ),
  ];
}

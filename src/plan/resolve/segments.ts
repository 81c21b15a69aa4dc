// From the segments of a curve as written, each of which says only where it goes, to segments that say where they come
// from too: a segment starts where the one before ended, the first at 0.

import type { NonEmpty } from '../../units/non-empty.ts';
import { isNonEmpty } from '../../units/non-empty.ts';
import type { Curve, Segment } from '../plan.ts';
import { endLevel } from '../schedule/curve.ts';

/** Times in nanoseconds. A ramp without `over` is instant. */
export type WrittenSegment = {
  readonly name?: string | undefined;
} & (
  | {
      readonly to: number;
      readonly over?: number | undefined;
      readonly curve?: 'linear' | 'exponential' | 'stepped' | 'instant' | undefined;
      readonly steps?: number | undefined;
    }
  | { readonly hold: number }
  | { readonly burst: number; readonly for: number }
  | { readonly rate: number; readonly for: number }
);

export const DEFAULT_STEPS = 10;

/** `levelText` prints a level for the names of segments that were given none. */
export function chainSegments(written: NonEmpty<WrittenSegment>, levelText: (level: number) => string): Curve {
  const curve: Segment[] = [];
  const names = new Set<string>();
  for (const segment of written) {
    for (const resolved of resolveSegment(segment, lastLevel(curve), levelText)) {
      curve.push({ ...resolved, name: uniqueName(resolved.name, names) });
    }
  }
  if (!isNonEmpty(curve)) throw new Error('a segment resolved to nothing');
  return curve;
}

function lastLevel(curve: readonly Segment[]): number {
  const last = curve.at(-1);
  return last === undefined ? 0 : endLevel(last);
}

function resolveSegment(
  written: WrittenSegment,
  from: number,
  levelText: (level: number) => string,
): readonly Segment[] {
  const { name } = written;
  if ('hold' in written) {
    return [
      { name: name ?? `hold ${levelText(from)}`, shape: 'hold', from, to: from, durationNs: written.hold, steps: 1 },
    ];
  }
  if ('burst' in written) {
    const { burst: to, for: durationNs } = written;
    return [{ name: name ?? `burst ${levelText(to)}`, shape: 'burst', from, to, durationNs, steps: 1 }];
  }
  if ('rate' in written) {
    const { rate: to, for: durationNs } = written;
    return [
      { name: `ramp to ${levelText(to)}`, shape: 'instant', from, to, durationNs: 0, steps: 1 },
      { name: name ?? `hold ${levelText(to)}`, shape: 'hold', from: to, to, durationNs, steps: 1 },
    ];
  }
  const { to, over: durationNs = 0, curve = 'linear', steps = DEFAULT_STEPS } = written;
  const shape = durationNs === 0 ? 'instant' : curve;
  return [
    { name: name ?? `ramp to ${levelText(to)}`, shape, from, to, durationNs, steps: shape === 'stepped' ? steps : 1 },
  ];
}

/** Stages are named after segments, so a second one of the same name gets a number. */
function uniqueName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted} (${count})`;
  taken.add(name);
  return name;
}

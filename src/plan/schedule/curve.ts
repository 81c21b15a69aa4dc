// What a curve adds up to. It starts at level 0; after its end its level is the last one and its area grows no further. Each
// function takes the curve apart anew, which is cheap for a report and too slow for each message: that is `arrivals.ts`.

import type { Curve, Segment } from '../plan.ts';
import { piecesOf } from './pieces.ts';

export function curveDurationNs(curve: Curve): number {
  return curve.reduce((sum, segment) => sum + segment.durationNs, 0);
}

/** The level that a segment leaves behind: a burst goes back to the one before it. */
export function endLevel(segment: Segment): number {
  return segment.shape === 'burst' ? segment.from : segment.to;
}

/** The highest level that a curve reaches. */
export function peakLevel(curve: Curve): number {
  return curve.reduce((peak, segment) => Math.max(peak, segment.to), 0);
}

/** The area under the whole curve. */
export function totalArea(curve: Curve): number {
  return piecesOf(curve).at(-1)?.areaAfter ?? 0;
}

// What a curve says about a moment: its level, how much it has added up to, and when it adds up to so much. A curve
// starts at level 0; after its end its level is the last one and its area grows no further. Every function takes the
// curve apart anew, which is cheap for a report and too slow for each message: that is `arrivals.ts`.

import { NS_PER_SECOND, nsToSeconds, secondsToNs } from '../../units/duration.ts';
import type { Curve, Segment } from '../plan.ts';
import { exponentialInverse, linearInverse, type Piece, pieceArea, pieceLevel, piecesOf } from './pieces.ts';

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

/** Where one segment ends and the next begins, the next one's level. */
export function levelAt(curve: Curve, atNs: number): number {
  if (atNs < 0) return 0;
  let startNs = 0;
  for (const segment of curve) {
    const endNs = startNs + segment.durationNs;
    if (atNs < endNs) {
      const piece = piecesOf([segment]).findLast(({ startNs: pieceStartNs }) => pieceStartNs <= atNs - startNs);
      return piece === undefined ? segment.to : pieceLevel(piece, atNs - startNs);
    }
    startNs = endNs;
  }
  return endLevel(curve.at(-1) ?? curve[0]);
}

/** The area under the curve up to a time: for messages per second, how many are expected before it. */
export function areaAt(curve: Curve, atNs: number): number {
  const pieces = piecesOf(curve);
  const piece = pieces.findLast(({ startNs }) => startNs <= atNs);
  if (piece === undefined) return 0;
  const x = (atNs - piece.startNs) / piece.durationNs;
  if (x >= 1) return piece.areaAfter;
  return piece.areaBefore + pieceArea(piece.kind, piece.from, piece.to, nsToSeconds(piece.durationNs), x);
}

/** The area under the whole curve. */
export function totalArea(curve: Curve): number {
  return piecesOf(curve).at(-1)?.areaAfter ?? 0;
}

/** The last moment at which the area is not yet more than `area`; infinity where it never is more. */
export function timeOfAreaNs(curve: Curve, area: number): number {
  const piece = piecesOf(curve).find(({ areaAfter }) => areaAfter > area);
  if (piece === undefined) return Number.POSITIVE_INFINITY;
  return piece.startNs + timeInPieceNs(piece, Math.max(0, area - piece.areaBefore));
}

function timeInPieceNs({ kind, from, to, durationNs }: Piece, area: number): number {
  const seconds = durationNs / NS_PER_SECOND;
  const reached =
    kind === 'linear' ? linearInverse(from, to, seconds, area) : exponentialInverse(from, to, seconds, area, 0);
  return Math.min(durationNs, secondsToNs(reached));
}

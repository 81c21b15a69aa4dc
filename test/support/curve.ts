// What a curve says about a moment, straight from its definition: what the schedule of arrivals and of connections is held against.

import type { Curve } from '../../src/plan/plan.ts';
import { endLevel } from '../../src/plan/schedule/curve.ts';
import { exponentialInverse, linearInverse, type Piece, pieceArea, piecesOf } from '../../src/plan/schedule/pieces.ts';
import { NS_PER_SECOND, nsToSeconds, secondsToNs } from '../../src/units/duration.ts';

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

/** An exponential piece grows by as much in each tenth as a power of two: 1, 2, 4, … 512 of 1,023 parts. */
function pieceLevel({ kind, from, to, startNs, durationNs }: Piece, atNs: number): number {
  const x = (atNs - startNs) / durationNs;
  return from + (to - from) * (kind === 'linear' ? x : (2 ** (10 * x) - 1) / 1023);
}

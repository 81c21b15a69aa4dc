// Curves for tests: drawn at random, and what one says about a moment, straight from its definition. The schedules of arrivals and of
// connections are held against it.

import fc from 'fast-check';
import type { Curve } from '../../src/plan/plan.ts';
import { chainSegments, type WrittenSegment } from '../../src/plan/resolve/segments.ts';
import { endLevel } from '../../src/plan/schedule/curve.ts';
import { exponentialInverse, linearInverse, type Piece, pieceArea, piecesOf } from '../../src/plan/schedule/pieces.ts';
import { NS_PER_SECOND, nsToSeconds, secondsToNs } from '../../src/units/duration.ts';

export const curveOf = (...segments: [WrittenSegment, ...WrittenSegment[]]): Curve => chainSegments(segments, String);

const levels = fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 2000, noNaN: true }), fc.nat(2000));
const times = fc.double({ min: 1e6, max: 3e9, noNaN: true });
/** Of up to five segments of any shape. */
export const curves = fc
  .array(
    fc.oneof(
      fc.record({ to: levels }),
      fc.record({ to: levels, over: times, curve: fc.constantFrom('linear' as const, 'exponential' as const) }),
      fc.record({
        to: levels,
        over: times,
        curve: fc.constant('stepped' as const),
        steps: fc.integer({ min: 1, max: 7 }),
      }),
      fc.record({ hold: times }),
      fc.record({ burst: levels, for: times }),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((list) => curveOf(...(list as [WrittenSegment])));

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

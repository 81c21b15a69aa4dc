// A curve cut into pieces whose integral and its inverse have a formula. The area up to a time is the number of
// messages expected by then (level per second, time in seconds); its inverse is when the next one is due.
//
//   linear        level(t) = from + (to - from) t/D           a hold or a plateau is the case from = to
//   exponential   level(x) = from + (to - from) (2^(10x) - 1) / (2^10 - 1),   x = t/D
//
// The exponential starts from 0 as well as anything, and grows or falls to `to` over ten doublings of the distance.
// Areas within 1e-6 of a whole number count as that number, at the end of every piece: 8000/s for 60 s is exactly
// 480,000 messages, and a message due where a silent stretch begins belongs behind it, whatever the rounding.

import { nsToSeconds } from '../../units/duration.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { Curve, Segment } from '../plan.ts';

export interface Piece {
  readonly kind: 'linear' | 'exponential';
  readonly from: number;
  readonly to: number;
  readonly startNs: number;
  readonly durationNs: number;
  readonly areaBefore: number;
  readonly areaAfter: number;
}

const DOUBLINGS = 10;
const GROWTH = 2 ** DOUBLINGS - 1;
const EXPONENT = DOUBLINGS * Math.LN2;
const WHOLE_TOLERANCE = 1e-6;
/** Newton doubles the digits of each round; bisection alone needs 53. */
const MAX_ROUNDS = 100;
/** Far below a nanosecond in any run, and above the noise of the formula. */
const RELATIVE_PRECISION = 1e-14;

/** The pieces that have a duration, in order and without gaps. */
export function piecesOf(curve: Curve): readonly Piece[] {
  const pieces: Piece[] = [];
  let startNs = 0;
  let areaBefore = 0;
  const add = (kind: Piece['kind'], from: number, to: number, durationNs: number): void => {
    if (durationNs <= 0) return;
    const area = snapToWhole(areaBefore + pieceArea(kind, from, to, nsToSeconds(durationNs), 1));
    pieces.push({ kind, from, to, startNs, durationNs, areaBefore, areaAfter: area });
    startNs += durationNs;
    areaBefore = area;
  };
  for (const segment of curve) addSegment(segment, add);
  return pieces;
}

function addSegment(
  { shape, from, to, steps, durationNs }: Segment,
  add: (kind: Piece['kind'], from: number, to: number, durationNs: number) => void,
): void {
  switch (shape) {
    case 'instant':
      return;
    case 'linear':
      add('linear', from, to, durationNs);
      return;
    case 'exponential':
      add('exponential', from, to, durationNs);
      return;
    case 'hold':
    case 'burst':
      add('linear', to, to, durationNs);
      return;
    case 'stepped':
      for (let step = 1; step <= steps; step++) {
        const level = stepLevel(from, to, step, steps);
        add('linear', level, level, durationNs / steps);
      }
      return;
    default:
      unreachable(shape);
  }
}

/** Plateau `step` of 1 ... steps; the last is `to` itself. */
export function stepLevel(from: number, to: number, step: number, steps: number): number {
  return from + ((to - from) * step) / steps;
}

/** The area of the first `x` (0 to 1) of a piece of so many seconds. */
export function pieceArea(kind: Piece['kind'], from: number, to: number, seconds: number, x: number): number {
  const grown = kind === 'linear' ? (x * x) / 2 : (Math.expm1(EXPONENT * x) / EXPONENT - x) / GROWTH;
  return seconds * (from * x + (to - from) * grown);
}

/** Seconds into a linear piece at which it has reached `area`: the form of the quadratic formula that subtracts nothing. */
export function linearInverse(from: number, to: number, seconds: number, area: number): number {
  const slope = (to - from) / seconds;
  const reached = Math.sqrt(Math.max(0, from * from + 2 * slope * area));
  // No area yet at a start from level 0, where the form would divide by 0.
  if (area <= 0 || from + reached === 0) return 0;
  return Math.min(seconds, (2 * area) / (from + reached));
}

/**
 * Seconds into an exponential piece at which it has reached `area`, by Newton's method inside a shrinking bracket.
 * `lowSeconds` is a time known not to be later (the answer for a smaller area), which makes a walk cheap.
 */
export function exponentialInverse(
  from: number,
  to: number,
  seconds: number,
  area: number,
  lowSeconds: number,
): number {
  if (area <= 0) return 0;
  const wanted = area / seconds;
  let low = lowSeconds / seconds;
  let high = 1;
  let x = low;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const growth = Math.expm1(EXPONENT * x);
    const missing = wanted - (from * x + ((to - from) * (growth / EXPONENT - x)) / GROWTH);
    if (missing >= 0) low = x;
    else high = x;
    const step = missing / (from + ((to - from) * growth) / GROWTH);
    if (Math.abs(step) <= RELATIVE_PRECISION * x || high - low <= RELATIVE_PRECISION * low) return x * seconds;
    const newton = x + step;
    // Written so that NaN and infinity, from a level of 0, take the bisection too.
    x = newton > low && newton < high ? newton : (low + high) / 2;
  }
  return x * seconds;
}

function snapToWhole(area: number): number {
  const whole = Math.round(area);
  return Math.abs(area - whole) <= WHOLE_TOLERANCE ? whole : area;
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { areaAt, curveOf, curves, levelAt, timeOfAreaNs } from '../../../test/support/curve.ts';
import { repeats } from '../../../test/support/repeats.ts';
import { NS_PER_SECOND } from '../../units/duration.ts';
import { curveDurationNs, peakLevel, totalArea } from './curve.ts';

const S = NS_PER_SECOND;

describe('the level', () => {
  test('a linear ramp is halfway at half time', () => {
    expect(levelAt(curveOf({ to: 8000, over: 10 * S }), 5 * S)).toBe(4000);
  });

  test('an exponential ramp starts at its start, ends at its end, and doubles ten times between', () => {
    const curve = curveOf({ to: 1023, over: 10 * S, curve: 'exponential' });
    expect(levelAt(curve, 0)).toBe(0);
    for (const second of [1, 2, 5, 9]) expect(levelAt(curve, second * S)).toBeCloseTo(2 ** second - 1, 9);
    expect(levelAt(curve, 10 * S)).toBe(1023);
  });

  test('an exponential fall leaves its start slowly', () => {
    const curve = curveOf({ to: 1023 }, { to: 0, over: 10 * S, curve: 'exponential' });
    expect(levelAt(curve, S)).toBeCloseTo(1022, 9);
    expect(levelAt(curve, 10 * S)).toBe(0);
  });

  test('a stepped ramp has equal plateaus and its last one is the end level', () => {
    const curve = curveOf({ to: 100, over: 10 * S, curve: 'stepped', steps: 4 });
    expect([0, 2.4, 2.6, 5.1, 9.9].map((second) => levelAt(curve, second * S))).toEqual([25, 25, 50, 75, 100]);
  });

  test('a burst goes back to the level before it', () => {
    const curve = curveOf({ to: 10 }, { burst: 50, for: 2 * S });
    expect([0, 1.9, 2, 100].map((second) => levelAt(curve, second * S))).toEqual([50, 50, 10, 10]);
    expect(peakLevel(curve)).toBe(50);
  });

  test('before the curve the level is 0 and after it the last one', () => {
    expect(levelAt(curveOf({ to: 7 }), -1)).toBe(0);
    expect(levelAt(curveOf({ to: 7 }), 5 * S)).toBe(7);
  });
});

describe('the area', () => {
  test('8000/s for 60 s is exactly 480,000', () => {
    expect(totalArea(curveOf({ to: 8000 }, { hold: 60 * S }))).toBe(480_000);
  });

  test('a linear ramp from 0 adds up to half of what its end level would', () => {
    expect(totalArea(curveOf({ to: 8000, over: 10 * S }))).toBe(40_000);
  });

  test('a third of a message a second for three seconds is one message, whatever the rounding', () => {
    expect(totalArea(curveOf({ to: 1 / 3 }, { hold: 3 * S }))).toBe(1);
  });

  test('agrees with a sum over a thousand small steps', () => {
    fc.assert(
      fc.property(curves, (curve) => {
        const durationNs = curveDurationNs(curve);
        const peak = peakLevel(curve);
        const steps = 1000;
        let sum = 0;
        for (let i = 0; i < steps; i++) sum += levelAt(curve, ((i + 0.5) * durationNs) / steps);
        const integral = (sum * durationNs) / steps / S;
        // A plateau's edge falls anywhere in a step: one step of the peak for each edge.
        expect(Math.abs(areaAt(curve, durationNs) - integral)).toBeLessThan(
          1e-3 + (60 * peak * durationNs) / steps / S + integral * 1e-3,
        );
      }),
      { numRuns: 30 },
    );
  });

  test('never shrinks', () => {
    fc.assert(
      fc.property(curves, fc.array(fc.double({ min: 0, max: 1.2, noNaN: true }), { minLength: 2 }), (curve, shares) => {
        const durationNs = curveDurationNs(curve);
        const areas = shares.sort((a, b) => a - b).map((share) => areaAt(curve, share * durationNs));
        return areas.every((area, i) => i === 0 || area >= areas[i - 1]! - 1e-5);
      }),
    );
  });
});

describe('the inverse of the area', () => {
  test('gives the area back', () => {
    fc.assert(
      fc.property(curves, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (curve, share) => {
        const area = share * totalArea(curve);
        const atNs = timeOfAreaNs(curve, area);
        if (area >= totalArea(curve)) return atNs === Number.POSITIVE_INFINITY;
        return Math.abs(areaAt(curve, atNs) - area) < 1e-5 + area * 1e-9;
      }),
      { numRuns: repeats(500) },
    );
  });

  test('message 0 of a ramp from 0 is due at once', () => {
    expect(timeOfAreaNs(curveOf({ to: 8000, over: 10 * S }), 0)).toBe(0);
    expect(timeOfAreaNs(curveOf({ to: 8000, over: 10 * S, curve: 'exponential' }), 0)).toBe(0);
  });

  test('what is due where a silent stretch begins is due behind it', () => {
    const curve = curveOf({ to: 10 }, { hold: 1 * S }, { to: 0 }, { hold: 5 * S }, { to: 10 }, { hold: 1 * S });
    expect(timeOfAreaNs(curve, 9)).toBe(0.9 * S);
    expect(timeOfAreaNs(curve, 10)).toBe(6 * S);
    expect(timeOfAreaNs(curve, 20)).toBe(Number.POSITIVE_INFINITY);
  });
});

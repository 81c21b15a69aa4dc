// A single run that went astray, as every machine has one now and then, must not hide that a level changed: it widens the noise
// of a whole series. What is far from its neighbors is drawn nearer to them; a step is not: half of its neighbors are on it.

import { median } from '../statistics/trend.ts';

/** So many values on either side are neighbors: three that agree are a level. */
const REACH = 2;
/** In standard deviations of the noise. */
const FAR = 4;

/** Positive values in the order of time, as far from the median of their neighbors as noise would have them at the most. */
export function withoutLoneOutliers(values: readonly number[]): readonly number[] {
  const logs = values.map(Math.log);
  const far = FAR * noiseOf(logs);
  return logs.map((value, place) => {
    const middle = median(logs.slice(Math.max(0, place - REACH), place + REACH + 1));
    if (Math.abs(value - middle) <= far) return values[place]!;
    return Math.exp(middle + Math.sign(value - middle) * far);
  });
}

/** The standard deviation, as the differences of neighbors have it: whatever levels there are (1.4826 MAD of them / √2). */
function noiseOf(values: readonly number[]): number {
  const steps = values.slice(1).map((value, place) => Math.abs(value - values[place]!));
  return steps.length === 0 ? 0 : (1.4826 * median(steps)) / Math.SQRT2;
}

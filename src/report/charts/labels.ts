// Values of charts as words: the same on an axis, beside the cursor and in print.

import { formatBytes } from '../../units/bytes.ts';
import { formatDuration, secondsToNs } from '../../units/duration.ts';
import { formatCount, formatRate } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { unreachable } from '../../units/unreachable.ts';
import { formatMs } from '../figures.ts';
import type { Axis, Unit } from './chart.ts';

export function valueText(unit: Unit, value: number): string {
  switch (unit) {
    case 'ms':
      return formatMs(value);
    case 'perSecond':
      return formatRate(value);
    case 'count':
      return formatCount(value);
    case 'ratio':
      return formatPercent(Number(value.toFixed(3)));
    case 'bytes':
      return formatBytes(Math.round(value));
    case 'number':
      return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(4)));
    default:
      return unreachable(unit);
  }
}

/** Of the run: `0 s`, `90 s`, `12 min 30 s`. */
export function secondText(second: number): string {
  return second < 120 ? `${Number(second.toFixed(1))} s` : formatDuration(secondsToNs(second));
}

/** Of a rarity 1/(1−p): `50 %`, `99.9 %`. */
export function percentileText(rarity: number): string {
  const digits = Math.max(0, Math.ceil(Math.log10(rarity)) - 1);
  return `${Number((100 * (1 - 1 / rarity)).toFixed(digits))} %`;
}

/** A place on an axis, in short. */
export function axisText(axis: Axis, x: number): string {
  switch (axis.of) {
    case 'seconds':
      return secondText(x);
    case 'rarity':
      return percentileText(x);
    case 'runs':
      return formatCount(x);
    default:
      return unreachable(axis);
  }
}

/** A place on an axis, as it is read out: of runs with what the run is called. */
export function placeText(axis: Axis, x: number): string {
  return axis.of === 'runs' ? `${axisText(axis, x)}: ${axis.names[x - 1] ?? ''}` : axisText(axis, x);
}

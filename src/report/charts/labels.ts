// Values of charts as words: the same on an axis, beside the cursor and in print.

import { formatBytes } from '../../units/bytes.ts';
import { formatCount, formatRate } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { unreachable } from '../../units/unreachable.ts';
import { formatMs } from '../words/figures.ts';
import type { Axis, Unit } from './chart.ts';

export function valueText(unit: Unit, value: number): string {
  switch (unit) {
    case 'ms':
      return formatMs(value);
    case 'perSecond':
      return formatRate(value);
    case 'bytesPerSecond':
      return `${formatBytes(Math.round(value))}/s`;
    case 'count':
      return formatCount(value);
    case 'ratio':
      // What is almost nothing, or almost all, is not said to be that.
      return formatPercent(value < 0.001 || value > 0.999 ? value : Number(value.toFixed(3)));
    case 'bytes':
      return formatBytes(Math.round(value));
    case 'number':
      return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(4)));
    default:
      return unreachable(unit);
  }
}

/** A moment of the run: `0 s`, `90.5 s`, `12:30`, `1:02:03`. */
export function secondText(second: number): string {
  if (second < 0) return `-${secondText(-second)}`;
  if (second < 120) return `${Number(second.toFixed(1))} s`;
  const whole = Math.floor(second);
  const two = (value: number): string => String(value % 60).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${two(whole)}` : `${Math.floor(minutes / 60)}:${two(minutes)}:${two(whole)}`;
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
    case 'load':
      return formatRate(x);
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

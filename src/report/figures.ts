// Figures of a result as text: times that may not be known, counts with their noun.

import { formatDuration, msToNs, secondsToNs } from '../units/duration.ts';
import { formatCount } from '../units/rate.ts';

/** `n/a` where it is not known. */
export function formatMs(ms: number | null): string {
  return ms === null ? 'n/a' : formatDuration(msToNs(ms));
}

/** `n/a` where it is not known. */
export function formatSeconds(seconds: number | null): string {
  return seconds === null ? 'n/a' : formatDuration(secondsToNs(seconds));
}

/** `1 lane`, `2,000 lanes`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
